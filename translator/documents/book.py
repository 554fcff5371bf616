"""Books (.epub): their chapters, and the titles in their tables of contents."""

from collections.abc import Sequence
from pathlib import PurePosixPath

from translator.documents.package import Package
from translator.documents.web_page import WebPage
from translator.errors import InputError

_CHAPTERS = frozenset((".xhtml", ".html", ".htm"))


class Book:
    """A book."""

    def __init__(self, content: bytes) -> None:
        """Raises InputError."""
        self._package = Package(content, "EPUB")
        names = self._package.names
        if "META-INF/container.xml" not in names:
            raise InputError(
                "the file is no EPUB file: it has no part META-INF/container.xml; check its name's ending"
            )
        if "META-INF/encryption.xml" in names and b"AdeptKey" in self._package.read(
            "META-INF/encryption.xml"
        ):
            raise InputError("the book is protected against copying; use one without protection")
        chapters = [name for name in names if PurePosixPath(name).suffix.lower() in _CHAPTERS]
        self._pages = {name: WebPage(self._package.read(name)) for name in chapters}
        self.units = [unit for page in self._pages.values() for unit in page.units]

    def write(self, translations: Sequence[str], /) -> bytes:
        """Return the book with its translations."""
        remaining = iter(translations)
        written = {
            name: page.write([next(remaining) for _ in page.units]) for name, page in self._pages.items()
        }
        return self._package.write(written)
