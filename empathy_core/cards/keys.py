"""The names of estimates: `{texts}/{model}/{stage}/{what}`, or `{texts}/quality/{gate}` for the texts alone."""

import re
from dataclasses import dataclass

from empathy_core.contracts import BadInput

STAGES = {
    "quality": "Texts: quality gates",
    "read": "Read: probes",
    "control": "Read: controls",
    "replication": "Replication: numbers of the earlier study",
    "dimension": "Read: dimensionality",
    "sae": "Read: sparse autoencoders",
    "likelihood": "Write: likelihood shift",
    "write": "Write: steering",
    "ablate": "Write: ablation",
    "bandwidth": "Bandwidth",
    "judge": "Judges",
}
"""Every stage that may stand in a key, with its heading, in the order of the page."""

# A model's name may itself hold slashes (a hub id), so the stage word ends it.
_KEY = re.compile(rf"(?P<texts>[^/]+)/(?:(?P<model>.+?)/)?(?P<stage>{'|'.join(STAGES)})/(?P<what>.+)", re.DOTALL)


@dataclass(frozen=True)
class Key:
    """The parts of an estimate's name."""

    texts: str
    """The data set."""
    model: str
    """Empty for a number about the texts alone."""
    stage: str
    what: tuple[str, ...]
    """The rest, for example `("three-way", "point=2", "auroc")`."""

    def named(self, name: str) -> str | None:
        """What stands behind `name=` (`pool=mean`, `train=work`), or None where the key has no such part."""
        return next((part.removeprefix(f"{name}=") for part in self.what if part.startswith(f"{name}=")), None)

    def at(self, name: str) -> float | None:
        """The number behind `name=` (`point=2`, `alpha=0.25`), or None where the key has no such part."""
        found = self.named(name)
        return None if found is None else float(found)


def parse_key(name: str) -> Key:
    """Split an estimate's name into its parts; raises BadInput when it names no known stage."""
    found = _KEY.fullmatch(name)
    if found is None:
        raise BadInput(
            "An estimate is named {texts}/{model}/{stage}/{what}.",
            got=repr(name),
            cause=f"a stage other than {', '.join(STAGES)}",
            fix="correct the name where the estimate is made, or add the stage and its heading to cards.keys.STAGES",
        )
    return Key(found["texts"], found["model"] or "", found["stage"], tuple(found["what"].split("/")))
