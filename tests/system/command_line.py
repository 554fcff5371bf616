"""Run command lines in this process, which saves the seconds that Python and PyTorch take to start."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from unittest.mock import patch

import train
from translator.__main__ import main as translator_main


def run_here(arguments: Sequence[object], expected: int = 0) -> str:
    """Do what `python ARGUMENTS` would do, for `train.py …` and `-m translator …`; return what it prints and logs."""
    words = [str(one) for one in arguments]
    with _captured() as output:
        try:
            if words[0] == "train.py":
                code: object = train.main(words[1:])
            else:
                assert words[:2] == ["-m", "translator"]
                with patch.object(sys, "argv", words[1:]):
                    code = translator_main()
        except SystemExit as stop:  # raised for a wrong option
            code = stop.code
        printed = output.getvalue().decode()
    assert code == expected, printed
    return printed


@contextlib.contextmanager
def _captured() -> Iterator[io.BytesIO]:
    """Collect what is printed and logged; restore environment and logging on exit."""
    collected = io.BytesIO()
    stream = io.TextIOWrapper(collected, encoding="utf-8", write_through=True)
    handler = logging.StreamHandler(stream)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        with contextlib.redirect_stdout(stream), contextlib.redirect_stderr(stream), patch.dict(os.environ):
            yield collected
    finally:
        root.setLevel(level)
        root.removeHandler(handler)
        stream.detach()
