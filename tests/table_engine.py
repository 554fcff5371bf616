"""An engine that looks its answers up: for tests of a search, which must not depend on a network."""

import numpy as np

from translator.engines.ensemble import best_of
from translator.engines.protocol import Rows, Run


class TableEngine:
    """Asks `logits(source, tokens)` for the logits after these tokens, the begin token among them."""

    def __init__(self, logits, vocabulary, forbidden=(), positions=None):
        self.logits, self.vocabulary, self.forbidden, self.positions = (
            logits,
            vocabulary,
            list(forbidden),
            positions,
        )
        self.steps, self.rows = 0, []
        """How many steps were asked for, and how many rows each had."""

    def session(self):
        return TableSession(self)


class TableSession:
    """Every row remembers its source and the tokens that were put in."""

    def __init__(self, engine):
        self.engine, self.next_row = engine, 0
        self.source_of, self.tokens_of, self.first_of = {}, {}, {}

    def admit(self, sources, width):
        first_B = []
        for source in sources:
            first_B.append(self.next_row)
            for row in range(self.next_row, self.next_row + width):
                self.source_of[row], self.tokens_of[row], self.first_of[row] = (
                    tuple(source),
                    [],
                    self.next_row,
                )
            self.next_row += width
        return np.array(first_B, dtype=np.int32)

    def release(self, first_row_B):
        for row in [row for row, first in self.first_of.items() if first in first_row_B]:
            del self.source_of[row], self.tokens_of[row], self.first_of[row]

    def distribution(self, rows):
        self.engine.steps += 1
        self.engine.rows.append(len(rows.row_N))
        triples = list(zip(rows.row_N.tolist(), rows.parent_N.tolist(), rows.token_N.tolist(), strict=True))
        assert all(self.first_of[row] == self.first_of[parent] for row, parent, _ in triples)
        self.tokens_of |= {row: [*self.tokens_of[parent], token] for row, parent, token in triples}
        logits_NV = np.array(
            [self.engine.logits(self.source_of[row], self.tokens_of[row]) for row, _, _ in triples],
            dtype=np.float64,
        )
        logits_NV[:, self.engine.forbidden] = -np.inf
        logits_NV -= logits_NV.max(axis=1, keepdims=True)
        return (logits_NV - np.log(np.exp(logits_NV).sum(axis=1, keepdims=True))).astype(np.float32)

    def step(self, rows, masks_MX, best):
        log_probability_NV = self.distribution(rows)
        allowed_NV = masks_MX[rows.mask_N, : self.engine.vocabulary]
        return best_of(np.where(allowed_NV, log_probability_NV, -np.inf), best)

    def run(self, rows, masks_MX, best, ahead):
        """Runs ahead as an engine may, so that tests see whether a search allows for it."""
        number, width, score_N = len(rows.row_N), ahead.width, ahead.score_N.tolist()
        found, steps = self.step(rows, masks_MX, best), []
        while len(steps) + 1 < ahead.most_steps:
            chosen = []
            for first in range(0, number, width):
                extensions = [
                    (token, row, score_N[first + row] + float(log_probability))
                    for row in range(width)
                    for token, log_probability in zip(
                        found.token_NC[first + row], found.log_probability_NC[first + row], strict=True
                    )
                    if token >= 0
                ]
                chosen += sorted(extensions, key=lambda extension: -extension[2])[:width]
            token_N, parent_N, score_N = ([one[place] for one in chosen] for place in range(3))
            if len(chosen) < number or not ahead.is_ordinary_X[token_N].all():
                break
            steps.append((token_N, parent_N, score_N))
            continued_N = np.arange(number) // width * width + parent_N
            rows = Rows(rows.row_N, rows.row_N[continued_N], np.array(token_N), rows.mask_N[continued_N])
            found = self.step(rows, masks_MX, best)
        token_TN, parent_TN, score_TN = (
            np.array([step[place] for step in steps]).reshape(-1, number) for place in range(3)
        )
        return Run(token_TN.astype(np.int32), parent_TN.astype(np.int32), score_TN, found)
