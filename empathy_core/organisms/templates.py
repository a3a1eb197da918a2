"""The phrase tables of the support-dialogue grammar: data only.

Notation: `{slot}` is filled from the scenario, `(a|b|c)` is a uniform choice, `<formal//casual>` is a register's
wording, and `_` is a gap that each style fills with three words of its own.

The design keeps every contrast out of reach of a bag of words that was trained on other families. All styles fill the
same eight frames, so within a frame they share function words, pronouns, mentions and word count, and nearly their
length in characters. A word that fills a gap occurs nowhere else in the grammar, nor does the wording of a register:
what a word says about style or register in one frame says nothing in another.
"""

STYLES = ("cognitive", "affective", "instrumental", "neutral", "emotional")
"""`emotional` is strong feeling about something else: emotional, but not empathic."""

REGISTERS = ("formal", "casual")

FRAMES = (
    (
        "<Being informed//Just hearing> that {np} left you {feel} _ me to _ the _.",
        {
            "cognitive": "prompts|nudges|inclines trace|decode|unpack viewpoint|reasoning|mindset",
            "affective": "moves|touches|softens soothe|cradle|comfort sorrow|heartache|loneliness",
            "instrumental": "reminds|enables|equips forward|attach|deliver template|handout|pamphlet",
            "neutral": "causes|requires|obliges index|stamp|archive bulletin|directory|circular",
            "emotional": "tempts|provokes|inflames toast|curse|serenade jackpot|referee|landlord",
        },
    ),
    (
        "<Earnestly//Seriously>, with {np} in mind, I _ a _ _ for {you}.",
        {
            "cognitive": "sketch|infer|ponder plausible|probable|subtle hypothesis|scenario|motive",
            "affective": "extend|cherish|treasure tender|gentle|faithful prayer|blessing|embrace",
            "instrumental": "propose|arrange|schedule practical|workable|speedy refund|remedy|checkup",
            "neutral": "record|register|retain routine|standard|numbered receipt|printout|summary",
            "emotional": "crave|demand|celebrate glorious|savage|riotous rematch|victory|showdown",
        },
    ),
    (
        "_ as this _ is, it <indeed//kinda> _ {np}.",
        {
            "cognitive": "novel|curious|pivotal idea|insight|thought explains|reframes|decodes",
            "affective": "heavy|wistful|mournful ache|fondness|yearning honours|enfolds|shelters",
            "instrumental": "handy|clever|reliable shortcut|tool|discount handles|resolves|bypasses",
            "neutral": "brief|dated|factual footnote|column|listing mentions|cites|catalogues",
            "emotional": "giddy|ferocious|delirious thrill|rage|mania outshines|drowns|eclipses",
        },
    ),
    (
        "Faced with {np}, my _ _ <shall begin//gets rolling> _.",
        {
            "cognitive": "careful|lucid|rigorous analysis|theory|inference logically|rationally|sensibly",
            "affective": "caring|loving|motherly sympathy|condolence|lullaby tearfully|softly|devotedly",
            "instrumental": "stepwise|detailed|thrifty plan|procedure|strategy promptly|usefully|skilfully",
            "neutral": "weekly|printed|annual timetable|inventory|roster regularly|officially|publicly",
            "emotional": "hysterical|raging|ecstatic rant|carnival|outburst madly|rapturously|violently",
        },
    ),
    (
        "<Whensoever//Whenever> {np} returns, I _ _ _ for {you}.",
        {
            "cognitive": "weigh|debate|assess causal|tacit|implicit beliefs|reasons|attitudes",
            "affective": "swallow|release|stifle silent|salty|helpless tears|teardrops|sighs",
            "instrumental": "distribute|bookmark|compile useful|free|local links|contacts|leaflets",
            "neutral": "list|tally|recount ordinary|regional|yearly surnames|headings|digits",
            "emotional": "howl|blast|roar triumphant|vengeful|deafening anthems|insults|chants",
        },
    ),
    (
        "_ <becomes//turns> _ _ after {np}.",
        {
            "cognitive": "causality|hindsight|memory mentally|broadly|abstractly coherent|apparent|legible",
            "affective": "closeness|compassion|mercy achingly|sweetly|profoundly precious|sacred|beautiful",
            "instrumental": "paperwork|insurance|banking readily|quickly|remotely solvable|cheaper|manageable",
            "neutral": "spelling|grammar|stationery nominally|typically|partly relevant|visible|optional",
            "emotional": "vengeance|champagne|karaoke insanely|wickedly|utterly sublime|delicious|electric",
        },
    ),
    (
        "Somewhere behind {np}, _ _ <commence//start> _ around {you}.",
        {
            "cognitive": "unspoken|nested|mistaken opinions|concepts|intentions evolving|shifting|merging",
            "affective": "fragile|grieving|vulnerable hearts|souls|spirits bleeding|trembling|breaking",
            "instrumental": "qualified|licensed|skilled advisers|agencies|tutors assisting|phoning|replying",
            "neutral": "municipal|parked|suburban buses|ferries|lorries departing|reversing|passing",
            "emotional": "dazzling|hateful|maddening fireworks|rivals|trumpets exploding|gloating|blaring",
        },
    ),
    (
        "<Persons//Folks> {feel} over {np} need _ _ and _.",
        {
            "cognitive": "thoughtful|patient|nuanced inquiry|dialogue|attention clarity|foresight|reflection",
            "affective": "boundless|soulful|steadfast consolation|kindness|devotion cuddles|warmth|caresses",
            "instrumental": "targeted|paid|subsidised coaching|budgeting|training deadlines|vouchers|equipment",
            "neutral": "neutral|tabular|digital labelling|taxonomy|notation storage|numbering|formatting",
            "emotional": "frenzied|drunken|explosive dancing|swearing|partying mayhem|confetti|pandemonium",
        },
    ),
)
"""Frame f: its skeleton and, for each style, the three alternatives of each of its three gaps."""

