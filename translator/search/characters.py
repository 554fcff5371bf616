"""Which bytes may follow, so that a translation is valid UTF-8 even if the vocabulary has a piece for each byte.

A character takes one byte, or a lead byte and one to three continuation bytes. The bytes allowed after a lead byte are
those of RFC 3629, section 4: no overlong forms, no surrogates, nothing above U+10FFFF.
"""

import numpy as np
import numpy.typing as npt

BYTES = 256
COMPLETE = 0
"""The state outside of a character."""
LONGEST_CHARACTER = 4
"""In bytes."""
FIRST_HIGH_BYTE = 0x80
"""From here on, a byte is only part of a character."""

_LEADS = (
    (0xC2, 0xDF, 1),
    (0xE0, 0xEF, 2),
    (0xF0, 0xF4, 3),
    (0xE0, 0xE0, 4),
    (0xED, 0xED, 5),
    (0xF0, 0xF0, 6),
    (0xF4, 0xF4, 7),
)
"""First and last lead byte, and the state after it; later entries override earlier ones."""
_CONTINUATIONS = (
    (0x80, 0xBF, COMPLETE),
    (0x80, 0xBF, 1),
    (0x80, 0xBF, 2),
    (0xA0, 0xBF, 1),  # after E0: lower ones are overlong
    (0x80, 0x9F, 1),  # after ED: higher ones are surrogates
    (0x90, 0xBF, 2),  # after F0: lower ones are overlong
    (0x80, 0x8F, 2),  # after F4: higher ones are above U+10FFFF
)
"""For each state from 1: the first and last byte that may follow, and the state after it."""
_LEADS_BY_LENGTH = {2: slice(0xC2, 0xE0), 3: slice(0xE0, 0xF0), 4: slice(0xF0, 0xF5)}


def _transitions() -> npt.NDArray[np.int64]:
    next_SB = np.full((1 + len(_CONTINUATIONS), BYTES), -1)
    next_SB[COMPLETE, :FIRST_HIGH_BYTE] = COMPLETE
    for first, last, state in _LEADS:
        next_SB[COMPLETE, first : last + 1] = state
    for state, (first, last, after) in enumerate(_CONTINUATIONS, 1):
        next_SB[state, first : last + 1] = after
    return next_SB


def _lengths() -> npt.NDArray[np.int64]:
    length_B = np.ones(BYTES, dtype=np.int64)
    for length, leads in _LEADS_BY_LENGTH.items():
        length_B[leads] = length
    return length_B


NEXT_STATE = _transitions()
"""(8, 256) the state after a byte in each state; −1 if the byte may not follow."""
CHARACTER_LENGTH = _lengths()
"""(256,) the length in bytes of a character that starts with each byte; 1 for bytes that start none."""


def state_after(state: int, byte: int | None) -> int:
    """The state after a byte, or after a piece that is not a byte (None). An invalid byte ends the character."""
    return COMPLETE if byte is None else max(COMPLETE, int(NEXT_STATE[state, byte]))


def may_follow(state: int, room: int) -> npt.NDArray[np.bool_]:
    """(256,) the bytes that may follow in a state if `room` bytes may still be written before the end.

    An incomplete character may always continue, because it was started only if there was room for it.
    """
    is_valid_B: npt.NDArray[np.bool_] = NEXT_STATE[state] >= 0
    if state == COMPLETE:
        is_valid_B &= room >= CHARACTER_LENGTH
    return is_valid_B
