"""What the log of a training run tells, as a picture and as a page: loss, BLEU, learning rate and speed.

The page holds all that it shows, the picture as SVG included: no script, and nothing loaded from elsewhere.
matplotlib is imported when it draws: translating and serving do without it.
"""

import datetime
import io
import json
import math
import os
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from translator.errors import ConfigError, DataError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

Record = dict[str, Any]
Choice = Callable[[Iterable[float]], float]
"""Which of several values is the best: min or max."""

FIGURE_INCHES = (5.6, 9.2)
"""Narrow and tall, so that on a phone the labels are still large enough to read."""
PNG_DOTS_PER_INCH = 180
MOST_MARKED_POINTS = 30
"""A longer curve is drawn without a dot at each of its points."""
LEGEND_CHARACTERS = 72
"""How many fit into a row of the legend, where the sample of a line takes as much room as nine."""

_COLOURS = {
    "ground": ("#ffffff", "#121716"),
    "ink": ("#1c2422", "#e6ebe9"),
    "soft": ("#5b6663", "#9aa7a3"),
    "line": ("#dfe2dd", "#303a38"),
    "series-0": ("#0072b2", "#4db1e8"),
    "series-1": ("#d55e00", "#ff8b4a"),
    "series-2": ("#009e73", "#3ccf9f"),
    "series-3": ("#b8589a", "#e79cc6"),
    "series-4": ("#a87500", "#e3b04b"),
    "series-5": ("#7b61c4", "#b7a3f0"),
}
"""Each colour on a light and on a dark screen; the picture is drawn in the light ones."""
_GROUND, _INK, _SOFT, _LINE, *_SERIES = (light for light, _ in _COLOURS.values())
_DASHES = ("-", "--", ":")
_DRAWING: Any = {
    "font.size": 9,
    "text.color": _INK,
    "text.parse_math": False,  # a dollar sign in the name of a development set is a dollar sign
    "axes.labelcolor": _SOFT,
    "axes.edgecolor": _SOFT,
    "axes.titlelocation": "left",
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": _LINE,
    "xtick.color": _SOFT,
    "ytick.color": _SOFT,
    "svg.fonttype": "none",  # letters, not outlines: a smaller file whose text can be searched and copied
    "svg.hashsalt": "translator",  # the same log makes the same file
}

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<h1>{title}</h1>
{body}
</body>
</html>
"""
_PAGE_STYLE = """
body { max-width: 46rem; margin: 0 auto; padding: 1rem; background: var(--ground); color: var(--ink);
       font: 1rem/1.5 system-ui, sans-serif; }
