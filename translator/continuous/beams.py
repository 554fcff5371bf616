"""What `translator.search.beams` does, in tensors whose shapes never change and without a question to the device.

Each slot has a length and limits of its own, since sentences begin at different times.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from translator.search import (
    ScoredTokens,
    SearchOptions,
    SpecialTokens,
    length_penalty,
    log_probabilities,
    top_k,
)
from translator.search.utf8 import NO_BYTE, bytes_of, character_lengths, transitions


@dataclass(frozen=True)
class Limits:
    """How long a translation may be, in tokens."""

    least: int
    """Before the end token."""
    most: int
    """With it."""


class _Characters:
    """What `translator.search.utf8` does, by tables; X stands for the 256 bytes."""

    def __init__(self, first_byte: int, device: torch.device) -> None:
        self._first_byte, self._next_SX = first_byte, transitions().to(device)
        self._length_X = character_lengths().to(device)

    def apply(self, log_probability_NV: Tensor, state_RW: Tensor, room_R: Tensor) -> None:
        """Set what breaks a character to −∞, and what begins one for which there is no room."""
        state_N, width = state_RW.flatten(), state_RW.shape[1]
        is_wrong_NX = self._next_SX[state_N, :NO_BYTE] < 0
        is_wrong_NX |= self._length_X > room_R.repeat_interleave(width).unsqueeze(1)
        byte_NX = log_probability_NV[:, self._first_byte : self._first_byte + NO_BYTE]
        allowed_NX = byte_NX.masked_fill(is_wrong_NX, -torch.inf)
        log_probability_NV.masked_fill_((state_N > 0).unsqueeze(1), -torch.inf)
        byte_NX.copy_(allowed_NX)

    def read(self, state_RW: Tensor, row_RW: Tensor | None, last_RW: Tensor) -> None:
        """Go on from the former rows with their newest tokens, in place."""
        former_RW = state_RW if row_RW is None else state_RW.gather(1, row_RW)
        byte_RW = bytes_of(last_RW, self._first_byte)
        state_RW.copy_(self._next_SX[former_RW, byte_RW].clamp(min=0))


class SlotBeams:
    """The live and the finished hypotheses of R slots, W of each; all changes are made in place."""

    def __init__(
        self, slots: int, beam_size: int, target_length: int, special: SpecialTokens, device: torch.device
    ) -> None:
        def zeros(*shape: int, dtype: torch.dtype = torch.long) -> Tensor:
            return torch.zeros(shape, dtype=dtype, device=device)

        self._special, self._width, self._device = special, beam_size, device
        self._characters = None if special.first_byte is None else _Characters(special.first_byte, device)
        self._character_RW = zeros(slots, beam_size)
        """The state of each row within a character."""
        self._forbidden = torch.tensor(special.forbidden, dtype=torch.long, device=device)
        self._alpha, self._n_best_1 = zeros(dtype=torch.float32), zeros(1)
        self._least_R, self._most_R = zeros(slots), zeros(slots) + target_length
        self._length_R, self._is_done_R = zeros(slots), zeros(slots, dtype=torch.bool) | True
        self._score_RW = zeros(slots, beam_size, dtype=torch.float32)
        self._tokens_RWT = zeros(slots, beam_size, target_length)
        self._totals_RWT = zeros(slots, beam_size, target_length, dtype=torch.float32)
        """The log-probability of all tokens up to each one."""
        self._last_RW = zeros(slots, beam_size) + special.begin
        self._finished_score_RW = zeros(slots, beam_size, dtype=torch.float32) - torch.inf
        self._finished_length_RW = zeros(slots, beam_size)
        self._finished_tokens_RWT, self._finished_totals_RWT = self._tokens_RWT, self._totals_RWT
        if beam_size > 1:
            self._finished_tokens_RWT = torch.zeros_like(self._tokens_RWT)
            self._finished_totals_RWT = torch.zeros_like(self._totals_RWT)

    def set_options(self, options: SearchOptions) -> None:
        """For all sentences that are put in from now on; the beam stays as wide as it is."""
        self._alpha.fill_(options.length_penalty)
        self._n_best_1.fill_(options.n_best - 1)

    def fill(self, slots_B: Tensor, limits: list[Limits]) -> None:
        """Begin new translations in these slots."""
        least, most = [limit.least for limit in limits], [limit.most for limit in limits]
        self._least_R[slots_B], self._most_R[slots_B] = torch.tensor([least, most], device=self._device)
        self._length_R[slots_B] = 0
        self._is_done_R[slots_B] = False
        self._score_RW[slots_B] = -torch.inf
        self._score_RW[slots_B, 0] = 0.0  # all rows start alike, so only the first may be extended
        self._last_RW[slots_B] = self._special.begin
        self._character_RW[slots_B] = 0
        self._finished_score_RW[slots_B] = -torch.inf

    def last_tokens(self) -> Tensor:
        """(R, W) the newest token of each row."""
        return self._last_RW

    def positions(self) -> Tensor:
        """(R,) where the newest tokens of each slot stand. A slot that is done stays within its room."""
        return self._length_R.clamp(max=self._tokens_RWT.shape[2] - 1)

    def advance(self, logits_NV: Tensor) -> Tensor | None:
        """Extend the live hypotheses by one token; row w of the new ones continues the former row result[:, w].

        None: all rows stay. Changes the logits.
        """
        log_probability_NV = log_probabilities(logits_NV, self._forbidden)
        end_RW = log_probability_NV[:, self._special.end].clone().view(-1, self._width)
        is_short_R1 = (self._length_R < self._least_R).unsqueeze(1)
        log_probability_NV[:, self._special.end] = end_RW.masked_fill(is_short_R1, -torch.inf).flatten()
        newest_R = self._length_R + 1
        reserved = self._special.reserved
        if reserved:
            log_probability_NV[:, reserved.start : reserved.stop] = -torch.inf
        if self._characters is not None:
            self._characters.apply(log_probability_NV, self._character_RW, self._most_R - newest_R)
        row_RW = None
        if self._width == 1:
            self._extend_greedily(log_probability_NV, end_RW, newest_R)
        else:
            row_RW = self._extend(log_probability_NV, end_RW, newest_R)
        if self._characters is not None:
            self._characters.read(self._character_RW, row_RW, self._last_RW)
        self._length_R.copy_(torch.where(self._is_done_R, self._length_R, newest_R))
        self._is_done_R.logical_or_(self._is_settled() | (newest_R >= self._most_R))
        return row_RW

    def _extend_greedily(self, log_probability_RV: Tensor, end_R1: Tensor, newest_R: Tensor) -> None:
        """A beam of one has one history, and is done when that ends."""
        best_R1, token_R1 = top_k(log_probability_RV, 1)
        is_last_R1, is_done_R1 = (newest_R >= self._most_R).unsqueeze(1), self._is_done_R.unsqueeze(1)
        self._last_RW.copy_(token_R1.masked_fill(is_last_R1, self._special.end))
        self._score_RW.add_(torch.where(is_last_R1, end_R1, best_R1).masked_fill_(is_done_R1, 0))
        place_R11 = self.positions().view(-1, 1, 1)
        self._tokens_RWT.scatter_(2, place_R11, self._last_RW.unsqueeze(2))
        self._totals_RWT.scatter_(2, place_R11, self._score_RW.unsqueeze(2))
        ends_R1 = (self._last_RW == self._special.end) & ~is_done_R1
        score_R1 = self._score_RW / self._penalty(newest_R)
        self._finished_score_RW.copy_(torch.where(ends_R1, score_R1, self._finished_score_RW))
        self._finished_length_RW.copy_(torch.where(ends_R1, newest_R.unsqueeze(1), self._finished_length_RW))

    def _extend(self, log_probability_NV: Tensor, end_RW: Tensor, newest_R: Tensor) -> Tensor:
        """Finish what ends, go on with the W best of the rest; returns their former rows."""
        width = self._width
        score_RE, row_RE, token_RE = self._best_extensions(log_probability_NV, end_RW, newest_R)
        ends_RE = token_RE == self._special.end
        self._finish(score_RE[:, :width], row_RE[:, :width], ends_RE[:, :width], newest_R)
        # Of 2·W extensions at most W end, one for each row, so W of them always live on.
        rank_E = torch.arange(2 * width, device=self._device)
        live_RW = (rank_E + 2 * width * ends_RE).argsort(dim=1)[:, :width]
        row_RW = row_RE.gather(1, live_RW)
        self._score_RW.copy_(score_RE.gather(1, live_RW))
        self._last_RW.copy_(token_RE.gather(1, live_RW))
        place_RW1 = self.positions().view(-1, 1, 1).expand(-1, width, 1)
        for past_RWT, newest_RW in ((self._tokens_RWT, self._last_RW), (self._totals_RWT, self._score_RW)):
            past_RWT.copy_(_of_rows(past_RWT, row_RW).scatter_(2, place_RW1, newest_RW.unsqueeze(2)))
        return row_RW

    def is_done(self) -> list[bool]:
        """Which slots have their translation, or none to make; waits for the device."""
        done: list[bool] = self._is_done_R.tolist()
        return done

    def best(
        self, slots: Sequence[int], options: SearchOptions, with_spares: bool = False
    ) -> list[list[ScoredTokens]]:
        """The n best hypotheses of each of these slots, or all of them, best first; waits for the device."""
        most = options.beam_size if with_spares else options.n_best
        slots_B = torch.tensor(slots, device=self._device)
        score_BW, length_BW, tokens_BWT, totals_BWT = (
            finished[slots_B, :most].tolist()
            for finished in (
                self._finished_score_RW, self._finished_length_RW, self._finished_tokens_RWT,
                self._finished_totals_RWT,
            )
        )  # fmt: skip
        alpha = options.length_penalty
        return [
            [
                ScoredTokens.with_totals(
                    tokens[: length - 1],
                    [*totals[: length - 1], score * length_penalty(length, alpha)],
                    score,
                )
                for score, length, tokens, totals in zip(*rows, strict=True)
                if score > -torch.inf
            ]
            for rows in zip(score_BW, length_BW, tokens_BWT, totals_BWT, strict=True)
        ]

    def _best_extensions(
        self, log_probability_NV: Tensor, end_RW: Tensor, newest_R: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Scores, rows and tokens of the E = 2·W best extensions of each slot, best first."""
        width = self._width
        candidates = min(2 * width, log_probability_NV.shape[1])
        best_NC, token_NC = top_k(log_probability_NV, candidates)
        total_RX = (best_NC.view(-1, width, candidates) + self._score_RW.unsqueeze(2)).flatten(1)
        score_RE, place_RE = total_RX.topk(2 * width, dim=1)
        token_RE = token_NC.view(-1, width * candidates).gather(1, place_RE)
        # At its limit a hypothesis can only end: W extensions, and W that are none.
        is_last_R1 = (newest_R >= self._most_R).unsqueeze(1)
        ended_RW, ended_row_RW = (self._score_RW + end_RW).sort(dim=1, descending=True)
        return (
            torch.where(is_last_R1, F.pad(ended_RW, (0, width), value=-torch.inf), score_RE),
            torch.where(is_last_R1, F.pad(ended_row_RW, (0, width)), place_RE // candidates),
            token_RE.masked_fill(is_last_R1, self._special.end),
        )

    def _finish(self, score_RW: Tensor, row_RW: Tensor, ends_RW: Tensor, newest_R: Tensor) -> None:
        """Merge the hypotheses that end into the finished ones, unless their slot is done."""
        is_new_RW = ends_RW & ~self._is_done_R.unsqueeze(1)
        newer_RW = (score_RW / self._penalty(newest_R)).masked_fill_(~is_new_RW, -torch.inf)
        score_RX = torch.cat([self._finished_score_RW, newer_RW], dim=1)
        length_RX = torch.cat([self._finished_length_RW, newest_R.unsqueeze(1).expand_as(row_RW)], dim=1)
        best_RW, order_RW = score_RX.topk(self._width, dim=1)
        self._finished_score_RW.copy_(best_RW)
        self._finished_length_RW.copy_(length_RX.gather(1, order_RW))
        for finished_RWT, past_RWT in (
            (self._finished_tokens_RWT, self._tokens_RWT), (self._finished_totals_RWT, self._totals_RWT)
        ):  # fmt: skip
            all_RXT = torch.cat([finished_RWT, _of_rows(past_RWT, row_RW)], dim=1)
            finished_RWT.copy_(_of_rows(all_RXT, order_RW))

    def _penalty(self, length_R: Tensor) -> Tensor:
        """(R, 1) the length penalty."""
        penalty_R: Tensor = ((5 + length_R) / 6) ** self._alpha
        return penalty_R.unsqueeze(1)

    def _is_settled(self) -> Tensor:
        """Whether W are finished, or no live hypothesis can still reach the n best of them."""
        # Log-probabilities only fall and are negative: the longest length gives the best score still possible.
        possible_R = (self._score_RW.amax(1, keepdim=True) / self._penalty(self._most_R)).squeeze(1)
        nth_best_R = self._finished_score_RW.index_select(1, self._n_best_1).squeeze(1)
        return (nth_best_R >= possible_R) | (self._finished_score_RW[:, -1] > -torch.inf)


def _of_rows(x_RXT: Tensor, row_RW: Tensor) -> Tensor:
    """What stands in these rows of each slot."""
    return x_RXT.gather(1, row_RW.unsqueeze(2).expand(-1, -1, x_RXT.shape[2]))
