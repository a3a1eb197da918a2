"""The deployment files that users start from, filled in as a user would."""

import json
from pathlib import Path
from typing import Any

from workplace import ROOT

IMAGE = "registry.invalid/empathy-gpu:0.1.0"


def deployment(folder: Path, name: str, **changed: Any) -> Path:
    """`flows/deploy/<name>.json` with these settings changed, and without minutes of waiting between attempts."""
    settings = json.loads((ROOT / "flows" / "deploy" / f"{name}.json").read_text())
    path = folder / f"{name}.json"
    path.write_text(json.dumps(settings | {"minutes_between_retries": 0} | changed))
    return path
