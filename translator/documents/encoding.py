"""Text files as strings, and back in the same encoding."""

import codecs
from dataclasses import dataclass
from typing import Self

from translator.errors import InputError
from translator.text.normalisation import refuse_surrogates

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # begins like UTF-16
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True)
class EncodedText:
    """The text of a file, without its byte order mark, and how it was encoded."""

    text: str
    mark: bytes = b""
    encoding: str = "utf-8"

    @classmethod
    def of(cls, content: bytes) -> Self:
        """Decode UTF-8, or what a byte order mark announces; raises InputError."""
        mark, encoding = next((known for known in _MARKS if content.startswith(known[0])), (b"", "utf-8"))
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
