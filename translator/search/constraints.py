"""Which tokens may come next: what a search takes out of the model's choice."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from translator.search.banned import BannedPhrases
from translator.search.options import SpecialTokens


@dataclass(frozen=True)
class Constraints:
    """What the translations of a batch must respect.

    Where they contradict each other, the length limit comes first, then the prefix, then the rest; and where
    nothing else may follow, a translation may end.
    """

    max_length_B: Tensor
    """Limit of a translation's tokens, its end token included (1 or more)."""
    min_length_B: Tensor | None = None
    """The least tokens before the end token."""
    prefixes: Sequence[Sequence[int]] | None = None
    """What the translation of each sentence begins with; shorter than its limit."""
    banned: BannedPhrases | None = None
    """What occurs in no translation, unless in a prefix."""
    no_repeat_ngram: int = 0
    """No so many tokens in a row occur twice; 0 allows it."""

    def keep_sentences(self, kept_B: Tensor) -> "Constraints":
        """The constraints of these sentences."""
        indices = kept_B.tolist() if self.prefixes is not None else []
        return Constraints(
            self.max_length_B[kept_B],
            None if self.min_length_B is None else self.min_length_B[kept_B],
            None if self.prefixes is None else [self.prefixes[index] for index in indices],
            self.banned,
            self.no_repeat_ngram,
        )

    @cached_property
    def shortest_limit(self) -> int:
        """The least of the length limits."""
        return int(self.max_length_B.min()) if len(self.max_length_B) else 0

    @cached_property
    def longest_prefix(self) -> int:
        """The tokens of the longest prefix."""
        return max(map(len, self.prefixes or ()), default=0)

    def apply(self, log_probability_BWV: Tensor, past_BWT: Tensor, special: SpecialTokens) -> None:
        """Set what may not follow the tokens `past_BWT` to −∞, in place."""
        length = past_BWT.shape[2] + 1
        has_rules = self.no_repeat_ngram or self.banned or self.min_length_B is not None
        if not has_rules and self.longest_prefix < length < self.shortest_limit:
            return
        end_BW = log_probability_BWV[:, :, special.end].clone()
        forced = self._forced(log_probability_BWV, length) if length <= self.longest_prefix else []
        if self.no_repeat_ngram:
            _ban_repetition(log_probability_BWV, past_BWT, self.no_repeat_ngram)
        if self.banned:
            self.banned.apply(log_probability_BWV, past_BWT)
        if self.min_length_B is not None:
            is_short_B = past_BWT.shape[2] < self.min_length_B
            log_probability_BWV[is_short_B, :, special.end] = -torch.inf
        if has_rules:
            _keep_an_end(log_probability_BWV, end_BW, special.end)
        for sentence, token, given_W in forced:
            log_probability_BWV[sentence] = -torch.inf
            log_probability_BWV[sentence, :, token] = given_W
        if length >= self.shortest_limit:
            self._force_end(log_probability_BWV, end_BW, length, special.end)

    def _forced(self, log_probability_BWV: Tensor, length: int) -> list[tuple[int, int, Tensor]]:
        """The sentences whose prefix goes on, with its token and what the model gives to that."""
        assert self.prefixes is not None
        going_on = [(place, one[length - 1]) for place, one in enumerate(self.prefixes) if length <= len(one)]
        return [(place, token, log_probability_BWV[place, :, token].clone()) for place, token in going_on]

    def _force_end(self, log_probability_BWV: Tensor, end_BW: Tensor, length: int, end: int) -> None:
        """At its length limit a hypothesis can only be extended by the end token."""
        is_last_B = length >= self.max_length_B
        log_probability_BWV.masked_fill_(is_last_B[:, None, None], -torch.inf)
        log_probability_BWV[:, :, end] = torch.where(
            is_last_B[:, None], end_BW, log_probability_BWV[:, :, end]
        )


def _keep_an_end(log_probability_BWV: Tensor, end_BW: Tensor, end: int) -> None:
    """Where everything is banned, the end token is not: there is always a translation."""
    is_stuck_BW = log_probability_BWV.amax(dim=2) == -torch.inf
    log_probability_BWV[:, :, end] = torch.where(is_stuck_BW, end_BW, log_probability_BWV[:, :, end])


def _ban_repetition(log_probability_BWV: Tensor, past_BWT: Tensor, n: int) -> None:
    """Ban every token that once followed the n − 1 newest ones."""
    if past_BWT.shape[2] < n:
        return
    gram_BWGn = past_BWT.unfold(2, n, 1)
    newest_BW1n = past_BWT[:, :, past_BWT.shape[2] - n + 1 :].unsqueeze(2)
    is_repeated_BWG = (gram_BWGn[..., :-1] == newest_BW1n).all(dim=3)
    sentence_R, beam_R, gram_R = is_repeated_BWG.nonzero(as_tuple=True)
    log_probability_BWV[sentence_R, beam_R, gram_BWGn[sentence_R, beam_R, gram_R, -1]] = -torch.inf
