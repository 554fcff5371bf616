"""Which tokens may come next: a small automaton for each row, and a mask for each of its states.

If rules conflict, the length limit takes precedence, then the prefix, then the required pieces and valid UTF-8 (see
`SpecialTokens.first_byte`), then the rest. If no other token may follow, a translation may end, unless that leaves a
character or the required pieces incomplete.

Most tokens do not change what may follow. So each mask is built once per state, and a step of many rows takes only a
few operations on small arrays.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from translator.engines.protocol import Ints, Mask, mask_width
from translator.search.banned import WORD_START, BannedPhrases
from translator.search.characters import (
    BYTES,
    COMPLETE,
    FIRST_HIGH_BYTE,
    LONGEST_CHARACTER,
    may_follow,
    state_after,
)
from translator.search.hypotheses import SpecialTokens

NO_TOKEN = -1
_MOST_MASKS = 256
_MOST_STATES = 4096
_PLENTY = LONGEST_CHARACTER
"""Room for tokens, beyond which more room makes no difference."""


@dataclass(frozen=True)
class Task:
    """A sentence to translate, and the constraints on its translation."""

    source: Sequence[int]
    """Including its end token."""
    max_length: int
    """Maximum tokens of the translation, including its end token; 1 or more."""
    min_length: int = 0
    """Minimum tokens before the end token."""
    prefix: Sequence[int] = ()
    """The tokens with which the translation starts; fewer than the limit, and valid UTF-8."""
    required: Mapping[int, int] = field(default_factory=dict)
    """How often each reserved piece occurs in the translation: exactly this often, unless the prefix has more. The
    limit must leave room for them after the prefix, and for the end token."""

    def __post_init__(self) -> None:
        pending = sum(
            max(0, times - list(self.prefix).count(piece)) for piece, times in self.required.items()
        )
        assert len(self.prefix) + pending < self.max_length, (
            "the length limit leaves no room for the prefix and the required pieces"
        )


class _State(NamedTuple):
    """Everything about a row's tokens that affects what may follow."""

    character: int
    """The state within a character; see `translator.search.characters`."""
    pending: tuple[tuple[int, int], ...]
    """Required pieces that are missing, with their counts."""
    opened: tuple[int, ...]
    """Opening pieces that are not closed yet, in order."""
    phrase: int
    """The state of the banned phrases."""

    @property
    def missing(self) -> int:
        """The number of required pieces that are missing."""
        return sum(times for _, times in self.pending)


