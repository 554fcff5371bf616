"""Heat maps of the attention of every head in every layer, as a page or a picture."""

import io
from dataclasses import dataclass
from html import escape

import torch
from torch import Tensor

from translator.data.tokenizer import Pieces
from translator.errors import ConfigError, InputError, InputTooLong
from translator.evaluation.report.colours import colour_rules
from translator.model.interface import AttentionRecord, Side, TranslationModel
from translator.search import SpecialTokens
from translator.translate import Translator
from translator.translate.pairs import read_pair

MAX_PIECES = 80
"""Maximum pieces of a sentence and of its translation; larger maps are unreadable."""
_LEAST_SHOWN_WEIGHT = 0.005
_CELL, _LABEL = 14, 86
_BEGIN, END_LABEL = "▸", "◂"

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Attention: {source}</title>
<style>
{colours}
body {{ margin: 0 auto; max-width: 90rem; padding: 1rem; background: var(--ground); color: var(--ink);
       font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }}
h2 {{ margin: 2rem 0 0; font-size: 1.15rem; }}
.note {{ color: var(--soft); font-size: 0.9rem; margin: 0; }}
.heads {{ display: flex; flex-wrap: wrap; gap: 1rem; }}
figure {{ margin: 0; overflow-x: auto; }}
figcaption {{ color: var(--soft); font-size: 0.9rem; padding-left: 86px; }}
svg text {{ font: 10px system-ui, sans-serif; fill: var(--ink); }}
svg .frame {{ fill: none; stroke: var(--line); }}
svg .cell {{ fill: var(--series-0); }}
svg .cell:hover {{ stroke: var(--ink); }}
</style>
</head>
<body>
<h1>What each head attends to</h1>
<p>{source}<br><strong>{translation}</strong></p>
<p class="note">Each row is a piece that attends, each column a piece attended to; darker cells have larger weights. In
the decoder, a row is the step that predicts its piece. ▸ starts a sentence, ◂ ends it. Hover over a cell to see its
weight.</p>
{layers}
</body>
</html>
"""


@dataclass(frozen=True)
class AttentionMap:
    """One layer's attention weights, with the pieces that they belong to."""

    name: str
    rows: tuple[str, ...]
    """The pieces that attend."""
    columns: tuple[str, ...]
    """The pieces that are attended to."""
    weights_HLM: Tensor


@dataclass(frozen=True)
class AttentionView:
    """A sentence, its translation, and the attention of all layers."""

    source: str
    translation: str
    layers: tuple[AttentionMap, ...]


def look_at(translator: Translator, sentence: str, translation: str | None = None) -> AttentionView:
    """Run the model on a sentence and a translation (by default the model's own), and record all attention.

    Raises InputError if the sentence is empty, and InputTooLong if a side has more than MAX_PIECES.
    """
    if translation is None:
        translation = translator.translate([sentence])[0].text
    ids = [side.ids for side in read_pair(translator.source_encoder, sentence, translation)]
    if not ids[0]:
        raise InputError("the sentence is empty; give an English sentence")
    for text, pieces in zip(("sentence", "translation"), ids, strict=True):
        if len(pieces) > MAX_PIECES:
            raise InputTooLong(
                f"the {text} has {len(pieces)} pieces, more than {MAX_PIECES}; give a shorter one"
            )
    tokenizer = translator.tokenizer
    source = [*_labels(tokenizer.source, ids[0]), END_LABEL]
    target = [*_labels(tokenizer.target, ids[1]), END_LABEL]
    seen = [_BEGIN, *target[:-1]]
    rows: dict[Side, list[str]] = {"source": source, "target": target, "both": source + target}
    columns: dict[Side, list[str]] = {"source": source, "target": seen, "both": source + seen}
    weights = attention_of_all_layers(translator.model, ids[0], ids[1], translator.special)
    maps = [
        AttentionMap(
            layer.title, tuple(rows[layer.queries]), tuple(columns[layer.keys]), weights[layer.title].cpu()
        )
        for layer in translator.model.attention_layers
    ]
    return AttentionView(sentence, translation, tuple(maps))


