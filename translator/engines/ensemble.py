"""An ensemble: several models with the same vocabulary that choose every token together."""

import math
from collections.abc import Sequence

import numpy as np

from translator.engines.protocol import Ahead, Candidates, Engine, Floats, Ints, Mask, Rows, Run, one_step


class Ensemble:
    """Averages the probabilities that the models give each token."""

    def __init__(self, engines: Sequence[Engine]) -> None:
        self._engines = engines
        self.vocabulary = engines[0].vocabulary
        self.positions = min((one.positions for one in engines if one.positions is not None), default=None)

    def session(self) -> "EnsembleSession":
        """A new session without rows."""
        return EnsembleSession(self._engines)


class EnsembleSession:
    """One session per model. Rows have the same numbers in all of them, because all receive the same calls."""

    def __init__(self, engines: Sequence[Engine]) -> None:
        self._sessions = [engine.session() for engine in engines]

    def admit(self, sources: Sequence[Sequence[int]], width: int) -> Ints:
        """See `Session.admit`."""
        first, *others = [session.admit(sources, width) for session in self._sessions]
        assert all((other == first).all() for other in others)
        return first

    def step(self, rows: Rows, masks_MX: Mask, best: int) -> Candidates:
        """See `Session.step`."""
        log_probability_NV = self.distribution(rows)
        allowed_NV = masks_MX[rows.mask_N, : log_probability_NV.shape[1]]
        return best_of(np.where(allowed_NV, log_probability_NV, -np.inf), best)

    def run(self, rows: Rows, masks_MX: Mask, best: int, ahead: Ahead) -> Run:
        """See `Session.run`; makes a single step."""
        return one_step(self.step(rows, masks_MX, best))

    def distribution(self, rows: Rows) -> Floats:
        """See `Session.distribution`; returns the logarithms of the mean probabilities."""
        log_probability_ENV = np.stack([session.distribution(rows) for session in self._sessions])
        highest_NV = log_probability_ENV.max(axis=0)
        safe_NV = np.where(np.isneginf(highest_NV), 0, highest_NV)
        with np.errstate(divide="ignore"):  # log(0), for tokens that no model allows
            mean_NV = np.log(np.exp(log_probability_ENV - safe_NV).sum(axis=0)) + safe_NV
        found: Floats = mean_NV - np.float32(math.log(len(self._sessions)))
        return found

    def attention(self, rows: Rows, layer: int, head: int) -> Floats:
        """See `Session.attention`; returns that of the first model."""
        for session in self._sessions[1:]:
            session.distribution(rows)
        return self._sessions[0].attention(rows, layer, head)

    def release(self, first_row_B: Ints) -> None:
        """See `Session.release`."""
        for session in self._sessions:
            session.release(first_row_B)


def best_of(log_probability_NV: Floats, best: int) -> Candidates:
    """The `best` largest values of each row; ties go to the smaller id."""
    token_NC = np.argsort(-log_probability_NV, axis=1, kind="stable")[:, :best].astype(np.int32)
    best_NC = np.take_along_axis(log_probability_NV, token_NC, axis=1)
    return Candidates(np.where(np.isneginf(best_NC), np.int32(-1), token_NC), best_NC)
