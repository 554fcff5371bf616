"""Pieces that each translation holds exactly as often as required.

Q stands for the different pieces that any translation of the batch must hold.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from translator.search.options import SpecialTokens


class RequiredPieces:
    """The pieces, and how often the translation of each sentence holds them."""

    def __init__(self, required: Sequence[Mapping[int, int]], device: torch.device) -> None:
        self._pieces = sorted({piece for one in required for piece in one})
        times = [[one.get(piece, 0) for piece in self._pieces] for one in required]
        self._times_BQ = torch.tensor(times, dtype=torch.long, device=device).view(
            len(required), len(self._pieces)
        )
        self._piece_Q = torch.tensor(self._pieces, dtype=torch.long, device=device)

    def apply(
        self, log_probability_BWV: Tensor, past_BWT: Tensor, room_BW: Tensor, special: SpecialTokens
    ) -> Tensor:
        """Set reserved pieces that are not pending to −∞, and the end token while any is, in place.

        `room_BW` is the tokens that may still be written before the end. Returns the room that the pending pieces
        leave for others. Where they leave none, everything else is set to −∞, too.
        """
        assert all(piece in special.reserved and piece not in special.forbidden for piece in self._pieces)
        pending_BWQ = self._pending(past_BWT)
        room_BW = room_BW - pending_BWQ.sum(2)
        is_incomplete_BW = pending_BWQ.any(2)
        given_BWQ = log_probability_BWV[:, :, self._piece_Q].masked_fill_(pending_BWQ == 0, -torch.inf)
        self._forbid_early_closing(given_BWQ, past_BWT, special)
        forbid_reserved(log_probability_BWV, special)
        log_probability_BWV[:, :, special.end].masked_fill_(is_incomplete_BW, -torch.inf)
        is_tight_BW = is_incomplete_BW & (room_BW <= 0)
        if bool(is_tight_BW.any()):
            log_probability_BWV.masked_fill_(is_tight_BW.unsqueeze(2), -torch.inf)
        log_probability_BWV[:, :, self._piece_Q] = given_BWQ
        return room_BW

    def _forbid_early_closing(self, given_BWQ: Tensor, past_BWT: Tensor, special: SpecialTokens) -> None:
        """Set closing pieces to −∞ unless their opening piece is the last one that is not closed yet, in place."""
        pairs = [pair for pair in special.pairs if pair[1] in self._pieces]
        if not pairs:
            return
        opening_P, closing_P = torch.tensor(pairs, device=past_BWT.device).T
        opened_BWPT = past_BWT.unsqueeze(2) == opening_P.view(-1, 1)
        is_open_BWP = opened_BWPT.sum(3) > (past_BWT.unsqueeze(2) == closing_P.view(-1, 1)).sum(3)
        place_T = torch.arange(1, past_BWT.shape[2] + 1, device=past_BWT.device)
        last_BWP = (
            (opened_BWPT * place_T).amax(3)
            if len(place_T)
            else torch.zeros_like(is_open_BWP, dtype=torch.long)
        )
        last_BWP = last_BWP.masked_fill(~is_open_BWP, 0)
        may_close_BWP = is_open_BWP & (last_BWP == last_BWP.amax(2, keepdim=True))
        for number, (_, closing) in enumerate(pairs):
            given_BWQ[:, :, self._pieces.index(closing)].masked_fill_(
                ~may_close_BWP[:, :, number], -torch.inf
            )

    def given(self, log_probability_BWV: Tensor) -> Tensor:
        """(B, W, Q) the log-probabilities of the pieces."""
        return log_probability_BWV[:, :, self._piece_Q]

    def give_back(self, log_probability_BWV: Tensor, given_BWQ: Tensor) -> None:
        """Undo what other rules did to the pieces since `given`, in place."""
        log_probability_BWV[:, :, self._piece_Q] = given_BWQ

    def _pending(self, past_BWT: Tensor) -> Tensor:
        """(B, W, Q) how often each piece must still come. A prefix may hold it more often than required."""
        found_BWQ = (past_BWT.unsqueeze(3) == self._piece_Q).sum(2)
        return (self._times_BQ.unsqueeze(1) - found_BWQ).clamp_(min=0)


def forbid_reserved(log_probability_BWV: Tensor, special: SpecialTokens) -> None:
    """Set all reserved pieces to −∞, in place."""
    log_probability_BWV[:, :, special.reserved.start : special.reserved.stop] = -torch.inf
