"""`translator demo`."""

import sys
import tempfile
from pathlib import Path

from translator.commands import STDOUT


def demo(*, folder: Path | None = None, prompt: bool = True) -> None:
    """Train a tiny model on a toy grammar in about a minute, then translate what you type.

    Args:
        folder: Folder to keep the data, the run and its log in; by default a temporary one.
        prompt: Prompt for sentences afterwards.
    """
    from translator.demo import run_demo

    with tempfile.TemporaryDirectory() as temporary:
        run_demo(folder or Path(temporary), STDOUT, prompt=prompt and sys.stdin.isatty())
