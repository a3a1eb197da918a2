# Everything happens in .venv; nothing global is installed.
PYTHON ?= python3.11
MODELS ?=
VENV := .venv/bin
# Metaflow refuses to run as root unless it is told whose runs these are.
export METAFLOW_USER ?= $(if $(filter root,$(shell id -un)),researcher,$(shell id -un))
# One thread per process: two flow tasks run side by side.
export OMP_NUM_THREADS ?= 1
export PYTHONPATH := $(CURDIR)

.PHONY: study test cards bench audit clean

study: .venv/run
	$(VENV)/python -m empathy_core.study --models "$(MODELS)"

test: .venv/test
	$(VENV)/ruff format --check .
	$(VENV)/ruff check .
	$(VENV)/pytest --numprocesses 2 --dist loadfile

cards: .venv/run
	$(VENV)/python -m empathy_core.cards.serve

bench: .venv/test
	for script in benchmarks/*.py; do $(VENV)/python $$script --quick || exit 1; done

# Needs the Python advisory database, and so the network; in an environment of its own, so that nothing else moves.
audit:
	test -x .audit/bin/pip-audit || ($(PYTHON) -m venv .audit && .audit/bin/pip install --quiet pip-audit==2.10.1)
	.audit/bin/pip-audit --requirement requirements.txt --no-deps --disable-pip

clean:
	rm -rf .venv .audit .metaflow

.venv/run: requirements.txt
	test -x $(VENV)/python || $(PYTHON) -m venv .venv || python3 -m venv .venv
	$(VENV)/pip install --quiet --requirement requirements.txt
	touch $@

.venv/test: requirements-dev.txt .venv/run
	$(VENV)/pip install --quiet --requirement requirements-dev.txt
	# Tests drive the review page and a card in a real browser.
	command -v chromium > /dev/null || (apt-get update -qq && apt-get install -qq --yes chromium > /dev/null)
	touch $@
