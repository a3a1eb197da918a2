"""The parts of the page that runs tell of themselves: gates, the earlier study's criteria, methods, identity."""

from collections.abc import Sequence

from empathy_core.cards.account import Account, GateLine
from empathy_core.cards.groups import Group, is_planted
from empathy_core.cards.keys import parse_key
from empathy_core.cards.markup import Html, element, join, link, table
from empathy_core.cards.tables import ABSENT, GATE_OUTCOMES, interval
from empathy_core.cards.words import describe
from empathy_core.contracts import Estimate


def earlier_section(group: Group, account: Account) -> list[Html]:
    """The earlier study's criteria over this group's models, as stated, and how they are to be read."""
    found = [
        one for one in account.earlier if is_planted(account.texts, parse_key(one.evidence[0]).model) == group.planted
    ]
    known = {estimate.name: estimate for estimate in group.estimates}
    rows = [
        [
            element("th", one.stated, scope="row"),
            element("td", element("b", one.outcome)),
            element("td", one.reading),
            element("td", *_values([known[name] for name in one.evidence if name in known])),
        ]
        for one in found
    ]
    heading = element("h3", "What an earlier study would have concluded")
    why = "Its success criteria as it stated them, on the values alone. None of them decides anything here."
    return (
        [heading, element("p", why), table(["criterion as stated", "", "reading", "values"], rows, "earlier")]
        if rows
        else []
    )


def _values(evidence: Sequence[Estimate]) -> list[Html]:
    """A line for each thing measured: whose value, and the value, which leads to its key."""
    lines: dict[str, list[Html]] = {}
    for one in evidence:
        shown = join(f"{parse_key(one.name).model} ", link(one, interval(one)), "; ")
        lines.setdefault(describe(one.name), []).append(shown)
    return [element("small", element("i", what), ": ", *shown) for what, shown in lines.items()]


def gates_section(group: Group, account: Account) -> list[Html]:
    """The quality gates of the texts: those that failed, then all of them, folded."""
    known = {estimate.name: estimate for estimate in group.estimates}
    gates = [gate for gate in account.gates if gate.name in known]
    if not gates:
        return []
    judged = [gate for gate in gates if gate.passed is not None]
    failed = [gate for gate in judged if not gate.passed]
    says = f"{len(judged) - len(failed)} of {len(judged)} gates with a threshold passed."
    parts = [element("h3", "Quality gates of the texts"), element("p", says)]
    if failed:
        parts.append(_gate_table(failed, known))
    rest = [gate for gate in gates if gate not in failed]
    return [*parts, element("details", element("summary", f"{len(rest)} gates"), _gate_table(rest, known))]


def _gate_table(gates: Sequence[GateLine], known: dict[str, Estimate]) -> Html:
    rows = [
        [
            element("th", describe(gate.name), scope="row"),
            element("td", link(known[gate.name], interval(known[gate.name]))),
            element("td", str(known[gate.name].n)),
            element("td", gate.threshold or ABSENT),
            element("td", GATE_OUTCOMES[gate.passed]),
            element("td", gate.detail),
        ]
        for gate in gates
    ]
    return table(["gate", "value [95% interval]", "n", "threshold", "outcome", "detail"], rows)


def methods(accounts: Sequence[Account]) -> Html:
    """A paragraph for each set of texts, as a paper would print it."""
    parts = [join(element("h3", one.texts), element("p", one.methods)) for one in accounts if one.methods]
    return element("section", element("h2", "Methods of these runs", id="methods"), *parts)


def identity(accounts: Sequence[Account]) -> Html:
    """Runs, hashes, revisions and versions of each set of texts."""
    parts = [
        join(
            element("h3", one.texts),
            element("dl", *(join(element("dt", k), element("dd", v or ABSENT)) for k, v in (one.facts or {}).items())),
        )
        for one in accounts
    ]
    return element("section", element("h2", "Identity of these runs", id="run"), *parts)
