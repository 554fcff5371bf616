"""The command line, with one command per module of `translator.commands`; training is `train.py`."""

import inspect
import logging
import os
import re
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout

import tyro

from translator.commands import with_flags
from translator.commands.attention import attention
from translator.commands.evaluate import evaluate
from translator.commands.explain import explain
from translator.commands.export import export
from translator.commands.import_ import import_
from translator.commands.lexicon import lexicon
from translator.commands.prepare import prepare
from translator.commands.report import report
from translator.commands.score import score
from translator.commands.translate import translate
from translator.errors import InputError, TranslatorError

_MODULES = {
    "train": ("torch", "datasets", "matplotlib"),
    "export": ("ctranslate2",),
    "import": ("huggingface_hub", "httpx2"),
    "cluster": ("ray", "fsspec", "pyarrow"),
}
"""The modules that a command may lack, by the extras to install."""


def main() -> int:
    """Run one command.

    Exit codes: 0 on success, 1 on an error (reported in one line), 2 on invalid options, 4 if `translate --check` finds
    a fault, 130 if interrupted.
    """
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
    arguments = sys.argv[1:]
    try:
        if not arguments:
            return _show_help()
        _run_command(arguments)
        sys.stdout.flush()
    except (TranslatorError, ModuleNotFoundError) as error:
        print(f"error: {_describe(error)}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # The reader of the output has gone, as with `head`, so there is no one to report to.
        _discard_output()
        return 1
    except OSError as error:
        _discard_output()
        what = f"use {error.filename}" if error.filename else "write the output"
        print(f"error: cannot {what}: {error.strerror or error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    return 0


def _run_command(arguments: Sequence[str]) -> None:
    commands = (lexicon, prepare, translate, evaluate, score, explain, attention, import_, export, report)
    tyro.extras.subcommand_cli_from_dict(
        {command.__name__.rstrip("_"): _with_joined_lines(command) for command in commands},
        prog="translator",
        description="Translate English into German. To train a model, run train.py.",
        args=arguments,
    )


def _with_joined_lines(command: Callable[..., None]) -> Callable[..., None]:
    """Join the lines of each argument's help in a docstring: tyro would break them where the source does."""
    command.__doc__ = re.sub(r"\n {8}(?=\S)", " ", inspect.cleandoc(command.__doc__ or ""))
    return command


def _describe(error: TranslatorError | ModuleNotFoundError) -> str:
    """The message for an error; raises the error again if it is a bug in this program."""
    if isinstance(error, TranslatorError):
        return with_flags(str(error)) if isinstance(error, InputError) else str(error)
    for extras, names in _MODULES.items():
        if error.name in names:
            return f"this command needs {error.name}, which is not installed; pip install 'en-de-translator[{extras}]'"
    raise error


def _show_help() -> int:
    try:
        with redirect_stdout(sys.stderr):
            _run_command(["--help"])
    except SystemExit:
        pass
    return 2


def _discard_output() -> None:
    """Discard buffered standard output; otherwise Python would try to write it again at exit, and fail."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