class Rules:
    """The rules that all sentences of a search share, and the states of their rows; used by one thread at a time."""

    def __init__(
        self,
        vocabulary: int,
        special: SpecialTokens,
        banned: BannedPhrases | None = None,
        no_repeat_ngram: int = 0,
        excluded: Iterable[int] = (),
    ) -> None:
        """`excluded` tokens occur in no translation, except in a prefix."""
        self._special, self._banned, self.no_repeat_ngram = special, banned, no_repeat_ngram
        self.end = special.end
        self._width = mask_width(vocabulary)
        self._possible_X = np.zeros(self._width, dtype=bool)
        self._possible_X[:vocabulary] = True
        self._possible_X[list(special.forbidden)] = False
        self._usual_X = self._possible_X.copy()
        self._usual_X[list(excluded)] = False
        self._usual_X[special.reserved.start : special.reserved.stop] = False
        self._usual_X[special.end] = True
        self._opening_of = {closing: opening for opening, closing in special.pairs}
        self._openings = {opening for opening, _ in special.pairs}
        self.is_ordinary_X = self._usual_X.copy()
        """Tokens that leave a row's state unchanged, provided that it may run ahead (see `may_run_ahead`)."""
        self.is_ordinary_X[special.end] = False
        if special.first_byte is not None:
            self.is_ordinary_X[special.first_byte + FIRST_HIGH_BYTE : special.first_byte + BYTES] = False
        self._changes_X = ~self.is_ordinary_X
        self._changes_X[special.end] = False
        self._forget()

    def _forget(self) -> None:
        self._states: list[_State] = []
        self._number_of: dict[_State, int] = {}
        self._missing_S = np.zeros(0, dtype=np.int64)
        self._is_sticky_S = np.zeros(0, dtype=bool)
        """States that any token may change."""
        self._forget_masks()

    def _forget_masks(self) -> None:
        self.masks_MX: Mask = np.zeros((8, self._width), dtype=bool)
        """The masks that `masks` returns indices of."""
        self._masks = 0
        self._mask_SRE = np.full((len(self._states), _PLENTY + 1, 2), -1, dtype=np.int32)
        """The mask of each state, by room and by whether the row is long enough to end; −1 if it is not built yet."""
        self._only: dict[int, int] = {}
        """Masks that allow a single token."""

    def begin(self, task: Task) -> int:
        """The state before the first token."""
        required = sorted((piece, times) for piece, times in task.required.items() if times)
        assert all(piece in self._special.reserved for piece, _ in required)
        return self._number(_State(COMPLETE, tuple(required), (), WORD_START))

    def missing(self, state: Ints) -> npt.NDArray[np.int64]:
        """The number of required pieces that are missing in each state."""
        return self._missing_S[state]

    def may_run_ahead(self, state_N: Ints) -> bool:
        """Whether ordinary tokens leave the states of all these rows unchanged."""
        return not self.no_repeat_ngram and not self._is_sticky_S[state_N].any()

    def after(self, state_N: Ints, token_N: Ints) -> Ints:
        """The states after these tokens; NO_TOKEN marks rows that do not continue."""
        changing_N = (self._is_sticky_S[state_N] | self._changes_X[token_N]) & (token_N != NO_TOKEN)
        if not changing_N.any():
            return state_N
        after_N = state_N.copy()
        for row in changing_N.nonzero()[0].tolist():
            after_N[row] = self._after(int(state_N[row]), int(token_N[row]))
        return after_N

    def masks(self, state_N: Ints, room_N: npt.NDArray[np.int64], is_long_N: npt.NDArray[np.bool_]) -> Ints:
        """The indices of the rows' masks in `masks_MX`.

        `room_N` is the number of tokens that may still be written before the end. `is_long_N` is True for rows that
        have reached their minimum length.
        """
        if self._masks > _MOST_MASKS:
            self._forget_masks()
        spare_N = (room_N - self._missing_S[state_N]).clip(0, _PLENTY)
        mask_N: Ints = self._mask_SRE[state_N, spare_N, is_long_N.astype(np.int64)]
        for row in (mask_N < 0).nonzero()[0].tolist():
            key = int(state_N[row]), int(spare_N[row]), int(is_long_N[row])
            if self._mask_SRE[key] < 0:
                self._mask_SRE[key] = self._add_mask(self._make_mask(*key))
            mask_N[row] = self._mask_SRE[key]
        return mask_N

    def only(self, token: int) -> int:
        """The index of the mask that allows only this token."""
        if token not in self._only:
            mask_X = np.zeros(self._width, dtype=bool)
            mask_X[token] = True
            self._only[token] = self._add_mask(mask_X)
        return self._only[token]

    def without_repetition(self, mask_X: Mask, past: Sequence[int], state: int) -> Mask:
        """The mask without the tokens that would complete an n-gram that `past` already contains."""
        size, found = self.no_repeat_ngram, mask_X.copy()
        last = tuple(past[len(past) - size + 1 :])
        kept = [piece for piece, _ in self._states[state].pending]
        for start in range(len(past) - size + 1):
            if tuple(past[start : start + size - 1]) == last:
                found[past[start + size - 1]] = False
        found[kept] = mask_X[kept]
        return self._or_else(found, state)

    def compact(self, state_N: Ints) -> Ints:
        """Forget states that no row is in, if there are too many; returns the rows' new state numbers."""
        if len(self._states) <= _MOST_STATES:
            return state_N
        used = [self._states[state] for state in state_N.tolist()]
        self._forget()
        return np.array([self._number(state) for state in used], dtype=np.int32)

    def _number(self, state: _State) -> int:
        number = self._number_of.setdefault(state, len(self._states))
        if number == len(self._states):
            self._states.append(state)
            self._missing_S = np.append(self._missing_S, state.missing)
            is_sticky = state.character != COMPLETE or self._banned is not None
            self._is_sticky_S = np.append(self._is_sticky_S, is_sticky)
            unknown_1RE = np.full((1, *self._mask_SRE.shape[1:]), -1, dtype=np.int32)
            self._mask_SRE = np.concatenate([self._mask_SRE, unknown_1RE])
        return number

    def _after(self, number: int, token: int) -> int:
        state = self._states[number]
        pending = tuple(
            (piece, times - (piece == token)) for piece, times in state.pending if times > (piece == token)
        )
        opened = state.opened
        if token in self._openings:
            opened = (*opened, token)
        elif (opening := self._opening_of.get(token)) in opened:
            last = len(opened) - 1 - opened[::-1].index(opening)
            opened = opened[:last] + opened[last + 1 :]
        phrase = self._banned.after(state.phrase, token) if self._banned else state.phrase
        return self._number(_State(state_after(state.character, self._byte(token)), pending, opened, phrase))

    def _byte(self, token: int) -> int | None:
        first = self._special.first_byte
        return token - first if first is not None and 0 <= token - first < BYTES else None

    def _add_mask(self, mask_X: Mask) -> int:
        number = self._masks
        if number == len(self.masks_MX):
            self.masks_MX = np.concatenate([self.masks_MX, np.zeros_like(self.masks_MX)])
        self.masks_MX[number] = mask_X
        self._masks += 1
        return number

    def _make_mask(self, number: int, spare: int, is_long: int) -> Mask:
        """Build the mask of a state. `spare` is the room that missing pieces leave for other tokens."""
        state = self._states[number]
        strict_X = self._strict_mask(state, spare)
        mask_X = strict_X.copy()
        if self._banned:
            mask_X[self._banned.completing(state.phrase)] = False
        if not is_long:
            mask_X[self._special.end] = False
        kept = [piece for piece, _ in state.pending]
        mask_X[kept] = strict_X[kept]
        return self._or_else(mask_X, number)

    def _strict_mask(self, state: _State, spare: int) -> Mask:
        """Apply the rules that only the limit and the prefix can override."""
        first = self._special.first_byte
        if state.character != COMPLETE:
            assert first is not None
            open_X = np.zeros(self._width, dtype=bool)
            open_X[first : first + BYTES] = may_follow(state.character, spare)
            return open_X & self._possible_X
        is_tight = bool(state.pending) and spare <= 0
        mask_X = np.zeros(self._width, dtype=bool) if is_tight else self._usual_X.copy()
        if first is not None and not is_tight:
            mask_X[first : first + BYTES] &= may_follow(COMPLETE, spare)
        if state.pending:
            mask_X[self._special.end] = False
        for piece, _ in state.pending:
            opening = self._opening_of.get(piece)
            mask_X[piece] = opening is None or state.opened[-1:] == (opening,)
        return mask_X

    def _or_else(self, mask_X: Mask, number: int) -> Mask:
        """The mask, or if it allows nothing, the end token or the bytes that continue an incomplete character."""
        state = self._states[number]
        if mask_X.any():
            return mask_X
        if state.character != COMPLETE:
            return self._strict_mask(state, _PLENTY)
        only_end_X = np.zeros_like(mask_X)
        only_end_X[self._special.end] = not state.pending
        return only_end_X
