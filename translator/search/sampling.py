"""Sampling: translations drawn at random, token by token, from the model's distribution."""

import zlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from translator.engines.protocol import Ints, Mask, Reals, Session
from translator.options import Sampling, SearchOptions
from translator.search.hypotheses import ScoredTokens, SpecialTokens, length_penalty
from translator.search.rules import Rules, Task
from translator.search.sentences import Sentences
from translator.search.trace import Step, StopReason


class SampleSearch:
    """Draws W independent samples of each sentence, with the same interface as `BeamSearch`.

    A sentence's random numbers depend only on the seed and its own tokens, not on its batch.
    """

    def __init__(
        self, session: Session, rules: Rules, vocabulary: int, special: SpecialTokens, options: SearchOptions
    ) -> None:
        assert options.sampling
        self._session, self._rules, self._options = session, rules, options
        self._end, self._width, self._vocabulary = special.end, options.beam_size, vocabulary
        self._sampling = options.sampling
        self._sentences = Sentences(session, rules, self._width, special.begin)
        self._is_live_BW: Mask = np.zeros((0, self._width), dtype=bool)
        self._random: list[np.random.Generator] = []
        self._draws: list[list[tuple[list[int], list[float]]]] = []
        """The tokens and log-probabilities of each sentence and row."""

    def __len__(self) -> int:
        return len(self._sentences)

    @property
    def ids(self) -> Sequence[int]:
        """The ids of the sentences in the search, as passed to `admit`."""
        return self._sentences.ids

    def admit(self, ids: Sequence[int], tasks: Sequence[Task]) -> None:
        """Add sentences to the search; the caller chooses their `ids`."""
        self._sentences.admit(ids, tasks)
        self._is_live_BW = np.concatenate([self._is_live_BW, np.ones((len(ids), self._width), dtype=bool)])
        for task in tasks:
            content = zlib.crc32(repr((self._sampling.seed, list(task.source))).encode())
            self._random.append(np.random.default_rng(content))
            self._draws.append([([], []) for _ in range(self._width)])

    def step(self, may_run_ahead: bool = True) -> None:
        """Draw the next token of every row that has not ended."""
        is_live_BW = self._is_live_BW.copy()
        past = [
            self._draws[sentence][row][0]
            for sentence, row in np.argwhere(is_live_BW).tolist()
            if self._rules.no_repeat_ngram
        ]
        rows, masks_MX = self._sentences.rows(is_live_BW, past or None)
        log_probability_NV = self._session.distribution(rows)
        allowed_NV = np.where(masks_MX[rows.mask_N, : self._vocabulary], log_probability_NV, -np.inf)
        # Every row gets a random number in every step, even if it has ended, so that rows do not affect each other.
        uniform_BW = np.array([random.random(self._width) for random in self._random])
        token_N = draw(reshape(allowed_NV, self._sampling), uniform_BW[is_live_BW])
        token_BW = np.full(is_live_BW.shape, self._end, dtype=np.int32)
        token_BW[is_live_BW] = token_N
        drawn_N = log_probability_NV[np.arange(len(token_N)), token_N]
        for (sentence, row), token, log_probability in zip(
            np.argwhere(is_live_BW).tolist(), token_N.tolist(), drawn_N.tolist(), strict=True
        ):
            self._draws[sentence][row][0].append(token)
            self._draws[sentence][row][1].append(log_probability)
        np.logical_and(is_live_BW, token_BW != self._end, out=self._is_live_BW)
        self._sentences.length_B += 1
        parent_BW = np.broadcast_to(np.arange(self._width, dtype=np.int32), token_BW.shape)
        self._sentences.advance(parent_BW, token_BW)

    def done(self) -> npt.NDArray[np.bool_]:
        """(B,) True for sentences whose samples have all ended."""
        return np.asarray(~self._is_live_BW.any(axis=1))

    def best(self, sentence: int, most: int) -> list[ScoredTokens]:
        """At most `most` distinct finished samples of the sentence at this index, best first."""
        distinct = {}
        for (tokens, each), is_live in zip(
            self._draws[sentence], self._is_live_BW[sentence].tolist(), strict=True
        ):
            if not is_live and tokens:
                distinct[tuple(tokens)] = self._scored(tokens, each)
        return sorted(distinct.values(), key=lambda scored: -scored.score)[:most]

    def keep_sentences(self, kept_B: npt.NDArray[np.bool_]) -> None:
        """Keep the sentences at which `kept_B` is True, and drop the others."""
        self._sentences.keep(kept_B)
        self._is_live_BW = self._is_live_BW[kept_B]
        kept = kept_B.tolist()
        self._random = [one for one, is_kept in zip(self._random, kept, strict=True) if is_kept]
        self._draws = [one for one, is_kept in zip(self._draws, kept, strict=True) if is_kept]

    def trace(self, sentence: int) -> Step:
        """The state of the sentence at this index after the latest step."""
        is_live = self._is_live_BW[sentence].tolist()
        live = [
            self._scored(*draws)
            for draws, row_is_live in zip(self._draws[sentence], is_live, strict=True)
            if row_is_live
        ]
        stopped = None if live else StopReason.FULL
        length = int(self._sentences.length_B[sentence])
        return Step(self._sentences.ids[sentence], length, live, self.best(sentence, self._width), stopped)

    def _scored(self, tokens: list[int], each: list[float]) -> ScoredTokens:
        score = sum(each) / length_penalty(len(tokens), self._options.length_penalty)
        without_end = tokens[:-1] if tokens[-1] == self._end else list(tokens)
        return ScoredTokens(without_end, list(each), score)


def reshape(log_probability_NV: npt.NDArray[np.floating], sampling: Sampling) -> Reals:
    """Apply temperature, then top-k, then top-p; returns the unnormalised probabilities to sample from."""
    scaled_NV = log_probability_NV.astype(np.float64) / sampling.temperature
    if sampling.top_k and sampling.top_k < scaled_NV.shape[1]:
        least_N1 = np.partition(scaled_NV, -sampling.top_k, axis=1)[:, -sampling.top_k][:, None]
        scaled_NV = np.where(scaled_NV < least_N1, -np.inf, scaled_NV)
    probability_NV: Reals = np.exp(scaled_NV - scaled_NV.max(axis=1, keepdims=True))
    probability_NV /= probability_NV.sum(axis=1, keepdims=True)
    if sampling.top_p < 1:
        order_NV = np.argsort(-probability_NV, axis=1, kind="stable")
        sorted_NV = np.take_along_axis(probability_NV, order_NV, axis=1)
        is_kept_NV = np.cumsum(sorted_NV, axis=1) - sorted_NV < sampling.top_p
        np.put_along_axis(probability_NV, order_NV, np.where(is_kept_NV, sorted_NV, 0.0), axis=1)
    return probability_NV


def draw(probability_NV: Reals, uniform_N: Reals) -> Ints:
    """Sample by inverse CDF: the token at which the cumulative probability exceeds `uniform_N` times the total."""
    cumulated_NV = np.cumsum(probability_NV, axis=1)
    target_N1 = (uniform_N * cumulated_NV[:, -1])[:, None]
    token_N: Ints = (cumulated_NV <= target_N1).sum(axis=1).astype(np.int32)
    return token_N
