"""Where published weights come from: a folder, or a repository of the Hugging Face hub."""

import errno
from dataclasses import dataclass
from pathlib import Path

from translator.errors import ConfigError

_SMALL_FILES = (
    "README.md", "config.json", "tokenizer_config.json", "source.spm", "target.spm", "vocab.json", "target_vocab.json",
    "vocab-src.json", "vocab-tgt.json", "merges.txt",
)  # fmt: skip
SAFETENSORS, PICKLE = "model.safetensors", "pytorch_model.bin"


@dataclass(frozen=True)
class Source:
    """Published weights on this machine."""

    name: str
    """The name of the repository, or of the folder."""
    folder: Path
    revision: str | None = None
    """The commit of the repository; None for a folder."""


def find_source(source: str) -> Source:
    """Find a folder, or download a repository of the hub, named as OWNER/NAME.

    A connection that breaks is continued where it stopped, and complete files are not downloaded again. The cache, and
    `HF_HUB_OFFLINE`, `HF_TOKEN`, `HF_ENDPOINT` and `HF_HOME`, are those of `huggingface_hub`.
    Raises ConfigError if the folder or repository does not exist or needs a login, or if the hub cannot be reached.
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
    return _download(source)


def _download(name: str) -> Source:
    # An import from a folder does without these.
    from httpx2 import HTTPError  # noqa: PLC0415
    from huggingface_hub import errors, snapshot_download  # noqa: PLC0415

    try:
        folder = Path(snapshot_download(name, allow_patterns=[*_SMALL_FILES, SAFETENSORS]))
        if not (folder / SAFETENSORS).exists():
            # The name of the folder is the commit, so that both downloads are of the same one.
            folder = Path(
                snapshot_download(name, revision=folder.name, allow_patterns=[*_SMALL_FILES, PICKLE])
            )
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
            f"cannot download {name}: {error}; try again, files that are complete are kept"
        ) from error
    except OSError as error:
        remedy = "free space, or set HF_HOME to another disk" if error.errno == errno.ENOSPC else "try again"
        raise ConfigError(f"cannot download {name}: {error.strerror or error}; {remedy}") from error
    return Source(name, folder, folder.name)
