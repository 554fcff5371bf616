"""Beam search over batches of sentences, in tensors; greedy search is a beam of one.

A hypothesis Y of |Y| tokens, its end token included, has the score log P(Y | X) / lp(Y) with the length penalty
lp(Y) = ((5 + |Y|) / 6)^α of Wu et al. 2016 (equation 14). Per sentence and step

1. every live hypothesis is extended by every piece, and the 2·W best extensions are looked at (W = beam width);
2. those among the W best that end with the end token are finished;
3. the W best that do not end live on.

A sentence is done when W hypotheses are finished, when no live one can still reach the n best of the finished
ones, or at its length limit, where every live hypothesis is made to end. It then leaves the batch.
"""

from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from translator.errors import InputError

MAX_BEAM_SIZE = 64


@dataclass(frozen=True)
class SearchOptions:
    """How to search; raises InputError on values that cannot work."""

    beam_size: int = 4
    """Hypotheses kept per sentence; 1 is greedy search."""
    length_penalty: float = 1.0
    """α above: 0 compares plain log-probabilities and favours short translations, larger favours longer ones."""
    n_best: int = 1
    """Hypotheses returned per sentence, best first."""

    def __post_init__(self) -> None:
        if not 1 <= self.beam_size <= MAX_BEAM_SIZE:
            raise InputError(f"beam_size is {self.beam_size}; give 1 to {MAX_BEAM_SIZE}")
        if not 0 <= self.length_penalty <= 5:
            raise InputError(f"length_penalty is {self.length_penalty}; give 0 to 5")
        if not 1 <= self.n_best <= self.beam_size:
            raise InputError(
                f"n_best is {self.n_best}; give 1 up to the beam_size, which is {self.beam_size}"
            )


@dataclass(frozen=True)
class SpecialTokens:
    """Ids that the search must know."""

    begin: int
    end: int
    forbidden: tuple[int, ...] = ()
    """Never produced: padding and the like."""


@dataclass(frozen=True)
class ScoredTokens:
    """One finished hypothesis."""

    tokens: list[int]
    """Without begin and end token."""
    log_probability: float
    """Natural logarithm of P(tokens and the end token | source)."""
    score: float
    """The log-probability over the length penalty; what hypotheses are ranked by."""


class StepwiseState(Protocol):
    """What a model carries from step to step: for every sentence, W rows that stand together."""

    def select(self, rows_N: Tensor) -> None:
        """Row i goes on from the former row rows_N[i]."""

    def keep_sentences(self, sentences_B: Tensor, rows_N: Tensor) -> None:
        """Drop all but these sentences, whose rows are `rows_N`."""


class StepwiseModel(Protocol):
    """What the search needs of a model."""

    def encode(self, source_BS: Tensor, source_keep_BS: Tensor) -> Tensor:
        """The memory, (B, S, D)."""

    def start(self, memory_BSD: Tensor, source_keep_BS: Tensor) -> Any:
        """The StepwiseState before the first step."""

    def decode_step(self, tokens_N: Tensor, state: Any) -> tuple[Tensor, Any]:
        """Logits of the next tokens, (N, V), and the new state."""


def length_penalty(length: int, alpha: float) -> float:
    """lp(Y) of Wu et al. 2016, equation 14, for |Y| = `length`."""
    return float(((5 + length) / 6) ** alpha)


