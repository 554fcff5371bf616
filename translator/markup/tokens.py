"""The tokens of markup, with their places: tags, and the text between them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from translator.text.places import Place

TokenKind = Literal["text", "start", "end", "entity", "other"]
"""`entity`: an unknown one. `other`: comments, document types, processing instructions, CDATA sections, leftovers."""


@dataclass(frozen=True, slots=True)
class Token:
    """`markup[start:end]`."""

    kind: TokenKind
    start: int
    end: int
    value: str = ""
    """The characters that a text stands for, with entities decoded; the name of a tag."""
    attributes: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Place] = field(default_factory=dict)
    """The places of the values of attributes in HTML, without quotes."""
    is_closed: bool = False
    """Whether a start tag is its own end tag, as `<br/>` is in XML."""
