"""What the model makes of a translation that is given: teacher forcing, as in training, with nothing searched."""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import cast

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.nn.utils.rnn import pad_sequence

from translator.attention import AttentionRecord, MultiHeadAttention
from translator.model import Transformer
from translator.search import SpecialTokens, log_probabilities

_TOKENS_AT_ONCE = 2048
"""Padded tokens of the longer side that pass through the model together."""
_POSITIONS_AT_ONCE = 512
"""Positions whose logits are computed together: with 32,000 pieces, 66 MB."""


@torch.inference_mode()
def decode_forced(
    model: Transformer,
    sources: Sequence[Sequence[int]],
    targets: Sequence[Sequence[int]],
    special: SpecialTokens,
    pad: int,
) -> list[list[float]]:
    """Of each pair, log P of every target token given those before it, the end token included.

    Sources and targets are tokens without begin and end. Probabilities are those of a search: over all tokens but the
    forbidden ones, whose logarithm is −∞. The network computes in the precision of its weights; logits and what
    follows are in float32 whatever that is, for bf16 has steps of 0.03 and more where logits are.
    """
    weight_VD, found = model.embedding.weight.float(), list[list[float]]()
    forbidden = torch.tensor(special.forbidden, dtype=torch.long, device=weight_VD.device)
    for some in _parts(sources, targets):
        output_BTD = _run(model, sources[some], targets[some], special, pad, None)
        ended = [[*target, special.end] for target in targets[some]]
        output_PD = torch.cat([row_TD[: len(row)] for row_TD, row in zip(output_BTD, ended, strict=True)])
        chosen_P1 = torch.tensor([*chain.from_iterable(ended)], device=weight_VD.device).unsqueeze(1)
        chosen = [
            log_probabilities(F.linear(one_PD.float(), weight_VD), forbidden).gather(1, one_P1)
            for one_PD, one_P1 in zip(
                output_PD.split(_POSITIONS_AT_ONCE), chosen_P1.split(_POSITIONS_AT_ONCE), strict=True
            )
        ]
        rows = torch.cat(chosen).squeeze(1).split([len(row) for row in ended])
        found += [row_T.tolist() for row_T in rows]
    return found


@torch.inference_mode()
def forced_attention(
    model: Transformer,
    sources: Sequence[Sequence[int]],
    targets: Sequence[Sequence[int]],
    special: SpecialTokens,
    pad: int,
    names: Sequence[str],
) -> Iterator[dict[str, Tensor]]:
    """Of each pair, what these layers weigh, (H, L, M) in float32, by their names (see `attention_names`).

    The end of the source and the begin or end of the target are included. Row t of a decoder's layer is where the model
    stands when it chooses token t.
    """
    layers = {name: cast(MultiHeadAttention, model.get_submodule(name)) for name in names}
    for some in _parts(sources, targets):
        record: AttentionRecord = dict.fromkeys(layers.values())
        _run(model, sources[some], targets[some], special, pad, record)
        for place, (source, target) in enumerate(zip(sources[some], targets[some], strict=True)):
            lengths = {"encoder": len(source) + 1, "decoder": len(target) + 1}
            found = {}
            for name, layer in layers.items():
                stack, _, kind = name.split(".")
                weights_BHLM = record[layer]
                assert weights_BHLM is not None
                columns = lengths["encoder" if kind == "cross_attention" else stack]
                found[name] = weights_BHLM[place, :, : lengths[stack], :columns].float()
            yield found


def attention_names(model: Transformer) -> list[str]:
    """The names of all attention layers, such as "decoder.0.cross_attention"."""
    return [name for name, layer in model.named_modules() if isinstance(layer, MultiHeadAttention)]


def _run(
    model: Transformer,
    sources: Sequence[Sequence[int]],
    targets: Sequence[Sequence[int]],
    special: SpecialTokens,
    pad: int,
    record: AttentionRecord | None,
) -> Tensor:
    """The decoder's output, (B, T, D)."""
    device = model.embedding.weight.device
    source_BS = _padded([[*source, special.end] for source in sources], pad, device)
    input_BT = _padded([[special.begin, *target] for target in targets], pad, device)
    output_BTD: Tensor = model(source_BS, source_BS != pad, input_BT, record)
    return output_BTD


def _padded(rows: list[list[int]], pad: int, device: torch.device) -> Tensor:
    return pad_sequence([torch.tensor(row) for row in rows], batch_first=True, padding_value=pad).to(device)


def _parts(sources: Sequence[Sequence[int]], targets: Sequence[Sequence[int]]) -> Iterator[slice]:
    """Pairs in their order, as many at a time as there is room for, and at least one."""
    first = longest = 0
    for place, (source, target) in enumerate(zip(sources, targets, strict=True)):
        length = max(len(source), len(target)) + 1
        longest = max(longest, length)
        if place > first and (place + 1 - first) * longest > _TOKENS_AT_ONCE:
            yield slice(first, place)
            first, longest = place, length
    if first < len(sources):
        yield slice(first, len(sources))
