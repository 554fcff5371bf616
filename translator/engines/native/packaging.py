"""Build commands that put the compiled engine into the package and into wheels.

    pip install .                                       # for this machine
    TRANSLATOR_MACHINE=aarch64 pip wheel --no-deps .    # a wheel for another one

On a machine that the engine does not support, the package is built without it and uses PyTorch.
"""

import os
import sys
from pathlib import Path

from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py

sys.path.insert(0, str(Path(__file__).parents[3]))  # setuptools loads this file on its own

from translator.engines.native.build import LIBRARY, build, machine_name

MACHINE = "TRANSLATOR_MACHINE"
"""Environment variable with the machine to build for."""


def chosen_machine() -> str | None:
    """The machine to build for; None if there is no engine for it."""
    try:
        return machine_name(os.environ.get(MACHINE, ""))
    except RuntimeError:
        return None


class BuildWithEngine(build_py):
    """Copies the package's files, and compiles the engine into them."""

    def run(self) -> None:
        """Build the package."""
        super().run()
        machine = chosen_machine()
        if machine is not None:
            installed = Path(self.build_lib, *__name__.split(".")[:-1])
            build(machine, (LIBRARY.parent if self.editable_mode else installed) / LIBRARY.name)


class WheelWithEngine(bdist_wheel):
    """A wheel for one machine, and for any Python on it."""

    def finalize_options(self) -> None:
        """Mark the wheel as platform-specific; setuptools does not, because the engine is not an extension module."""
        super().finalize_options()
        self.root_is_pure = chosen_machine() is None

    def get_tag(self) -> tuple[str, str, str]:
        """Any Python 3, no ABI, and the platform: the machine and the oldest C library that the engine supports."""
        machine = chosen_machine()
        return super().get_tag() if machine is None else ("py3", "none", f"manylinux_2_17_{machine}")
