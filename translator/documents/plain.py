"""Plain text: each line is a unit."""

import re

from translator.documents.slots import SlottedText, replacing
from translator.text.encoding import EncodedText

_LINE = re.compile(r"[^\r\n]*\S[^\r\n]*")


def read_text(content: bytes) -> SlottedText:
    """Read a text; raises InputError if it is not UTF-8 and has no byte order mark."""
    source = EncodedText.of(content)
    lines = _LINE.finditer(source.text)
    return SlottedText(source, [replacing(line.start(), line.end(), line[0]) for line in lines])
