"""The attributes of HTML that people read."""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from translator.markup.elements import Elements, MarkupOptions
from translator.markup.html_tokens import KEPT_CHARACTERS, html_tokens
from translator.markup.tokens import Token
from translator.text.normalisation import refuse_surrogates
from translator.text.places import Place

_LANGUAGES = ("lang", "xml:lang")
_READ = ("alt", "title", "placeholder", "aria-label")
_DESCRIPTIONS = frozenset(
    ("description", "og:title", "og:description", "og:image:alt", "twitter:title", "twitter:description")
)


@dataclass(frozen=True)
class Attribute:
    """The value of an attribute that is to be translated."""

    text: str
    place: Place
    """The place of the value in the markup, without quotes."""
    quote: str
    """The quotation mark around it; "" if there is none."""

    def written(self, translation: str, markup: str) -> str:
        """Write the translation. If it equals the text, the value stays as it is."""
        if translation == self.text:
            return markup[slice(*self.place)]
        escaped = translation.replace("&", "&amp;")
        if self.quote == "'":
            return escaped.replace("'", "&#39;")
        escaped = escaped.replace('"', "&quot;")
        return escaped if self.quote else f'"{escaped}"'


def read_attributes(markup: str, options: MarkupOptions) -> list[Attribute]:
    """Return the attributes of HTML to translate, in order. Raises InputError on a lone surrogate."""
    return _found(markup, options, _texts) if options.format == "html" else []


def read_languages(markup: str, options: MarkupOptions) -> list[Attribute]:
    """Return the attributes of HTML that name the language of a part that is to be translated, in order.

    Raises InputError on a lone surrogate.
    """
    return _found(markup, options, lambda token: _LANGUAGES)


def _found(markup: str, options: MarkupOptions, names: Callable[[Token], Sequence[str]]) -> list[Attribute]:
    """Return the attributes whose names `names` returns for their tag."""
    refuse_surrogates(markup)
    tokens = list(html_tokens(markup))
    elements, found, index = Elements(tokens, options), list[Attribute](), 0
    while index < len(tokens):
        if tokens[index].kind != "start":
            index += 1
            continue
        if not elements.is_excluded(index):
            found += _of_tag(markup, tokens[index], names(tokens[index]))
        index = elements.ends[index] if elements.stays_untranslated(index) else index + 1
    return found


def _texts(token: Token) -> Sequence[str]:
    described = token.attributes.get("name") or token.attributes.get("property") or ""
    return (*_READ, "content") if token.value == "meta" and described.lower() in _DESCRIPTIONS else _READ


def _of_tag(markup: str, token: Token, names: Sequence[str]) -> Iterator[Attribute]:
    places = sorted((token.values[name], name) for name in names if name in token.values)
    for (start, end), name in places:
        text, before = token.attributes[name], markup[start - 1]
        # The tokenizer keeps only the start of a very long value.
        if any(map(str.isalnum, text)) and end - start <= KEPT_CHARACTERS:
            yield Attribute(text, (start, end), before if before in "\"'" else "")


class Edited:
    """Markup with translated attributes, and where it differs from the markup as it was sent."""

    def __init__(self, sent: str, attributes: Sequence[Attribute], translations: Sequence[str]) -> None:
        parts, position = list[str](), 0
        self.sent = sent
        self._ends, self._shifts = [0], [0]
        for attribute, translation in zip(attributes, translations, strict=True):
            start, end = attribute.place
            parts += sent[position:start], attribute.written(translation, sent)
            self._ends.append(self._ends[-1] + len(parts[-2]) + len(parts[-1]))
            self._shifts.append(end - self._ends[-1])
            position = end
        self.markup = "".join(parts) + sent[position:]

    def sent_place(self, start: int, end: int) -> Place:
        """Return the place in the markup as it was sent of a part of the markup that ends inside no attribute."""
        return self._sent(start), self._sent(end)

    def _sent(self, offset: int) -> int:
        return offset + self._shifts[bisect_right(self._ends, offset) - 1]
