"""HTML, XML and text with tags as documents: what is between block tags are units, and all else stays as it is."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from html import unescape
from itertools import groupby
from typing import Literal, NamedTuple

from translator.markup.elements import TEXT, Elements, MarkupFormat, MarkupOptions
from translator.markup.html_tokens import html_tokens
from translator.markup.text_tokens import text_tokens
from translator.markup.tokens import Token
from translator.markup.xml_tokens import xml_tokens
from translator.text.normalisation import refuse_surrogates
from translator.text.places import Place, is_word_character
from translator.text.stand_ins import MOST_TAGS, STAND_IN, closing, lone, opening

_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_LONGEST_ENTITY = 40
_SPACES = " \t\n\r\f"
KEPT_SPACES = "\u00a0\u202f"
"""Non-breaking spaces."""


def read_markup(markup: str, options: MarkupOptions = MarkupOptions()) -> "MarkedUp":  # noqa: B008 (frozen)
    """Read HTML or XML, however broken it is. Raises InputError on a lone surrogate."""
    refuse_surrogates(markup)
    tokens = xml_tokens(markup) if options.format == "xml" else None
    if tokens is None:
        options = replace(options, finds_structure=False)  # which is unknown if tags are missing
        tokens = list(html_tokens(markup, is_xml=options.format == "xml"))
    return _read(markup, list(_with_text_tokens(tokens)), options)


def _with_text_tokens(tokens: Iterable[Token]) -> Iterator[Token]:
    """Yield the tokens, with the tags that plain text may have, such as marks of emphasis, as tokens of their own.

    People write chat text into pages, and documents hold text with escaped tags.
    """
    for is_text, some in groupby(tokens, lambda token: token.kind == "text"):
        run = list(some)
        yield from _tokens_in(run) if is_text else run


def _tokens_in(texts: Sequence[Token]) -> Iterator[Token]:
    """Split texts that follow each other, such as an entity and the text behind it."""
    found = text_tokens("".join(one.value for one in texts), blocks=())
    if len(found) < 2:
        yield from texts
        return
    places = [place for one in texts for place in _places(one)]
    for one in found:
        start, end = places[one.start][0], places[one.end - 1][1]
        if one.kind == "text":
            yield from _parts(texts, start, end)
        else:
            yield replace(one, start=start, end=end, value=f"&{one.value}")  # the name of no element


def _places(token: Token) -> Iterator[Place]:
    """Yield the place of each character of a text; those of an entity have the same."""
    is_plain = len(token.value) == token.end - token.start
    for place in range(len(token.value)):
        yield (token.start + place, token.start + place + 1) if is_plain else (token.start, token.end)


def _parts(texts: Sequence[Token], start: int, end: int) -> Iterator[Token]:
    """Yield the parts of texts between two places, none of which is inside an entity."""
    for number in range(bisect_right(texts, start, key=_start) - 1, bisect_left(texts, end, key=_start)):
        one = texts[number]
        first, last = max(one.start, start), min(one.end, end)
        is_whole = (first, last) == (one.start, one.end)
        value = one.value if is_whole else one.value[first - one.start : last - one.start]
        yield replace(one, start=first, end=last, value=value)


def _start(token: Token) -> int:
    return token.start


def read_text(text: str) -> "MarkedUp | None":
    """Read plain text with pairs of tags; None if it has none."""
    tokens = text_tokens(text)
    return _read(text, tokens, TEXT) if len(tokens) > 1 else None


def _read(markup: str, tokens: Sequence[Token], options: MarkupOptions) -> "MarkedUp":
    return MarkedUp(markup, [unit for unit in _Reader(markup, tokens, options).units() if unit.has_content])


class MarkedUp:
    """A document of HTML or XML."""

    def __init__(self, markup: str, parts: Sequence["MarkedUpUnit"]) -> None:
        self.markup = markup
        self.parts = parts
        """Its units, with their places in the markup."""

    @property
    def units(self) -> list[str]:
        """The texts to translate, with stand-ins for their tags."""
        return [part.text for part in self.parts]

    def write(self, translations: Sequence[str], /) -> str:
        """Write the markup with one translation per unit. If it equals its unit, the source stays as it is."""
        pieces, position = list[str](), 0
        for part, translation in zip(self.parts, translations, strict=True):
            start, end = part.place(0, len(part.text))
            german = part.with_strays_in_order(translation)
            pieces += self.markup[position:start], part.written(german, 0, len(part.text)).text
            position = end
        return "".join(pieces) + self.markup[position:]


class Written(NamedTuple):
    """Markup, and where each character of a text stands in it."""

    text: str
    starts: list[int]
    """The offset at which each character begins, and the end of the markup."""

    def place(self, start: int, end: int) -> Place:
        """Return the place of a part of the text in the markup."""
        return self.starts[start], self.starts[end]


@dataclass(frozen=True)
class MarkedUpUnit:
    """A text of a document, and the markup that stands for it."""

    text: str
    """With stand-ins for its tags."""
    starts: Sequence[int]
    """Where each character starts in the markup."""
    ends: Sequence[int]
    markup: str
    """That of the document."""
    strays: frozenset[str]
    """The stand-ins of tags without a counterpart, numbered in their order."""
    escapes: Mapping[str, str]
    """How special characters are written unless the source spells them otherwise; none in plain text."""

    @property
    def has_content(self) -> bool:
        """Whether there are letters or digits; numbers have a German form, too."""
        return any(map(str.isalnum, self.text))

    def place(self, start: int, end: int) -> Place:
        """Return the place of a part of the text in the markup; the part must not be empty."""
        return self.starts[start], self.ends[end - 1]

    def with_strays_in_order(self, translation: str) -> str:
        """Return a translation in which tags without a counterpart have the order of the source.

        Browsers repair `<b>old<i> and</b> cold</i>`. If `</i>` came first, all that follows would be italic.
        """
        if len(self.strays) < 2:
            return translation
        ordered = iter(sorted(one for one in translation if one in self.strays))
        return "".join(next(ordered) if one in self.strays else one for one in translation)

    def written(self, translation: str, start: int, end: int) -> Written:
        """Write the translation of a part of the text as markup.

        A part that comes through unchanged stays as it is. Characters that the part has as entities stay entities.
        """
        if translation == self.text[start:end]:
            first, last = self.place(start, end)
            starts = [one - first for one in self.starts[start:end]]
            return Written(self.markup[first:last], [*starts, last - first])
        spellings = self._spellings(start, end)
        parts, starts, length = list[str](), list[int](), 0
        for number, character in enumerate(translation):
            part = self._spelt(character, spellings, translation[number + 1 : number + _LONGEST_ENTITY])
            parts.append(part)
            starts.append(length)
            length += len(part)
        return Written("".join(parts), [*starts, length])

    def _spellings(self, start: int, end: int) -> dict[str, list[str]]:
        """How a part of the text spells tags, special characters, and those that it has as entities; last first."""
        found: dict[str, list[str]] = {}
        for place in reversed(range(start, end)):
            character, raw = self.text[place], self.markup[self.starts[place] : self.ends[place]]
            if (raw != character or character in self.escapes) and not (character == " " and raw.isspace()):
                found.setdefault(character, []).append(raw)
        return found

    def _spelt(self, character: str, spellings: dict[str, list[str]], following: str) -> str:
        """Return the markup for a character, spelt as in the source if it still occurs there."""
        if spellings.get(character):
            raw = spellings[character].pop()
            if raw != character or not _is_special(character, following):
                return raw
        return self.escapes.get(character, character)


def _is_special(character: str, following: str) -> bool:
    """Whether an unescaped character would begin a tag or an entity."""
    if character == "&":
        return unescape(character + following) != character + following
    return character == "<" and (following[:1].isalpha() or following[:1] in ("/", "!", "?"))


_PieceKind = Literal["text", "open", "close", "point", "word", "object"]
"""`point` has no width, `word` stands for a word, and `object` is one or the other, which depends on its neighbours."""


class _Piece(NamedTuple):
    """A part of a unit: `markup[start:end]`."""

    kind: _PieceKind
    start: int
    end: int
    value: str = ""
    """The characters of a text."""
    tag: int = -1
    """The index of a tag whose counterpart may be elsewhere."""


class _Reader:
    """Cuts tokens into units."""

    def __init__(self, markup: str, tokens: Sequence[Token], options: MarkupOptions) -> None:
        self._markup, self._tokens = markup, tokens
        self._elements = Elements(tokens, options)
        self._format = options.format

    def units(self) -> Iterator[MarkedUpUnit]:
        """Yield the units, in order; some have no content."""
        pieces, tags = list[_Piece](), 0
        for piece in self._pieces():
            if piece is None or tags == MOST_TAGS:
                yield self._unit(pieces)
                pieces, tags = [], 0
            if piece is not None:
                pieces.append(piece)
                tags += piece.kind != "text"
        yield self._unit(pieces)

    def _unit(self, pieces: Sequence[_Piece]) -> MarkedUpUnit:
        builder = _UnitBuilder(self._markup, self._format)
        indices = {piece.tag for piece in pieces}
        numbers: dict[int, int] = {}
        for piece, following in zip(pieces, _texts_behind(pieces), strict=True):
            if piece.kind == "text":
                builder.add_text(piece)
            elif piece.kind == "open" and (end := self._elements.counterparts[piece.tag]) in indices:
                numbers[end] = builder.add_pair(piece)
            elif piece.kind == "close" and piece.tag in numbers:
                builder.add(closing(numbers[piece.tag]), piece.start, piece.end)
            elif piece.kind == "word" or (piece.kind == "object" and builder.is_word(following)):
                builder.add_word(piece.start, piece.end)
            else:
                builder.add_point(piece)
        return builder.build()

    def _pieces(self) -> Iterator[_Piece | None]:
        """Yield the pieces of the markup, and None where a unit ends."""
        index = 0
        while index < len(self._tokens):
            token, after = self._tokens[index], index + 1
            match token.kind:
                case "text":
                    yield _Piece("text", token.start, token.end, token.value)
                case "entity":
                    yield _Piece("word", token.start, token.end)
                case "other":
                    while after < len(self._tokens) and self._tokens[after].kind == "other":
                        after += 1
                    yield _Piece("point", token.start, self._tokens[after - 1].end)
                case "start":
                    after = self._after(index)
                    yield None if self._elements.ends_sentence(index) else self._element(index, after)
                case "end":
                    is_end = self._elements.ends_sentence(index)
                    yield None if is_end else _Piece("close", token.start, token.end, tag=index)
            index = after

    def _after(self, index: int) -> int:
        """Return the index of the first token that is not one with the tag at `index`."""
        end = self._elements.counterparts.get(index)
        if self._elements.stays_untranslated(index) or self._elements.is_note(index):
            return self._elements.ends[index] if end is None else end + 1
        return index + 2 if end == index + 1 and not self._elements.ends_sentence(index) else index + 1

    def _element(self, index: int, after: int) -> _Piece:
        start, end = self._tokens[index].start, self._tokens[after - 1].end
        if self._elements.stays_untranslated(index):
            return _Piece("word", start, end)
        if self._elements.is_note(index):
            return _Piece("point", start, end)
        if after == index + 1 and index in self._elements.counterparts:
            return _Piece("open", start, end, tag=index)
        if after > index + 1 or index in self._elements.empty:
            return _Piece("object", start, end)
        return _Piece("point", start, end, tag=index)


def _texts_behind(pieces: Sequence[_Piece]) -> list[str]:
    """Return the next text behind each piece, or ""."""
    found, following = list[str](), ""
    for piece in reversed(pieces):
        found.append(following)
        following = piece.value or following
    return found[::-1]


class _UnitBuilder:
    """Builds a unit. In HTML, a run of white space is one space, even across tags."""

    def __init__(self, markup: str, markup_format: MarkupFormat) -> None:
        self._markup, self._joins_spaces = markup, markup_format == "html"
        self._escapes = {} if markup_format == "text" else _ESCAPES
        self._characters: list[str] = []
        self._starts, self._ends = array("q"), array("q")
        self._pairs, self._words = 0, 0
        self._strays: set[str] = set()
        self._last = " "
        """The last character that is no tag."""

    def add(self, character: str, start: int, end: int) -> None:
        """Add a character or a stand-in for `markup[start:end]`."""
        self._characters.append(character)
        self._starts.append(start)
        self._ends.append(end)

    def add_pair(self, piece: _Piece) -> int:
        """Add the opening tag of a pair; returns its number."""
        self.add(opening(self._pairs), piece.start, piece.end)
        self._pairs += 1
        return self._pairs - 1

    def add_point(self, piece: _Piece) -> None:
        """Add something without a width."""
        number = self.add_pair(piece)
        self.add(closing(number), piece.end, piece.end)
        if piece.tag >= 0:
            self._strays.add(opening(number))

    def add_word(self, start: int, end: int) -> None:
        """Add something that stands like a word."""
        self._last = lone(self._words)
        self.add(self._last, start, end)
        self._words += 1

    def add_text(self, piece: _Piece) -> None:
        """Add the characters of a text."""
        if len(piece.value) != piece.end - piece.start:  # an entity
            if len(piece.value) == 1:
                self._add_character(piece.value, piece.start, piece.end)
            else:
                self.add_word(piece.start, piece.end)
            return
        for place, character in enumerate(piece.value, start=piece.start):
            self._add_character(character, place, place + 1)

    def _add_character(self, character: str, start: int, end: int) -> None:
        if STAND_IN.match(character):
            self.add_word(start, end)
            return
        if self._joins_spaces and self._joins_run(character, start, end):
            return
        if self._joins_spaces and character in _SPACES and self._markup[start] != "&":
            if self._last == " ":
                if self._ends:  # the space belongs to what is before it, a tag or another space
                    self._ends[-1] = end
                return
            character = " "
        elif character == self._last == " " and STAND_IN.match(
            self._characters[-1] if self._characters else ""
        ):
            self._ends[-1] = end  # there are spaces on both sides of a tag, of which the German has one
            return
        self._last = character
        self.add(character, start, end)

    def _joins_run(self, character: str, start: int, end: int) -> bool:
        """Make non-breaking spaces and the spaces beside them one character; returns whether this is part of a run."""
        last = self._characters[-1] if self._characters else ""
        is_kept = character in KEPT_SPACES
        is_space = is_kept or (character in _SPACES and self._markup[start] != "&")
        if not (last and is_space and (last in KEPT_SPACES or (is_kept and last == " "))):
            return False
        if last == " ":
            self._characters[-1] = self._last = character
        self._ends[-1] = end
        return True

    def is_word(self, following: str) -> bool:
        """Whether an object stands like a word before a text: next to spaces and punctuation, not to letters."""
        return not is_word_character(self._last) and not is_word_character(following[:1])

    def build(self) -> MarkedUpUnit:
        """Return the unit."""
        if self._joins_spaces and self._characters[-1:] == [" "]:
            for some in (self._characters, self._starts, self._ends):
                some.pop()
        strays = frozenset(self._strays)
        return MarkedUpUnit(
            "".join(self._characters), self._starts, self._ends, self._markup, strays, self._escapes
        )
