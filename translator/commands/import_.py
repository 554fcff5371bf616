"""`translator import`."""

from pathlib import Path
from typing import Annotated

from rich.progress import Progress, TextColumn, TimeElapsedColumn
from tyro.conf import Positional, arg

from translator.commands import STDERR


def import_(source: Annotated[Positional[str], arg(metavar="SOURCE")], /, *, out: Path) -> None:
    """Import published weights: MarianMT (OPUS-MT), Marian's own files, or FSMT (Facebook's WMT19 models).

    Args:
        source: A repository of the Hugging Face hub, such as Helsinki-NLP/opus-mt-en-de, or a folder with its files.
        out: Model folder to write; must not exist yet.
    """
    from translator.published import import_model

    columns = (TextColumn("converting"), TextColumn("{task.completed:,} of {task.total:,} tensors"))
    with Progress(*columns, TimeElapsedColumn(), console=STDERR) as progress:
        task = progress.add_task("", total=0, visible=False)
        card = import_model(
            source, out, lambda done, total: progress.update(task, completed=done, total=total, visible=True)
        )
    print(f"wrote {out}: {card['name']}, {card['parameters']:,} parameters, licence: {card['licence']}")
