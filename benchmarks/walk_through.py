"""Write docs/walk-through.md: one sentence through the included model, with the numbers that it computes.

    python benchmarks/walk_through.py

tests/system/test_walk_through.py fails if the file no longer says what the model computes.
"""

import math
import sys
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from translator.evaluation.explanation import explain
from translator.model.attention import KeyValue, MultiHeadAttention, attention_weights
from translator.model.transformer import Transformer
from translator.search import SearchOptions
from translator.translate import Translator
from translator.translate.alignment import AligningHead
from translator.translate.pairs import read_pair

FILE = Path(__file__).parents[1] / "docs" / "walk-through.md"
SENTENCE, TRANSLATION, ATTENDING = "The film was boring.", "Der Film war langweilig.", 3
"""The translation is a person's; ATTENDING is the position of the decoder whose attention is worked out."""
SHOWN = 4
"""The dimensions of a vector to show."""
SMOOTHING = 0.1


@dataclass(frozen=True)
class Inside:
    """What the model computes for the pair."""

    model: Transformer
    source: list[str]
    target: list[str]
    """The pieces of both sides, with the end token."""
    source_1S: Tensor
    input_1T: Tensor
    output_1T: Tensor
    queries: dict[MultiHeadAttention, Tensor]
    """(H, L, K) of each attention."""
    memories: dict[MultiHeadAttention, KeyValue]
    log_probability_TV: Tensor

    @property
    def inputs(self) -> list[str]:
        """The pieces that the decoder gets: the target, shifted right."""
        return ["<s>", *self.target[:-1]]


@torch.inference_mode()
def look_inside(translator: Translator) -> Inside:
    """Run the model on the pair once, under teacher forcing, and keep what its attention layers get."""
    model, tokenizer = translator.model, translator.tokenizer
    assert isinstance(model, Transformer)
    source, target = (side.ids for side in read_pair(translator.source_encoder, SENTENCE, TRANSLATION))
    end, begin = tokenizer.end_id, tokenizer.begin_id
    source_1S = torch.tensor([[*source, end]])
    input_1T, output_1T = torch.tensor([[begin, *target]]), torch.tensor([[*target, end]])
    queries, memories = {}, {}

    def note(
        attention: MultiHeadAttention, arguments: tuple[Tensor, KeyValue], _options: object, _: object
    ) -> None:
        queries[attention] = attention.split_heads(attention.query(arguments[0]))[0]
        memories[attention] = arguments[1]

    layers = [one for one in model.modules() if isinstance(one, MultiHeadAttention)]
    handles = [layer.register_forward_hook(note, with_kwargs=True) for layer in layers]
    logits_1TV = model.logits(model(source_1S, torch.ones_like(source_1S, dtype=torch.bool), input_1T))
    for handle in handles:
        handle.remove()
    source_pieces = [tokenizer.source.piece(piece) for piece in source_1S[0].tolist()]
    target_pieces = [tokenizer.target.piece(piece) for piece in output_1T[0].tolist()]
    return Inside(
        model, source_pieces, target_pieces, source_1S, input_1T, output_1T, queries, memories,
        logits_1TV[0].log_softmax(-1),
    )  # fmt: skip


def write() -> str:
    """The whole text."""
    translator = Translator.load(None, "cpu", precision="fp32")
    inside = look_inside(translator)
    head = AligningHead.of(translator)
    attention = inside.model.decoder[head.layer].cross_attention
    parts = [
        _opening(inside),
        _embedding(inside),
        _sinusoids(inside.model.config.d_model),
        _scores(inside, attention, head),
        _mask(inside),
        _teacher_forcing(inside, translator),
        _searches(translator),
    ]
    blocks = "\n\n".join(parts).split("\n\n")
    return "\n\n".join(block if block[0] in "#|-" else textwrap.fill(block, 118) for block in blocks) + "\n"


def _opening(inside: Inside) -> str:
    return f"""# One sentence through the model

`python benchmarks/walk_through.py` wrote this page from the included model, in float32. A test compares it with
what the model computes today. Sections of the paper are those of Vaswani et al. 2017.

The sentence is “{SENTENCE}”, and its right translation “{TRANSLATION}”. The tokenizer splits them into pieces. `▁`
marks the start of a word, `</s>` the end of a sentence, and `<s>` the start of the translation.

- source: {_pieces(inside.source)}
- target: {_pieces(inside.target)}"""


