"""HTML pages: their texts, their titles and descriptions, and attributes that people read."""

from collections.abc import Sequence

from translator.documents.language import is_english
from translator.markup import MarkupOptions, read_markup
from translator.markup.attributes import Edited, read_attributes, read_languages
from translator.text.encoding import EncodedText

_OPTIONS = MarkupOptions("html", with_attributes=True)


class WebPage:
    """A page of HTML."""

    def __init__(self, content: bytes) -> None:
        """Raises InputError if the page is not UTF-8 and has no byte order mark."""
        self._source = EncodedText.of(content)
        markup = self._source.text
        self._attributes = read_attributes(markup, _OPTIONS)
        languages = [one for one in read_languages(markup, _OPTIONS) if is_english(one.text)]
        self._marked = sorted([*self._attributes, *languages], key=lambda one: one.place)
        self.units = [*(one.text for one in self._attributes), *read_markup(markup, _OPTIONS).units]

    def write(self, translations: Sequence[str], /) -> bytes:
        """Return the page with its translations. If a text changes, what was marked as English is marked as German."""
        if list(translations) == self.units:
            return self._source.encode(self._source.text)
        count = len(self._attributes)
        german = dict(zip((one.place for one in self._attributes), translations[:count], strict=True))
        edited = Edited(
            self._source.text, self._marked, [german.get(one.place, "de") for one in self._marked]
        )
        return self._source.encode(read_markup(edited.markup, _OPTIONS).write(translations[count:]))
