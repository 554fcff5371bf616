"""Translations drawn at random, token by token, from the model's distribution."""

import zlib

import torch
from torch import Tensor

from translator.search.constraints import Constraints
from translator.search.options import Sampling, ScoredTokens, SearchOptions, SpecialTokens, length_penalty
from translator.search.trace import Step, StopReason


class Samples:
    """W independent draws for each sentence; the same interface as `Beams`.

    The random numbers of a sentence come from the seed and its own tokens, so its neighbours change nothing.
    """

    rows_move = False

    def __init__(
        self,
        constraints: Constraints,
        special: SpecialTokens,
        options: SearchOptions,
        source_BS: Tensor,
        source_keep_BS: Tensor,
    ) -> None:
        assert options.sampling
        self._constraints, self._special, self._options = constraints, special, options
        self._sampling = options.sampling
        self._length = 0
        width, sentences, device = options.beam_size, source_BS.shape[0], source_BS.device
        longest = int(constraints.max_length_B.max()) if sentences else 0
        self.sentence_B = torch.arange(sentences, device=device)
        self._length_BW = torch.zeros((sentences, width), dtype=torch.long, device=device)  # 0: not ended
        self._tokens_BWT = torch.full((sentences, width, longest), special.begin, device=device)
        self._log_probability_BWT = torch.zeros((sentences, width, longest), device=device)
        sources = [row[keep].tolist() for row, keep in zip(source_BS, source_keep_BS, strict=True)]
        uniform = [_uniform_numbers(source, options.sampling.seed, width, longest) for source in sources]
        self._uniform_BWT = torch.stack(uniform).to(device) if uniform else torch.zeros((0, width, 0))

    def advance(self, log_probability_NV: Tensor) -> Tensor:
        """Draw the next token of every row; the rows stay in their places."""
        rows_N = torch.arange(len(log_probability_NV), device=log_probability_NV.device)
        model_BWV = log_probability_NV.view(*self._length_BW.shape, -1)
        allowed_BWV = model_BWV.clone()
        self._constraints.apply(allowed_BWV, self._tokens_BWT[:, :, : self._length], self._special)
        probability_BWV = _reshape(allowed_BWV, self._sampling)
        token_BW = _draw(probability_BWV, self._uniform_BWT[:, :, self._length])
        self._tokens_BWT[:, :, self._length] = token_BW
        drawn_BW1 = model_BWV.gather(2, token_BW.unsqueeze(2))
        self._log_probability_BWT[:, :, self._length] = drawn_BW1.squeeze(2)
        self._length += 1
        is_live_BW = self._length_BW == 0
        self._length_BW[is_live_BW & (token_BW == self._special.end)] = self._length
        return rows_N

    def is_done(self) -> Tensor | None:
        """(B,) sentences of which every draw has ended; None: none of them."""
        is_done_B = (self._length_BW > 0).all(dim=1)
        return is_done_B if bool(is_done_B.any()) else None

    def keep_sentences(self, kept_B: Tensor) -> None:
        """Go on with these sentences only."""
        self.sentence_B = self.sentence_B[kept_B]
        self._constraints = self._constraints.keep_sentences(kept_B)
        self._length_BW = self._length_BW[kept_B]
        self._tokens_BWT = self._tokens_BWT[kept_B]
        self._log_probability_BWT = self._log_probability_BWT[kept_B]
        self._uniform_BWT = self._uniform_BWT[kept_B]

    def last_tokens(self) -> Tensor:
        """(N,) the newest token of each row, the begin token before the first step."""
        return self._tokens_BWT[:, :, max(0, self._length - 1)].flatten()

    def best(self, index: int, most: int) -> list[ScoredTokens]:
        """The best ended draws of the sentence at this place, best first, each once; at most this many."""
        return self._ended(index)[:most]

    def step(self, index: int) -> Step:
        """What has been drawn for the sentence at this place."""
        live = [
            self._scored(index, row, self._length)
            for row, length in enumerate(self._length_BW[index].tolist())
            if not length
        ]
        stopped = None if live else StopReason.FULL
        return Step(int(self.sentence_B[index]), self._length, live, self._ended(index), stopped)

    def _ended(self, index: int) -> list[ScoredTokens]:
        distinct = {}
        for row, length in enumerate(self._length_BW[index].tolist()):
            if length:
                scored = self._scored(index, row, length)
                distinct[tuple(scored.tokens)] = scored
        return sorted(distinct.values(), key=lambda scored: -scored.score)

    def _scored(self, index: int, row: int, length: int) -> ScoredTokens:
        tokens = self._tokens_BWT[index, row, :length].tolist()
        if tokens[-1] == self._special.end:
            tokens.pop()
        log_probabilities = self._log_probability_BWT[index, row, :length].tolist()
        score = sum(log_probabilities) / length_penalty(length, self._options.length_penalty)
        return ScoredTokens(tokens, log_probabilities, score)


def _uniform_numbers(source: list[int], seed: int, width: int, length: int) -> Tensor:
    """(W, length) numbers in [0, 1) that depend on the seed and the source alone."""
    content = zlib.crc32(repr((seed, source)).encode())
    generator = torch.Generator().manual_seed(content)
    return torch.stack(
        [torch.rand(width, generator=generator, dtype=torch.float64) for _ in range(length)], dim=1
    )


def _reshape(log_probability_BWV: Tensor, sampling: Sampling) -> Tensor:
    """The probabilities that are drawn from, unnormalised, in float64."""
    scaled_BWV = log_probability_BWV.double() / sampling.temperature
    if sampling.top_k:
        kept = min(sampling.top_k, scaled_BWV.shape[2])
        least_BW1 = scaled_BWV.topk(kept, dim=2).values[:, :, -1:]
        scaled_BWV = scaled_BWV.masked_fill(scaled_BWV < least_BW1, -torch.inf)
    probability_BWV = scaled_BWV.softmax(dim=2)
    if sampling.top_p < 1:
        sorted_BWV, order_BWV = probability_BWV.sort(dim=2, descending=True, stable=True)
        likelier_BWV = sorted_BWV.cumsum(dim=2) - sorted_BWV
        kept_BWV = torch.zeros_like(probability_BWV, dtype=torch.bool)
        kept_BWV.scatter_(2, order_BWV, likelier_BWV < sampling.top_p)
        probability_BWV = probability_BWV * kept_BWV
    return probability_BWV


def _draw(probability_BWV: Tensor, uniform_BW: Tensor) -> Tensor:
    """The token at which the cumulated probability passes the random number, times the whole."""
    cumulated_BWV = probability_BWV.cumsum(dim=2)
    target_BW1 = (uniform_BW * cumulated_BWV[:, :, -1]).unsqueeze(2)
    return torch.searchsorted(cumulated_BWV, target_BW1, right=True).squeeze(2)
