"""`translator report`."""

from pathlib import Path

from tyro.conf import Positional


def report(run: Positional[Path], /) -> None:
    """Draw the loss, BLEU, learning rate and speed of a training run.

    Args:
        run: Folder of the run (the --out of train.py), which need not be finished. report.png and report.html are
            written to it.
    """
    from translator.evaluation.report import write_report

    for path in write_report(run):
        print(f"wrote {path}")
