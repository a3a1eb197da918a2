"""What the report says of its own method and limits, for a reader who has nothing but the page."""

HOW_TO_READ = (
    "Each number is printed with its 95% interval, its null (what the same procedure gives when there is nothing to "
    "find: its 95% bound where the null has a distribution) and n, the number of independent units behind the "
    "interval: scenarios, prompts, random directions or permutations. Each links to its key in the list of all "
    "numbers; the key stands in numbers.json beside the dotted name of the function that computed it and the task that "
    "ran it."
)

METHOD = (
    (
        "Texts",
        "Every scenario is answered once in each style. Activations are pooled over the tokens of the response at each "
        "residual point: 0 is the input of the first block, l the output of block l, before the final norm. Quality "
        "gates measure, before any model is run, what length, openings, pronouns, function words and all words give "
        "away, and how that changes on foils, which wear another style's words.",
    ),
    (
        "Read",
        "Probes are L2-regularised logistic regressions under cross-validation that keeps whole scenarios together. "
        "The point is chosen on training folds and scored on held-out ones. The null permutes labels within scenarios, "
        "with the same permutations at every point, and takes the maximum over points; p is adjusted over models "
        "(Holm). Five classifiers that see only the text are scored on the same folds: its length, its opening words, "
        "its function words, all its words (TF-IDF), and character n-grams. The excess is the probe minus the best of "
        "them: a probe shows something of the model only where it exceeds them. Foils are texts with one style's "
        "stance in another's words. Probes and text classifiers learn from the main texts and are asked the foils of "
        "held-out scenarios: below .5 a reader goes by the words, above it follows the stance.",
    ),
    (
        "Controls",
        "Each control repeats the read-out of the deciding task (all styles at once, or the only pair) with something "
        "taken away. Length is regressed out of every feature by a spline that is fitted on training folds, and once "
        "only replies of like length are compared. A concept (register, emotion, valence) is erased by LEACE, fitted "
        "on training folds, beside a random subspace of equal rank; how well the concept can be read before and after "
        "says whether the erasure worked. The response is read quarter by quarter and at its last token. Emergence "
        "asks for the first point where the probe exceeds the text and its own value at point 0, with bands that hold "
        "for all points at once. Transfer teaches in one context and asks in another; whole contexts, registers and "
        "lexical families are held out in turn.",
    ),
    (
        "Replication",
        "Numbers of the kind an earlier study reported, computed as it did, each beside what the same computation "
        "gives when there is nothing to find. They decide nothing here; the table says why each misleads.",
    ),
    (
        "Dimensionality",
        "Cross-validated components of the differences between condition means, over independent halves of the "
        "scenarios. The rank counts components above the permutation null; the effective dimension is the "
        "participation ratio of those components alone, and 0 when there are none.",
    ),
    (
        "Write",
        "Directions are differences of means on training scenarios, added while the model answers held-out prompts. "
        "The strength α is in units of the mean residual norm at that point. Arms share prompts and seeds: no "
        "intervention, the style, random directions of equal norm, and directions from permuted labels. The probe "
        "that made a direction never scores it.",
    ),
    (
        "Bandwidth",
        "Effective dimension times steering range. The range is the largest α up to which replies stay coherent (at "
        "0.7 of the unsteered share or above) while the effect exceeds the random band; a direction without effect has "
        "range 0.",
    ),
    (
        "Verdicts",
        "Criteria are fixed before the run. Each is supported, not supported, or not measurable, and names the numbers "
        "that decided it.",
    ),
)

LIMITS = (
    "An interval of a read-out resamples the scenarios that were asked, not those that taught the probe: it does not "
    "say how a probe taught on other scenarios would differ.",
    "A probe shows that information is present. Only generation under intervention shows that the model uses it.",
    "A style of text is not a state of mind: these numbers concern how replies are written, not what is felt.",
    "Not measurable means that this run lacked the means, such as a judge. It is not evidence of absence.",
    "Planted numbers validate the procedure on small models of known truth. They do not carry over to other models. "
    "There is one training seed per organism, and the grammar's wording and the length of training were settled while "
    "looking at steering results on the same kind of prompts.",
    "Scenarios are resampled, lexical families are not. There are few of them, so an AUROC a little off .5 across "
    "families can be a chance likeness of two vocabularies.",
)
