"""The plots of the page, as SVG in the colours of the training report."""

from collections.abc import Mapping, Sequence
from statistics import mean, stdev
from typing import Any

import numpy as np

from comparison.table1 import LayerCost
from comparison.training import AttentionPicture, Result
from translator.evaluation.report.colours import SERIES, SOFT
from translator.evaluation.report.figure import drawing_style, to_svg

WIDTH = 4.2
"""Inches; narrow, so that the labels stay readable on a phone."""
Results = Mapping[str, Sequence[Result]]


def curves(results: Results, over: str, of: str, labels: tuple[str, str]) -> str:
    """Draw a line for each training: the attribute `of` of each point over the attribute `over`."""
    with drawing_style():
        figure, panel = _panel(*labels)
        for colour, (name, trainings) in zip(SERIES, results.items(), strict=False):
            for number, result in enumerate(trainings):
                xs, ys = ([getattr(point, one) for point in result.curve] for one in (over, of))
                panel.plot(xs, ys, marker="o", markersize=3, color=colour, label="" if number else name)
        panel.set_ylim(bottom=0)
        panel.legend(frameon=False)
        return to_svg(figure)


def by_length(scores: Mapping[str, Sequence[Sequence[float]]], lengths: Sequence[str]) -> str:
    """Draw a line for each training: its score for each range of lengths."""
    with drawing_style():
        figure, panel = _panel("words of the English sentence", "BLEU")
        for colour, (name, trainings) in zip(SERIES, scores.items(), strict=False):
            for number, values in enumerate(trainings):
                label = "" if number else name
                panel.plot(range(len(lengths)), values, marker="o", markersize=3, color=colour, label=label)
        panel.set_xticks(range(len(lengths)), lengths)
        panel.set_ylim(bottom=0)
        panel.legend(frameon=False)
        return to_svg(figure)


def bars(values: Mapping[str, Sequence[float]], label: str) -> str:
    """Draw a bar for the mean of each model's values, with its number; a line shows the standard deviation."""
    with drawing_style():
        figure, panel = _panel(label, "", height=0.6 + 0.3 * len(values))
        colours = [SERIES[min(number, 1)] for number in range(len(values))]
        spread = [stdev(some) if len(some) > 1 else 0.0 for some in values.values()]
        drawn = panel.barh(
            list(values), list(map(mean, values.values())), xerr=spread if any(spread) else None, ecolor=SOFT,
            color=colours,
        )  # fmt: skip
        panel.bar_label(drawn, fmt="%.1f", padding=3, color=SOFT)
        panel.invert_yaxis()
        panel.set_xlim(0, 1.15 * max(1, *map(max, values.values())))
        return to_svg(figure)


def attention(picture: AttentionPicture) -> str:
    """Draw a map: a row for each piece of the translation, a column for each piece of the sentence.

    The largest weight of each row has its number.
    """
    with drawing_style():
        height = 1.3 + 0.17 * len(picture.target)
        figure, panel = _panel("", "", height=height)
        panel.pcolormesh(np.array(picture.weights), cmap="Blues", vmin=0, vmax=1)
        for row, weights in enumerate(picture.weights):
            largest = max(weights)
            # Not the colours of the report: these cells are the same in the dark theme.
            colour = "#fefefe" if largest > 0.5 else "#010101"
            place = weights.index(largest) + 0.5, row + 0.5
            panel.text(*place, f"{largest:.2f}", fontsize=6, ha="center", va="center", color=colour)
        panel.set_xticks(np.arange(len(picture.source)) + 0.5, picture.source, rotation=90)
        panel.set_yticks(np.arange(len(picture.target)) + 0.5, picture.target)
        panel.invert_yaxis()
        panel.tick_params(length=0)
        panel.grid(visible=False)
        return to_svg(figure)


def costs(layers: Mapping[str, Sequence[LayerCost]], of: str, label: str) -> str:
    """Draw one cost of each layer over the length, both in powers of two."""
    with drawing_style():
        figure, panel = _panel("positions", label)
        for colour, (name, found) in zip(SERIES, layers.items(), strict=False):
            panel.plot(
                [one.length for one in found],
                [getattr(one, of) for one in found],
                marker="o",
                color=colour,
                label=name,
            )
        panel.set_xscale("log", base=2)
        panel.set_yscale("log", base=2)
        panel.xaxis.set_major_formatter("{x:g}")
        panel.yaxis.set_major_formatter("{x:,.0f}")
        panel.legend(frameon=False)
        return to_svg(figure)


def _panel(x_label: str, y_label: str, height: float = 2.9) -> tuple[Any, Any]:
    from matplotlib.figure import Figure  # noqa: PLC0415 (inside the drawing style, which reports a missing package)

    figure = Figure((WIDTH, height), layout="constrained")
    panel = figure.subplots()
    panel.set_xlabel(x_label)
    panel.set_ylabel(y_label)
    return figure, panel
