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
        "with the same permutations at every point, and takes the maximum over points. Words alone (TF-IDF) are scored "
        "on the same folds: a probe shows something only where it exceeds them.",
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
    "A probe shows that information is present. Only generation under intervention shows that the model uses it.",
    "A style of text is not a state of mind: these numbers concern how replies are written, not what is felt.",
    "Not measurable means that this run lacked the means, such as a judge. It is not evidence of absence.",
    "Planted numbers validate the procedure on small models of known truth. They do not carry over to other models. "
    "There is one training seed per organism, and the grammar's wording and the length of training were settled while "
    "looking at steering results on the same kind of prompts.",
    "Scenarios are resampled, lexical families are not. There are few of them, so an AUROC a little off .5 across "
    "families can be a chance likeness of two vocabularies.",
)