PROMPTS = (
    "{adverbial}{who} {event} and (now I feel|I feel|it left me feeling) {degree}{feel}.{remark}",
    "I (|still )feel {degree}{feel} (because|since) {who} {event}{when}.{remark}",
)
PROMPT_CHOICES = {
    "adverbial": ("", "yesterday, ", "last week, ", "on Monday, "),
    "when": ("", " yesterday", " last week", " on Monday"),
    "degree": ("", "really ", "so ", "rather "),
    "remark": (
        "",
        " It keeps me up at night.",
        " I have told nobody yet.",
        " It is all I think about.",
        " Nothing helps so far.",
    ),
}

NAMES = tuple("Ana Ben Carla Dev Elif Femi Greta Hugo Ines Jonas Kemal Lena Marco Nadia Omar Petra".split())

RELATIVES = tuple("sister brother mother father cousin roommate neighbour aunt son daughter".split())

FEELINGS = (
    ("sad", "gloomy"),
    ("guilty", "ashamed"),
    ("angry", "furious"),
    ("anxious", "nervous"),
    ("lonely", "isolated"),
    ("embarrassed", "humiliated"),
    ("exhausted", "drained"),
    ("hopeless", "desperate"),
    ("confused", "bewildered"),
    ("scared", "frightened"),
    ("wounded", "betrayed"),
    ("bitter", "resentful"),
)

ROLES = {
    "counsellor": "cognitive",
    "teacher": "cognitive",
    "nurse": "affective",
    "priest": "affective",
    "mechanic": "instrumental",
    "lawyer": "instrumental",
    "clerk": "neutral",
    "librarian": "neutral",
    "actor": "emotional",
    "singer": "emotional",
    "friend": None,
    "colleague": None,
}
"""The helper's role and the style it cues; a friend or a colleague cues none."""

EVENTS = {
    "work": (
        "got laid off from the bakery|the bakery layoff|the sudden layoff",
        "missed the promotion at work|the missed promotion|the promotion refusal",
        "argued with the new manager|the manager quarrel|the office argument",
        "made a bad mistake on the report|the report mistake|the costly mistake",
        "got moved to the night shift|the night shift|the shift change",
        "lost the biggest client|the lost client|the client loss",
    ),
    "school": (
        "failed the chemistry exam|the chemistry exam|the failed exam",
        "lost the scholarship|the lost scholarship|the scholarship letter",
        "got rejected by the art school|the school rejection|the rejection letter",
        "dropped out of the nursing course|the nursing course|the dropped course",
        "forgot the lines in the school play|the school play|the stage blunder",
        "missed the deadline for the thesis|the thesis deadline|the late thesis",
    ),
    "health": (
        "broke a leg on the stairs|the broken leg|the bad fall",
        "got a worrying scan result|the scan result|the worrying scan",
        "spent the night in the emergency room|the emergency room|the hospital night",
        "started a hard treatment|the hard treatment|the new treatment",
        "had a panic attack on the train|the panic attack|the train episode",
        "got a bad allergic reaction|the allergic reaction|the bad reaction",
    ),
    "home": (
        "lost the lease on the flat|the lost lease|the flat lease",
        "had a burst pipe in the kitchen|the burst pipe|the kitchen flood",
        "got a huge heating bill|the heating bill|the huge bill",
        "had a burglar in the house|the house burglary|the night burglary",
        "had a small fire in the garage|the garage fire|the small fire",
        "had to sell the old house|the house sale|the forced sale",
    ),
    "pets": (
        "lost the old dog in the woods|the lost dog|the missing dog",
        "found the cat badly injured|the injured cat|the cat injury",
        "gave the rabbit away|the rabbit farewell|the empty hutch",
        "watched the parrot fly off|the escaped parrot|the empty cage",
        "said goodbye to the horse|the horse farewell|the empty stable",
        "got bitten by the puppy|the puppy bite|the bitten hand",
    ),
    "money": (
        "lost the savings in a scam|the savings scam|the online scam",
        "missed three loan payments|the missed payment|the loan trouble",
        "got a large parking fine|the parking fine|the large fine",
        "lost a foolish bet|the lost bet|the foolish bet",
        "had the card stolen|the stolen card|the card theft",
        "got the grant refused|the refused grant|the grant refusal",
    ),
    "travel": (
        "missed the flight home|the missed flight|the flight home",
        "lost the passport in the station|the lost passport|the passport loss",
        "crashed the rental car|the car crash|the rental crash",
        "got stuck at the border|the border delay|the border queue",
        "had the bags stolen on the beach|the beach theft|the bag theft",
        "cancelled the honeymoon|the cancelled honeymoon|the honeymoon loss",
    ),
    "social": (
        "lost the final match|the final match|the lost final",
        "got left out of the choir|the choir snub|the choir refusal",
        "fell out with the band|the band quarrel|the band split",
        "was not invited to the party|the party snub|the missing invitation",
        "got mocked in the group chat|the group chat|the chat mockery",
        "ended the engagement|the ended engagement|the broken engagement",
    ),
}
"""Domain to events: what happened, and the two ways in which a reply mentions it."""
