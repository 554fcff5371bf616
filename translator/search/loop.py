"""The search itself: ask the model, choose, drop the sentences that are done."""

from collections.abc import Callable
from typing import Any, Protocol

import torch
from torch import Tensor

from translator.search.beams import Beams
from translator.search.constraints import Constraints
from translator.search.options import ScoredTokens, SearchOptions, SpecialTokens
from translator.search.samples import Samples
from translator.search.trace import Step
from translator.watch import Watch


class StepwiseState(Protocol):
    """What a model carries from step to step: for every sentence, W rows that stand together."""

    def select(self, rows_N: Tensor) -> None:
        """Row i goes on from the former row rows_N[i]."""

    def keep_sentences(self, sentences_B: Tensor, rows_N: Tensor) -> None:
        """Drop all but these sentences, whose rows are `rows_N`."""


class StepwiseModel(Protocol):
    """What the search needs of a model."""

    def encode(self, source_BS: Tensor, source_keep_BS: Tensor) -> Any:
        """The memory, (B, S, D)."""

    def start(self, memory_BSD: Any, source_keep_BS: Tensor) -> Any:
        """The StepwiseState before the first step."""

    def decode_step(self, tokens_N: Tensor, state: Any) -> tuple[Tensor, Any]:
        """Logits of the next tokens, (N, V), and the new state."""


@torch.inference_mode()
def search(
    model: StepwiseModel,
    source_BS: Tensor,
    source_keep_BS: Tensor,
    constraints: Constraints,
    special: SpecialTokens,
    options: SearchOptions,
    look_on: Callable[[Step], None] | None = None,
    watch: Watch[list[ScoredTokens]] | None = None,
    with_spares: bool = False,
) -> list[list[ScoredTokens]]:
    """Translate a batch: for each sentence its `n_best` hypotheses, best first (fewer where fewer exist).

    `look_on` is called with every sentence after every step. Sentences that `watch` no longer wants leave the batch
    with no hypotheses. `with_spares` adds all other hypotheses that are finished, at most `beam_size` in all, best
    first.
    """
    results: list[list[ScoredTokens]] = [[] for _ in range(source_BS.shape[0])]
    memory_BSD = model.encode(source_BS, source_keep_BS)
    if watch and not any(map(watch.is_wanted, range(len(results)))):
        return results  # encoding a large batch takes as long as several steps
    state = model.start(memory_BSD, source_keep_BS)
    if options.sampling is None:
        hypotheses: Beams | Samples = Beams(constraints, special, options)
    else:
        hypotheses = Samples(constraints, special, options, source_BS, source_keep_BS)
    wanted = options.beam_size if with_spares else options.n_best
    forbidden = torch.tensor(special.forbidden, dtype=torch.long, device=source_BS.device)
    while len(hypotheses.sentence_B):
        logits_NV, state = model.decode_step(hypotheses.last_tokens(), state)
        rows_N = hypotheses.advance(log_probabilities(logits_NV, forbidden))
        is_done_B = hypotheses.is_done()
        if look_on:
            for index in range(len(hypotheses.sentence_B)):
                look_on(hypotheses.step(index))
        if watch:
            is_done_B = _done_or_unwanted(is_done_B, hypotheses.sentence_B, watch)
        if is_done_B is not None and bool(is_done_B.any()):
            for index in is_done_B.nonzero().flatten().tolist():
                place = int(hypotheses.sentence_B[index])
                if watch is None or watch.is_wanted(place):
                    results[place] = hypotheses.best(index, wanted)
                    if watch:
                        watch.finished(place, results[place])
            kept_B = (~is_done_B).nonzero().flatten()
            state.keep_sentences(kept_B, rows_N.view(-1, options.beam_size)[kept_B].flatten())
            hypotheses.keep_sentences(kept_B)
        elif hypotheses.rows_move:
            state.select(rows_N)
    return results


def _done_or_unwanted(is_done_B: Tensor | None, sentence_B: Tensor, watch: Watch[Any]) -> Tensor | None:
    unwanted = [not watch.is_wanted(place) for place in sentence_B.tolist()]
    if not any(unwanted):
        return is_done_B
    unwanted_B = torch.tensor(unwanted, device=sentence_B.device)
    return unwanted_B if is_done_B is None else is_done_B | unwanted_B


def log_probabilities(logits_NV: Tensor, forbidden: Tensor) -> Tensor:
    """Natural logarithms of the probabilities of all tokens but the forbidden ones, in float32; changes the logits."""
    logits_NV = logits_NV.float().index_fill_(1, forbidden, -torch.inf)
    # In its own place: of a row all is read before any is written, and a second tensor of that size costs time.
    return torch.log_softmax(logits_NV, 1, out=logits_NV)