h1, h2 { overflow-wrap: anywhere; }
h2 { margin: 2rem 0 0.5rem; font-size: 1.15rem; }
figure { margin: 1.5rem 0; }
svg { display: block; width: 100%; height: auto; }
svg text { font-family: system-ui, sans-serif !important; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 0.3rem 1rem 0.3rem 0; border-bottom: 1px solid var(--line); text-align: right; }
th { color: var(--soft); font-weight: normal; }
th:first-child { min-width: 8rem; text-align: left; overflow-wrap: anywhere; }
td { white-space: nowrap; }
.note { color: var(--soft); font-size: 0.9rem; }
"""


@dataclass(frozen=True)
class Curve:
    """A figure and the steps at which it was measured; nan where it was not finite."""

    steps: list[int]
    values: list[float]

    def best(self, choose: Choice) -> tuple[int, float] | None:
        """The value that `choose` prefers, after the step at which it was reached first; None without values."""
        finite = [value for value in self.values if math.isfinite(value)]
        if not finite:
            return None
        best = choose(finite)
        return self.steps[self.values.index(best)], best


@dataclass(frozen=True)
class History:
    """The records of a run, those of the training and those of the development sets, in the order of their steps."""

    training: list[Record]
    validation: list[Record]
    unreadable_lines: int

    @property
    def last_step(self) -> int:
        """The newest step that the log knows of."""
        return max(int(record["step"]) for record in (*self.training[-1:], *self.validation[-1:]))

    @property
    def dev_names(self) -> list[str]:
        """The development sets, in the order in which the log first names them."""
        keys = (key for record in self.validation for key in record if key.endswith((" loss", " BLEU")))
        return list(dict.fromkeys(key.rpartition(" ")[0] for key in keys))

    def training_curve(self, figure: str) -> Curve:
        """A figure of the training, such as "learning_rate"."""
        return _curve(self.training, figure)

    def plain_training_loss(self) -> Curve:
        """Training loss without label smoothing, nats a token; it compares with the dev losses, "loss" does not."""
        perplexity = self.training_curve("perplexity")
        return Curve(perplexity.steps, [math.log(p) if p > 0 else math.nan for p in perplexity.values])

    def dev_curve(self, name: str, figure: str) -> Curve:
        """The "loss" or the "BLEU" of a development set."""
        return _curve(self.validation, f"{name} {figure}")


def read_history(run: Path) -> History:
    """Read the log of a training run, finished or not; raises DataError where it has none.

    Lines that cannot be read, such as one that a crash cut short, are counted and left out. Where steps begin
    again, so did the run: what the log has of that step and of later ones is forgotten.
    """
    path = run / "log.jsonl"
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        raise DataError(
            f"cannot read {path}: {error.strerror}; give the folder of a training run, train.py's --out"
        ) from error
    records = [_parse_record(line) for line in lines]
    history = History([], [], unreadable_lines=records.count(None))
    for record in filter(None, records):
        is_training = "loss" in record
        # The development sets are measured after the step that the training has logged.
        _forget_from(record["step"] if is_training else record["step"] + 1, history.training)
        _forget_from(record["step"], history.validation)
        (history.training if is_training else history.validation).append(record)
    if not history.training and not history.validation:
        raise DataError(f"{path} holds no record yet; wait until the run has done its first log_every_steps")
    return history


def draw_figure(history: History) -> "Figure":
    """Four panels over the same steps: losses, BLEU of the development sets, learning rate, and speed.

    Raises ConfigError where matplotlib is not installed.
    """
    with _drawing_style():
        from matplotlib.figure import Figure  # noqa: PLC0415

        figure = Figure(FIGURE_INCHES, layout="constrained")
        loss, bleu, rate, speed = figure.subplots(4, 1, sharex=True, height_ratios=(3, 3, 1.7, 1.7))
        _label(loss, "Loss, without label smoothing", "nats per target token", "{x:g}")
        _label(bleu, "BLEU of the development sets", "BLEU (0–100)", "{x:g}")
        _label(rate, "Learning rate", "learning rate", "{x:g}")
        _label(speed, "Speed", "target tokens / s", "{x:,.0f}")
        training = _draw_curve(loss, history.plain_training_loss(), _SOFT)
        lines = {"training": training, **_draw_dev_sets(loss, bleu, history)}
        _draw_curve(rate, history.training_curve("learning_rate"), _SOFT)
        _draw_curve(speed, history.training_curve("target_tokens_per_second"), _SOFT)
        for panel in (bleu, rate, speed):
            panel.set_ylim(0, 1.05 * panel.get_ylim()[1])
        speed.set_xlabel("step")
        speed.xaxis.set_major_formatter("{x:,.0f}")
        speed.locator_params(axis="x", integer=True)
        figure.align_ylabels()
        _add_legend(figure, lines)
    return figure


def build_page(name: str, history: History, svg: str, config: Record | None, card: Record | None) -> str:
    """The report as HTML: the picture, the figures that matter most, and the settings of the run."""
    sections = [
        f"<p>{escape(_describe_state(history, card))}</p>",
        f'<figure role="img" aria-label="Loss, BLEU, learning rate and speed over the steps">{svg}</figure>',
        _dev_section(history) if history.dev_names else "",
        _training_section(history),
        _settings_section(config) if config is not None else "",
    ]
    return _PAGE.format(title=escape(name), style=_page_style(), body="\n".join(filter(None, sections)))


def write_report(run: Path) -> tuple[Path, Path]:
    """Draw the log of a run into `run`/report.png and `run`/report.html, and return these paths.

    Raises DataError where the run cannot be read, ConfigError where the report cannot be drawn or written.
    """
    history = read_history(run)
    config, card = _read_json(run / "config.json"), _read_json(run / "model" / "card.json")
    figure = draw_figure(history)
    name = f"Training run {run.resolve().name}"
    png, html = run / "report.png", run / "report.html"
    _write_whole(png, _save(figure, "png", dpi=PNG_DOTS_PER_INCH, facecolor=_GROUND))
    _write_whole(html, build_page(name, history, _to_svg(figure), config, card).encode())
    return png, html


def _parse_record(line: str) -> Record | None:
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) and type(record.get("step")) is int else None


def _forget_from(step: int, records: list[Record]) -> None:
    while records and records[-1]["step"] >= step:
        records.pop()


def _curve(records: list[Record], key: str) -> Curve:
    found = [record for record in records if type(record.get(key)) in (int, float)]
    values = [float(record[key]) if math.isfinite(record[key]) else math.nan for record in found]
    return Curve([record["step"] for record in found], values)


def _read_json(path: Path) -> Record | None:
    """The object in a JSON file; None where there is no such file."""
    try:
        values = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise DataError(f"cannot read {path}: {error}; restore or remove it") from error
    if not isinstance(values, dict):
        raise DataError(f"{path} holds no JSON object; restore or remove it")
    return values


@contextmanager
def _drawing_style() -> Iterator[None]:
    try:
        import matplotlib  # noqa: PLC0415
    except ImportError as error:
        raise ConfigError(
            "a report is drawn with matplotlib, which is not installed; pip install -e '.[train]'"
        ) from error
    with matplotlib.rc_context(_DRAWING):
        yield


def _label(panel: "Axes", title: str, unit: str, number_format: str) -> None:
    panel.set_title(title)
    panel.set_ylabel(unit)
    panel.yaxis.set_major_formatter(number_format)
    panel.tick_params(length=0, labelbottom=True)


def _draw_dev_sets(loss: "Axes", bleu: "Axes", history: History) -> "dict[str, Line2D]":
    """Draw loss and BLEU of each development set, its best in a ring; returns what a legend shows, by name."""
    lines = {}
    for number, name in enumerate(history.dev_names):
        colour = _SERIES[number % len(_SERIES)]
        dashes = _DASHES[number // len(_SERIES) % len(_DASHES)]
        for panel, figure, choose in ((loss, "loss", min), (bleu, "BLEU", max)):
            curve = history.dev_curve(name, figure)
            lines[name] = _draw_curve(panel, curve, colour, dashes)
            if best := curve.best(choose):
                panel.plot(*best, "o", color=colour, fillstyle="none", markersize=8)
    if lines:
        (lines["best"],) = bleu.plot([], [], "o", color=_SOFT, fillstyle="none", markersize=8)
    else:
        bleu.set_yticks([])
        bleu.text(0.5, 0.5, "not measured so far", color=_SOFT, ha="center", transform=bleu.transAxes)
    return lines


def _draw_curve(panel: "Axes", curve: Curve, colour: str, dashes: str = "-") -> "Line2D":
    marker = "o" if len(curve.steps) <= MOST_MARKED_POINTS else ""
    (line,) = panel.plot(
        curve.steps, curve.values, dashes, color=colour, linewidth=1.4, marker=marker, markersize=3
    )
    return line


def _add_legend(figure: "Figure", lines: "dict[str, Line2D]") -> None:
    """Put the names above all panels, where they hide nothing."""
    names = [textwrap.fill(name, LEGEND_CHARACTERS - 9) for name in lines]
    columns = max(1, LEGEND_CHARACTERS // (9 + max(len(name) for name in names)))
    figure.legend(lines.values(), names, loc="outside upper left", ncols=columns, frameon=False)


def _save(figure: "Figure", kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    with _drawing_style():
        figure.savefig(buffer, format=kind, **options)
    return buffer.getvalue()


def _to_svg(figure: "Figure") -> str:
    """The figure as an element of a page, its colours left to the page's style."""
    unstated = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    svg = _save(figure, "svg", transparent=True, metadata=unstated).decode()
    variables = {light: f"var(--{name})" for name, (light, _) in _COLOURS.items()}
    return re.sub(
        r"(?<=: )#[0-9a-f]{6}", lambda found: variables.get(found[0], found[0]), svg[svg.index("<svg") :]
    )


