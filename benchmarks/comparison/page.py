"""The page of a comparison: every sentence is followed by the table or the plot that bears it."""

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from statistics import mean, stdev

from comparison import figures
from comparison.figures import Results
from comparison.table1 import WIDTH, LayerCost, measure_all
from comparison.training import Point, Result
from comparison.variants import ABLATIONS, ARCHITECTURES
from translator.evaluation.evaluate import score
from translator.evaluation.report.colours import colour_rules

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>RNN, decoder-only and Transformer at equal cost</title>
<style>
{colours}
body {{ margin: 0 auto; max-width: 68rem; padding: 1rem; background: var(--ground); color: var(--ink);
       font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }}
main {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(min(20rem, 100%), 1fr)); gap: 1.5rem 2rem; }}
section {{ min-width: 0; }}
.whole {{ grid-column: 1 / -1; }}
p {{ margin: 0 0 0.5rem; }}
.wide {{ overflow-x: auto; }}
svg {{ display: block; width: 100%; max-width: 30rem; height: auto; }}
table {{ border-collapse: collapse; font-variant-numeric: tabular-nums; overflow-wrap: normal; white-space: nowrap; }}
th, td {{ padding: 0.2rem 0.6rem; border-bottom: 1px solid var(--line); text-align: right; font-weight: normal; }}
th:first-child {{ text-align: left; }}
thead th {{ color: var(--soft); }}
</style>
</head>
<body>
<h1>RNN, decoder-only and Transformer at equal cost</h1>
<main>
{sections}
</main>
</body>
</html>
"""


def write_page(
    path: Path, results: dict[str, list[Result]], held_out: tuple[list[str], list[str]], data: str | None
) -> Path:
    """Write the page; returns its path."""
    main = {one.name: results[one.name] for one in ARCHITECTURES}
    changed = {one.name: results[one.name] for one in ABLATIONS if one.name in results}
    sections = [
        *_costs_and_scores(main, data),
        *_curves(main),
        _by_length(main, *held_out),
        *([_ablations(main["Transformer"], changed)] if changed else []),
        *(_attention(name, trainings) for name, trainings in main.items()),
        *_table_1(measure_all()),
    ]
    page = _PAGE.format(colours=colour_rules(), sections="\n".join(sections))
    path.write_text(page, encoding="utf-8")
    return path


def _section(sentence: str, content: str, is_whole: bool = False) -> str:
    kind = ' class="whole"' if is_whole else ""
    return f"<section{kind}><p>{escape(sentence)}</p>\n{content}</section>"


def _costs_and_scores(main: Results, data: str | None) -> list[str]:
    rows = [
        (
            name,
            _spread([result.bleu for result in trainings], 1),
            f"{mean(result.flops for result in trainings):.2e}",
            _spread([result.loss for result in trainings], 3),
            f"{_spread([result.exact for result in trainings], 0)} of {len(trainings[0].translations)}",
            _spread([result.seconds for result in trainings], 0),
            *(f"{trainings[0].updates:,}", f"{trainings[0].parameters:,}"),
        )
        for name, trainings in main.items()
    ]
    # What the sentence says comes first: a phone shows two columns of figures at a time.
    heads = ("", "BLEU", "FLOPs", "loss", "exactly right", "seconds", "updates", "parameters")
    what = "a toy grammar" if data is None else Path(data).name
    bleus = {name: [result.bleu for result in trainings] for name, trainings in main.items()}
    return [
        _section(
            f"BLEU on unseen sentences after training on {what} for the same number of operations with weights, by "
            f"greedy search{_of_seeds(main)}: {_listed(bleus, 1)}.",
            _table(heads, rows),
            is_whole=True,
        )
    ]


def _of_seeds(main: Results) -> str:
    """What the figures are if there are several seeds."""
    seeds = [str(result.seed) for result in next(iter(main.values()))]
    if len(seeds) == 1:
        return ""
    return f" (mean ± standard deviation of the seeds {', '.join(seeds[:-1])} and {seeds[-1]})"


def _curves(main: Results) -> list[str]:
    losses = {name: [result.loss for result in trainings] for name, trainings in main.items()}
    half = {name: [_halfway(result).bleu for result in trainings] for name, trainings in main.items()}
    seconds = {name: [result.seconds for result in trainings] for name, trainings in main.items()}
    early = min(map(max, seconds.values()))
    by_then = {name: [_bleu_after(early, result) for result in trainings] for name, trainings in main.items()}
    x_flops, x_seconds = "FLOPs", "seconds of training on one core"
    loss_label, bleu_label = "loss on unseen sentences (nats)", "BLEU of 200 unseen sentences"
    return [
        _section(
            f"Loss at the end, in nats per token: {_listed(losses, 3)}.",
            figures.curves(main, "flops", "loss", (x_flops, loss_label)),
        ),
        _section(
            f"BLEU after half of the operations: {_listed(half, 1)}.",
            figures.curves(main, "flops", "bleu", (x_flops, bleu_label)),
        ),
        _section(
            f"Seconds for the same operations: {_listed(seconds, 0)}.",
            figures.curves(main, "seconds", "loss", (x_seconds, loss_label)),
        ),
        _section(
            f"BLEU after {early:,.0f} seconds, when the first model has finished: {_listed(by_then, 1)}.",
            figures.curves(main, "seconds", "bleu", (x_seconds, bleu_label)),
        ),
    ]


def _bleu_after(seconds: float, result: Result) -> float:
    """The last BLEU that was measured by then; 0 before the first measurement."""
    return next((point.bleu for point in reversed(result.curve) if point.seconds <= seconds), 0.0)


def _halfway(result: Result) -> Point:
    """What was measured closest to half of the operations."""
    return min(result.curve, key=lambda point: abs(point.flops - result.curve[-1].flops / 2))


def _by_length(main: Results, sources: Sequence[str], references: Sequence[str]) -> str:
    order = sorted(range(len(sources)), key=lambda index: len(sources[index].split()))
    quarters = [order[len(order) * part // 4 : len(order) * (part + 1) // 4] for part in range(4)]
    words = [[len(sources[index].split()) for index in quarter] for quarter in quarters]

    def bleu(result: Result, quarter: Sequence[int]) -> float:
        translations, expected = (
            [texts[index] for index in quarter] for texts in (result.translations, references)
        )
        return score(translations, expected)[0].value

    scores = {
        name: [[bleu(result, quarter) for quarter in quarters] for result in trainings]
        for name, trainings in main.items()
    }
    change = {name: [one[-1] - one[0] for one in trainings] for name, trainings in scores.items()}
    return _section(
        "Change of BLEU from the quarter with the shortest sentences to that with the longest: "
        f"{_listed(change, 1, sign='+')}.",
        figures.by_length(scores, [f"{min(one)}–{max(one)}" for one in words]),
    )


def _ablations(transformer: Sequence[Result], changed: Results) -> str:
    whole = [result.bleu for result in transformer]
    values = {name: [result.bleu for result in trainings] for name, trainings in changed.items()}
    differences = {
        name: [bleu - before for bleu, before in zip(bleus, whole, strict=True)]
        for name, bleus in values.items()
    }
    return _section(
        f"Change of the Transformer's BLEU with one part changed: {_listed(differences, 1, sign='+')}.",
        figures.bars({"Transformer": whole, **values}, "BLEU"),
    )


def _attention(name: str, trainings: Sequence[Result]) -> str:
    picture = trainings[0].attention
    assert picture is not None
    seed = f"; seed {trainings[0].seed}" if len(trainings) > 1 else ""
    strongest = mean(max(row) for row in picture.weights)
    return _section(
        f"{name}, the head with the largest weights ({picture.title.lower()}{seed}), reading the reference "
        f"translation: the largest weight in a row is {strongest:.2f} on average.",
        figures.attention(picture),
    )


def _table_1(layers: Mapping[str, Sequence[LayerCost]]) -> list[str]:
    def growth(of: str) -> str:
        changes = []
        for name, found in layers.items():
            first, last = (getattr(one, of) for one in (found[0], found[-1]))
            changes.append(f"from {first:,} to {last:,} in a {name} layer")
        return " and ".join(changes)

    found = next(iter(layers.values()))
    span = f"from {found[0].length} to {found[-1].length} positions"
    return [
        _section(
            f"Operations of one layer of width {WIDTH} with its projections, {span}: {growth('flops')}.",
            figures.costs(layers, "flops", "FLOPs of one layer"),
        ),
        _section(
            f"Matrix products that must wait for each other, {span}: {growth('sequential')}.",
            figures.costs(layers, "sequential", "sequential products"),
        ),
        _section(
            f"Steps on the path from the first position to the last, {span}: {growth('path')}.",
            figures.costs(layers, "path", "steps on the path"),
        ),
    ]


def _listed(values: Mapping[str, Sequence[float]], digits: int, sign: str = "") -> str:
    """Name each model with its mean and, if there are several seeds, its spread."""
    parts = [f"{name} {_spread(some, digits, sign)}" for name, some in values.items()]
    return " and ".join([", ".join(parts[:-1]), parts[-1]])


def _spread(values: Sequence[float], digits: int, sign: str = "") -> str:
    """The mean, with the standard deviation if there are several values."""
    shown = f"{mean(values):{sign}z,.{digits}f}"  # z: never -0.0
    return (
        shown
        if len(values) == 1
        else f"{shown}\N{NO-BREAK SPACE}±\N{NO-BREAK SPACE}{stdev(values):,.{digits}f}"
    )


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    top = "".join(f'<th scope="col">{escape(head)}</th>' for head in heads)
    body = "\n".join(
        f'<tr><th scope="row">{escape(first)}</th>{"".join(f"<td>{escape(cell)}</td>" for cell in cells)}</tr>'
        for first, *cells in rows
    )
    return f'<div class="wide"><table><thead><tr>{top}</tr></thead><tbody>\n{body}\n</tbody></table></div>'
