"""The command line, one command for each module of `translator.commands`; training is `train.py`."""

import logging
import os
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout

import tyro

from translator.commands.attention import attention
from translator.commands.demo import demo
from translator.commands.evaluate import evaluate
from translator.commands.explain import explain
from translator.commands.export import export
from translator.commands.lexicon import lexicon
from translator.commands.prepare import prepare
from translator.commands.report import report
from translator.commands.score import score
from translator.commands.translate import translate
from translator.errors import TranslatorError


def main() -> int:
    """Run one command.

    Exit codes: 0 when it did its work, 1 on an error, which is told in one line, 2 on wrong options, 4 where `translate
    --check` has found a fault.
    """
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
    arguments = sys.argv[1:]
    try:
        if not arguments:
            return _show_help()
        _run_command(arguments)
        sys.stdout.flush()
    except (TranslatorError, ModuleNotFoundError) as error:
        print(f"error: {_told(error)}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # The reader of the output has left, as `head` does; there is nobody to tell.
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
    tyro.extras.subcommand_cli_from_dict(
        {
            "lexicon": lexicon,
            "prepare": prepare,
            "translate": translate,
            "evaluate": evaluate,
            "score": score,
            "explain": explain,
            "attention": attention,
            "export": export,
            "report": report,
            "demo": demo,
        },
        prog="translator",
        description="English→German translation: prepare data, translate, evaluate, look inside; training is train.py.",
        args=arguments,
    )


def _told(error: TranslatorError | ModuleNotFoundError) -> str:
    """What to say of an error; raises it where it is a mistake of ours."""
    if isinstance(error, TranslatorError):
        return str(error)
    if error.name not in ("torch", "datasets", "matplotlib", "ctranslate2"):
        raise error
    return f"this command needs {error.name}, which is not installed; pip install 'en-de-translator[train,export]'"


def _show_help() -> int:
    try:
        with redirect_stdout(sys.stderr):
            _run_command(["--help"])
    except SystemExit:
        pass
    return 2


def _discard_output() -> None:
    """Let what is still in the buffer of standard output vanish: at exit Python would fail to write it again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
