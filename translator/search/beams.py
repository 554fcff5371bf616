"""Beam search; greedy search is a beam of one.

A hypothesis Y of |Y| tokens, its end token included, has the score log P(Y | X) / lp(Y) with the length penalty
lp(Y) = ((5 + |Y|) / 6)^α of Wu et al. 2016 (equation 14). Per sentence and step

1. every live hypothesis is extended by every token that may follow, and the 2·W best extensions are looked at
   (W = beam width);
2. those among the W best that end with the end token are finished;
3. the W best that do not end live on.

A sentence is done when W hypotheses are finished, or at its length limit, where every live hypothesis is made to end.
That is part of what is searched for, as in fairseq and CTranslate2. With α > 0 a live hypothesis might still have
become the best: to go on until none can would be another search, and a slower one.

The early stop, on the other hand, changes no answer: a sentence is done, too, when no live hypothesis can reach the n
best of the finished ones any more. What is done leaves the batch.
"""

import torch
from torch import Tensor

from translator.script import scripted
from translator.search.constraints import Constraints
from translator.search.options import ScoredTokens, SearchOptions, SpecialTokens, length_penalty
from translator.search.top_k import top_k
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
        self.totals_BWT = torch.zeros((sentences, beam_size, max_length), device=device)

    def add(self, score_BW: Tensor, tokens_BWT: Tensor, totals_BWT: Tensor, length: int) -> None:
        """Merge hypotheses of `length` tokens in; -inf marks the places that hold none."""
        width = score_BW.shape[1]
        self.score_BW, order_BW = torch.cat([self.score_BW, score_BW], dim=1).topk(width, dim=1)
        lengths_BE = torch.cat([self.length_BW, torch.full_like(self.length_BW, length)], dim=1)
        self.length_BW = lengths_BE.gather(1, order_BW)
        self.tokens_BWT = _of_rows(torch.cat([self.tokens_BWT, tokens_BWT], dim=1), order_BW)
        self.totals_BWT = _of_rows(torch.cat([self.totals_BWT, totals_BWT], dim=1), order_BW)

    def keep_sentences(self, kept_B: Tensor) -> None:
        self.score_BW = self.score_BW[kept_B]
        self.length_BW = self.length_BW[kept_B]
        self.tokens_BWT = self.tokens_BWT[kept_B]
        self.totals_BWT = self.totals_BWT[kept_B]

    def best(self, index: int, n_best: int) -> list[ScoredTokens]:
        found = []
        for rank in range(n_best):
            score, length = float(self.score_BW[index, rank]), int(self.length_BW[index, rank])
            if score > -torch.inf:
                tokens, totals = (
                    x_BWT[index, rank, : length - 1].tolist() for x_BWT in (self.tokens_BWT, self.totals_BWT)
                )
                totals.append(score * length_penalty(length, self.alpha))
                found.append(ScoredTokens.with_totals(tokens, totals, score))
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
        self._totals_BWT = torch.zeros((sentences, width, longest), device=device)
        """The log-probability of all tokens up to each one."""
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
        self._score_BW, self._tokens_BWT, self._totals_BWT, self._last_N, rows_N = _extend(
            score_BE, row_BE, token_BE, self._tokens_BWT, self._totals_BWT, self._length - 1
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

    def best(self, index: int, most: int) -> list[ScoredTokens]:
        """The best finished hypotheses of the sentence at this place, best first; at most this many."""
        return self._finished.best(index, most)

    def step(self, index: int) -> Step:
        """Where the sentence at this place is after the newest step."""
        penalty = length_penalty(self._length, self._options.length_penalty)
        live = [
            ScoredTokens.with_totals(tokens, totals, totals[-1] / penalty)
            for tokens, totals in zip(
                self._tokens_BWT[index, :, : self._length].tolist(),
                self._totals_BWT[index, :, : self._length].tolist(),
                strict=True,
            )
            if totals[-1] > -torch.inf and tokens[-1] != self._special.end
        ]
        live.sort(key=lambda hypothesis: -hypothesis.log_probability)
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
        self._totals_BWT = self._totals_BWT[kept_B]
        self._last_N = self._last_N.view(-1, self._options.beam_size)[kept_B].flatten()
        self._finished.keep_sentences(kept_B)

    def last_tokens(self) -> Tensor:
        """(N,) the newest token of each row, the begin token before the first step."""
        return self._last_N

    def _finish(self, score_BW: Tensor, row_BW: Tensor, ends_BW: Tensor) -> None:
        penalty = length_penalty(self._length, self._options.length_penalty)
        finished_BW = (score_BW / penalty).masked_fill(~ends_BW, -torch.inf)
        histories = _of_rows(self._tokens_BWT, row_BW), _of_rows(self._totals_BWT, row_BW)
        self._finished.add(finished_BW, *histories, self._length)
        self._has_finished = True


@scripted
def _best_extensions(
    log_probability_BWV: Tensor, score_BW: Tensor, end: int
) -> tuple[Tensor, Tensor, Tensor, Tensor, bool]:
    """The E = 2·W best of each sentence, best first: scores, rows, tokens, which of them end, and whether any does.

    A beam of one needs only the best: where that ends, so does the search. Only what is among the best of its row
    can be among the best of its sentence.
    """
    width, vocabulary = score_BW.shape[1], log_probability_BWV.shape[2]
    candidates = 1 if width == 1 else min(2 * width, vocabulary)
    best_NC, token_NC = top_k(log_probability_BWV.flatten(0, 1), candidates)
    total_BX = (best_NC.view(-1, width, candidates) + score_BW.unsqueeze(2)).flatten(1)
    token_BX = token_NC.view(-1, width * candidates)
    if width == 1:
        score_BE, token_BE, row_BE = total_BX, token_BX, torch.zeros_like(token_BX)
    else:
        score_BE, place_BE = total_BX.topk(2 * width, dim=1)
        token_BE = token_BX.gather(1, place_BE)
        row_BE = place_BE // candidates
    ends_BE = token_BE == end
    return score_BE, row_BE, token_BE, ends_BE, bool(ends_BE.any())


@scripted
def _in_place(row_BW: Tensor) -> Tensor:
    """An order of the extensions in which the first one of every row stays in it: what stays is not copied.

    The others, which extend a row again, get the rows that nobody extends.
    """
    width = row_BW.shape[1]
    rank_W = torch.arange(width, device=row_BW.device)
    is_same_BWW = row_BW.unsqueeze(2) == row_BW.unsqueeze(1)
    is_again_BW = (is_same_BWW & (rank_W < rank_W.unsqueeze(1))).any(2)
    is_extended_BW = torch.zeros_like(is_again_BW).scatter(1, row_BW, torch.ones_like(is_again_BW))
    extensions_BW = torch.where(is_again_BW, width + rank_W, row_BW).argsort(1)
    places_BW = torch.where(is_extended_BW, rank_W, width + rank_W).argsort(1)
    return torch.empty_like(row_BW).scatter(1, places_BW, extensions_BW)


@scripted
def _of_rows(x_BET: Tensor, row_BW: Tensor) -> Tensor:
    """What stands in these rows of each sentence."""
    return x_BET.gather(1, row_BW.unsqueeze(2).expand(-1, -1, x_BET.shape[2]))


@scripted
def _extend(
    score_BE: Tensor, row_BE: Tensor, token_BE: Tensor, tokens_BWT: Tensor, totals_BWT: Tensor, length: int
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Scores, tokens and totals of the W first extensions; their newest tokens, and their former rows, as (N,)."""
    sentences, width, _ = tokens_BWT.shape
    score_BW, row_BW, token_BW = score_BE[:, :width], row_BE[:, :width], token_BE[:, :width]
    if width > 1:
        order_BW = _in_place(row_BW)
        score_BW, row_BW, token_BW = (
            score_BW.gather(1, order_BW), row_BW.gather(1, order_BW), token_BW.gather(1, order_BW)
        )  # fmt: skip
        tokens_BWT, totals_BWT = _of_rows(tokens_BWT, row_BW), _of_rows(totals_BWT, row_BW)
    tokens_BWT[:, :, length] = token_BW
    totals_BWT[:, :, length] = score_BW
    first_row_B1 = width * torch.arange(sentences, device=row_BE.device).unsqueeze(1)
    return score_BW, tokens_BWT, totals_BWT, token_BW.flatten(), (first_row_B1 + row_BW).flatten()
