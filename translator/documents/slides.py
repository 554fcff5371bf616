"""PowerPoint presentations (.pptx): slides and their notes, with tables, charts and diagrams."""

import re

from translator.documents.drawings import DRAWING_PARTS, read_drawing
from translator.documents.package import Package, PackagedDocument, no_texts
from translator.errors import InputError

_PRESENTATION = "ppt/presentation.xml"
_PARTS = re.compile(rf"ppt/(?:slides/slide\d+\.xml|notesSlides/notesSlide\d+\.xml|{DRAWING_PARTS})")


def read_pptx(content: bytes) -> PackagedDocument:
    """Read a presentation; raises InputError."""
    package = Package(content, "PowerPoint")
    if _PRESENTATION not in package.names:
        raise InputError(
            "the file is no PowerPoint file: it has no part ppt/presentation.xml; check its name's ending"
        )
    texts = [(name, read_drawing) for name in package.names if _PARTS.fullmatch(name)]
    return PackagedDocument(package, [*texts, (_PRESENTATION, no_texts)])
