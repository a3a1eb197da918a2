"""A methods paragraph as a paper would print it, made of the settings that a run had and of nothing else."""

from collections.abc import Mapping

from empathy_core.cards.keys import parse_key
from empathy_core.cards.tables import joined
from empathy_core.probes.cross_validation import ProbeSettings
from empathy_core.results import RunResults
from empathy_core.steering.sampling import SamplingSettings
from empathy_core.steering.sweep import SweepSettings


def methods_paragraph(results: RunResults) -> str:
    """Sentences on texts, activations, probes, dictionaries and steering, as far as the run got."""
    settings = results.settings
    sentences = [_texts(results)]
    if "ActivationFlow" in settings:
        sentences.append(_activations(results, settings["ActivationFlow"]))
    if "ProbeFlow" in settings:
        sentences += _probes(results, settings["ProbeFlow"])
    if "ValidationFlow" in settings:
        sentences += _steering(results, settings["ValidationFlow"])
    if results.versions:
        sentences.append(_versions(results))
    return " ".join(sentences)


def _texts(results: RunResults) -> str:
    texts = results.texts
    scenarios = {split: len(set(texts.column("scenario_id")[texts.column("split") == split])) for split in _SPLITS}
    sizes = joined([f"{n} of the split {split}" for split, n in scenarios.items() if n])
    return (
        f"The texts were {len(texts)} replies ({texts.name}, hash {texts.content_hash}) to scenarios, {sizes}, in the "
        f"styles {joined(texts.main_styles)}."
    )


_SPLITS = ("train", "test")


def _activations(results: RunResults, asked: Mapping[str, object]) -> str:
    manifests = list((results.manifests or {}).values())
    models = joined([f"{one.model.name} ({one.model.revision[:12]})" for one in manifests])
    points = {f"{one.points[0]} to {one.points[-1]}" for one in manifests}
    return (
        f"Activations of {models} were read at residual points {joined(sorted(points))} (0 is the input of the first "
        f"block) in {asked['dtype']}, and pooled over the tokens of the reply."
    )


def _probes(results: RunResults, asked: Mapping[str, object]) -> list[str]:
    families = len(set(results.texts.column("family")) - {""})
    folds = f"{families} folds, one a lexical family," if families > 1 else f"{asked['folds']} folds of whole scenarios"
    found = [
        f"Probes were L2-regularised logistic regressions on the pool {asked['pool']}, cross-validated over {folds} "
        f"with the residual point chosen on training folds; nulls came from {asked['permutations']} permutations of "
        f"the labels (seed {asked['seed']}), intervals from {ProbeSettings().draws} resamplings of scenarios, and five "
        "classifiers of the text alone were scored on the same folds."
    ]
    if seeds := asked.get("dictionaries"):
        found.append(f"{seeds} sparse autoencoders of different seeds were trained on tokens of training scenarios.")
    return found


def _steering(results: RunResults, asked: Mapping[str, object]) -> list[str]:
    points = {one.name.split("/")[-3]: one.value for one in results.numbers if one.name.endswith("steered-point")}
    chosen = "named beforehand" if asked["point"] is not None else "chosen by likelihood shift on training scenarios"
    at = joined(sorted({f"{point:.0f}" for point in points.values()}))
    strengths = joined([f"±{strength}" for strength in str(asked["alphas"]).split(",")])
    sampling, repeats = SamplingSettings(), SweepSettings().repeats
    return [
        f"Directions were differences of means on training scenarios at residual point {at}, {chosen}, added with "
        f"strengths of {strengths} mean residual norms.",
        f"Replies of at most {asked['max_new_tokens']} tokens to {asked['prompts']} held-out prompts, drawn at "
        f"temperature {sampling.temperature:g}, {repeats} each where a range is read, were compared with those under "
        f"{asked['random_directions']} random directions of equal norm (seed {asked['seed']}); {_judged(results)}.",
        *([f"Verdicts follow criteria fixed before the run (hash {results.criteria})."] if results.criteria else []),
    ]


def _judged(results: RunResults) -> str:
    """Who judged, by the keys of what is known of the judges."""
    keys = [parse_key(one.name) for one in results.numbers]
    judges = list(dict.fromkeys(key.what[0] for key in keys if key.stage == "judge"))
    return f"they were judged by {joined(judges)}" if judges else "no judge read them, so coherence alone was measured"


def _versions(results: RunResults) -> str:
    named = joined([f"{name} {version}" for name, version in results.versions.items()])
    return f"Activations were computed with {named}."