def _embedding(inside: Inside) -> str:
    embedding, tokens_S = inside.model.embedding, inside.source_1S[0]
    scaled_SD = embedding.weight.detach()[tokens_S] * embedding.scale
    summed_SD = scaled_SD + embedding.table(len(tokens_S))[: len(tokens_S)]
    rows = [
        (f"`{piece}`", str(int(token)), _vector(scaled_D), _vector(summed_D))
        for piece, token, scaled_D, summed_D in zip(
            inside.source, tokens_S, scaled_SD, summed_SD, strict=True
        )
    ]
    d_model = inside.model.config.d_model
    return f"""## From pieces to vectors (sections 3.4 and 3.5)

Each piece has a row of {d_model} numbers in the embedding matrix. The row is multiplied by √{d_model} =
{math.sqrt(d_model):g}, and the vector of its position is added, which the next section computes. The first {SHOWN} of
the {d_model} numbers:

{_table(("piece", "id", "embedding · √d_model", "plus position"), rows)}"""


def _sinusoids(d_model: int) -> str:
    columns = (0, 1, 2, 3, d_model - 2, d_model - 1)

    def value(position: int, column: int) -> float:
        angle = position / 10_000 ** (column // 2 * 2 / d_model)
        return math.cos(angle) if column % 2 else math.sin(angle)

    rows = [(str(position), *(f"{value(position, one):.4f}" for one in columns)) for position in range(6)]
    return f"""## Positions (section 3.5)

PE(pos, 2i) = sin(pos / 10000^(2i / {d_model})) and PE(pos, 2i + 1) = cos of the same angle. The first columns change
quickly from position to position, the last ones slowly.

{_table(("pos", *(f"column {one}" for one in columns)), rows)}"""


def _scores(inside: Inside, attention: MultiHeadAttention, aligning: AligningHead) -> str:
    head = aligning.head
    assert head is not None
    assert aligning.is_next_step  # the text says so
    query_K = inside.queries[attention][head, ATTENDING]
    memory = inside.memories[attention]
    key_SK, value_SK = memory.key_NHMK[0, head], memory.value_NHMK[0, head]
    products_S = key_SK @ query_K
    scaled_S = products_S / math.sqrt(len(query_K))
    weights_S = scaled_S.softmax(0)
    output_K = weights_S @ value_SK
    rows = [
        (f"`{piece}`", *(f"{float(one):.2f}" for one in numbers), _vector(value_K))
        for piece, *numbers, value_K in zip(
            inside.source, products_S, scaled_S, scaled_S.exp(), weights_S, value_SK, strict=True
        )
    ]
    best = inside.source[int(weights_S.argmax())]
    return f"""## Scores, scaling, softmax, weighted sum (section 3.2.1)

The encoder has turned each source piece into a new vector, by layers of self-attention and feed-forward networks
(sections 3.1 and 3.3, [layers.py](../translator/model/layers.py)). At the step whose input is
`{inside.inputs[ATTENDING]}`, a head of the decoder asks which source pieces matter: head {head + 1} of layer
{aligning.layer + 1}, from which alignments are read. It has learnt to look back to the source of the piece that was
just read. Its matrices turn the decoder's vector into a query of {len(query_K)} numbers, and each source vector into a
key and a value. The score is the dot product of query and key. It is divided by √{len(query_K)} =
{math.sqrt(len(query_K)):g}. The softmax turns scores into weights that add up to 1: exp(score), divided by the sum of
the column, {float(scaled_S.exp().sum()):.2f}. The largest weight is that of `{best}`.

{_table(("piece", "q · k", "scaled", "exp", "weight", f"value, first {SHOWN}"), rows)}

The output is the sum of the values, each times its weight: {_vector(output_K)}, … The outputs of all heads side by
side, times another matrix, are added to the decoder's vector (section 3.2.2,
[attention.py](../translator/model/attention.py)). After the last layer, its dot product with the embedding of each
piece of the vocabulary is the logit of that piece, and the softmax of the logits is its probability (section 3.4)."""


def _mask(inside: Inside) -> str:
    attention = inside.model.decoder[0].self_attention
    query_LK, memory = inside.queries[attention][0], inside.memories[attention]
    scores_LM = query_LK @ memory.key_NHMK[0, 0].T / math.sqrt(query_LK.shape[1])
    weights_LM = attention_weights(inside.queries[attention].unsqueeze(0), memory, None, is_causal=True)[0, 0]
    inputs = inside.inputs
    masked = [
        (
            f"`{piece}`",
            *(f"{float(one):.2f}" for one in scores_LM[row, : row + 1]),
            *["−∞"] * (len(inputs) - row - 1),
        )
        for row, piece in enumerate(inputs)
    ]
    weighted = [
        (f"`{piece}`", *(f"{float(one):.2f}" for one in weights_LM[row])) for row, piece in enumerate(inputs)
    ]
    heads = ("", *(f"`{piece}`" for piece in inputs))
    return f"""## The mask (section 3.2.3)

In the decoder, a position must not see those after it, because it has to predict them. Their scores become −∞ before
the softmax. These are the scaled scores of the first head of the first decoder layer: a row for each position that
attends, a column for each position attended to.

{_table(heads, masked)}

exp(−∞) is 0, so the weights of later positions are 0, and those of each row still add up to 1.

{_table(heads, weighted)}"""


def _teacher_forcing(inside: Inside, translator: Translator) -> str:
    pieces = translator.tokenizer.target
    rows = []
    for seen, wanted, token, log_p_V in zip(
        inside.inputs, inside.target, inside.output_1T[0], inside.log_probability_TV, strict=True
    ):
        likely = int(log_p_V.argmax())
        rows.append(
            (
                f"`{seen}`",
                f"`{wanted}`",
                f"{float(log_p_V[token].exp()):.3f}",
                f"{float(-log_p_V[token]):.3f}",
                f"`{pieces.piece(likely)}` {float(log_p_V[likely].exp()):.3f}",
            )
        )
    nll_T = -inside.log_probability_TV.gather(1, inside.output_1T.T)[:, 0]
    uniform_T = -inside.log_probability_TV.mean(1)
    nll, uniform, vocabulary = float(nll_T.mean()), float(uniform_T.mean()), inside.model.config.vocab_size
    return f"""## Teacher forcing, and the loss (section 5)

In training, the decoder gets the right translation, shifted right by one position, and predicts all pieces at once.
Each row must give its piece a high probability.

{_table(("input", "must predict", "probability", "−ln", "most likely"), rows)}

The mean of the fourth column, {nll:.3f} nats, is the loss without label smoothing. With label smoothing of
{SMOOTHING:g} (section 5.4), that share of the target goes to all {vocabulary:,} pieces alike, whose mean −ln is
{uniform:.3f}: {1 - SMOOTHING:g} · {nll:.3f} + {SMOOTHING:g} · {uniform:.3f} =
{(1 - SMOOTHING) * nll + SMOOTHING * uniform:.3f}."""


def _searches(translator: Translator) -> str:
    found = {}
    for name, width in (("greedy", 1), ("beam of 2", 2)):
        options = SearchOptions(beam_size=width, length_penalty=0.0)
        (found[name],) = explain(translator, SENTENCE, options)
    pieces = translator.tokenizer.target
    rows = []
    for step in range(max(len(one.steps) for one in found.values())):
        cells = []
        for one in found.values():
            live = one.steps[step].live if step < len(one.steps) else []
            ended = one.steps[step].finished if step < len(one.steps) else []
            listed = [f"{pieces.readable(h.tokens)} ({h.log_probability:.2f})" for h in live]
            listed += [f"**{pieces.readable(h.tokens)}** ({h.log_probability:.2f}), ended" for h in ended]
            cells.append("<br>".join(listed))
        rows.append((str(step + 1), *cells))
    ends = {name: (one.translations[0], one.found[0].log_probability) for name, one in found.items()}
    (greedy, greedy_score), (beam, beam_score) = ends.values()
    return f"""## Greedy against beam (section 6.1)

Greedy search takes the most likely piece at each step. Beam search keeps the two best beginnings. Translations that
have ended leave the beam, and the next best beginnings take their places. In brackets is ln of the probability of the
whole beginning, and a dot separates pieces of the same word.

{_table(("step", *found), rows)}

Greedy search ends with “{greedy}” at {greedy_score:.2f}, and beam search with “{beam}” at {beam_score:.2f}. There is no
length penalty here."""


def _pieces(pieces: Iterable[str]) -> str:
    return " ".join(f"`{piece}`" for piece in pieces)


def _vector(x_D: Tensor) -> str:
    return ", ".join(f"{float(one):.2f}" for one in x_D[:SHOWN])


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


if __name__ == "__main__":
    FILE.write_text(write(), encoding="utf-8")
    print(f"wrote {FILE}", file=sys.stderr)
