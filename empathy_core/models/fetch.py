"""From a specification to a folder with weights, and to the revision that names exactly those weights."""

import hashlib
from pathlib import Path

from huggingface_hub import get_token, snapshot_download
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from empathy_core.contracts import BadInput, ModelSpec

ROOT = Path(__file__).parents[2]
"""Where the package lies: the organisms' folders are stated relative to it."""
FILES = ["*.safetensors", "*.json", "*.jinja", "*.model", "tokenizer*", "vocab*", "merges*"]
"""What loading needs; no pickled weights and no code ever reach the disk."""
DUPLICATES = ["consolidated*", "*/*"]
"""Second copies of the weights in other formats, which some repositories carry."""
CONTENT = ["*.safetensors", "config.json", "tokenizer*", "chat_template*", "vocab*", "merges*"]
"""Files that change activations; their hash is a folder's revision."""


def fetch(spec: ModelSpec) -> tuple[Path, str]:
    """The folder that holds the checkpoint, and its revision: the hub's commit, or a hash of a local folder's files.

    Raises:
        BadInput: if the folder or repository does not exist, is gated without a token, has no safetensors, or
            is a folder that changed since `spec.revision`.
    """
    if spec.kind == "organism" or Path(spec.location).is_absolute():
        folder = ROOT / spec.location
        _check_files(folder)
        revision = _content_hash(folder)
        if spec.revision not in ("main", revision):
            raise BadInput(
                "A model loaded again must be the one its activations came from.",
                got=f"{folder} at revision {revision}, expected {spec.revision}",
                cause="the folder's weights or tokenizer changed since they were extracted",
                fix="put the old checkpoint back, or run the extraction again",
            )
        return folder, revision
    folder = _download(spec)
    _check_files(folder)
    return folder, folder.name


def _download(spec: ModelSpec) -> Path:
    if spec.gated and get_token() is None:
        raise _gated(spec, "no token")
    try:
        return Path(
            snapshot_download(spec.location, revision=spec.revision, allow_patterns=FILES, ignore_patterns=DUPLICATES)
        )
    except GatedRepoError as error:
        raise _gated(spec, "the hub refused access") from error
    except (RepositoryNotFoundError, RevisionNotFoundError) as error:
        raise BadInput(
            "A model that is not a local folder must exist on the hub.",
            got=f"{spec.location} at revision {spec.revision}",
            cause="a misspelt hub id or revision, a private repository, or a folder that does not exist",
            fix=f"check https://huggingface.co/{spec.location}",
        ) from error
    except (LocalEntryNotFoundError, HfHubHTTPError) as error:
        raise BadInput(
            "The hub must be reachable, or the model already downloaded.",
            got=f"{spec.location}: {str(error).splitlines()[0]}",
            cause="no network, or offline mode",
            fix="download the model on a machine with access and give its folder",
        ) from error


def _gated(spec: ModelSpec, got: str) -> BadInput:
    return BadInput(
        "A gated model needs its licence accepted and HF_TOKEN set.",
        got=f"{spec.location}: {got}",
        cause=f"the licence ({spec.licence or 'see its page'}) is not accepted, or the token is missing",
        fix=f"accept it on https://huggingface.co/{spec.location} and export HF_TOKEN",
    )


def _check_files(folder: Path) -> None:
    if not (folder / "config.json").is_file():
        raise BadInput(
            "A model folder must exist and hold config.json.",
            got=str(folder),
            cause="the folder moved or was never written",
            fix="give the folder that `save_pretrained` wrote; organisms: python -m empathy_core.organisms.train NAME",
        )
    if not any(folder.glob("*.safetensors")):
        raise BadInput(
            "Weights are read from safetensors only: other formats can run code when they are opened.",
            got=f"{folder} with {', '.join(sorted(path.name for path in folder.iterdir()))}",
            cause="an old checkpoint in .bin or .pt format, or an unfinished download",
            fix="convert it once with transformers' `save_pretrained`, which writes safetensors",
        )


def _content_hash(folder: Path) -> str:
    """Sixteen hexadecimal digits of SHA-256 over the names and bytes of the files that decide activations."""
    digest = hashlib.sha256()
    for path in sorted({path for pattern in CONTENT for path in folder.glob(pattern)}):
        with path.open("rb") as file:
            digest.update(path.name.encode() + hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:16]
