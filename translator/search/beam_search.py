"""Beam search; greedy search is a beam of one.

A hypothesis Y of |Y| tokens, including the end token, has the score log P(Y | X) / lp(Y) with the length penalty
lp(Y) = ((5 + |Y|) / 6)^α of Wu et al. 2016 (equation 14). For each sentence, a step

1. extends every live hypothesis by every token that may follow, and takes the 2·W best extensions (W = beam width);
2. finishes those among the W best that end with the end token;
3. keeps the W best that do not end as the live hypotheses.

A sentence is done when W hypotheses are finished, or at its length limit, where every live hypothesis is forced to end.
This stop is part of the algorithm, as in fairseq and CTranslate2. With α > 0, a live hypothesis could still become the
best. Continuing until none can would be a different and slower search.

The early stop never changes a result: a sentence is also done when no live hypothesis can still reach the n best
finished ones.

Sentences come and go between steps, so each has its own length. The tokens and parents of every step are stored, and a
hypothesis is assembled from them when it ends.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from translator.engines.protocol import Ahead, Candidates, Ints, Mask, Reals, Session
from translator.options import SearchOptions
from translator.search.hypotheses import ScoredTokens, SpecialTokens, length_penalty
from translator.search.rules import NO_TOKEN, Rules, Task
from translator.search.sentences import Sentences
from translator.search.trace import Step, StopReason

_MOST_STEPS_AHEAD = 16
_MOST_ROW_STEPS_AHEAD = 128
"""Limits of one engine call, in steps and in rows times steps.