@torch.inference_mode()
def attention_of_all_layers(
    model: TranslationModel, source: list[int], target: list[int], special: SpecialTokens
) -> dict[str, Tensor]:
    """The attention weights of every layer, (H, L, M) in float32, by its title.

    Source and target are tokens without begin and end, which are added here. Row t of the target holds the weights at
    the step that predicts token t.
    """
    record: AttentionRecord = dict.fromkeys(layer.module for layer in model.attention_layers)
    source_1S = torch.tensor([[*source, special.end]], device=model.device)
    input_1T = torch.tensor([[special.begin, *target]], device=model.device)
    model(source_1S, torch.ones_like(source_1S, dtype=torch.bool), input_1T, record)
    found = {}
    for layer in model.attention_layers:
        weights_1HLM = record[layer.module]
        assert weights_1HLM is not None
        found[layer.title] = weights_1HLM[0].float()
    return found


def _labels(pieces: Pieces, ids: list[int]) -> list[str]:
    return [pieces.readable([piece]).strip() or "␣" for piece in ids]


def draw_page(view: AttentionView) -> str:
    """Draw all layers as an HTML page without scripts or external resources."""
    return _PAGE.format(
        source=escape(view.source),
        translation=escape(view.translation),
        colours=colour_rules(),
        layers="\n".join(map(_draw_layer, view.layers)),
    )


def _draw_layer(layer: AttentionMap) -> str:
    heads = "\n".join(
        f"<figure><figcaption>head {number}</figcaption>{_draw_head(layer, weights_LM)}</figure>"
        for number, weights_LM in enumerate(layer.weights_HLM, start=1)
    )
    return f'<h2>{escape(layer.name)}</h2>\n<div class="heads">\n{heads}\n</div>'


def _draw_head(layer: AttentionMap, weights_LM: Tensor) -> str:
    width, height = len(layer.columns) * _CELL, len(layer.rows) * _CELL
    parts = [
        f'<svg width="{_LABEL + width + 2}" height="{_LABEL + height + 2}" role="img" '
        f'aria-label="{escape(layer.name)}">',
        f'<rect class="frame" x="{_LABEL}" y="{_LABEL}" width="{width}" height="{height}"/>',
    ]
    for number, label in enumerate(layer.rows):
        y = _LABEL + (number + 0.75) * _CELL
        parts.append(f'<text x="{_LABEL - 4}" y="{y}" text-anchor="end">{escape(label)}</text>')
    for number, label in enumerate(layer.columns):
        x = _LABEL + (number + 0.75) * _CELL
        turn = f"translate({x} {_LABEL - 4}) rotate(-90)"
        parts.append(f'<text transform="{turn}">{escape(label)}</text>')
    for row, column in (weights_LM >= _LEAST_SHOWN_WEIGHT).nonzero().tolist():
        weight = float(weights_LM[row, column])
        x, y = _LABEL + column * _CELL, _LABEL + row * _CELL
        title = f"{layer.rows[row]} → {layer.columns[column]}: {weight:.2f}"
        parts.append(
            f'<rect class="cell" x="{x}" y="{y}" width="{_CELL}" height="{_CELL}" '
            f'fill-opacity="{weight:.2f}"><title>{escape(title)}</title></rect>'
        )
    return "".join([*parts, "</svg>"])


def draw_picture(view: AttentionView) -> bytes:
    """Draw all layers as a PNG, one row each; raises ConfigError if matplotlib is not installed."""
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415 (slow to import, and often not installed)
    except ImportError as error:
        raise ConfigError(
            "a picture needs matplotlib; pip install -e '.[train]', or draw a page (.html)"
        ) from error

    heads = max(len(layer.weights_HLM) for layer in view.layers)
    side = 1.2 + 0.16 * max(len(labels) for layer in view.layers for labels in (layer.rows, layer.columns))
    figure = Figure((side * heads, side * len(view.layers)), layout="constrained")
    panels = figure.subplots(len(view.layers), heads, squeeze=False)
    for layer, row in zip(view.layers, panels, strict=True):
        for number, (panel, weights_LM) in enumerate(zip(row, layer.weights_HLM, strict=True), start=1):
            panel.imshow(weights_LM.sqrt().numpy(), cmap="Blues", vmin=0, vmax=1)
            panel.set_title(f"{layer.name}, head {number}", fontsize=7)
            panel.set_xticks(
                range(len(layer.columns)), layer.columns, rotation=90, fontsize=6, parse_math=False
            )
            panel.set_yticks(range(len(layer.rows)), layer.rows, fontsize=6, parse_math=False)
            panel.tick_params(length=0)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110)
    return buffer.getvalue()
