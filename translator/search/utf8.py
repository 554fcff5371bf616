"""Which bytes may follow, so that a translation is valid UTF-8 where the vocabulary has a piece for each byte.

A character takes one byte, or a lead byte and one to three continuation bytes. The bytes after a lead are those of
RFC 3629, section 4: no overlong forms, no surrogates, nothing above U+10FFFF.

I stands for the rows that are within a character, X for the 256 bytes.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

NO_BYTE = 256
"""Stands for every piece that is no byte, in the columns of `transitions`."""
LONGEST_CHARACTER = 4
"""Bytes."""
FIRST_HIGH_BYTE = 0x80
"""From here on, a byte is only a part of a character."""

_LEADS = (
    (0xC2, 0xDF, 1),
    (0xE0, 0xEF, 2),
    (0xF0, 0xF4, 3),
    (0xE0, 0xE0, 4),
    (0xED, 0xED, 5),
    (0xF0, 0xF0, 6),
    (0xF4, 0xF4, 7),
)
"""First and last lead byte, and the state after it; later entries replace earlier ones."""
_CONTINUATIONS = (
    (0x80, 0xBF, 0),
    (0x80, 0xBF, 1),
    (0x80, 0xBF, 2),
    (0xA0, 0xBF, 1),  # after E0: lower ones are overlong
    (0x80, 0x9F, 1),  # after ED: higher ones are surrogates
    (0x90, 0xBF, 2),  # after F0: lower ones are overlong
    (0x80, 0x8F, 2),  # after F4: higher ones are above U+10FFFF
)
"""For the states from 1: the first and last byte that may follow, and the state after it."""
_LEADS_BY_LENGTH = {2: slice(0xC2, 0xE0), 3: slice(0xE0, 0xF0), 4: slice(0xF0, 0xF5)}
_NEVER_FIRST = (slice(0x80, 0xC2), slice(0xF5, 0x100))


def transitions() -> Tensor:
    """(8, 257) the state after a byte or NO_BYTE in each state, −1 where it may not follow; 0: no character is open."""
    next_SX = torch.full((1 + len(_CONTINUATIONS), NO_BYTE + 1), -1)
    next_SX[0, :FIRST_HIGH_BYTE] = next_SX[0, NO_BYTE] = 0
    for first, last, state in _LEADS:
        next_SX[0, first : last + 1] = state
    for state, (first, last, after) in enumerate(_CONTINUATIONS, 1):
        next_SX[state, first : last + 1] = after
    return next_SX


def character_lengths() -> Tensor:
    """(256,) how many bytes a character that begins with each byte takes; 1 for bytes that begin none."""
    length_X = torch.ones(NO_BYTE, dtype=torch.long)
    for length, leads in _LEADS_BY_LENGTH.items():
        length_X[leads] = length
    return length_X


def bytes_of(tokens: Tensor, first_byte: int) -> Tensor:
    """The byte that each token is, or NO_BYTE."""
    byte = tokens - first_byte
    return torch.where((byte >= 0) & (byte < NO_BYTE), byte, NO_BYTE)


_TRANSITIONS = transitions()


@dataclass(frozen=True)
class OpenCharacters:
    """The rows that are within a character, and the bytes that may follow there."""

    row_I: Tensor
    bytes_IX: Tensor
    """Log-probabilities of the bytes, −∞ for those that may not follow."""
    first_byte: int

    @classmethod
    def find(cls, log_probability_BWV: Tensor, past_BWT: Tensor, first_byte: int) -> "OpenCharacters | None":
        """Look for them by the last three tokens, which tell the state; None: no row is within a character."""
        high_BW = past_BWT[:, :, -1:] - (first_byte + FIRST_HIGH_BYTE)
        if not bool((high_BW >> 7 == 0).any()):  # from 0 to 127
            return None
        next_SX = _TRANSITIONS.to(past_BWT.device)
        byte_NT = bytes_of(past_BWT[:, :, 1 - LONGEST_CHARACTER :].flatten(0, 1), first_byte)
        state_N = torch.zeros_like(byte_NT[:, 0])
        for byte_N in byte_NT.unbind(1):
            # The first ones may be the end of a character whose beginning is not looked at.
            state_N = next_SX[state_N, byte_N].clamp(min=0)
        row_I = state_N.nonzero().squeeze(1)
        if not len(row_I):
            return None
        log_probability_NV = log_probability_BWV.view(-1, log_probability_BWV.shape[2])
        bytes_IX = log_probability_NV[row_I, first_byte : first_byte + NO_BYTE]
        is_wrong_IX = next_SX[state_N[row_I], :NO_BYTE] < 0
        return cls(row_I, bytes_IX.masked_fill_(is_wrong_IX, -torch.inf), first_byte)

    def apply(self, log_probability_BWV: Tensor) -> None:
        """Allow only these bytes in these rows, in place."""
        log_probability_NV = log_probability_BWV.view(-1, log_probability_BWV.shape[2])
        log_probability_NV[self.row_I] = -torch.inf
        log_probability_NV[self.row_I, self.first_byte : self.first_byte + NO_BYTE] = self.bytes_IX

    def keep_going(self, log_probability_BWV: Tensor) -> None:
        """Allow all of these bytes again in the rows in which other rules have banned all of them, in place."""
        log_probability_NV = log_probability_BWV.view(-1, log_probability_BWV.shape[2])
        is_stuck_I = log_probability_NV[self.row_I].amax(1) == -torch.inf
        stuck = OpenCharacters(self.row_I[is_stuck_I], self.bytes_IX[is_stuck_I], self.first_byte)
        stuck.apply(log_probability_BWV)


def forbid_broken_characters(log_probability_BWV: Tensor, first_byte: int, room_BW: Tensor | None) -> None:
    """Set what begins no character, and what begins a longer one than there is room for, to −∞ in place.

    `room_BW` is the tokens that may still be written before the end; None: enough for every character.
    """
    byte_BWX = log_probability_BWV[:, :, first_byte : first_byte + NO_BYTE]
    for never in _NEVER_FIRST:
        byte_BWX[:, :, never] = -torch.inf
    if room_BW is not None:
        for length, leads in _LEADS_BY_LENGTH.items():
            byte_BWX[:, :, leads].masked_fill_((room_BW < length).unsqueeze(2), -torch.inf)
