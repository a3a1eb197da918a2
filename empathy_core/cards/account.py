"""What a chain of runs says of itself beside its numbers: settings as a methods paragraph, facts, gates."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from empathy_core.cards.methods import methods_paragraph
from empathy_core.contracts import Gate
from empathy_core.earlier_study import EarlierCriterion, earlier_criteria
from empathy_core.results import RunResults


@dataclass(frozen=True)
class GateLine:
    """A quality gate without its number, which stands among the numbers."""

    name: str
    """Of its estimate."""
    threshold: str
    passed: bool | None
    detail: str = ""


@dataclass(frozen=True)
class Account:
    """Everything on a page that is neither number nor verdict, for one set of texts."""

    texts: str
    methods: str = ""
    """A paragraph made of the settings that the runs had."""
    facts: Mapping[str, str] | None = None
    gates: tuple[GateLine, ...] = ()
    earlier: tuple[EarlierCriterion, ...] = ()


def account_of(results: RunResults) -> Account:
    """The account of a run with those it stands on."""
    models = [manifest.model for manifest in (results.manifests or {}).values()]
    return Account(
        results.texts.name,
        methods_paragraph(results),
        facts(results),
        tuple(gate_line(gate) for gate in results.quality),
        earlier_criteria(results.numbers, results.texts, models) if results.numbers else (),
    )


def facts(results: RunResults) -> dict[str, str]:
    """What identifies a run, for whoever repeats it."""
    texts, found = results.texts, {"Runs": ", ".join(results.runs.values())}
    found["Texts"] = f"{texts.name} ({texts.kind}), {len(texts)} rows, hash {texts.content_hash}"
    for manifest in (results.manifests or {}).values():
        found[f"Model {manifest.model.name}"] = (
            f"{manifest.model.location}, revision {manifest.model.revision}, activations {manifest.key}, parity "
            f"{manifest.parity:.1g}" + "".join(f"; {note}" for note in manifest.notes)
        )
    if results.criteria:
        found["Criteria"] = f"hash {results.criteria}, taken when the run began"
    if results.versions:
        found["Packages"] = ", ".join(f"{name} {version}" for name, version in results.versions.items())
    return found


def gate_line(gate: Gate) -> GateLine:
    """A gate as it stands beside its number."""
    return GateLine(gate.estimate.name, gate.threshold, gate.passed, gate.detail)


def to_json(accounts: Sequence[Account]) -> list[dict]:
    """Accounts as plain values."""
    return [asdict(account) for account in accounts]


def from_json(rows: Sequence[dict]) -> tuple[Account, ...]:
    """Accounts equal to those that were written."""
    return tuple(
        Account(
            **{
                **row,
                "gates": tuple(GateLine(**gate) for gate in row["gates"]),
                "earlier": tuple(
                    EarlierCriterion(**{**one, "evidence": tuple(one["evidence"])}) for one in row["earlier"]
                ),
            }
        )
        for row in rows
    )
