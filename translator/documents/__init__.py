"""Documents: files in, files of the same format out, in which only the text has changed.

    document = read_document("letter.docx", content)
    document.write([german(unit) for unit in document.units])

Reading order: `slots`, `language`; of formats that are text `plain`, `tables`, `json_strings`,
`yaml_strings`, `key_values`, `gettext`, `xml_file`, `xml_strings`, `subtitles`, `markdown_inline`,
`markdown_units`, `markdown`, `web_page`; of those that are archives `package`, `runs`, `drawings`, `word`, `slides`,
`workbook`, `open_document`, `book`; then `unit_xml`, the units as the translator reads them, and `translation`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import PurePath
from typing import cast

from translator.errors import InputError
from translator.markup import Document

__all__ = [
    "FORMATS",
    "HINTS",
    "Document",
    "DocumentFormat",
    "document_format",
    "read_document",
    "translated_name",
]


@dataclass(frozen=True)
class DocumentFormat:
    """A format of documents."""

    name: str
    media_type: str
    _reader: str
    """Module and function; formats are imported when they are needed."""
    is_archive: bool = False
    """Whether its files are archives, and not text."""

    def read(self, content: bytes) -> Document[bytes]:
        """Read a document; raises InputError if it is not one of this format or is damaged, and InputTooLong."""
        module, function = self._reader.split(".")
        read = cast(
            Callable[[bytes], Document[bytes]],
            getattr(import_module(f"translator.documents.{module}"), function),
        )
        try:
            return read(content)
        except RecursionError:
            raise InputError("the file nests its parts too deeply; split it") from None
        except ValueError as error:  # too many tags in a paragraph, or a number that is none
            raise InputError(f"the file cannot be read: {error}; correct it first") from None


def _archive(name: str, media_type: str, reader: str) -> DocumentFormat:
    return DocumentFormat(name, f"application/{media_type}", reader, is_archive=True)


_OFFICE = "vnd.openxmlformats-officedocument"
_MARKDOWN = DocumentFormat("Markdown", "text/markdown", "markdown.read_markdown")
_HTML = DocumentFormat("HTML", "text/html", "web_page.WebPage")
_XLIFF = DocumentFormat("XLIFF", "application/xliff+xml", "xml_strings.read_xliff")
_YAML = DocumentFormat("YAML", "application/yaml", "yaml_strings.read_yaml")
_GETTEXT = DocumentFormat("gettext", "text/x-gettext-translation", "gettext.read_po")

FORMATS = {
    ".txt": DocumentFormat("plain text", "text/plain", "plain.read_text"),
    ".md": _MARKDOWN,
    ".markdown": _MARKDOWN,
    ".html": _HTML,
    ".htm": _HTML,
    ".srt": DocumentFormat("SubRip", "application/x-subrip", "subtitles.read_subtitles"),
    ".vtt": DocumentFormat("WebVTT", "text/vtt", "subtitles.read_subtitles"),
    ".docx": _archive("Word", f"{_OFFICE}.wordprocessingml.document", "word.read_docx"),
    ".docm": _archive("Word with macros", "vnd.ms-word.document.macroEnabled.12", "word.read_docx"),
    ".pptx": _archive("PowerPoint", f"{_OFFICE}.presentationml.presentation", "slides.read_pptx"),
    ".pptm": _archive(
        "PowerPoint with macros", "vnd.ms-powerpoint.presentation.macroEnabled.12", "slides.read_pptx"
    ),
    ".xlsx": _archive("Excel", f"{_OFFICE}.spreadsheetml.sheet", "workbook.read_xlsx"),
    ".xlsm": _archive("Excel with macros", "vnd.ms-excel.sheet.macroEnabled.12", "workbook.read_xlsx"),
    ".odt": _archive("OpenDocument text", "vnd.oasis.opendocument.text", "open_document.read_open_document"),
    ".epub": _archive("EPUB", "epub+zip", "book.Book"),
    ".po": _GETTEXT,
    ".pot": _GETTEXT,
    ".json": DocumentFormat("JSON", "application/json", "json_strings.read_json"),
    ".arb": DocumentFormat("ARB", "application/json", "json_strings.read_arb"),
    ".yaml": _YAML,
    ".yml": _YAML,
    ".xliff": _XLIFF,
    ".xlf": _XLIFF,
    ".tmx": DocumentFormat("TMX", "application/x-tmx+xml", "xml_strings.read_tmx"),
    ".resx": DocumentFormat("RESX", "text/microsoft-resx", "xml_strings.read_resx"),
    ".properties": DocumentFormat("Java properties", "text/x-java-properties", "key_values.read_properties"),
    ".strings": DocumentFormat("Apple strings", "text/plain", "key_values.read_strings"),
    ".csv": DocumentFormat("CSV", "text/csv", "tables.read_csv"),
    ".tsv": DocumentFormat("TSV", "text/tab-separated-values", "tables.read_tsv"),
}
"""The formats by the ending of a file's name, in lower case."""

HINTS = {
    ".pdf": "a PDF has no paragraphs; translate the document that it was made from, or convert it to .docx first",
    ".doc": "save it as .docx first",
    ".dot": "save it as .docx first",
    ".rtf": "save it as .docx first",
    ".xls": "save it as .xlsx first",
    ".ppt": "save it as .pptx first",
}
"""What to do with some other formats, by their ending."""


def document_format(name: str) -> DocumentFormat:
    """Return the format of a file by the ending of its name; raises InputError if it is unknown."""
    ending = PurePath(name).suffix.lower()
    if ending not in FORMATS:
        hint = HINTS.get(ending, f"the formats are {', '.join(FORMATS)}")
        raise InputError(f"documents with names in {ending or 'no ending'!r} are not translated: {hint}")
    return FORMATS[ending]


def read_document(name: str, content: bytes) -> Document[bytes]:
    """Read a document whose name tells its format; raises InputError, or InputTooLong if it is too large unpacked."""
    return document_format(name).read(content)


def translated_name(name: str) -> str:
    """Return the name for the translation of a file: `letter.de.docx` for `letter.docx`."""
    path = PurePath(name)
    return f"{path.stem}.de{path.suffix}"