Sentences join and leave between calls. With many rows, the search's own time for a step does not matter anyway.
"""


class _History:
    """What every row of every sentence produced in each step: (B, T, W), with room for more steps."""

    def __init__(self, width: int) -> None:
        self._token_BTW: Ints = np.zeros((0, 32, width), dtype=np.int32)
        self._parent_BTW: Ints = np.zeros((0, 32, width), dtype=np.int32)
        self._total_BTW: Reals = np.zeros((0, 32, width))
        """Cumulative log-probabilities."""

    def _resize(self, sentences: int, steps: int) -> None:
        self._token_BTW = _resized(self._token_BTW, sentences, steps)
        self._parent_BTW = _resized(self._parent_BTW, sentences, steps)
        self._total_BTW = _resized(self._total_BTW, sentences, steps)

    def add_sentences(self, number: int) -> None:
        sentences, steps, _ = self._token_BTW.shape
        self._resize(sentences + number, steps)

    def keep_sentences(self, kept_B: npt.NDArray[np.bool_]) -> None:
        self._token_BTW, self._parent_BTW = self._token_BTW[kept_B], self._parent_BTW[kept_B]
        self._total_BTW = self._total_BTW[kept_B]

    def write(self, length_B: Ints, token_TBW: Ints, parent_TBW: Ints, total_TBW: Reals) -> None:
        """Store steps, whose first tokens are at position `length_B` of each sentence."""
        sentences, steps, _ = self._token_BTW.shape
        place_TB = length_B + np.arange(len(token_TBW))[:, None]
        if (longest := place_TB.max(initial=-1)) >= steps:
            self._resize(sentences, 2 * int(longest))
        number_B = np.arange(sentences)
        self._token_BTW[number_B, place_TB] = token_TBW
        self._parent_BTW[number_B, place_TB] = parent_TBW
        self._total_BTW[number_B, place_TB] = total_TBW

    def read(self, sentence: int, row: int, length: int) -> tuple[list[int], list[float]]:
        """The first `length` tokens of a row, and their cumulative log-probabilities."""
        tokens, totals = [0] * length, [0.0] * length
        token_TW, parent_TW = self._token_BTW[sentence], self._parent_BTW[sentence]
        total_TW = self._total_BTW[sentence]
        for place in range(length - 1, -1, -1):
            tokens[place], totals[place] = token_TW.item(place, row), total_TW.item(place, row)
            row = parent_TW.item(place, row)
        return tokens, totals


def _resized(x_BTW: npt.NDArray[Any], sentences: int, steps: int) -> npt.NDArray[Any]:
    """A larger copy with zeros at the end; `np.pad` takes ten times as long."""
    larger_BTW = np.zeros((sentences, steps, x_BTW.shape[2]), dtype=x_BTW.dtype)
    larger_BTW[: x_BTW.shape[0], : x_BTW.shape[1]] = x_BTW
    return larger_BTW


class BeamSearch:
    """Sentences that are searched for together with the same options."""

    def __init__(
        self, session: Session, rules: Rules, vocabulary: int, special: SpecialTokens, options: SearchOptions
    ) -> None:
        self._session, self._rules, self._options = session, rules, options
        self._end, self._width = special.end, options.beam_size
        # A beam of one needs only the best token: when that is the end token, the search is over. A wider beam needs
        # 2·W per row, because only the best of a row can be among the best of its sentence.
        self._candidates = 1 if self._width == 1 else min(2 * self._width, vocabulary)
        self._sentences = Sentences(session, rules, self._width, special.begin)
        self._score_BW: Reals = np.zeros((0, self._width))
        self._history = _History(self._width)
        self._finished: list[list[ScoredTokens]] = []
        """The finished hypotheses of each sentence, at most W, best first."""

    def __len__(self) -> int:
        return len(self._sentences)

    @property
    def ids(self) -> Sequence[int]:
        """The ids of the sentences in the search, as passed to `admit`."""
        return self._sentences.ids

    def admit(self, ids: Sequence[int], tasks: Sequence[Task]) -> None:
        """Add sentences to the search; the caller chooses their `ids`."""
        self._sentences.admit(ids, tasks)
        first_BW = np.full((len(ids), self._width), -np.inf)
        first_BW[:, 0] = 0.0  # all rows start identical, so only the first is extended
        self._score_BW = np.concatenate([self._score_BW, first_BW])
        self._history.add_sentences(len(ids))
        self._finished += ([] for _ in ids)

    def step(self, may_run_ahead: bool = True) -> None:
        """Extend the live hypotheses of every sentence by one token, or by several if there is nothing to decide."""
        is_live_BW = self._score_BW != -np.inf
        if not is_live_BW.all():
            self._extend(is_live_BW)
        elif may_run_ahead and not any(self._finished):
            most = min(_MOST_STEPS_AHEAD, _MOST_ROW_STEPS_AHEAD // is_live_BW.size)
            self._run_ahead(self._sentences.steps_ahead(max(1, most)))
        else:
            self._extend(None)

    def done(self) -> npt.NDArray[np.bool_]:
        """(B,) True for sentences whose n best hypotheses can no longer change, or that have reached their limit."""
        is_done_B: Mask = self._sentences.is_at_limit() | (self._score_BW[:, 0] == -np.inf)
        for sentence, finished in enumerate(self._finished):
            if finished and not is_done_B[sentence]:
                is_done_B[sentence] = len(finished) == self._width or self._is_settled(sentence)
        return is_done_B

    def best(self, sentence: int, most: int) -> list[ScoredTokens]:
        """At most `most` finished hypotheses of the sentence at this index, best first."""
        return self._finished[sentence][:most]

    def keep_sentences(self, kept_B: npt.NDArray[np.bool_]) -> None:
        """Keep the sentences at which `kept_B` is True, and drop the others."""
        self._sentences.keep(kept_B)
        self._score_BW = self._score_BW[kept_B]
        self._history.keep_sentences(kept_B)
        self._finished = [
            one for one, is_kept in zip(self._finished, kept_B.tolist(), strict=True) if is_kept
        ]

    def trace(self, sentence: int) -> Step:
        """The state of the sentence at this index after the latest step."""
        length = int(self._sentences.length_B[sentence])
        penalty = length_penalty(length, self._options.length_penalty)
        live = []
        for row, score in enumerate(self._score_BW[sentence].tolist()):
            tokens, totals = self._history.read(sentence, row, length)
            if score > -np.inf and tokens[-1] != self._end:
                live.append(ScoredTokens.with_totals(tokens, totals, score / penalty))
        live.sort(key=lambda hypothesis: -hypothesis.log_probability)
        finished = self._finished[sentence]
        stopped = None
        if self._sentences.is_at_limit()[sentence]:
            stopped = StopReason.LENGTH
        elif len(finished) == self._width:
            stopped = StopReason.FULL
        elif self._is_settled(sentence):
            stopped = StopReason.SETTLED
        return Step(self._sentences.ids[sentence], length, live, list(finished), stopped)

    def _is_settled(self, sentence: int) -> bool:
        finished, n_best = self._finished[sentence], self._options.n_best
        if len(finished) < n_best:
            return bool(self._score_BW[sentence, 0] == -np.inf)  # the best live one comes first
        # Log-probabilities are negative and only decrease, so the best score still possible is at the maximum length.
        longest = length_penalty(int(self._sentences.max_length_B[sentence]), self._options.length_penalty)
        return bool(finished[n_best - 1].score >= self._score_BW[sentence, 0] / longest)

    def _run_ahead(self, most_steps: int) -> None:
        """Make several steps in one engine call; the search decides only about the last."""
        sentences, shape = self._sentences, self._score_BW.shape
        rows, masks_MX = sentences.rows(None, self._past(None) if self._rules.no_repeat_ngram else None)
        ahead = Ahead(self._width, self._score_BW.ravel(), self._rules.is_ordinary_X, most_steps)
        run = self._session.run(rows, masks_MX, self._candidates, ahead)
        if len(run.token_TN):
            token_TBW, parent_TBW = run.token_TN.reshape(-1, *shape), run.parent_TN.reshape(-1, *shape)
            total_TBW = run.score_TN.reshape(-1, *shape)
            self._history.write(sentences.length_B, token_TBW, parent_TBW, total_TBW)
            sentences.advance_ordinary(parent_TBW, token_TBW)
            self._score_BW = total_TBW[-1]
        self._choose_among(run.candidates, None)

    def _extend(self, is_live_BW: npt.NDArray[np.bool_] | None) -> None:
        """Make one step of the live rows; None means all rows."""
        past = self._past(is_live_BW) if self._rules.no_repeat_ngram else None
        rows, masks_MX = self._sentences.rows(is_live_BW, past)
        self._choose_among(self._session.step(rows, masks_MX, self._candidates), is_live_BW)

    def _choose_among(self, found: Candidates, is_live_BW: npt.NDArray[np.bool_] | None) -> None:
        shape = len(self._sentences), self._width, self._candidates
        if is_live_BW is None:
            token_BWC = found.token_NC.reshape(shape)
            total_BWC = self._score_BW[:, :, None] + found.log_probability_NC.reshape(shape)
        else:
            token_BWC = np.full(shape, NO_TOKEN, dtype=np.int32)
            total_BWC = np.full(shape, -np.inf)
            token_BWC[is_live_BW] = found.token_NC
            total_BWC[is_live_BW] = self._score_BW[is_live_BW][:, None] + found.log_probability_NC
        self._choose(token_BWC.reshape(shape[0], -1), total_BWC.reshape(shape[0], -1))

    def _past(self, is_live_BW: npt.NDArray[np.bool_] | None) -> list[list[int]]:
        """The tokens of the live rows, in row order."""
        past = []
        for sentence, length in enumerate(self._sentences.length_B.tolist()):
            for row in range(self._width):
                if is_live_BW is None or is_live_BW[sentence, row]:
                    past.append(self._history.read(sentence, row, length)[0])
        return past

    def _choose(self, token_BX: Ints, total_BX: Reals) -> None:
        """Finish hypotheses that end, and keep the W best of the rest; X = W · C extensions per sentence."""
        sentences, width = self._sentences, self._width
        sentences.length_B += 1
        if width == 1:
            row_BE, token_BE, total_BE = np.zeros_like(token_BX), token_BX, total_BX
        else:
            order_BE = np.argsort(-total_BX, axis=1, kind="stable")[:, : 2 * width]
            place_BE = order_BE + np.arange(0, total_BX.size, total_BX.shape[1])[:, None]
            row_BE = (order_BE // self._candidates).astype(np.int32)
            token_BE, total_BE = token_BX.ravel()[place_BE], total_BX.ravel()[place_BE]
        ends_BE = token_BE == self._end
        if ends_BE.any():
            self._finish(row_BE[:, :width], total_BE[:, :width], ends_BE[:, :width])
            if width > 1:
                # At most W of the 2·W extensions end, one per row, so there are always W left to keep.
                rank_BE = np.arange(2 * width) + 2 * width * ends_BE
                live_BW = np.argsort(rank_BE, axis=1)[:, :width]
                live_BW = live_BW + np.arange(0, row_BE.size, 2 * width)[:, None]
                row_BE, token_BE, total_BE = (
                    row_BE.ravel()[live_BW], token_BE.ravel()[live_BW], total_BE.ravel()[live_BW]
                )  # fmt: skip
        parent_BW, token_BW, self._score_BW = row_BE[:, :width], token_BE[:, :width], total_BE[:, :width]
        self._history.write(sentences.length_B - 1, token_BW[None], parent_BW[None], self._score_BW[None])
        sentences.advance(parent_BW, token_BW)

    def _finish(self, row_BW: Ints, total_BW: Reals, ends_BW: npt.NDArray[np.bool_]) -> None:
        alpha = self._options.length_penalty
        for sentence, rank in np.argwhere(ends_BW & (total_BW > -np.inf)).tolist():
            length, total = int(self._sentences.length_B[sentence]), total_BW.item(sentence, rank)
            tokens, totals = self._history.read(sentence, int(row_BW[sentence, rank]), length - 1)
            score = total / length_penalty(length, alpha)
            finished = self._finished[sentence]
            finished.append(ScoredTokens.with_totals(tokens, [*totals, total], score))
            finished.sort(key=lambda hypothesis: -hypothesis.score)
            del finished[self._width :]
