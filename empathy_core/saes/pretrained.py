"""Dictionaries that others trained: which fit a model's residual points, and whether one fits our tokens."""

import re
from dataclasses import dataclass
from pathlib import Path

from sae_lens import SAE
from sae_lens.loading.pretrained_saes_directory import PretrainedSAELookup, get_pretrained_saes_directory

from empathy_core.contracts import BadInput, ModelSpec
from empathy_core.saes.codes import DictionaryCodes
from empathy_core.saes.files import open_folder

TRAINED_ON = {
    "google/gemma-2-9b-it": ("gemma-2-9b-it", "gemma-2-9b"),
    "meta-llama/Llama-3.1-8B-Instruct": ("meta-llama/Llama-3.1-8B-Instruct", "meta-llama/Llama-3.1-8B"),
    "Qwen/Qwen2.5-7B-Instruct": ("Qwen/Qwen2.5-7B-Instruct",),
    "deepseek-ai/DeepSeek-R1-Distill-Llama-8B": (
        "deepseek-ai/DeepSeek-R1-Distill-Llama-8B",
        "meta-llama/Llama-3.1-8B",
    ),
    "openai-community/gpt2": ("gpt2-small",),
}
"""From a model's location to the names under which SAELens' registry lists it, and then the base it came from."""
PICKLED = ("connor_rob_hook_z", "goodfire", "deepseek_r1", "qwen_scope", "dictionary_learning_1")
"""Formats of releases whose weights are pickles, which can hold code."""
RESIDUAL = (
    (re.compile(r"blocks\.(\d+)\.hook_resid_pre(_\d+)?"), 0),
    (re.compile(r"blocks\.(\d+)\.hook_resid_post"), 1),
    (re.compile(r"resid_post_layer_(\d+)_trainer_\d+"), 1),
    (re.compile(r"l(\d+)r_\w+"), 1),
    (re.compile(r"layer_(\d+)(/width_\w+/\w+)?"), 1),
)
"""How ids name a hook on the residual stream, and what is added to its number to get the residual point."""
LEAST_EXPLAINED = 0.3
"""A dictionary that explains less of our tokens' variance is not used."""
L0_RATIO = 2.0
"""Activity further than this from what the registry states is noted."""


@dataclass(frozen=True)
class Candidate:
    """A dictionary of SAELens' registry for one residual point of one model."""

    release: str
    id: str
    point: int
    own: bool
    """Trained on this model, and not on the base that it was tuned from."""
    pickled: bool
    """Its weights are pickles, so it is not loaded."""
    l0: float | None
    """Active latents a token, as the registry states them."""
    explained: float | None
    """Explained variance, likewise."""

    @property
    def name(self) -> str:
        """What `--dictionary` takes."""
        return f"{self.release}/{self.id}"


def candidates(spec: ModelSpec) -> tuple[Candidate, ...]:
    """Every dictionary for the model's residual stream in SAELens' registry, those trained on it first."""
    directory, found = get_pretrained_saes_directory(), []
    for rank, trained_on in enumerate(TRAINED_ON.get(spec.location, ())):
        for release in directory.values():
            # Some releases of instruction-tuned models are listed under their base.
            own = rank == 0 or _is_tuned(release.release)
            if release.model == trained_on and _is_residual(release):
                on_residual = ((id_, point) for id_ in release.saes_map if (point := _point(id_)) >= 0)
                found += [_candidate(release, id_, point, own) for id_, point in on_residual]
    return tuple(sorted(found, key=lambda one: (not one.own, one.release, one.point, one.id)))


def open_dictionary(name: str, spec: ModelSpec, point: int, device: str = "cpu") -> tuple[SAE, str]:
    """The dictionary at a local folder, or one of SAELens' registry as `release/id`; and what it is called.

    Raises:
        BadInput: if it is neither, is for another model or residual point, or its weights are pickles.
    """
    folder = Path(name).expanduser()
    if folder.is_dir():
        sae, source = open_folder(folder, device), folder.name
    else:
        sae, source = _download(_named(name, spec, point), device), name
    _check_shape(sae, spec, point, name)
    return sae, source