def _page_style() -> str:
    light, dark = (
        " ".join(f"--{name}: {colours[screen]};" for name, colours in _COLOURS.items()) for screen in (0, 1)
    )
    return (
        f"\n:root {{ color-scheme: light dark; {light} }}"
        f"\n@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}{_PAGE_STYLE}"
    )


def _describe_state(history: History, card: Record | None) -> str:
    """How far the run had come when it last wrote into its log, and how much of that cannot be read."""
    seconds, seconds_left = (history.training_curve(key).values[-1:] for key in ("seconds", "seconds_left"))
    state = f"{history.last_step:,} steps" + (f" in {_duration(seconds[0])}" if seconds else "")
    if card is not None:
        state = f"Finished: {state}. The model is called {card.get('name')}."
    else:
        left = f", about {_duration(seconds_left[0])} left" if seconds_left else ""
        state = f"Not finished when this was drawn: {state}{left}."
    if history.unreadable_lines:
        state += f" Lines of the log that cannot be read and are left out: {history.unreadable_lines}."
    return state


def _dev_section(history: History) -> str:
    rows = []
    for name in history.dev_names:
        row = [name]
        for figure, choose, digits in (("BLEU", max, 2), ("loss", min, 3)):
            curve = history.dev_curve(name, figure)
            last = curve.values[-1] if curve.values else math.nan
            step, best = curve.best(choose) or (0, math.nan)
            row += [_number(last, digits), _number(best, digits), f"{step:,}"]
        rows.append(row)
    heads = ("", "last BLEU", "best BLEU", "at step", "last loss", "best loss", "at step")
    return (
        "<h2>Development sets</h2>\n"
        + _table(rows, heads)
        + '\n<p class="note">BLEU while training is a quick look: greedy translations of the first sentences of '
        "each set. <code>translator evaluate</code> measures whole sets.</p>"
    )


