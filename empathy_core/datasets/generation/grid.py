"""The design of a generated set: what each triplet must be, so that no surface feature can follow from its style."""

from dataclasses import dataclass

from empathy_core.contracts import BadInput

FAMILIES = ("you", "thing", "when")
REGISTERS = ("formal", "casual")
PEOPLE = ("first", "second")
OTHERS = ("she", "he", "they")
TEST_DOMAINS = ("school", "money", "community")
SITUATIONS = {
    "work": (
        "a colleague presented the writer's idea as their own",
        "a new manager moved the writer's shifts",
        "a mentor is leaving",
        "an apprentice made a costly mistake on the writer's watch",
        "a business partner wants to stop",
        "a client turned down months of work",
        "a deputy was placed above the writer",
        "a workmate on nights has stopped talking",
        "a supervisor reads every message before it is sent",
    ),
    "school": (
        "a tutor marked a chapter far below the writer's hopes",
        "a child refuses to board the school bus",
        "a laboratory partner left just before the deadline",
        "a favourite teacher retired in the middle of the year",
        "an adult learner sits beside a much faster neighbour",
        "a twin won the place that the writer did not",
        "a head of year declined extra support",
        "a classmate copied shared coursework",
        "a pupil whom the writer teaches has fallen silent",
    ),
    "health": (
        "a relative's scan result is overdue",
        "a physiotherapist said that running is over",
        "a partner ignores a new diet",
        "a surgeon postponed an operation twice",
        "a sibling jokes about the writer's hearing aids",
        "a friend recovers slowly from a stroke",
        "a doctor looked only at the screen",
        "a cousin went on the trip that illness cancelled",
        "a nurse recognised the writer from school",
    ),
    "housing": (
        "a landlord is selling the flat",
        "a neighbour practises the drums at night",
        "an ageing parent no longer manages the stairs",
        "a flatmate is leaving within days",
        "a builder stopped turning up",
        "a former partner is still on the lease",
        "a letting agent keeps the deposit",
        "an inspector calls the damp a matter of airing",
        "a relative who moved in for a week has stayed",
    ),
    "family": (
        "a brother or sister does not answer invitations",
        "a stepchild has a first birthday in the house",
        "a grandparent repeats one story",
        "a teenager chose to live with the other parent",
        "an uncle or aunt sold the shared boat",
        "a parent-in-law rearranges the kitchen",
        "a cousin marries and the writer is not invited",
        "a parent must learn to cook alone",
        "a sibling takes no share of the care",
    ),
    "friendship": (
        "a friend calls only in trouble",
        "a running partner found a faster group",
        "a childhood friend has become a stranger",
        "a message has stayed unread for weeks",
        "a friend passed a secret on",
        "a best friend is moving abroad",
        "a friend cancelled a joint holiday",
        "an old friend's illness was heard of from others",
        "a new friend never asks a question back",
    ),
    "grief": (
        "a late teacher's bookshelves have to be cleared",
        "the first festival without a grandparent",
        "a neighbour died while the writer was away",
        "a voice is kept on an answering machine",
        "a colleague's desk stands empty",
        "a partner grieves the same loss in silence",
        "an old dog died and a child asks where it is",
        "a friend's memorial could not be attended",
        "a parent's garden goes to strangers",
    ),
    "money": (
        "a loan to a cousin has not come back",
        "a partner hid a credit card",
        "an employer wants overpaid wages returned",
        "a sibling's shop needs one more loan",
        "a relative divided an inheritance unevenly",
        "a swindler took a parent's savings",
        "a friend who earns far more plans the trips",
        "a client does not pay the invoice",
        "a flatmate is behind with the bills",
    ),
    "migration": (
        "an officer refused a spouse's visa again",
        "a grandparent is seen only on a bad video line",
        "a child answers in the new language",
        "a supervisor shortens the writer's name",
        "a cousin who came earlier has done well",
        "a neighbour corrects the writer's accent",
        "a friend from home has stopped writing",
        "an assessor does not accept a foreign certificate",
        "a sibling was left behind with the parents",
    ),
    "community": (
        "a choir leader gave the solo to someone else",
        "a neighbour moved the edge of an allotment",
        "a coach leaves the writer's child on the bench",
        "a volunteer no longer comes to the food bank",
        "a librarian is leaving because the branch closes",
        "the chair of a tenants' group silenced the writer",
        "a young member left the club after a quarrel",
        "an organiser forgot the writer's stall",
        "a bandmate sold the shared equipment",
    ),
}
"""What happened, ten domains by nine: left to itself a model writes ninety times about the same few topics."""
PER_DOMAIN = 9
LARGEST = PER_DOMAIN * len(SITUATIONS)


@dataclass(frozen=True)
class Cell:
    """What one triplet must be; its three replies share everything but the style."""

    scenario_id: str
    domain: str
    family: str
    """How the replies open: with `you`, with a `thing` of the scenario, or with `when` something happened."""
    register: str
    """`formal` has no contraction anywhere, `casual` one in the scenario and in each reply."""
    person: str
    """`first`: every reply says I, me or my; `second`: none does."""
    other: str
    """Pronoun of the other person in the scenario."""
    split: str
    situation: str


def cells(n: int = LARGEST) -> tuple[Cell, ...]:
    """The first `n` specifications of the grid, in the order of their domains.

    Family, register, person and the other's pronoun cycle at different rates, so that each meets each. Fewer than 90
    are spread over domains and families. Raises `BadInput` below 1 and above 90.
    """
    if not 1 <= n <= LARGEST:
        raise BadInput(f"The grid holds 1 to {LARGEST} triplets.", f"{n}", fix="choose a number in that range")
    width = len(SITUATIONS)
    # Every block of ten holds each domain once, and neighbouring domains take different places in their nine.
    chosen = sorted(PER_DOMAIN * (j % width) + (j // width + j % width) % PER_DOMAIN for j in range(n))
    return tuple(_cell(number) for number in chosen)


def _cell(number: int) -> Cell:
    domain, place = list(SITUATIONS)[number // PER_DOMAIN], number % PER_DOMAIN
    return Cell(
        scenario_id=f"{domain}-{place + 1}",
        domain=domain,
        family=FAMILIES[number % 3],
        register=REGISTERS[number // 3 % 2],
        person=PEOPLE[number // 6 % 2],
        other=OTHERS[(number // 3 + number) % 3],
        split="test" if domain in TEST_DOMAINS else "train",
        situation=SITUATIONS[domain][place],
    )
