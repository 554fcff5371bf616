"""The best few of very many numbers, faster than by `torch.topk`."""

import torch
from torch import Tensor


def top_k(x: Tensor, k: int, chunk: int = 64) -> tuple[Tensor, Tensor]:
    """The k largest of each row and their indices, largest first: (R, V) → 2 · (R, k).

    The k largest stand in the k chunks of the row whose own largest are the largest: only these are looked through. On
    a processor, the largest of every chunk takes a tenth of the time of `torch.topk`.
    """
    rows, numbers = x.shape
    whole = numbers - numbers % chunk
    if whole < 2 * chunk * k:
        return x.topk(k, dim=1)
    chunks_RCX = x[:, :whole].unflatten(1, (-1, chunk))
    chosen_RK = chunks_RCX.amax(2).topk(k, dim=1)[1]
    indices_RKX = chosen_RK.unsqueeze(2) * chunk + torch.arange(chunk, device=x.device)
    rest_RX = torch.arange(whole, numbers, device=x.device).expand(rows, -1)
    index_RX = torch.cat([indices_RKX.flatten(1), rest_RX], dim=1)
    best_RK, place_RK = x.gather(1, index_RX).topk(k, dim=1)
    return best_RK, index_RX.gather(1, place_RK)
