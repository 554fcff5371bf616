"""The interface between a search and an engine: admit sentences, step their rows, release them.

A row is one partial translation. The rows of a sentence have consecutive numbers. Each row has its own position, so
sentences may come and go between steps. A step takes `N` rows in any order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from translator.config import ModelConfig
from translator.errors import ConfigError

Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float32]
Reals = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a step, and the tokens to feed them."""

    row_N: Ints
    parent_N: Ints
    """The row that each row continues: itself, or another row of the same sentence."""
    token_N: Ints
    mask_N: Ints
    """The index of each row's mask among the masks of the step."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """The most likely next tokens of each row, best first; ties go to the smaller id.

    The next step may overwrite the arrays.
    """

    token_NC: Ints
    """−1 if fewer than C tokens may follow."""
    log_probability_NC: Floats
    """Natural logarithms; −∞ if fewer than C tokens may follow."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """How far a session may run ahead: its beams go on without the search while there is nothing to decide."""

    width: int
    """W, the rows of each sentence; they are adjacent and in order."""
    score_N: Reals
    """What the log-probabilities of each row's tokens add up to."""
    is_ordinary_X: Mask
    """The tokens that change nothing about what may follow."""
    most_steps: int
    """Maximum steps, at least 1."""


@dataclass(frozen=True, slots=True)
class Run:
    """The steps that a session has run ahead (T, which may be 0), and the candidates of the step after them.

    The next step may overwrite the arrays.
    """

    token_TN: Ints
    parent_TN: Ints
    """The row that each row continues, counted within its sentence."""
    score_TN: Reals
    candidates: Candidates


class Session(Protocol):
    """The rows of some sentences and their cached state; used by one thread at a time."""

    def admit(self, sources: Sequence[Sequence[int]], width: int) -> Ints:
        """Encode sources, including their end token, with `width` rows each; returns the first row of each (B,)."""

    def step(self, rows: Rows, masks_MX: Mask, best: int) -> Candidates:
        """Feed the tokens, and return for each row the `best` candidates (C) that its mask allows.

        Log-probabilities are normalised over the whole vocabulary except the forbidden tokens, regardless of masks. A
        mask must not change once a step has used it; more masks may be added to the array.
        """

    def run(self, rows: Rows, masks_MX: Mask, best: int, ahead: Ahead) -> Run:
        """Like `step`, then continue each sentence with its W best extensions while all their tokens are ordinary.

        An extension adds one of the `best` candidates of a row. Ties go to the first row, then to its first candidate.
        A row takes over the mask of the row that it continues. Makes one to `most_steps` steps.
        """

    def distribution(self, rows: Rows) -> Floats:
        """Feed the tokens, and return the log-probabilities of all tokens, (N, V); −∞ for forbidden ones."""

    def attention(self, rows: Rows, layer: int, head: int) -> Floats:
        """Feed the tokens, and return the cross-attention weights of one decoder head, (N, S).

        S is the length of the longest source that the session has admitted; shorter ones are padded with zeros.
        """

    def release(self, first_row_B: Ints) -> None:
        """Release the sentences with these first rows."""


class Engine(Protocol):
    """A model that is ready to compute. Several threads may use it, each with its own session."""

    @property
    def vocabulary(self) -> int:
        """V, the number of tokens."""

    @property
    def positions(self) -> int | None:
        """Maximum tokens of a source, or of a translation including its end token; None if unlimited."""

    def session(self) -> Session:
        """A new session without rows."""


def has_fast_engine(config: ModelConfig) -> bool:
    """Whether the native and the CUDA engine compute the model; the reference engine computes every one."""
    return config.architecture == "transformer"


def refuse_other_architectures(config: ModelConfig, engine: str) -> None:
    """Raise ConfigError unless the model is an encoder–decoder Transformer."""
    if not has_fast_engine(config):
        raise ConfigError(
            f"the model's architecture is {config.architecture}, but {engine} computes only transformer; "
            "use the reference engine: leave precision at auto, or give fp32 or bf16"
        )


def mask_width(vocabulary: int) -> int:
    """X, the length of a mask: V rounded up to a multiple of 64, so that engines can read whole registers."""
    return -(-vocabulary // 64) * 64


def one_step(candidates: Candidates) -> Run:
    """Return a run of no steps ahead, with the candidates of the step after it."""
    none_TN = np.zeros((0, len(candidates.token_NC)), dtype=np.int32)
    return Run(none_TN, none_TN, none_TN.astype(np.float64), candidates)
