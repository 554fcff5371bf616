"""Beam search; greedy search is a beam of one.

A hypothesis Y of |Y| tokens, its end token included, has the score log P(Y | X) / lp(Y) with the length penalty
lp(Y) = ((5 + |Y|) / 6)^α of Wu et al. 2016 (equation 14). Per sentence and step

1. every live hypothesis is extended by every token that may follow, and the 2·W best extensions are looked at
   (W = beam width);
2. those among the W best that end with the end token are finished;
3. the W best that do not end live on.

A sentence is done when W hypotheses are finished, when no live one can still reach the n best of the finished
ones, or at its length limit, where every live hypothesis is made to end. It then leaves the batch.
"""

import torch
from torch import Tensor

from translator.script import scripted
from translator.search.constraints import Constraints
from translator.search.options import ScoredTokens, SearchOptions, SpecialTokens, length_penalty
from translator.search.trace import Step, StopReason


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

    def best(self, index: int, n_best: int) -> list[ScoredTokens]:
        found = []
        for rank in range(n_best):
            score, length = float(self.score_BW[index, rank]), int(self.length_BW[index, rank])
            if score > -torch.inf:
                tokens = self.tokens_BWT[index, rank, : length - 1].tolist()
                found.append(ScoredTokens(tokens, score * length_penalty(length, self.alpha), score))
        return found


class Beams:
    """The live hypotheses of all sentences that are not done, and the finished ones."""

    def __init__(self, constraints: Constraints, special: SpecialTokens, options: SearchOptions) -> None:
        self._constraints, self._special, self._options = constraints, special, options
        max_length_B, width = constraints.max_length_B, options.beam_size
        sentences, device = len(max_length_B), max_length_B.device
        longest = int(max_length_B.max()) if sentences else 0
        self.sentence_B = torch.arange(sentences, device=device)
        self.rows_move = width > 1
        """Whether `advance` may put rows in another order."""
        self._length = 0
        self._score_BW = torch.full((sentences, width), -torch.inf, device=device)
        self._score_BW[:, 0] = 0.0  # all rows start alike, so only the first may be extended
        self._tokens_BWT = torch.full((sentences, width, longest), special.begin, device=device)
        self._finished = _Finished(sentences, width, longest, options.length_penalty, device)
        self._has_finished = False
        self._last_N = torch.full((sentences * width,), special.begin, device=device)

    def advance(self, log_probability_NV: Tensor) -> Tensor:
        """Extend the live hypotheses by one token; row i of the new ones continues the former row result[i]."""
        sentences, width = self._score_BW.shape
        self._length += 1
        log_probability_BWV = log_probability_NV.view(sentences, width, -1)
        self._constraints.apply(
            log_probability_BWV, self._tokens_BWT[:, :, : self._length - 1], self._special
        )
        score_BE, row_BE, token_BE, ends_BE, some_end = _best_extensions(
            log_probability_BWV, self._score_BW, self._special.end
        )
        if some_end:
            self._finish(score_BE[:, :width], row_BE[:, :width], ends_BE[:, :width])
            # Of 2·W extensions at most W end, one for each row, so W of them always live on.
            extensions = token_BE.shape[1]
            rank_E = torch.arange(extensions, device=token_BE.device)
            order_BE = (rank_E + extensions * ends_BE).argsort(dim=1)
            score_BE, row_BE, token_BE = (x.gather(1, order_BE) for x in (score_BE, row_BE, token_BE))
        self._score_BW, self._tokens_BWT, self._last_N, rows_N = _extend(
            score_BE, row_BE, token_BE, self._tokens_BWT, self._length - 1
        )
        return rows_N

    def is_done(self) -> Tensor | None:
        """(B,) sentences whose n best hypotheses cannot change any more, or that may not go on; None: none of them."""
        if not self._has_finished and self._length < self._constraints.shortest_limit:
            return None
        return self._is_settled() | self._is_full() | self._is_long()

    def _is_settled(self) -> Tensor:
        # Log-probabilities only fall and are negative: the longest length gives the best score still possible.
        longest_penalty_B = ((5 + self._constraints.max_length_B) / 6) ** self._options.length_penalty
        best_possible_B = self._score_BW.max(dim=1).values / longest_penalty_B
        return self._finished.score_BW[:, self._options.n_best - 1] >= best_possible_B

    def _is_full(self) -> Tensor:
        return self._finished.score_BW[:, -1] > -torch.inf

    def _is_long(self) -> Tensor:
        return self._length >= self._constraints.max_length_B

    def best(self, index: int) -> list[ScoredTokens]:
        """The n best finished hypotheses of the sentence at this place, best first."""
        return self._finished.best(index, self._options.n_best)

    def step(self, index: int) -> Step:
        """Where the sentence at this place is after the newest step."""
        penalty = length_penalty(self._length, self._options.length_penalty)
        live = [
            ScoredTokens(tokens[: self._length], score, score / penalty)
            for tokens, score in zip(
                self._tokens_BWT[index].tolist(), self._score_BW[index].tolist(), strict=True
            )
            if score > -torch.inf
        ]
        reasons = {
            StopReason.LENGTH: self._is_long(),
            StopReason.FULL: self._is_full(),
            StopReason.SETTLED: self._is_settled(),
        }
        stopped = next((reason for reason, is_so_B in reasons.items() if bool(is_so_B[index])), None)
        finished = self._finished.best(index, self._options.beam_size)
        return Step(int(self.sentence_B[index]), self._length, live, finished, stopped)

    def keep_sentences(self, kept_B: Tensor) -> None:
        """Go on with these sentences only."""
        self.sentence_B = self.sentence_B[kept_B]
        self._constraints = self._constraints.keep_sentences(kept_B)
        self._score_BW = self._score_BW[kept_B]
        self._tokens_BWT = self._tokens_BWT[kept_B]
        self._last_N = self._last_N.view(-1, self._options.beam_size)[kept_B].flatten()
        self._finished.keep_sentences(kept_B)

    def last_tokens(self) -> Tensor:
        """(N,) the newest token of each row, the begin token before the first step."""
        return self._last_N

    def _finish(self, score_BW: Tensor, row_BW: Tensor, ends_BW: Tensor) -> None:
        penalty = length_penalty(self._length, self._options.length_penalty)
        finished_BW = (score_BW / penalty).masked_fill(~ends_BW, -torch.inf)
        self._finished.add(finished_BW, self._histories(row_BW), self._length)
        self._has_finished = True

    def _histories(self, row_BW: Tensor) -> Tensor:
        return self._tokens_BWT.gather(1, row_BW.unsqueeze(2).expand_as(self._tokens_BWT))


