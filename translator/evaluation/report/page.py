"""The report of a training run as HTML."""

import datetime
import math
from collections.abc import Iterable, Sequence
from html import escape

from translator.evaluation.report.colours import colour_rules
from translator.evaluation.report.history import History, Record

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


def build_page(name: str, history: History, svg: str, config: Record | None, card: Record | None) -> str:
    """Build the report as HTML: the picture, the key figures, and the settings of the run."""
    sections = [
        f"<p>{escape(_describe_state(history, card))}</p>",
        f'<figure role="img" aria-label="Loss, BLEU, learning rate and speed over the steps">{svg}</figure>',
        _dev_section(history) if history.dev_names else "",
        _training_section(history),
        _settings_section(config) if config is not None else "",
    ]
    return _PAGE.format(
        title=escape(name), style=f"\n{colour_rules()}{_PAGE_STYLE}", body="\n".join(filter(None, sections))
    )


def _describe_state(history: History, card: Record | None) -> str:
    """Say how far the run had got when it last wrote to its log, and how many lines are unreadable."""
    seconds, seconds_left = (history.training_curve(key).values[-1:] for key in ("seconds", "seconds_left"))
    state = f"{history.last_step:,} steps" + (f" in {_duration(seconds[0])}" if seconds else "")
    if card is not None:
        state = f"Finished: {state}. The model is called {card.get('name')}."
    else:
        left = f", about {_duration(seconds_left[0])} left" if seconds_left else ""
        state = f"Not finished when this report was made: {state}{left}."
    if history.unreadable_lines:
        state += f" Unreadable lines of the log, left out: {history.unreadable_lines}."
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
        + '\n<p class="note">BLEU during training is a quick estimate, from greedy translations of the first sentences '
        "of each set. <code>translator evaluate</code> measures whole sets.</p>"
    )


def _training_section(history: History) -> str:
    figures = (
        ("loss, without label smoothing (nats per target token)", history.training_nll(), 3),
        ("loss, with label smoothing (nats per target token)", history.training_curve("loss"), 3),
        ("perplexity", history.training_curve("perplexity"), 2),
        ("learning rate", history.training_curve("learning_rate"), None),
        ("target tokens / s", history.training_curve("target_tokens_per_second"), 0),
        ("complete epochs", history.training_curve("epoch"), 0),
    )
    rows = [[name, _number(curve.values[-1], digits)] for name, curve, digits in figures if curve.values]
    return "<h2>Training, latest figures</h2>\n" + _table(rows) if rows else ""


def _settings_section(config: Record) -> str:
    parts = [(part, values) for part, values in config.items() if isinstance(values, dict)]
    return "\n".join(
        f"<h2>Settings: {escape(part)}</h2>\n"
        + _table([[name, "not set" if value is None else str(value)] for name, value in values.items()])
        for part, values in parts
    )


def _table(rows: Iterable[Sequence[str]], heads: Sequence[str] = ()) -> str:
    """Build a table of text whose first column holds row headers; it scrolls if it is too wide."""
    top = "".join(f'<th scope="col">{escape(head)}</th>' for head in heads)
    lines = [f"<tr>{top}</tr>"] if heads else []
    for first, *others in rows:
        cells = "".join(f"<td>{escape(cell)}</td>" for cell in others)
        lines.append(f'<tr><th scope="row">{escape(first)}</th>{cells}</tr>')
    return '<div class="wide"><table>\n' + "\n".join(lines) + "\n</table></div>"


def _number(value: float, digits: int | None) -> str:
    """Format a number; without `digits`, to three significant digits."""
    if math.isnan(value):
        return "not finite"
    return f"{value:.3g}" if digits is None else f"{value:,.{digits}f}"


def _duration(seconds: float) -> str:
    return str(datetime.timedelta(seconds=round(seconds)))
