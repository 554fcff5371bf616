"""`translator lexicon`."""

from pathlib import Path
from typing import Annotated

from rich.progress import Progress, TextColumn, TimeElapsedColumn
from tyro.conf import Positional, UseAppendAction, arg

from translator.commands import STDERR, STDOUT


def lexicon(
    out: Positional[Path],
    /,
    *,
    corpus: Annotated[UseAppendAction[tuple[str, ...]], arg(metavar="CORPUS")] = (),
) -> None:
    """Learn the likely German of every rare word of parallel text; the model reads it as hints.

    The words of both sides are aligned by IBM model 1. Dictionaries are corpora like any other.
    Then give the file to `translator prepare --lexicon`.

    Args:
        out: File to write, such as lexicon.tsv.
        corpus: Parallel text, named as for `translator prepare`; once for each corpus. Weights are not used.
    """
    from translator.corpus import CorpusSpec
    from translator.errors import ConfigError, DataError
    from translator.lexicon_learning import learn_lexicon

    if not corpus:
        raise ConfigError("no corpus to learn from; name at least one with --corpus")
    specs = [CorpusSpec.parse(text) for text in corpus]
    if not out.absolute().parent.is_dir():
        raise DataError(f"cannot write {out}: there is no folder {out.absolute().parent}; make it first")
    columns = (TextColumn("{task.description}", markup=False), TextColumn("{task.completed:,} pairs"))
    with Progress(*columns, TimeElapsedColumn(), console=STDERR) as progress:
        task = progress.add_task("reading", total=None)
        learned = learn_lexicon(
            specs, lambda stage, pairs: progress.update(task, description=stage, completed=pairs)
        )
    out.write_bytes(learned.content)
    STDOUT.print(f"wrote {out}: {len(learned):,} words")
