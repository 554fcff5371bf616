"""Books (.epub): their chapters, their titles and descriptions, and their tables of contents."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from translator.documents.language import is_english
from translator.documents.package import Package
from translator.documents.slots import Slot, SlottedText, Splice
from translator.documents.web_page import WebPage
from translator.documents.xml_file import XmlFile
from translator.errors import InputError
from translator.markup import MarkupOptions
from translator.markup.attributes import read_languages


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
        self._parts = {name: self._part(name) for name in names if _ending(name) in _READERS}
        self.units = [unit for part in self._parts.values() for unit in part.units]

    def _part(self, name: str) -> "WebPage | SlottedText":
        try:
            return _READERS[_ending(name)](self._package.read(name))
        except InputError as error:
            raise type(error)(f"{name} in the book: {error}") from None

    def write(self, translations: Sequence[str], /) -> bytes:
        """Return the book with its translations. If a text changes, what was marked as English is marked as German."""
        is_german = list(translations) != self.units
        remaining = iter(translations)
        written = dict[str, bytes]()
        for name, part in self._parts.items():
            german = [next(remaining) for _ in part.units]
            if isinstance(part, WebPage):
                written[name] = part.write(german)
            else:
                written[name] = part.write(german, is_german=is_german)
        return self._package.write(written)


def _ending(name: str) -> str:
    return PurePosixPath(name).suffix.lower()


def _read_metadata(content: bytes) -> SlottedText:
    """Read the package document (.opf)."""
    document = XmlFile(content, "package")
    slots, marks = list[Slot](), list(_languages(document))
    for metadata in document.elements("metadata"):
        for text in sorted(
            document.inside(metadata, "title") + document.inside(metadata, "description"),
            key=lambda one: one.start,
        ):
            slots += document.replacing(text)
        for language in document.inside(metadata, "language"):
            start, end = document.content(language)
            if is_english(document.source.text[start:end]):
                marks.append(Splice(start, end, "de"))
    return SlottedText(document.source, slots, marks)


def _read_contents(content: bytes) -> SlottedText:
    """Read the table of contents of EPUB 2 (.ncx); that of EPUB 3 is a page."""
    document = XmlFile(content, "ncx")
    return SlottedText(document.source, list(_labels(document)), list(_languages(document)))


def _languages(document: XmlFile) -> Iterator[Splice]:
    for attribute in read_languages(document.source.text, MarkupOptions("xml")):
        if is_english(attribute.text):
            yield Splice(*attribute.place, "de")


def _labels(document: XmlFile) -> Iterator[Slot]:
    for label in document.elements("docTitle", "navLabel"):
        for text in document.inside(label, "text"):
            yield from document.replacing(text)


_READERS: Mapping[str, Callable[[bytes], WebPage | SlottedText]] = {
    **dict.fromkeys((".xhtml", ".html", ".htm"), WebPage),
    ".opf": _read_metadata,
    ".ncx": _read_contents,
}
