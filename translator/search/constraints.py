"""Which tokens may come next: what a search takes out of the model's choice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from translator.search.banned import BannedPhrases
from translator.search.options import SpecialTokens
from translator.search.required import RequiredPieces, forbid_reserved
from translator.search.utf8 import LONGEST_CHARACTER, OpenCharacters, forbid_broken_characters


@dataclass(frozen=True)
class Constraints:
    """What the translations of a batch must respect.

    Where they contradict each other, the length limit comes first, then the prefix, then the required pieces and
    valid UTF-8 (see `SpecialTokens.first_byte`), then the rest. Where nothing else may follow, a translation may end,
    unless that leaves a character or the required pieces incomplete.
    """

    max_length_B: Tensor
    """Limit of a translation's tokens, its end token included (1 or more)."""
    min_length_B: Tensor | None = None
    """The least tokens before the end token."""
    prefixes: Sequence[Sequence[int]] | None = None
    """What the translation of each sentence begins with; shorter than its limit, and valid UTF-8."""
    banned: BannedPhrases | None = None
    """What occurs in no translation, unless in a prefix."""
    no_repeat_ngram: int = 0
    """No so many tokens in a row occur twice; 0 allows it."""
    required: Sequence[Mapping[int, int]] | None = None
    """For each sentence, the reserved pieces that its translation holds, and how often: exactly that often, unless a
    prefix holds more. The length limit must leave room for them after the prefix, and for the end token."""

    def __post_init__(self) -> None:
        if self.required is not None:
            prefixes = self.prefixes if self.prefixes is not None else [()] * len(self.required)
            limits = self.max_length_B.tolist()
            for limit, prefix, pieces in zip(limits, prefixes, self.required, strict=True):
                pending = sum(max(0, times - prefix.count(piece)) for piece, times in pieces.items())
                assert len(prefix) + pending < limit, (
                    "the length limit leaves no room for the required pieces"
                )

    def keep_sentences(self, kept_B: Tensor) -> "Constraints":
        """The constraints of these sentences."""
        has_lists = self.prefixes is not None or self.required is not None
        indices = kept_B.tolist() if has_lists else []
        return Constraints(
            self.max_length_B[kept_B],
            None if self.min_length_B is None else self.min_length_B[kept_B],
            None if self.prefixes is None else [self.prefixes[index] for index in indices],
            self.banned,
            self.no_repeat_ngram,
            None if self.required is None else [self.required[index] for index in indices],
        )

    @cached_property
    def shortest_limit(self) -> int:
        """The least of the length limits."""
        return int(self.max_length_B.min()) if len(self.max_length_B) else 0

    @cached_property
    def longest_prefix(self) -> int:
        """The tokens of the longest prefix."""
        return max(map(len, self.prefixes or ()), default=0)

    @cached_property
    def _required_pieces(self) -> RequiredPieces | None:
        return None if self.required is None else RequiredPieces(self.required, self.max_length_B.device)

    def apply(self, log_probability_BWV: Tensor, past_BWT: Tensor, special: SpecialTokens) -> None:
        """Set what may not follow the tokens `past_BWT` to −∞, in place."""
        length = past_BWT.shape[2] + 1
        has_rules = bool(self.no_repeat_ngram or self.banned or self.min_length_B is not None)
        is_strict = special.first_byte is not None or bool(special.reserved) or self.required is not None
        if not (has_rules or is_strict) and self.longest_prefix < length < self.shortest_limit:
            return
        end_BW = log_probability_BWV[:, :, special.end].clone() if length >= self.shortest_limit else None
        forced = self._forced(log_probability_BWV, length) if length <= self.longest_prefix else []
        characters = self._apply_strict(log_probability_BWV, past_BWT, special) if is_strict else None
        if has_rules:
            self._apply_rules(log_probability_BWV, past_BWT, special.end)
        if has_rules and characters is not None:
            characters.keep_going(log_probability_BWV)
        for sentence, token, given_W in forced:
            log_probability_BWV[sentence] = -torch.inf
            log_probability_BWV[sentence, :, token] = given_W
        if end_BW is not None:
            self._force_end(log_probability_BWV, end_BW, length, special.end)

    def _apply_strict(
        self, log_probability_BWV: Tensor, past_BWT: Tensor, special: SpecialTokens
    ) -> OpenCharacters | None:
        """The rules that no others overrule but the limit and the prefix; returns the rows within a character."""
        length, required, first_byte = past_BWT.shape[2] + 1, self._required_pieces, special.first_byte
        characters = None
        if first_byte is not None:  # before its bytes are forbidden to all other rows
            characters = OpenCharacters.find(log_probability_BWV, past_BWT, first_byte)
        room_BW = (self.max_length_B - length).unsqueeze(1)
        if required is not None:
            room_BW = required.apply(log_probability_BWV, past_BWT, room_BW, special)
        elif special.reserved:
            forbid_reserved(log_probability_BWV, special)
        if first_byte is not None:
            is_near_end = required is not None or self.shortest_limit - length < LONGEST_CHARACTER
            forbid_broken_characters(log_probability_BWV, first_byte, room_BW if is_near_end else None)
        if characters is not None:
            characters.apply(log_probability_BWV)
        return characters

    def _apply_rules(self, log_probability_BWV: Tensor, past_BWT: Tensor, end: int) -> None:
        """The rules that give way to required pieces, and to the end where nothing else may follow."""
        required = self._required_pieces
        given_BWQ = None if required is None else required.given(log_probability_BWV)
        end_BW = log_probability_BWV[:, :, end].clone()
        if self.no_repeat_ngram:
            _ban_repetition(log_probability_BWV, past_BWT, self.no_repeat_ngram)
        if self.banned:
            self.banned.apply(log_probability_BWV, past_BWT)
        if self.min_length_B is not None:
            is_short_B = past_BWT.shape[2] < self.min_length_B
            log_probability_BWV[is_short_B, :, end] = -torch.inf
        if required is not None and given_BWQ is not None:
            required.give_back(log_probability_BWV, given_BWQ)
        _keep_an_end(log_probability_BWV, end_BW, end)

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
    """Where everything is banned, the end token is not, if it may follow: there is always a translation."""
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
