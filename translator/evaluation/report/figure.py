"""The picture of a training run: loss, BLEU, learning rate and speed over its steps."""

import io
import re
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from translator.errors import ConfigError
from translator.evaluation.report.colours import COLOURS, GROUND, INK, LINE, SERIES, SOFT
from translator.evaluation.report.history import Curve, History

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

FIGURE_INCHES = (5.6, 9.2)
"""Narrow and tall, so that the labels stay readable on a phone."""
PNG_DOTS_PER_INCH = 180
MAX_MARKED_POINTS = 30
"""Curves with more points are drawn without a dot at each point."""
LEGEND_CHARACTERS = 72
"""Characters that fit into a row of the legend; each line sample takes the width of nine."""

_DASHES = ("-", "--", ":")
_DRAWING: Any = {
    "font.size": 9,
    "text.color": INK,
    "text.parse_math": False,  # a dollar sign in the name of a development set is a dollar sign
    "axes.labelcolor": SOFT,
    "axes.edgecolor": SOFT,
    "axes.titlelocation": "left",
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": LINE,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "svg.fonttype": "none",  # letters, not outlines: a smaller file whose text can be searched and copied
    "svg.hashsalt": "translator",  # the same log gives the same file
}


def draw_figure(history: History) -> "Figure":
    """Draw four panels over the same steps: losses, BLEU of the development sets, learning rate, and speed.

    Raises ConfigError if matplotlib is not installed.
    """
    with drawing_style():
        from matplotlib.figure import Figure  # noqa: PLC0415 (slow to import, and often not installed)

        figure = Figure(FIGURE_INCHES, layout="constrained")
        loss, bleu, rate, speed = figure.subplots(4, 1, sharex=True, height_ratios=(3, 3, 1.7, 1.7))
        _label(loss, "Loss, without label smoothing", "nats per target token", "{x:g}")
        _label(bleu, "BLEU of the development sets", "BLEU (0–100)", "{x:g}")
        _label(rate, "Learning rate", "learning rate", "{x:g}")
        _label(speed, "Speed", "target tokens / s", "{x:,.0f}")
        training = _draw_curve(loss, history.training_nll(), SOFT)
        lines = {"training": training, **_draw_dev_sets(loss, bleu, history)}
        _draw_curve(rate, history.training_curve("learning_rate"), SOFT)
        _draw_curve(speed, history.training_curve("target_tokens_per_second"), SOFT)
        for panel in (bleu, rate, speed):
            panel.set_ylim(0, 1.05 * panel.get_ylim()[1])
        speed.set_xlabel("step")
        speed.xaxis.set_major_formatter("{x:,.0f}")
        speed.locator_params(axis="x", integer=True)
        figure.align_ylabels()
        _add_legend(figure, lines)
    return figure


def to_png(figure: "Figure") -> bytes:
    """Render the figure as PNG, in the light colours."""
    return _save(figure, "png", dpi=PNG_DOTS_PER_INCH, facecolor=GROUND)


def to_svg(figure: "Figure") -> str:
    """Render the figure as an SVG element whose colours come from the CSS of the page."""
    omitted = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    svg = _save(figure, "svg", transparent=True, metadata=omitted).decode()
    variables = {light: f"var(--{name})" for name, (light, _) in COLOURS.items()}
    return re.sub(
        r"(?<=: )#[0-9a-f]{6}", lambda found: variables.get(found[0], found[0]), svg[svg.index("<svg") :]
    )


@contextmanager
def drawing_style() -> Iterator[None]:
    """Within this context, matplotlib draws in the report's style; raises ConfigError if it is not installed."""
    try:
        import matplotlib  # noqa: PLC0415 (as above)
    except ImportError as error:
        raise ConfigError(
            "drawing a report needs matplotlib, which is not installed; pip install -e '.[train]'"
        ) from error
    with matplotlib.rc_context(_DRAWING):
        yield


def _label(panel: "Axes", title: str, unit: str, number_format: str) -> None:
    panel.set_title(title)
    panel.set_ylabel(unit)
    panel.yaxis.set_major_formatter(number_format)
    panel.tick_params(length=0, labelbottom=True)


def _draw_dev_sets(loss: "Axes", bleu: "Axes", history: History) -> "dict[str, Line2D]":
    """Draw loss and BLEU of each development set, with the best point circled; returns the legend's lines by name."""
    lines = {}
    for number, name in enumerate(history.dev_names):
        colour = SERIES[number % len(SERIES)]
        dashes = _DASHES[number // len(SERIES) % len(_DASHES)]
        for panel, figure, choose in ((loss, "loss", min), (bleu, "BLEU", max)):
            curve = history.dev_curve(name, figure)
            lines[name] = _draw_curve(panel, curve, colour, dashes)
            if best := curve.best(choose):
                panel.plot(*best, "o", color=colour, fillstyle="none", markersize=8)
    if lines:
        (lines["best"],) = bleu.plot([], [], "o", color=SOFT, fillstyle="none", markersize=8)
    else:
        bleu.set_yticks([])
        bleu.text(0.5, 0.5, "not measured yet", color=SOFT, ha="center", transform=bleu.transAxes)
    return lines


def _draw_curve(panel: "Axes", curve: Curve, colour: str, dashes: str = "-") -> "Line2D":
    marker = "o" if len(curve.steps) <= MAX_MARKED_POINTS else ""
    (line,) = panel.plot(
        curve.steps, curve.values, dashes, color=colour, linewidth=1.4, marker=marker, markersize=3
    )
    return line


def _add_legend(figure: "Figure", lines: "dict[str, Line2D]") -> None:
    """Put the legend above the panels, where it hides nothing."""
    names = [textwrap.fill(name, LEGEND_CHARACTERS - 9) for name in lines]
    columns = max(1, LEGEND_CHARACTERS // (9 + max(len(name) for name in names)))
    figure.legend(lines.values(), names, loc="outside upper left", ncols=columns, frameon=False)


def _save(figure: "Figure", kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    with drawing_style():
        figure.savefig(buffer, format=kind, **options)
    return buffer.getvalue()
