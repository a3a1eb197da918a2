"""Take what probing made to other programs: `python -m empathy_core.probes export ProbeFlow/ID --model NAME -o DIR`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from empathy_core.contracts import BadInput
from empathy_core.models.blocks import residual_point_name
from empathy_core.probes.directions import DirectionSet
from empathy_core.probes.export import save_control_vector, save_directions
from empathy_core.runs import artifact, resolve_run


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; gives 0, or 2 with a message for input that breaks a rule."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(options)
    except (BadInput, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2


def export(options: argparse.Namespace) -> int:
    """Write one model's steering directions, and with `--gguf` each as a control vector for llama.cpp."""
    directions = _directions(resolve_run("ProbeFlow", options.probes), options.model)
    options.output.mkdir(parents=True, exist_ok=True)
    path = options.output / f"{options.model}.safetensors"
    save_directions(path, directions.steered)
    concepts = ", ".join(direction.concept for direction in directions.steered)
    point = f"point {directions.point} ({residual_point_name(directions.point)})"
    sys.stdout.write(f"{path}: {concepts} at {point}\n")
    for direction in directions.steered if options.gguf else ():
        # A concept is any text; llama.cpp's own options split file names at commas and colons.
        path = options.output / f"{options.model}.{quote(direction.concept, safe='')}.gguf"
        save_control_vector(path, direction, options.gguf)
        sys.stdout.write(f"{path}: {direction.concept} as control vector, strength 1 is α = 1\n")
    return 0


def _directions(run: str, model: str) -> DirectionSet:
    found = artifact(run, "directions")
    if model not in found:
        raise BadInput(
            "A model must be one that the run probed.", got=f"{model!r}", fix=f"choose of {', '.join(found)}"
        )
    return found[model]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m empathy_core.probes", description=__doc__)
    commands = parser.add_subparsers(required=True)
    exporting = commands.add_parser("export", help=export.__doc__, description=export.__doc__)
    exporting.add_argument("probes", help="a run, as `ProbeFlow/12`, or `latest`")
    exporting.add_argument("--model", required=True, help="short name of one of the run's models")
    exporting.add_argument("-o", "--output", type=Path, required=True, help="folder to write to")
    exporting.add_argument(
        "--gguf", metavar="ARCHITECTURE", help="also write control vectors for llama.cpp; `llama`, `qwen2` …"
    )
    exporting.set_defaults(run=export)
    return parser


if __name__ == "__main__":
    sys.exit(main())