@torch.inference_mode()
def search(
    model: StepwiseModel,
    source_BS: Tensor,
    source_keep_BS: Tensor,
    max_length_B: Tensor,
    special: SpecialTokens,
    options: SearchOptions,
) -> list[list[ScoredTokens]]:
    """Translate a batch: for each sentence its `n_best` hypotheses, best first (fewer where fewer exist).

    `max_length_B` limits the tokens of a hypothesis, its end token included (1 or more).
    """
    state = model.start(model.encode(source_BS, source_keep_BS), source_keep_BS)
    beams = _Beams(source_BS.shape[0], max_length_B, special, options, source_BS.device)
    results: list[list[ScoredTokens]] = [[] for _ in range(source_BS.shape[0])]
    tokens_N = beams.begin_tokens()
    while len(beams.sentence_B):
        logits_NV, state = model.decode_step(tokens_N, state)
        rows_N = beams.advance(_log_probabilities(logits_NV, special))
        is_done_B = beams.is_done()
        if bool(is_done_B.any()):
            for index in is_done_B.nonzero().flatten().tolist():
                results[int(beams.sentence_B[index])] = beams.finished.best(index, options)
            kept_B = (~is_done_B).nonzero().flatten()
            state.keep_sentences(kept_B, rows_N.view(-1, options.beam_size)[kept_B].flatten())
            beams.keep_sentences(kept_B)
        elif options.beam_size > 1:
            state.select(rows_N)
        tokens_N = beams.last_tokens()
    return results


def _log_probabilities(logits_NV: Tensor, special: SpecialTokens) -> Tensor:
    logits_NV = logits_NV.float()
    logits_NV[:, list(special.forbidden)] = -torch.inf
    return logits_NV.log_softmax(dim=-1)


class _Finished:
    """The best finished hypotheses of each sentence, at most W, best first; empty places score -inf."""

    def __init__(
        self, sentences: int, beam_size: int, max_length: int, alpha: float, device: torch.device
    ) -> None:
        self.alpha = alpha
        self.score_BW = torch.full((sentences, beam_size), -torch.inf, device=device)
        self.length_BW = torch.zeros((sentences, beam_size), dtype=torch.long, device=device)
        self.tokens_BWT = torch.zeros((sentences, beam_size, max_length), dtype=torch.long, device=device)

    def add(self, score_BW: Tensor, tokens_BWT: Tensor, length: int) -> None:
        """Merge hypotheses of `length` tokens in; -inf marks the places that hold none."""
        width = score_BW.shape[1]
        self.score_BW, order_BW = torch.cat([self.score_BW, score_BW], dim=1).topk(width, dim=1)
        lengths_BE = torch.cat([self.length_BW, torch.full_like(self.length_BW, length)], dim=1)
        self.length_BW = lengths_BE.gather(1, order_BW)
        tokens_BET = torch.cat([self.tokens_BWT, tokens_BWT], dim=1)
        self.tokens_BWT = tokens_BET.gather(1, order_BW.unsqueeze(2).expand_as(self.tokens_BWT))

    def keep_sentences(self, kept_B: Tensor) -> None:
        self.score_BW = self.score_BW[kept_B]
        self.length_BW = self.length_BW[kept_B]
        self.tokens_BWT = self.tokens_BWT[kept_B]

    def best(self, index: int, options: SearchOptions) -> list[ScoredTokens]:
        found = []
        for rank in range(options.n_best):
            score, length = float(self.score_BW[index, rank]), int(self.length_BW[index, rank])
            if score > -torch.inf:
                tokens = self.tokens_BWT[index, rank, : length - 1].tolist()
                found.append(ScoredTokens(tokens, score * length_penalty(length, self.alpha), score))
        return found


