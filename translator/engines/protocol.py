"""What a search needs of whatever computes: sentences are admitted, their rows stepped, and released again.

A row is one beginning of a translation. The rows of a sentence stand together; each has a position of its own, so that
sentences may come and go between two steps. `N` rows are stepped at a time, in any order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a step, and what is put into them."""

    row_N: Ints
    parent_N: Ints
    """The row of the same sentence whose beginning each row continues: its own, or another's."""
    token_N: Ints
    mask_N: Ints
    """Which of the masks of the step applies to each row."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """The likeliest next tokens of each row, best first; of equally likely ones the one with the smaller id.

    The arrays may be overwritten by the next step.
    """

    token_NC: Ints
    """−1 where fewer may follow."""
    log_probability_NC: Floats
    """Natural logarithms; −∞ where fewer may follow."""


class Session(Protocol):
    """The rows of some sentences, and all that was computed for them; used by one thread at a time."""

    def admit(self, sources: Sequence[Sequence[int]], width: int) -> Ints:
        """Encode sources, given with their end token, and make `width` rows for each; returns their first rows (B,)."""

    def step(self, rows: Rows, masks_MX: Mask, best: int) -> Candidates:
        """Put the tokens in, and return the `best` candidates (C) of each row that its mask allows.

        Log-probabilities are those of the whole vocabulary without the forbidden tokens, whatever the masks say. A mask
        stays as it is once it was used; the array may get further ones.
        """

    def run(self, rows: Rows, masks_MX: Mask, is_ordinary_X: Mask, most_steps: int) -> tuple[Ints, Floats]:
        """As `step`, and then go on with the best token of each row, while all of these are ordinary.

        Returns tokens and log-probabilities, (T, N) of at least one and at most `most_steps` steps.
        """

    def distribution(self, rows: Rows) -> Floats:
        """Put the tokens in, and return the log-probabilities of all tokens, (N, V); forbidden ones have −∞."""

    def attention(self, rows: Rows, layer: int, head: int) -> Floats:
        """Put the tokens in, and return what a head of the decoder's cross-attention weighs, (N, S).

        S is the length of the longest source that the session has admitted; shorter ones have zeros behind them.
        """

    def release(self, first_row_B: Ints) -> None:
        """Forget the sentences that have these first rows."""


class Engine(Protocol):
    """A model that is ready to compute; several threads may use it, each with a session of its own."""

    @property
    def vocabulary(self) -> int:
        """V, the number of tokens."""

    @property
    def positions(self) -> int | None:
        """The most tokens of a source, or of a translation with its end; None for any number."""

    def session(self) -> Session:
        """A new session without rows."""


def mask_width(vocabulary: int) -> int:
    """X, the length of a mask: V filled up to a multiple of 64, so that engines may read whole registers."""
    return -(-vocabulary // 64) * 64
