"""Generation of a whole set of texts: rounds of writing, checking and judging, each paid for once."""

import json
import time
from pathlib import Path

import anthropic

from empathy_core.contracts import TextSet
from empathy_core.datasets.generation.batches import Progress, run_batch
from empathy_core.datasets.generation.cost import actual
from empathy_core.datasets.generation.defects import planted_defects
from empathy_core.datasets.generation.grid import cells
from empathy_core.datasets.generation.journal import only_run_in, write_json
from empathy_core.datasets.generation.judge_gates import judge_gates
from empathy_core.datasets.generation.outcome import Generated, accepted_texts, missing, provenance, refusals
from empathy_core.datasets.generation.plan import GenerationSettings, plan_key
from empathy_core.datasets.generation.requests import Batch, Requests
from empathy_core.datasets.generation.rounds import empty, play
from empathy_core.datasets.generation.service import Sleep, check_models, connect


def generate(
    settings: GenerationSettings,
    folder: Path,
    reference: TextSet,
    progress: Progress,
    sleep: Sleep = time.sleep,
) -> Generated:
    """Write, check and judge a set of texts; killed anywhere and called again, it goes on and pays nothing twice.

    Everything is kept under `folder/<plan key>`. The judge is tested on spoilt copies of `reference`. A triplet that
    fails is written anew with the reasons, up to `settings.attempts` times, and then reported missing, never padded.
    Raises `BadInput` for a missing key, an unfit model, a service that refuses or keeps failing, a full disk, and when
    no triplet is accepted.
    """
    grid = cells(settings.triplets)
    planted = planted_defects(reference, settings.seed)
    items = [plant.item for plant in planted]
    home = folder / plan_key(settings)
    batches: dict[str, Batch] = {}
    with connect() as client, only_run_in(home):

        def submit(name: str, requests: Requests) -> Batch:
            batches[name] = run_batch(client, requests, home, name, progress, settings.poll_seconds, sleep)
            return batches[name]

        notes, ledger = _notes(client, settings, home, sleep), empty(grid)
        for attempt in range(1, settings.attempts + 1):
            ledger = play(ledger, grid, items, attempt, settings, submit)
            if len(ledger.accepted) == len(grid):
                break
    written, judged = ([batches[name] for name in batches if name.startswith(kind)] for kind in ("write", "judge"))
    return Generated(
        texts=accepted_texts(ledger, grid),
        missing=tuple(missing(ledger, grid)),
        refusals=refusals(ledger, grid),
        usage=(actual(settings.writer, written), actual(settings.judge, judged)),
        provenance=tuple(provenance(ledger, grid)),
        gates=judge_gates(planted, ledger.written, ledger.judged),
        notes=notes,
    )


def _notes(client: anthropic.Anthropic, settings: GenerationSettings, home: Path, sleep: Sleep) -> tuple[str, ...]:
    """What the service says of the models, asked once: a run that goes on must not fail on a model retired since."""
    path = home / "models.json"
    if not path.exists():
        write_json(path, check_models(client, settings.writer, settings.judge, sleep))
    return tuple(json.loads(path.read_text(encoding="utf-8")))
