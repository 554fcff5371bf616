"""The lock files of the image agree with `pyproject.toml`."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
EXTRAS = PROJECT["project"]["optional-dependencies"]
SERVING = [*PROJECT["project"]["dependencies"], *EXTRAS["published"], *EXTRAS["redis"]]
LOCKS = {
    "requirements.lock": SERVING,
    "requirements-gpu.lock": [*SERVING, *EXTRAS["gpu"]],
    "requirements-build.lock": PROJECT["build-system"]["requires"],
}


def pins(name: str) -> dict[str, list[str]]:
    """Return the versions of each package in a lock file; some packages have one for each version of Python."""
    versions: dict[str, list[str]] = {}
    for package, version in re.findall(
        r"^([\w.-]+)==(\S+)", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE
    ):
        versions.setdefault(package.lower(), []).append(version)
    return versions


@pytest.mark.parametrize("name", LOCKS)
def test_every_dependency_is_locked_at_an_allowed_version(name: str) -> None:
    locked = pins(name)
    for dependency in map(Requirement, LOCKS[name]):
        versions = locked.get(dependency.name.lower(), [])
        assert versions, f"{dependency.name} is not in {name}; run `make lock`"
        for version in versions:
            assert dependency.specifier.contains(version), (
                f"{dependency} is {version} in {name}; run `make lock`"
            )


@pytest.mark.parametrize("name", LOCKS)
def test_every_version_has_hashes_and_names_no_index(name: str) -> None:
    entries = re.split(r"^(?=[\w.-]+==)", (ROOT / name).read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    assert entries
    assert all("--hash=sha256:" in entry for entry in entries)
    assert not any("://" in entry or "--index" in entry for entry in entries)


def test_only_the_gpu_lock_has_pytorch_and_the_rest_is_the_same() -> None:
    base, gpu = pins("requirements.lock"), pins("requirements-gpu.lock")
    assert not {name for name in base if name.startswith(("torch", "nvidia", "triton"))}
    assert "torch" in gpu
    assert {name: gpu[name] for name in base} == base
