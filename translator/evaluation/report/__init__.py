"""A report on a training run, as a picture and as a page: loss, BLEU, learning rate and speed.

The page is self-contained: the picture is inline SVG, there is no script, and nothing is loaded from elsewhere.
matplotlib is imported only to draw: translating and serving do not need it.
"""

import json
from pathlib import Path

from translator.errors import ConfigError, DataError
from translator.evaluation.report.figure import draw_figure, to_png, to_svg
from translator.evaluation.report.history import Curve, History, Record, read_history
from translator.evaluation.report.page import build_page
from translator.files.durable import replace_file

__all__ = ["Curve", "History", "build_page", "draw_figure", "read_history", "write_report"]


def write_report(run: Path) -> tuple[Path, Path]:
    """Draw the log of a run to `run`/report.png and `run`/report.html, and return these paths.

    Raises DataError if the run cannot be read, ConfigError if the report cannot be drawn or written.
    """
    history = read_history(run)
    config, card = _read_json(run / "config.json"), _read_json(run / "model" / "card.json")
    figure = draw_figure(history)
    name = f"Training run {run.resolve().name}"
    png, html = run / "report.png", run / "report.html"
    _write(png, to_png(figure))
    _write(html, build_page(name, history, to_svg(figure), config, card).encode())
    return png, html


def _read_json(path: Path) -> Record | None:
    """Read the object in a JSON file; returns None if the file does not exist."""
    try:
        values = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise DataError(f"cannot read {path}: {error}; restore or remove it") from error
    if not isinstance(values, dict):
        raise DataError(f"{path} is not a JSON object; restore or remove it")
    return values


def _write(path: Path, content: bytes) -> None:
    try:
        replace_file(path, content)
    except OSError as error:
        raise ConfigError(
            f"cannot write {path}: {error.strerror}; free space, or make the folder writable"
        ) from error
