"""HTML pages."""

from collections.abc import Sequence

from translator.documents.encoding import EncodedText
from translator.markup import MarkupOptions, read_markup


class WebPage:
    """A page of HTML."""

    def __init__(self, content: bytes) -> None:
        """Raises InputError if the page is not UTF-8 and has no byte order mark."""
        self._source = EncodedText.of(content)
        self._document = read_markup(self._source.text, MarkupOptions("html"))
        self.units = self._document.units

    def write(self, translations: Sequence[str], /) -> bytes:
        """Return the page with its translations."""
        return self._source.encode(self._document.write(translations))
