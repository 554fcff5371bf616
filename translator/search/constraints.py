"""Which tokens may come next: what a search takes out of the model's choice."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

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
    banned: tuple[tuple[int, ...], ...] = ()
    """Sequences of tokens that occur in no translation, unless in a prefix."""
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

    def apply(self, log_probability_BWV: Tensor, past_BWT: Tensor, special: SpecialTokens) -> None:
        """Set what may not follow the tokens `past_BWT` to −∞, in place."""
        length = past_BWT.shape[2] + 1
        has_rules = self.no_repeat_ngram or self.banned or self.min_length_B is not None
        if not has_rules and self.prefixes is None and length < self.shortest_limit:
            return
        given_BWV = log_probability_BWV.clone() if self.prefixes is not None else log_probability_BWV
        end_BW = log_probability_BWV[:, :, special.end].clone()
        if self.no_repeat_ngram:
            _ban_repetition(log_probability_BWV, past_BWT, self.no_repeat_ngram)
        for sequence in self.banned:
            _ban_sequence(log_probability_BWV, past_BWT, sequence)
        if self.min_length_B is not None:
            is_short_B = past_BWT.shape[2] < self.min_length_B
            log_probability_BWV[is_short_B, :, special.end] = -torch.inf
        self._keep_an_end(log_probability_BWV, end_BW, special.end)
        if self.prefixes is not None:
            self._force_prefixes(log_probability_BWV, given_BWV, length)
        if length >= self.shortest_limit:
            self._force_end(log_probability_BWV, end_BW, length, special.end)

    def _keep_an_end(self, log_probability_BWV: Tensor, end_BW: Tensor, end: int) -> None:
        """Where everything is banned, the end token is not: there is always a translation."""
        if self.no_repeat_ngram or self.banned or self.min_length_B is not None:
            is_stuck_BW = log_probability_BWV.amax(dim=2) == -torch.inf
            log_probability_BWV[:, :, end] = torch.where(is_stuck_BW, end_BW, log_probability_BWV[:, :, end])

    def _force_prefixes(self, log_probability_BWV: Tensor, given_BWV: Tensor, length: int) -> None:
        assert self.prefixes is not None
        for sentence, prefix in enumerate(self.prefixes):
            if length <= len(prefix):
                token = prefix[length - 1]
                log_probability_BWV[sentence] = -torch.inf
                log_probability_BWV[sentence, :, token] = given_BWV[sentence, :, token]

    def _force_end(self, log_probability_BWV: Tensor, end_BW: Tensor, length: int, end: int) -> None:
        """At its length limit a hypothesis can only be extended by the end token."""
        is_last_B = length >= self.max_length_B
        log_probability_BWV.masked_fill_(is_last_B[:, None, None], -torch.inf)
        log_probability_BWV[:, :, end] = torch.where(
            is_last_B[:, None], end_BW, log_probability_BWV[:, :, end]
        )


def _ban_repetition(log_probability_BWV: Tensor, past_BWT: Tensor, n: int) -> None:
    """Ban every token that once followed the n − 1 newest ones."""
    if past_BWT.shape[2] < n:
        return
    gram_BWGn = past_BWT.unfold(2, n, 1)
    newest_BW1n = past_BWT[:, :, past_BWT.shape[2] - n + 1 :].unsqueeze(2)
    is_repeated_BWG = (gram_BWGn[..., :-1] == newest_BW1n).all(dim=3)
    sentence_R, beam_R, gram_R = is_repeated_BWG.nonzero(as_tuple=True)
    log_probability_BWV[sentence_R, beam_R, gram_BWGn[sentence_R, beam_R, gram_R, -1]] = -torch.inf


def _ban_sequence(log_probability_BWV: Tensor, past_BWT: Tensor, sequence: tuple[int, ...]) -> None:
    """Ban the last token of the sequence wherever the ones before it are the newest."""
    before = len(sequence) - 1
    if past_BWT.shape[2] < before:
        return
    newest_BWn = past_BWT[:, :, past_BWT.shape[2] - before :]
    follows_BW = (newest_BWn == newest_BWn.new_tensor(sequence[:-1])).all(dim=2)
    token_BW = log_probability_BWV[:, :, sequence[-1]]
    log_probability_BWV[:, :, sequence[-1]] = token_BW.masked_fill(follows_BW, -torch.inf)
