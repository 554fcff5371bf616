"""Write tensors as safetensors one by one; the library itself needs all of them in memory.

The format: the length of the header in 8 bytes, little-endian; the header, JSON with the type, shape and place of each
tensor; and the tensors, row by row (https://huggingface.co/docs/safetensors).
"""

import json
from collections.abc import Callable, Iterator, Mapping

import torch
from torch import Tensor

from translator.published.tensors import Form

_TYPES = {torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16"}
_ALIGNMENT = 8


def safetensors_parts(
    forms: Mapping[str, Form], read: Callable[[str], Tensor]
) -> Iterator[bytes | memoryview]:
    """Yield the parts of a safetensors file; `read` is called once for each tensor, in the order of the file."""
    order = sorted(forms, key=lambda name: (-forms[name].dtype.itemsize, name))  # so that all are aligned
    header, end = dict[str, object](), 0
    for name in order:
        form = forms[name]
        begin, end = end, end + torch.Size(form.shape).numel() * form.dtype.itemsize
        header[name] = {"dtype": _TYPES[form.dtype], "shape": form.shape, "data_offsets": (begin, end)}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % _ALIGNMENT)
    yield len(text).to_bytes(8, "little") + text
    for name in order:
        tensor = read(name).to(forms[name].dtype).contiguous()
        assert tensor.shape == forms[name].shape
        yield tensor.view(-1).view(torch.uint8).numpy().data