class _Beams:
    """The live hypotheses of all sentences that are not done, and the finished ones."""

    def __init__(
        self,
        sentences: int,
        max_length_B: Tensor,
        special: SpecialTokens,
        options: SearchOptions,
        device: torch.device,
    ) -> None:
        self.special, self.options = special, options
        width, longest = options.beam_size, int(max_length_B.max()) if sentences else 0
        self.sentence_B = torch.arange(sentences, device=device)
        self.max_length_B = max_length_B
        self.length = 0
        self.score_BW = torch.full((sentences, width), -torch.inf, device=device)
        self.score_BW[:, 0] = 0.0  # all rows start alike, so only the first may be extended
        self.tokens_BWT = torch.full((sentences, width, longest), special.begin, device=device)
        self.finished = _Finished(sentences, width, longest, options.length_penalty, device)

    def begin_tokens(self) -> Tensor:
        """(N,) the begin token of each of the B·W rows."""
        return torch.full((self.score_BW.numel(),), self.special.begin, device=self.score_BW.device)

    def advance(self, log_probability_NV: Tensor) -> Tensor:
        """Extend the live hypotheses by one token; row i of the new ones continues the former row result[i]."""
        sentences, width = self.score_BW.shape
        self.length += 1
        total_BWV = log_probability_NV.view(sentences, width, -1) + self.score_BW.unsqueeze(2)
        vocabulary = total_BWV.shape[2]
        self._force_end(total_BWV)
        score_BE, place_BE = total_BWV.flatten(1).topk(2 * width, dim=1)
        row_BE, token_BE = place_BE // vocabulary, place_BE % vocabulary
        self._finish(score_BE[:, :width], row_BE[:, :width], token_BE[:, :width])
        # Of 2·W extensions at most W end, one for each row, so W of them always live on.
        rank_E = torch.arange(2 * width, device=token_BE.device)
        order_BW = (rank_E + 2 * width * (token_BE == self.special.end)).argsort(dim=1)[:, :width]
        row_BW, token_BW = row_BE.gather(1, order_BW), token_BE.gather(1, order_BW)
        self.score_BW = score_BE.gather(1, order_BW)
        self.tokens_BWT = self._histories(row_BW)
        self.tokens_BWT[:, :, self.length - 1] = token_BW
        first_row_B1 = width * torch.arange(sentences, device=row_BW.device).unsqueeze(1)
        return (first_row_B1 + row_BW).flatten()

    def is_done(self) -> Tensor:
        """(B,) sentences whose n best hypotheses cannot change any more, or that may not go on."""
        alpha, n_best = self.options.length_penalty, self.options.n_best
        # Log-probabilities only fall and are negative: the longest length gives the best score still possible.
        longest_penalty_B = ((5 + self.max_length_B) / 6) ** alpha
        best_possible_B = self.score_BW.max(dim=1).values / longest_penalty_B
        is_settled_B = self.finished.score_BW[:, n_best - 1] >= best_possible_B
        is_full_B = self.finished.score_BW[:, -1] > -torch.inf
        return is_settled_B | is_full_B | (self.length >= self.max_length_B)

    def keep_sentences(self, kept_B: Tensor) -> None:
        self.sentence_B = self.sentence_B[kept_B]
        self.max_length_B = self.max_length_B[kept_B]
        self.score_BW = self.score_BW[kept_B]
        self.tokens_BWT = self.tokens_BWT[kept_B]
        self.finished.keep_sentences(kept_B)

    def last_tokens(self) -> Tensor:
        """(N,) the newest token of each row."""
        return self.tokens_BWT[:, :, self.length - 1].flatten()

    def _force_end(self, total_BWV: Tensor) -> None:
        """At its length limit a hypothesis can only be extended by the end token."""
        is_last_B = self.length >= self.max_length_B
        end_BW = total_BWV[:, :, self.special.end].clone()
        total_BWV.masked_fill_(is_last_B[:, None, None], -torch.inf)
        total_BWV[:, :, self.special.end] = end_BW

    def _finish(self, score_BW: Tensor, row_BW: Tensor, token_BW: Tensor) -> None:
        ends_BW = token_BW == self.special.end
        if bool(ends_BW.any()):
            penalty = length_penalty(self.length, self.options.length_penalty)
            finished_BW = (score_BW / penalty).masked_fill(~ends_BW, -torch.inf)
            self.finished.add(finished_BW, self._histories(row_BW), self.length)

    def _histories(self, row_BW: Tensor) -> Tensor:
        return self.tokens_BWT.gather(1, row_BW.unsqueeze(2).expand_as(self.tokens_BWT))
