"""From a specification to a folder with weights, and to the revision that names exactly those weights."""

import hashlib
import os
import re
from pathlib import Path

from huggingface_hub import get_token, snapshot_download
from huggingface_hub.errors import (
    GatedRepoError,
    HTTPError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from empathy_core.contracts import BadInput, ModelSpec

ROOT = Path(__file__).parents[2]
"""Where the package lies: the organisms' folders are stated relative to it."""
DESCRIPTION = ["*.json", "*.jinja", "*.model", "tokenizer*", "vocab*", "merges*"]
"""Configuration and tokenizer: all that a plan needs."""
FILES = ["*.safetensors", *DESCRIPTION]
"""What loading needs; no pickled weights and no code ever reach the disk."""
DUPLICATES = ["consolidated*", "*/*"]
"""Second copies of the weights in other formats, which some repositories carry."""
CONTENT = ["*.safetensors", "config.json", "tokenizer*", "chat_template*", "vocab*", "merges*"]
"""Files that change activations; their hash is a folder's revision."""


def fetch(spec: ModelSpec) -> tuple[Path, str]:
    """The folder that holds the checkpoint, and its revision: the hub's commit, or a hash of a local folder's files.

    Raises:
        BadInput: if the folder or repository does not exist, is gated without a token, has no safetensors, is a
            folder that changed since `spec.revision`, or holds a file that is not the one the hub announced.
    """
    if _is_local(spec):
        folder = ROOT / spec.location
        _check_config(folder)
        _check_weights(folder)
        revision = _content_hash(folder)
        if spec.revision not in ("main", revision):
            raise BadInput(
                "A model loaded again must be the one its activations came from.",
                got=f"{folder} at revision {revision}, expected {spec.revision}",
                cause="the folder's weights or tokenizer changed since they were extracted",
                fix="put the old checkpoint back, or run the extraction again",
            )
        return folder, revision
    folder = _download(spec, FILES)
    _check_weights(folder)
    return folder, folder.name


def fetch_description(spec: ModelSpec) -> tuple[Path, str]:
    """As `fetch`, without weights: a folder with configuration and tokenizer; a local folder keeps its stated revision.

    Raises:
        BadInput: as `fetch` does.
    """
    if not _is_local(spec):
        folder = _download(spec, DESCRIPTION)
        return folder, folder.name
    _check_config(ROOT / spec.location)
    return ROOT / spec.location, spec.revision


def _is_local(spec: ModelSpec) -> bool:
    return spec.kind == "organism" or Path(spec.location).is_absolute()


def _download(spec: ModelSpec, patterns: list[str]) -> Path:
    """The hub's files of these patterns, each checked against its announced hash; what is there already is kept."""
    if spec.gated and get_token() is None:
        raise _gated(spec, "no token")
    try:
        folder = Path(
            snapshot_download(
                spec.location, revision=spec.revision, allow_patterns=patterns, ignore_patterns=DUPLICATES
            )
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
    # HTTPError is the HTTP client's own, which comes through when a connection fails for good.
    except (HTTPError, OSError) as error:
        raise BadInput(
            "The hub must be reachable, or the model already downloaded.",
            got=f"{spec.location}: {_without_query(str(error).splitlines()[0])}",
            cause="no network, offline mode, a hub that fails, or a full disk",
            fix="run again: files that are whole are kept; or download the model elsewhere and give its folder",
        ) from error
    _check_config(folder)
    for path in sorted({path for pattern in patterns for path in folder.glob(pattern)}):
        _check_announced_hash(path)
    return folder


def _without_query(line: str) -> str:
    # The links that storage is reached by carry their signature in the query.
    return re.sub(r"\?[^\s'\"]+", "", line)


def _check_announced_hash(path: Path) -> None:
    """Checks a downloaded file against the hash the hub announced for it, after which the cache names its content.

    That is SHA-256 for large files and git's SHA-1 for others; huggingface_hub itself compares the size only.
    """
    announced = Path(os.readlink(path)).name if path.is_symlink() else "none: it is not a link into the cache"
    with path.open("rb") as file:
        if len(announced) == 64:
            digest = hashlib.file_digest(file, "sha256")
        else:
            digest = hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False)
            digest.update(file.read())
    if digest.hexdigest() != announced:
        raise BadInput(
            "A downloaded file must be the one the hub announced.",
            got=f"{path} with hash {digest.hexdigest()}, announced {announced}",
            cause="a faulty download, disk or proxy, or a cache on a file system without links",
            fix=f"delete {path.resolve()} and {path}, then run again",
        )


def _gated(spec: ModelSpec, got: str) -> BadInput:
    return BadInput(
        "A gated model needs its licence accepted and HF_TOKEN set.",
        got=f"{spec.location}: {got}",
        cause=f"the licence ({spec.licence or 'see its page'}) is not accepted, or the token is missing",
        fix=f"accept it on https://huggingface.co/{spec.location} and export HF_TOKEN",
    )


def _check_config(folder: Path) -> None:
    if not (folder / "config.json").is_file():
        raise BadInput(
            "A model folder must exist and hold config.json.",
            got=str(folder),
            cause="the folder moved or was never written",
            fix="give the folder that `save_pretrained` wrote; organisms: python -m empathy_core.organisms.train NAME",
        )


def _check_weights(folder: Path) -> None:
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
