"""`translator demo`."""

import sys
import tempfile
from pathlib import Path

from translator.commands import STDOUT


def demo(*, folder: Path | None = None, prompt: bool = True) -> None:
    """Train a tiny model on a toy grammar in about a minute, and translate what you type with it.

    Args:
        folder: Where to keep the data, the run and its log; by default a temporary folder.
        prompt: Ask for sentences afterwards.
    """
    from translator.demo import run_demo

    with tempfile.TemporaryDirectory() as temporary:
        run_demo(folder or Path(temporary), STDOUT, prompt=prompt and sys.stdin.isatty())