def fit_notes(codes: DictionaryCodes, held_out, stated: Candidate | None) -> tuple[str, ...]:
    """What differs between the fit to our held-out tokens and the one that the registry states.

    Raises:
        BadInput: if the dictionary does not describe these tokens at all.
    """
    explained, l0 = codes.explained(held_out), codes.l0(held_out)
    if explained < LEAST_EXPLAINED:
        raise BadInput(
            f"A pretrained dictionary explains at least {LEAST_EXPLAINED:g} of the variance of the texts' tokens.",
            got=f"{codes.source}: {explained:.2f}, with {l0:.0f} active latents a token",
            cause="a dictionary of another model, residual point or scaling",
            fix="choose another one (docs/dictionaries.md), or train one: leave `--dictionary` out",
        )
    notes = [f"{codes.source} explains {explained:.2f} of the held-out variance, {l0:.0f} active latents a token"]
    if stated and not stated.own:
        notes.append("it was trained on the base model, not on this one")
    if stated and stated.l0 and not 1 / L0_RATIO <= l0 / stated.l0 <= L0_RATIO:
        notes.append(f"the registry states {stated.l0:.0f} active latents")
    return tuple(notes)


def stated(name: str, spec: ModelSpec) -> Candidate | None:
    """What the registry says of `release/id`; None for a local folder."""
    return next((one for one in candidates(spec) if one.name == name), None)


def _named(name: str, spec: ModelSpec, point: int) -> Candidate:
    found = stated(name, spec)
    here = [one.name for one in candidates(spec) if one.point == point and not one.pickled]
    if found is None or found.point != point:
        raise BadInput(
            "A dictionary is a local folder, or `release/id` of SAELens' registry for this model and residual point.",
            got=f"{name!r} for {spec.name} at point {point}" + (f"; it is for point {found.point}" if found else ""),
            cause="a misspelt name, a folder that does not exist, or another `--point`",
            fix=f"choose one of {', '.join(here[:6])}" if here else "leave `--dictionary` out, and one is trained",
        )
    if found.pickled:
        raise BadInput(
            "Dictionaries are read from safetensors or numpy arrays, for a pickle can hold code.",
            got=name,
            fix="where you trust it, save it with SAELens (`sae.save_inference_model(folder)`) and give the folder",
        )
    return found


def _download(candidate: Candidate, device: str) -> SAE:
    try:
        return SAE.from_pretrained(candidate.release, candidate.id, device=device)
    except OSError as error:
        raise BadInput(
            "A dictionary of the registry comes from the hub, or from its local cache.",
            got=f"{candidate.name}: {type(error).__name__}",
            cause="no network, a licence that was not accepted, or a cache that lacks these files",
            fix="download it where there is a network, or train one: leave `--dictionary` out",
        ) from error


def _check_shape(sae: SAE, spec: ModelSpec, point: int, name: str) -> None:
    hook = sae.cfg.metadata.hook_name
    hooked = _point(hook) if hook else point
    if sae.cfg.d_in != spec.d_model or hooked != point:
        raise BadInput(
            "A dictionary must have the width of the residual stream, and have been trained at this residual point.",
            got=f"{name}: width {sae.cfg.d_in} at {hook or 'an unnamed hook'}; "
            f"{spec.name} has {spec.d_model}, point {point}",
            cause="a dictionary of another model or layer",
            fix="choose another dictionary, or the point with `--point`",
        )


def _candidate(release: PretrainedSAELookup, id_: str, point: int, own: bool) -> Candidate:
    # The registry's own defaults for what it does not know are 0 and 1.
    l0, explained = float(release.expected_l0[id_]), float(release.expected_var_explained[id_])
    pickled = release.conversion_func in PICKLED
    return Candidate(release.release, id_, point, own, pickled, l0 or None, explained if explained < 1 else None)


def _point(hook: str) -> int:
    """The residual point of a hook or id; -1 for one that is not on the residual stream."""
    return next((int(match[1]) + add for form, add in RESIDUAL if (match := form.fullmatch(hook))), -1)


def _is_residual(release: PretrainedSAELookup) -> bool:
    # Ids of Gemma Scope name the layer alone; the release says whether it is residual. A temporal dictionary codes a
    # token by those before it, and here tokens are coded one by one.
    return release.conversion_func != "temporal" and (release.conversion_func != "gemma_2" or "-res" in release.release)


def _is_tuned(release: str) -> bool:
    return "-it-" in release
