"""`translator lexicon`."""

import os
from pathlib import Path
from typing import Annotated

from rich.progress import Progress, TextColumn, TimeElapsedColumn
from tyro.conf import Positional, UseAppendAction, arg

from translator.commands import STDERR, STDOUT
from translator.errors import ConfigError, DataError


def lexicon(
    out: Positional[Path],
    /,
    *,
    corpus: Annotated[UseAppendAction[tuple[str, ...]], arg(metavar="CORPUS")] = (),
) -> None:
    """Learn translations of rare words from parallel text, as hints for the model.

    The words of both sides are aligned by IBM model 1.

    Give the file to `translator prepare --lexicon`.

    Args:
        out: File to write, such as lexicon.tsv.
        corpus: Parallel text or a dictionary, in the form of `translator prepare --corpus`. The weights decide which
            words are rare.
    """
    from translator.data.corpus import CorpusSpec
    from translator.data.lexicon_learning import learn_lexicon
    from translator.files.durable import replace_file

    if not corpus:
        raise ConfigError("no corpus to learn from; name at least one with --corpus")
    specs = [CorpusSpec.parse(text) for text in corpus]
    _check_writable(out)
    columns = (TextColumn("{task.description}", markup=False), TextColumn("{task.completed:,} pairs"))
    with Progress(*columns, TimeElapsedColumn(), console=STDERR) as progress:
        task = progress.add_task("reading", total=None)
        learned = learn_lexicon(
            specs, lambda stage, pairs: progress.update(task, description=stage, completed=pairs)
        )
    replace_file(out, learned.content)
    STDOUT.print(f"wrote {out}: {len(learned):,} entries")


def _check_writable(out: Path) -> None:
    """Raise DataError before the long work if the file cannot be written."""
    folder = out.absolute().parent
    if not folder.is_dir():
        raise DataError(f"cannot write {out}: there is no folder {folder}; make it first")
    if out.is_dir():
        raise DataError(f"cannot write {out}: it is a folder; give the name of a file")
    if not os.access(folder, os.W_OK):
        raise DataError(f"cannot write {out}: {folder} is read-only; choose another folder")
