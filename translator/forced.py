"""What the model makes of a translation that is given: teacher forcing, as in training, with nothing searched."""

import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from translator.attention import KeyValue, MultiHeadAttention, attention_weights
from translator.model import Transformer
from translator.search import SpecialTokens, log_probabilities


@dataclass(frozen=True)
class ForcedDecoding:
    """A batch of sentences with their translations, as the model sees them."""

    log_probabilities: list[list[float]]
    """Of each sentence: log P of every target token given those before it, the end token included."""
    attention: dict[str, Tensor]
    """What each attention layer weighs, (B, H, L, M), by its name, such as "decoder.0.cross_attention"; empty
    unless asked for. Row t of a decoder's layer is where the model stands when it chooses token t."""


@torch.inference_mode()
def decode_forced(
    model: Transformer,
    sources: Sequence[Sequence[int]],
    targets: Sequence[Sequence[int]],
    special: SpecialTokens,
    pad: int,
    with_attention: bool = False,
) -> ForcedDecoding:
    """Run the model over sources and targets (tokens without begin and end).

    Probabilities are those of a search: over all tokens but the forbidden ones, whose logarithm is −∞.
    """
    device = model.embedding.weight.device
    source_BS = _padded([[*source, special.end] for source in sources], pad, device)
    input_BT = _padded([[special.begin, *target] for target in targets], pad, device)
    output_BT = _padded([[*target, special.end] for target in targets], pad, device)
    with _recorded_attention(model if with_attention else None) as attention:
        logits_BTV = model.logits(model(source_BS, source_BS != pad, input_BT))
    forbidden = torch.tensor(special.forbidden, dtype=torch.long, device=device)
    log_probability_BTV = log_probabilities(logits_BTV.flatten(0, 1), forbidden).view(logits_BTV.shape)
    chosen_BT = log_probability_BTV.gather(2, output_BT.unsqueeze(2)).squeeze(2).tolist()
    return ForcedDecoding(
        [row[: len(target) + 1] for row, target in zip(chosen_BT, targets, strict=True)], attention
    )


def _padded(rows: list[list[int]], pad: int, device: torch.device) -> Tensor:
    return pad_sequence([torch.tensor(row) for row in rows], batch_first=True, padding_value=pad).to(device)


_recording = threading.local()
"""Where this thread's attention is noted: several may run the same model."""
_watched: "weakref.WeakSet[Transformer]" = weakref.WeakSet()
_watching = threading.Lock()


@contextmanager
def _recorded_attention(model: Transformer | None) -> Iterator[dict[str, Tensor]]:
    """Note the weights of every attention layer while this thread runs the model; of none without a model."""
    found: dict[str, Tensor] = {}
    if model is None:
        yield found
        return
    with _watching:
        if model not in _watched:
            _watch_attention(model)
            _watched.add(model)
    _recording.found = found
    try:
        yield found
    finally:
        _recording.found = None


def _watch_attention(model: Transformer) -> None:
    """For good: hooks that come and go would do so while another thread runs the model."""

    def note(name: str) -> Any:
        def hook(
            layer: MultiHeadAttention, arguments: tuple[Any, ...], options: dict[str, Any], _: Any
        ) -> None:
            found = getattr(_recording, "found", None)
            if found is not None:
                found[name] = _weights(layer, *arguments, **options)

        return hook

    for name, layer in model.named_modules():
        if isinstance(layer, MultiHeadAttention):
            layer.register_forward_hook(note(name), with_kwargs=True)


def _weights(
    layer: MultiHeadAttention,
    query_BLD: Tensor,
    memory: KeyValue,
    keep_mask: Tensor | None = None,
    is_causal: bool = False,
) -> Tensor:
    return attention_weights(layer.split_heads(layer.query(query_BLD)), memory, keep_mask, is_causal)
