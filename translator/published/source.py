"""Where published weights come from: a folder, or a repository of the Hugging Face hub."""

import errno
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from translator.errors import ConfigError, DamagedError
from translator.published.tensors import first_sentence

_SMALL_FILES = (
    "README.md", "config.json", "tokenizer_config.json", "source.spm", "target.spm", "vocab.json", "target_vocab.json",
    "vocab-src.json", "vocab-tgt.json", "merges.txt",
)  # fmt: skip
SAFETENSORS, PICKLE = "model.safetensors", "pytorch_model.bin"
_DISK_REFUSES = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES)
_SHA256 = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class Source:
    """Published weights on this machine."""

    name: str
    """The name of the repository, or of the folder."""
    folder: Path
    revision: str | None = None
    """The commit of the repository; None for a folder."""


def find_source(source: str) -> Source:
    """Find a folder, or download the small files of a repository of the hub, named as OWNER/NAME.

    A connection that breaks is continued where it stopped, and complete files are not downloaded again. The cache, and
    `HF_HUB_OFFLINE`, `HF_TOKEN`, `HF_ENDPOINT` and `HF_HOME`, are those of `huggingface_hub`.
    Raises ConfigError if the folder or repository does not exist or needs a login, or if the hub cannot be reached, and
    DamagedError if a file has another checksum than on the hub.
    """
    path = Path(source)
    if path.is_dir():
        return Source(path.resolve().name, path)
    if path.exists():
        raise ConfigError(f"{source} is a file; give the folder that it is in")
    if source.count("/") != 1 or source.startswith((".", "/", "~")):
        raise ConfigError(
            f"there is no folder {source}; give a folder, or a name of the hub such as Helsinki-NLP/opus-mt-en-de"
        )
    folder = _download(source, _SMALL_FILES)
    return Source(source, folder, folder.name)


def download_weights(source: Source) -> None:
    """Download the weights of a repository, as `.safetensors` if it has them; raises errors as `find_source` does."""
    if source.revision is None:
        return
    for name in (SAFETENSORS, PICKLE):
        _download(source.name, [name], source.revision)
        if (source.folder / name).exists():
            return
    # Without a network, `huggingface_hub` is content with a folder that lacks them.
    raise ConfigError(
        f"{source.name} has neither {SAFETENSORS} nor {PICKLE}, or the hub cannot be reached; check the repository's "
        "page, the network and HF_HUB_OFFLINE"
    )


def _download(name: str, files: Sequence[str], revision: str | None = None) -> Path:
    """Download those of the files that the repository has; returns their folder, whose name is the commit."""
    # An import from a folder does without these.
    from httpx2 import HTTPError  # noqa: PLC0415
    from huggingface_hub import errors, snapshot_download  # noqa: PLC0415

    try:
        folder = Path(snapshot_download(name, revision=revision, allow_patterns=list(files)))
    except errors.GatedRepoError as error:
        raise ConfigError(
            f"{name} asks for consent to its terms; give it on the repository's page, and log in with `hf auth login`"
        ) from error
    except errors.RepositoryNotFoundError as error:
        raise ConfigError(
            f"the hub has no repository {name}, or it is private; check the name, or log in with `hf auth login`"
        ) from error
    except errors.HFValidationError as error:
        raise ConfigError(f"{name} is neither a folder nor a name of the hub: {error}") from error
    except (errors.LocalEntryNotFoundError, errors.OfflineModeIsEnabled) as error:
        raise ConfigError(
            f"{name} is not in the cache, and the hub cannot be reached; check the network and HF_HUB_OFFLINE, "
            "or give a folder with the files"
        ) from error
    except (errors.HfHubHTTPError, HTTPError) as error:
        raise ConfigError(
            f"cannot download {name}: {first_sentence(error)}; try again, files that are complete are kept"
        ) from error
    except OSError as error:
        remedy = "free space, or set HF_HOME to another disk" if error.errno in _DISK_REFUSES else "try again"
        reason = error.strerror or first_sentence(error)
        raise ConfigError(f"cannot download {name}: {reason}; {remedy}") from error
    for file in files:
        _check_sum(folder / file)
    return folder


def _check_sum(path: Path) -> None:
    """Raise DamagedError if a file has another SHA-256 than on the hub; `huggingface_hub` checks only its size.

    In its cache, a large file is a link to one that is named by the SHA-256 on the hub.
    """
    stored = path.resolve()
    if not stored.exists() or not _SHA256.fullmatch(stored.name):
        return
    with stored.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != stored.name:
        raise DamagedError(
            f"{path.name} is damaged: its SHA-256 is {found}, but {stored.name} on the hub; delete {stored} and "
            "import again"
        )
