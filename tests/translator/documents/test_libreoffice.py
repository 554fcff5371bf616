"""Files that LibreOffice wrote, from the files in `libreoffice` that end in .fodt, .fods and .fodp.

To write one again: soffice --headless --convert-to docx letter.fodt
"""

import io
import zipfile
from pathlib import Path

import pytest

from translator.documents import read_document

FILES = Path(__file__).with_name("libreoffice")
LETTER = [
    "The keeper’s report",
    "The lamp was cleaned twice, as the rules demand.",
    "Once in the morning.",
    "Oil for three weeks",
    "A new rope",
    "Night",
    "Ships seen",
    "Monday",
    "14",
    "It rained at night.",
]
HEADER, COMMENT = "A letter from the lighthouse", "All week?"
TEXTS = {
    "letter.docx": [*LETTER, HEADER, COMMENT],
    "letter.odt": [*LETTER, HEADER, COMMENT],
    "letter.epub": [
        *LETTER,
        LETTER[0],
        LETTER[0],
        "Unknown Title",
    ],  # the heading is also in two tables of contents
    "stock.xlsx": ["Thing", "Number in the shed", "Price", "A new rope", "All together"],
    "talk.pptx": ["How a lighthouse works", "A lens turns.", "The lamp stands still.", "Speak slowly here."],
}


def parts(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("name", TEXTS)
def test_every_text_is_found_and_nothing_else_changes(name: str) -> None:
    content = (FILES / name).read_bytes()
    document = read_document(name, content)
    found = [
        "".join(filter(str.isprintable, unit)).strip() for unit in document.units
    ]  # without stand-ins of tags
    assert sorted(found) == sorted(TEXTS[name])
    assert parts(document.write(document.units)) == parts(content)
