"""The best tokens of each row; ties go to the smaller id on every device."""

import torch
from torch import Tensor

_GROUP = 64
"""Tokens per group; masks are padded to whole groups."""
_MOST_SORTED = 4096
"""The longest row that PyTorch sorts within one GPU block, which is fast and safe in a graph."""


def best_tokens(log_probability_NX: Tensor, best: int) -> tuple[Tensor, Tensor]:
    """The `best` (C) largest values of each row and their tokens, (N, C) each; the token of −∞ is −1.

    `torch.topk` does not guarantee the order of equal values on a GPU; `argmax` and stable sorting do. Sorting whole
    rows would take longer than the network, so the vocabulary is divided into groups of neighbours. The C best tokens
    are all in the C groups with the largest maxima, since each group ranked higher contains a better token. So only
    these groups are sorted, in vocabulary order, to keep equal tokens in order of their ids.
    """
    if best == 1:
        token_N1 = log_probability_NX.argmax(1, keepdim=True)
        value_N1 = log_probability_NX.gather(1, token_N1)
        return value_N1, token_N1.masked_fill_(value_N1 == -torch.inf, -1)
    size = _GROUP if best * _GROUP <= _MOST_SORTED else _GROUP // 2
    value_NGI = log_probability_NX.unflatten(1, (-1, size))  # G groups of I tokens
    groups = min(best, value_NGI.shape[1])
    by_best_NG = value_NGI.amax(2).sort(dim=1, descending=True, stable=True).indices
    group_NG = by_best_NG[:, :groups].sort(dim=1).values
    chosen_NGI = value_NGI.gather(1, group_NG.unsqueeze(2).expand(-1, -1, size))
    ranked = chosen_NGI.flatten(1).sort(dim=1, descending=True, stable=True)
    value_NC, place_NC = ranked.values[:, :best], ranked.indices[:, :best]
    token_NC = group_NG.gather(1, place_NC // size) * size + place_NC % size
    return value_NC, token_NC.masked_fill_(value_NC == -torch.inf, -1)
