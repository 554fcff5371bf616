"""CSV and TSV: every cell with a text is a unit; separators, quotes and line ends stay."""

import csv
import re

from translator.documents.slots import Slot, SlottedText, is_for_people, replacing
from translator.errors import InputError
from translator.text.encoding import EncodedText

_SAMPLE_CHARACTERS = 10_000
_SEPARATORS = ",;\t|"


def read_csv(content: bytes) -> SlottedText:
    """Read a table whose cells commas, semicolons, tabs or vertical bars separate."""
    source = EncodedText.of(content)
    return SlottedText(source, _cells(source.text, _separator(source.text[:_SAMPLE_CHARACTERS])))


def read_tsv(content: bytes) -> SlottedText:
    """Read a table whose cells tabs separate."""
    source = EncodedText.of(content)
    return SlottedText(source, _cells(source.text, "\t"))


def _separator(sample: str) -> str:
    """Return the separator that gives every row the most cells; a comma if there is one column."""
    lines = sample.splitlines(keepends=True)

    def fewest_cells(separator: str) -> int:
        return min((len(row) for row in csv.reader(lines, delimiter=separator) if row), default=0)

    try:
        return max(_SEPARATORS, key=fewest_cells)
    except csv.Error as error:  # a cell of more than 131,072 characters
        raise InputError(f"the table cannot be read: {error}; correct its quotes") from None


def _cells(text: str, separator: str) -> list[Slot]:
    """Find the cells as RFC 4180 defines them: quoted ones hold separators, line breaks and doubled quotes."""
    cell = re.compile(rf'"((?:[^"]|"")*+)"(?=[{separator}\r\n]|\Z)|[^{separator}\r\n]+')

    def encode_plain(translation: str) -> str:
        special = any(one in translation for one in (separator, '"', "\n", "\r"))
        return encode_quoted(translation) if special else translation

    def encode_quoted(translation: str) -> str:
        return '"' + translation.replace('"', '""') + '"'

    slots = []
    for found in cell.finditer(text):
        is_quoted = found[1] is not None
        content = found[1].replace('""', '"') if is_quoted else found[0]
        if is_for_people(content):
            slots.append(replacing(*found.span(), content, encode_quoted if is_quoted else encode_plain))
    return slots
