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
        "Likelihood shift",
        "Needs neither a judge nor generated replies. While the model reads given replies, a direction is added; the "
        "shift of a style is the change in mean log-likelihood per token of its replies, minus the mean change of the "
        "other styles' replies to the same scenario, so that what a push does to every reply alike cancels. The point "
        "to steer at is chosen by weak pushes on training scenarios: one half makes directions, the other half is "
        "read, both ways round. The matrix is measured on held-out scenarios. A model that knows words alone favours "
        "the words of a style too, so a shift by itself is no control.",
    ),
    (
        "Write",
        "Directions are differences of means on training scenarios, added while the model answers held-out prompts. "
        "The strength α is in units of the mean residual norm at that point. Arms share prompts and seeds: no "
        "intervention, towards the style, away from it, the style asked for in words, its direction projected out, "
        "random directions of equal norm, and directions from permuted labels. The probe that made a direction never "
        "scores it. The selectivity matrix pushes one concept and scores every concept, at the last strength that "
        "leaves replies coherent: this, and not the angles between directions, tests whether the styles are separate "
        "in use. Slopes and the share of prompts moved the wrong way are counted prompt by prompt; a push that does "
        "nothing moves half of them the wrong way. Side effects are measured on texts without the concept.",
    ),
    (
        "Coherence and steering range",
        "A reply is coherent when it passes gates on its surprise under the unsteered model, repetition, length, an "
        "ending, and keeping to the topic, all calibrated on the model's own unsteered replies. The gates know no "
        "grammar. Where a judge also says which replies hang together, their agreement is printed, with the shares of "
        "broken replies stopped and of sound ones passed, beside what gates that stop as many at random would do. The "
        "range is the largest α up to which replies stay coherent at every step (at 0.7 of the unsteered share or "
        "above) while the effect exceeds the random band somewhere on the way; a direction without effect has range "
        "0, and one still coherent at the strongest α tried has at least that. Away from a style the effect is the "
        "fall of its share beyond what lost coherence takes off; a style that is rare to begin with has no room to "
        "fall and gets no such range.",
    ),
    (
        "Ablation",
        "Replies that begin with a given sentence are continued while directions are projected out at every residual "
        "point: the subspace of all styles, a random subspace of equal rank, or one style's direction alone. What is "
        "counted is whether the second sentence keeps the first one's style. One style's direction should cost its own "
        "style more than the others.",
    ),
    (
        "Judges",
        "Every judged number says how far replies are in a style, and never comes from the probe. Organisms are judged "
        "by their grammar, exactly. Other texts are judged by a language model that sees neither the arm nor the "
        "strength, with a second model on a share of the replies, or by people; the table of judges says how often "
        "texts of known style are recognised, how far judges agree (Krippendorff's alpha) and how many replies have no "
        "verdict. Without a judge there is likelihood shift and coherence alone.",
    ),
    (
        "Bandwidth",
        "Effective dimension times steering range, averaged over the styles; its interval multiplies draws of both. It "
        "has a control, register, and two nulls: permuted labels for the dimension at the range that was found, and "
        "permuted labels for both. In mean residual norms it does not depend on the scale of a model's activations; in "
        "units of the residual stream, printed beside, it does. Models are told apart only where their intervals do "
        "not overlap.",
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
    "Coherence alone is no control, and neither is a higher share in broken replies: effect and range count together.",
    "A steering range ends at the strongest α that was tried, even where replies are still coherent there.",
    "A style of text is not a state of mind: these numbers concern how replies are written, not what is felt.",
    "Not measurable means that this run lacked the means, such as a judge. It is not evidence of absence.",
    "Planted numbers validate the procedure on small models of known truth. They do not carry over to other models. "
    "There is one training seed per organism, and the grammar's wording and the length of training were settled while "
    "looking at steering results on the same kind of prompts.",
    "Scenarios are resampled, lexical families are not. There are few of them, so an AUROC a little off .5 across "
    "families can be a chance likeness of two vocabularies.",
)
