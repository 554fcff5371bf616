"""What a model keeps of each row while it decodes."""

from dataclasses import dataclass, fields
from typing import ClassVar, Self

from torch import Tensor


@dataclass
class Cache:
    """Tensors with one row per sentence or partial translation. Subclasses declare the tensors as fields."""

    position_axis: ClassVar[int | None] = None
    """The axis that has an entry for each source or target position; None if there is none."""

    @property
    def tensors(self) -> list[Tensor]:
        """The tensors, in the order of the fields."""
        return [getattr(self, field.name) for field in fields(self)]

    def select(self, rows_N: Tensor) -> Self:
        """Select rows in the given order; a row may appear more than once or not at all."""
        return type(self)(*(one.index_select(0, rows_N) for one in self.tensors))

    def put(self, rows_N: Tensor, new: Self) -> None:
        """Overwrite rows."""
        for kept, one in zip(self.tensors, new.tensors, strict=True):
            kept[rows_N] = one

    def padded(self, rows: int, length: int) -> Self:
        """Pad with zeros to this number of rows, and to this number of positions."""
        return type(self)(*(_padded(one, rows, length, self.position_axis) for one in self.tensors))

    def without_rows(self) -> Self:
        """The same tensors with no row."""
        return type(self)(*(one[:0] for one in self.tensors))

    def without_positions(self) -> Self:
        """The same tensors with no position."""
        assert self.position_axis is not None
        return type(self)(*(one.narrow(self.position_axis, 0, 0) for one in self.tensors))


def _padded(x: Tensor, rows: int, length: int, axis: int | None) -> Tensor:
    shape = [rows, *x.shape[1:]]
    if axis is not None:
        shape[axis] = length
    if list(x.shape) == shape:
        return x
    filled = x.new_zeros(shape)
    filled[tuple(map(slice, x.shape))] = x
    return filled
