"""The sentences of a running search: their rows in the engine, their limits, and the state of each row."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from translator.engines.protocol import Ints, Mask, Rows, Session
from translator.search.rules import Rules, Task

_ROOM_FOR_ANYTHING = 4
"""In tokens. With more room than this, the length limit forbids nothing."""


class Sentences:
    """B sentences of W rows each. Every sentence has its own length."""

    def __init__(self, session: Session, rules: Rules, width: int, begin: int) -> None:
        self._session, self._rules, self._width, self._begin = session, rules, width, begin
        self.ids: list[int] = []
        """The id of each sentence."""
        self._prefixes: list[Sequence[int]] = []
        self.length_B = np.zeros(0, dtype=np.int32)
        """Number of tokens chosen so far."""
        self.max_length_B = np.zeros(0, dtype=np.int32)
        self._min_length_B, self._prefix_length_B = np.zeros((2, 0), dtype=np.int32)
        self._first_row_B = np.zeros(0, dtype=np.int32)
        self._token_BW, self.parent_BW, self._state_BW = np.zeros((3, 0, width), dtype=np.int32)
        self._update()

    def __len__(self) -> int:
        return len(self.ids)

    def _update(self) -> None:
        """Recompute derived arrays after sentences have come or gone."""
        self.number_B = np.arange(len(self.ids), dtype=np.int32)
        self._first_row_B1 = self._first_row_B[:, None]
        self._row_BW: Ints = np.add(self._first_row_B1, np.arange(self._width), dtype=np.int32)
        self._first_place_B1 = self.number_B[:, None] * self._width

    def admit(self, ids: Sequence[int], tasks: Sequence[Task]) -> None:
        """Encode sentences and start their translations."""
        if not tasks:
            return
        self._state_BW = self._rules.compact(self._state_BW.ravel()).reshape(-1, self._width)
        first_row_B = self._session.admit([task.source for task in tasks], self._width)
        self.ids += ids
        self._prefixes += (task.prefix for task in tasks)

        def longer(x_B: Ints, more: Sequence[int]) -> Ints:
            return np.concatenate([x_B, np.array(more, dtype=np.int32)])

        self.length_B = longer(self.length_B, [0] * len(tasks))
        self.max_length_B = longer(self.max_length_B, [task.max_length for task in tasks])
        self._min_length_B = longer(self._min_length_B, [task.min_length for task in tasks])
        self._prefix_length_B = longer(self._prefix_length_B, [len(task.prefix) for task in tasks])
        self._first_row_B = np.concatenate([self._first_row_B, first_row_B])
        state_BW = np.repeat(
            np.array(list(map(self._rules.begin, tasks)), dtype=np.int32)[:, None], self._width, 1
        )
        self._state_BW = np.concatenate([self._state_BW, state_BW])
        self._token_BW = np.concatenate([self._token_BW, np.full_like(state_BW, self._begin)])
        self.parent_BW = np.concatenate([self.parent_BW, np.zeros_like(state_BW)])
        self._update()

    def keep(self, kept_B: npt.NDArray[np.bool_]) -> None:
        """Keep the sentences at which `kept_B` is True, and release the others from the engine."""
        self._session.release(self._first_row_B[~kept_B])
        kept = kept_B.nonzero()[0].tolist()
        self.ids = [self.ids[sentence] for sentence in kept]
        self._prefixes = [self._prefixes[sentence] for sentence in kept]
        self.length_B, self.max_length_B = self.length_B[kept_B], self.max_length_B[kept_B]
        self._min_length_B, self._prefix_length_B = self._min_length_B[kept_B], self._prefix_length_B[kept_B]
        self._first_row_B = self._first_row_B[kept_B]
        self._state_BW, self._token_BW = self._state_BW[kept_B], self._token_BW[kept_B]
        self.parent_BW = self.parent_BW[kept_B]
        self._update()

    def is_at_limit(self) -> npt.NDArray[np.bool_]:
        """(B,) True for sentences that have reached their length limit."""
        at_limit: npt.NDArray[np.bool_] = self.length_B >= self.max_length_B
        return at_limit

    def steps_ahead(self, most: int) -> int:
        """The number of steps that need no check of the rules in between, as long as all tokens are ordinary."""
        missing_B = self._rules.missing(self._state_BW).max(axis=1)
        room_B = self.max_length_B - self.length_B - 1 - missing_B - _ROOM_FOR_ANYTHING
        is_free = (self.length_B >= np.maximum(self._min_length_B, self._prefix_length_B)).all()
        if not is_free or not self._rules.may_run_ahead(self._state_BW.ravel()):
            return 1
        return max(1, min(most, int(room_B.min())))

    def rows(
        self, is_live_BW: npt.NDArray[np.bool_] | None, past: Sequence[Sequence[int]] | None
    ) -> tuple[Rows, Mask]:
        """The live rows for the engine to step, and their masks; all rows if `is_live_BW` is None.

        `past` holds the tokens of these rows. It is needed only with `no_repeat_ngram`.
        """
        parent_BW = self._first_row_B1 + self.parent_BW
        sentence_BW = np.broadcast_to(self.number_B[:, None], self._row_BW.shape)
        arrays: list[Ints] = [self._row_BW, parent_BW, self._token_BW, self._state_BW, sentence_BW]
        live: list[Ints] = [x_BW.ravel() if is_live_BW is None else x_BW[is_live_BW] for x_BW in arrays]
        row_N, parent_N, token_N, state_N, sentence_N = live
        mask_N = self._masks(sentence_N, state_N)
        masks_MX = self._rules.masks_MX
        if past is not None:
            masks_MX = np.stack(
                [
                    self._rules.without_repetition(masks_MX[mask], tokens, state)
                    if self._may_choose(sentence)
                    else masks_MX[mask]
                    for mask, tokens, state, sentence in zip(
                        mask_N.tolist(), past, state_N.tolist(), sentence_N.tolist(), strict=True
                    )
                ]
            )
            mask_N = np.arange(len(mask_N), dtype=np.int32)
        return Rows(row_N, parent_N, token_N, mask_N), masks_MX

    def _may_choose(self, sentence: int) -> bool:
        """Whether the next token is determined by neither the prefix nor the length limit."""
        length = self.length_B[sentence]
        return bool(self._prefix_length_B[sentence] <= length < self.max_length_B[sentence] - 1)

    def _masks(self, sentence_N: Ints, state_N: Ints) -> Ints:
        room_B = self.max_length_B - self.length_B - 1
        is_long_B = self.length_B >= self._min_length_B
        mask_N = self._rules.masks(state_N, room_B[sentence_N], is_long_B[sentence_N])
        forced_B = (room_B <= 0) | (self.length_B < self._prefix_length_B)
        if forced_B.any():
            for row in forced_B[sentence_N].nonzero()[0].tolist():
                mask_N[row] = self._rules.only(self._forced(int(sentence_N[row])))
        return mask_N

    def _forced(self, sentence: int) -> int:
        """Return the only token that may follow: the end token at the length limit, else a token of the prefix."""
        length = int(self.length_B[sentence])
        if length >= self.max_length_B[sentence] - 1:
            return self._rules.end
        return self._prefixes[sentence][length]

    def advance_ordinary(self, parent_TBW: Ints, token_TBW: Ints) -> None:
        """Extend each row by several tokens that leave its state unchanged; see `steps_ahead`."""
        self.length_B += len(token_TBW)
        if (self._state_BW != self._state_BW[:, :1]).any():
            for parent_BW in parent_TBW:
                self._state_BW = np.take_along_axis(self._state_BW, parent_BW, 1)
        self.parent_BW, self._token_BW = parent_TBW[-1], token_TBW[-1]

    def advance(self, parent_BW: Ints, token_BW: Ints) -> None:
        """Extend each row: it continues its parent row with a token."""
        parent_N = (self._first_place_B1 + parent_BW).ravel()
        state_N = self._rules.after(self._state_BW.ravel()[parent_N], token_BW.ravel())
        self._state_BW = state_N.reshape(token_BW.shape)
        self.parent_BW, self._token_BW = parent_BW, token_BW