def _training_section(history: History) -> str:
    figures = (
        ("loss, without label smoothing (nats per target token)", history.plain_training_loss(), 3),
        ("loss, with label smoothing (nats per target token)", history.training_curve("loss"), 3),
        ("perplexity", history.training_curve("perplexity"), 2),
        ("learning rate", history.training_curve("learning_rate"), None),
        ("target tokens / s", history.training_curve("target_tokens_per_second"), 0),
        ("complete epochs", history.training_curve("epoch"), 0),
    )
    rows = [[name, _number(curve.values[-1], digits)] for name, curve, digits in figures if curve.values]
    return "<h2>Training, last figures</h2>\n" + _table(rows) if rows else ""


def _settings_section(config: Record) -> str:
    parts = [(part, values) for part, values in config.items() if isinstance(values, dict)]
    return "\n".join(
        f"<h2>Settings: {escape(part)}</h2>\n"
        + _table([[name, "not set" if value is None else str(value)] for name, value in values.items()])
        for part, values in parts
    )


def _table(rows: Iterable[Sequence[str]], heads: Sequence[str] = ()) -> str:
    """Rows of text, the first cell of each being its head, in a frame that scrolls where they are too wide."""
    top = "".join(f'<th scope="col">{escape(head)}</th>' for head in heads)
    lines = [f"<tr>{top}</tr>"] if heads else []
    for first, *others in rows:
        cells = "".join(f"<td>{escape(cell)}</td>" for cell in others)
        lines.append(f'<tr><th scope="row">{escape(first)}</th>{cells}</tr>')
    return '<div class="wide"><table>\n' + "\n".join(lines) + "\n</table></div>"


def _number(value: float, digits: int | None) -> str:
    """A number for people; without `digits`, of three significant places."""
    if math.isnan(value):
        return "not finite"
    return f"{value:.3g}" if digits is None else f"{value:,.{digits}f}"


def _duration(seconds: float) -> str:
    return str(datetime.timedelta(seconds=round(seconds)))


def _write_whole(path: Path, content: bytes) -> None:
    """Write a file that appears whole, in place of an older one."""
    partial = path.with_name(f".{path.name}.writing-{os.getpid()}")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise ConfigError(
            f"cannot write {path}: {error.strerror}; free space, or make the folder writable"
        ) from error
