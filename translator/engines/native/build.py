"""Compile the library with the C compiler in the PyPI package `ziglang`, so that you need no other compiler.

python -m translator.engines.native.build                      # for this machine, into the package
python -m translator.engines.native.build aarch64 out.so       # for another one
"""

import hashlib
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

FOLDER = Path(__file__).parent
LIBRARY = FOLDER / "libengine.so"
COMPILED_KERNELS: Mapping[str, Mapping[str, str]] = {
    "x86_64": {
        "portable": "baseline",
        "avx2": "x86_64_v3",
        "avxvnni": "x86_64_v3+avxvnni",
        "avx512vnni": "x86_64_v4+avx512vnni",
        "amx": "x86_64_v4+avx512vnni+amx_tile+amx_int8",
    },
    "aarch64": {"portable": "baseline", "dotprod": "generic+dotprod"},
}
"""The kernels of each machine, and the processor that each is compiled for."""
_SOURCES = ("engine.c", "engine.h", "kernel.c", "kernel.h")
_FLAGS = ("-std=c11", "-O3", "-fPIC", "-fvisibility=hidden", "-ffp-contract=off", "-fno-math-errno")
_WARNINGS = ("-Wall", "-Wextra", "-Werror", "-Wno-psabi")
_NAMES = {"amd64": "x86_64", "arm64": "aarch64"}


def machine_name(machine: str = "") -> str:
    """The compiler's name of a machine, by default this one; raises RuntimeError if there is no engine for it."""
    name = machine.lower() or platform.machine().lower()
    name = _NAMES.get(name, name)
    if not machine and platform.system() != "Linux":
        name = f"{platform.system()} on {name}"
    if name not in COMPILED_KERNELS:
        raise RuntimeError(
            f"there is no native engine for {name}; it supports Linux on {', '.join(COMPILED_KERNELS)}"
        )
    return name


def build(machine: str = "", out: Path = LIBRARY) -> None:
    """Compile for a machine, by default this one; raises RuntimeError with the compiler's output if that fails."""
    name = machine_name(machine)
    with tempfile.TemporaryDirectory() as folder:
        finished = Path(folder) / "libengine.so"
        _link(name, (FOLDER / "engine.c",), finished, link_flags=("-shared", "-s"))
        out.parent.mkdir(parents=True, exist_ok=True)
        # Not written in place: a running service has the old file mapped into its memory, and would crash.
        new = out.with_name(f"{out.name}.{os.getpid()}")
        new.write_bytes(finished.read_bytes())
        new.replace(out)
        manifest_of(out).write_text(json.dumps(hashes(out)), encoding="ascii")


def build_program(source: Path, out: Path, *flags: str, machine: str = "") -> None:
    """Compile a C program together with the engine."""
    _link(machine_name(machine), (source, FOLDER / "engine.c"), out, flags, (f"-I{FOLDER}",))


def manifest_of(library: Path) -> Path:
    """The path of a library's manifest, which holds its hashes."""
    return library.with_suffix(".json")


def hashes(library: Path) -> dict[str, str]:
    """SHA-256 of a library and of its sources."""
    sources = b"".join((FOLDER / name).read_bytes() for name in _SOURCES)
    return {
        "library": hashlib.sha256(library.read_bytes()).hexdigest(),
        "sources": hashlib.sha256(sources).hexdigest(),
    }


def _link(
    machine: str,
    sources: Sequence[Path],
    out: Path,
    flags: Sequence[str] = (),
    link_flags: Sequence[str] = (),
) -> None:
    """Compile the kernels, and link them with the given sources.

    Without `flags`, the compiler finds the kernels in its cache if the library has been built on this machine.
    """
    with tempfile.TemporaryDirectory() as folder:
        objects = [Path(folder) / f"{kernel}.o" for kernel in COMPILED_KERNELS[machine]]
        for made, (kernel, processor) in zip(objects, COMPILED_KERNELS[machine].items(), strict=True):
            _compile(machine, processor, *flags, "-c", FOLDER / "kernel.c", f"-DKERNEL={kernel}", "-o", made)
        _compile(machine, "baseline", *flags, *link_flags, *sources, *objects, "-o", out)


def _compile(machine: str, processor: str, *arguments: object) -> None:
    command = [
        sys.executable, "-m", "ziglang", "cc", "-target", f"{machine}-linux-gnu.2.17", f"-mcpu={processor}",
        *_FLAGS, *_WARNINGS, *map(str, arguments),
    ]  # fmt: skip
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"the compiler failed:\n{done.stderr.strip()[-2000:]}")


if __name__ == "__main__":
    chosen, path = [*sys.argv[1:], "", ""][:2]
    build(chosen, Path(path) if path else LIBRARY)
