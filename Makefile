# Everything happens in .venv; nothing global is installed.
PYTHON ?= python3.11
MODELS ?=
VENV := .venv/bin
# Metaflow refuses to run as root unless it is told whose runs these are.
export METAFLOW_USER ?= $(if $(filter root,$(shell id -un)),researcher,$(shell id -un))
# One thread per process: two flow tasks run side by side.
export OMP_NUM_THREADS ?= 1
export PYTHONPATH := $(CURDIR)

.PHONY: study calibrate test test-cloud cards bench audit clean

study: .venv/run
	$(VENV)/python -m empathy_core.study --models "$(MODELS)"

# The calibration over three seeds of texts: about three times as long as its part of the study.
calibrate: .venv/run
	$(VENV)/python -m empathy_core.calibration

test: .venv/test
	$(VENV)/ruff format --check .
	$(VENV)/ruff check .
	$(VENV)/pytest --ignore tests/cloud --numprocesses 2 --dist loadfile --no-loadscope-reorder

# Batch, Kubernetes and S3 on loopback: their own environments, their own stage.
test-cloud: .cloud/ready
	$(VENV)/pytest tests/cloud --numprocesses 2 --dist loadfile

cards: .venv/run
	$(VENV)/python -m empathy_core.cards.serve

bench: .venv/test
	for script in benchmarks/*.py; do $(VENV)/python $$script --quick || exit 1; done

# Needs the Python advisory database, and so the network; in an environment of its own, so that nothing else moves.
audit:
	test -x .audit/bin/pip-audit || ($(PYTHON) -m venv .audit && .audit/bin/pip install --quiet pip-audit==2.10.1)
	.audit/bin/pip-audit --requirement requirements.txt --no-deps --disable-pip

clean:
	rm -rf .venv .cloud .audit .metaflow

.venv/run: requirements.txt
	test -x $(VENV)/python || $(PYTHON) -m venv .venv || python3 -m venv .venv
	$(VENV)/pip install --quiet --requirement requirements.txt
	touch $@

.venv/test: requirements-dev.txt .venv/run
	$(VENV)/pip install --quiet --requirement requirements-dev.txt
	# Tests drive the review page and a card in a real browser.
	command -v chromium > /dev/null || (apt-get update -qq && apt-get install -qq --yes chromium > /dev/null)
	touch $@

# Drivers and jobs see what a run needs, never the project itself: it travels to jobs in Metaflow's code package.
.cloud/ready: tests/cloud/requirements-swift.txt .venv/test
	rm -rf .cloud
	$(VENV)/python -m venv .cloud/swift
	.cloud/swift/bin/pip install --quiet --requirement tests/cloud/requirements-swift.txt
	$(VENV)/python -m venv .cloud/python
	$(VENV)/python -c "import sysconfig; print(sysconfig.get_path('purelib'))" > \
		$$(.cloud/python/bin/python -c "import sysconfig; print(sysconfig.get_path('purelib'))")/project.pth
	touch $@
