"""Text files as strings, and back in the same encoding."""

import codecs
from dataclasses import dataclass
from typing import NamedTuple, Self

from translator.errors import InputError
from translator.text.normalisation import refuse_surrogates


class _Announced(NamedTuple):
    """What the start of a file says about its encoding."""

    mark: bytes
    encoding: str


_MARKS = (
    _Announced(codecs.BOM_UTF8, "utf-8"),
    _Announced(codecs.BOM_UTF32_LE, "utf-32-le"),  # begins like UTF-16
    _Announced(codecs.BOM_UTF32_BE, "utf-32-be"),
    _Announced(codecs.BOM_UTF16_LE, "utf-16-le"),
    _Announced(codecs.BOM_UTF16_BE, "utf-16-be"),
)
LONGEST_MARK = max(len(one.mark) for one in _MARKS)


def announced_encoding(start: bytes) -> _Announced:
    """Return the byte order mark at the start of a file and the encoding that it announces; without one, UTF-8."""
    return next((known for known in _MARKS if start.startswith(known.mark)), _Announced(b"", "utf-8"))


@dataclass(frozen=True)
class EncodedText:
    """The text of a file, without its byte order mark, and how it was encoded."""

    text: str
    mark: bytes = b""
    encoding: str = "utf-8"

    @classmethod
    def of(cls, content: bytes) -> Self:
        """Decode UTF-8, or what a byte order mark announces; raises InputError."""
        mark, encoding = announced_encoding(content)
        try:
            text = content[len(mark) :].decode(encoding)
        except UnicodeDecodeError as error:
            raise InputError(
                f"the file is not {encoding.upper()} ({error.reason} at byte {len(mark) + error.start}); save it as "
                "UTF-8 first"
            ) from None
        if "\0" in text:
            raise InputError("the file has null characters, so it is not a text; check its name's ending")
        return cls(text, mark, encoding)

    def encode(self, text: str) -> bytes:
        """Encode another text in the same way; raises InputError on a lone surrogate."""
        refuse_surrogates(text)
        return self.mark + text.encode(self.encoding)