@scripted
def _best_extensions(
    log_probability_BWV: Tensor, score_BW: Tensor, end: int
) -> tuple[Tensor, Tensor, Tensor, Tensor, bool]:
    """The E = 2·W best of each sentence, best first: scores, rows, tokens, which of them end, and whether any does.

    A beam of one needs only the best: where that ends, so does the search. Only what is among the best of its row
    can be among the best of its sentence.
    """
    width, vocabulary = score_BW.shape[1], log_probability_BWV.shape[2]
    if width == 1:
        best_BWC, token_BWC = log_probability_BWV.max(dim=2, keepdim=True)
        score_BE = (best_BWC + score_BW.unsqueeze(2)).squeeze(1)
        token_BE, row_BE = token_BWC.squeeze(1), torch.zeros_like(token_BWC.squeeze(1))
    else:
        best_BWC, token_BWC = log_probability_BWV.topk(min(2 * width, vocabulary), dim=2)
        total_BWC = best_BWC + score_BW.unsqueeze(2)
        score_BE, place_BE = total_BWC.flatten(1).topk(2 * width, dim=1)
        token_BE = token_BWC.flatten(1).gather(1, place_BE)
        row_BE = place_BE // best_BWC.shape[2]
    ends_BE = token_BE == end
    return score_BE, row_BE, token_BE, ends_BE, bool(ends_BE.any())


@scripted
def _extend(
    score_BE: Tensor, row_BE: Tensor, token_BE: Tensor, tokens_BWT: Tensor, length: int
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Scores and tokens of the W first extensions; their newest tokens, and their former rows, as (N,)."""
    sentences, width, _ = tokens_BWT.shape
    row_BW, token_BW = row_BE[:, :width], token_BE[:, :width]
    if width > 1:
        tokens_BWT = tokens_BWT.gather(1, row_BW.unsqueeze(2).expand_as(tokens_BWT))
    tokens_BWT[:, :, length] = token_BW
    first_row_B1 = width * torch.arange(sentences, device=row_BE.device).unsqueeze(1)
    return score_BE[:, :width], tokens_BWT, token_BW.flatten(), (first_row_B1 + row_BW).flatten()
