"""What every format offers: the texts to translate, and a way to write it with their translations."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

Written_co = TypeVar("Written_co", covariant=True)
"""What is written: a string, or the bytes of a file."""


class Document(Protocol[Written_co]):
    """A document that has been read."""

    @property
    def units(self) -> Sequence[str]:
        """The texts to translate, each on its own, such as paragraphs; stand-ins take the place of inline tags."""

    def write(self, translations: Sequence[str], /) -> Written_co:
        """Write the document with one translation per unit. If it equals its unit, the source stays as it is.

        Each translation contains the stand-ins of its unit exactly once, with pairs nested.
        """
