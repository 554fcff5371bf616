"""Protected spans: find what a translation must preserve, replace it by marks for the model, and restore it.

    spans = find_protected(text)                       # links, code, placeholders, numbers, money, dates, …
    marked, placed = mark(text, spans, Marks(marks))   # each span becomes one character, a mark
    german = restore(translation, placed)              # marks become spans again, in German form

A mark is a private-use character that the tokenizer encodes as a reserved piece (`Pieces.encode_marked`).
`mark_pair` does the same for the spans on which both sides of a training pair agree.
"""

from __future__ import annotations  # np.random takes 2 MB, so it is imported only where it is used

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from translator.options import Numbers
from translator.text.emphasis import find_emphasis
from translator.text.german import GermanText
from translator.text.glossary import Term, TermUse
from translator.text.marks import MARK
from translator.text.opaque import OpaqueKind, OpaqueSpan, find_opaque
from translator.text.opaque.numeric import stands_for_number
from translator.text.places import Place
from translator.text.sentences import find_emoji
from translator.text.stand_ins import pair_of
from translator.text.values import Value, ValueKind, find_values
from translator.text.values.patterns import NO_ANSWER

ProtectedKind = OpaqueKind | ValueKind | Literal["emoji", "term"]

_VALUE_CLASSES = {
    "small": "number", "number": "number", "label": "number", "year": "year", "decade": "year",
    "money": "amount", "percent": "amount", "quantity": "amount", "time": "time", "date": "date",
    "ordinal": "ordinal",
}  # fmt: skip
"""The class of reserved pieces for each kind of value; all other kinds are opaque or markup."""
_TAG = re.compile(
    r"<(?P<close>/?)(?P<name>[A-Za-z\d][\w:.-]*)[^>]*?(?P<empty>/?)>\Z|(?P<marks>[*_~=|]+)\Z", re.DOTALL
)
_VOID_TAG_NAMES = "area base br col embed hr img input link meta source track wbr"
_VOID_TAGS = frozenset(_VOID_TAG_NAMES.split())
_MAY_BE_LEFT = re.compile(r"\d|\*\*|~~|\|\||(?m:^)\*\w")
_LEFT = re.compile(
    r"(?P<word>(?<!\w)[^\W\d]*+\d\w*+(?:[.,:]\w*\d\w*+)*+)|(?<![*~|])(?:\*\*|~~|\|\|)(?![*~|])"
    r"|(?m:^)(?<!\*)\*(?=[^\W\d_])"
)
_LABEL = re.compile(rf"(?<!\w){NO_ANSWER}(?i:no)\.(?P<colon>:?)[ \u00a0]\Z")
_LONGEST_LABEL = 5
_AT_HOUSE = re.compile(
    r"(?<!\w)(?<!look )(?<!looks )(?<!looked )(?<!looking )(?<!fired )(at|At|AT)[ \u00a0]\Z"
)
_LONGEST_AT = 12
_IN_FOR_AT = {"at": "in", "At": "In", "AT": "IN"}
_ORDINAL = re.compile(r"\d{1,3}(?:st|nd|rd|th)")


@dataclass(frozen=True, slots=True)
class ProtectedSpan:
    """`text[start:end]`, which the translation must preserve."""

    start: int
    end: int
    kind: ProtectedKind
    text: str
    german: str
    """Its German form; equal to `text` for opaque spans."""
    value: Value | None = None
    """None for opaque spans."""
    term: Term | None = None
    """The entry of a glossary that asks for this German."""

    def written(self, style: Numbers) -> str:
        """Return the text to write in the translation."""
        return self.german if style == "german" or self.is_word else self.text

    def capitals(self, written: str) -> str:
        """Return how an all-caps translation writes it: unit symbols and opaque spans stay unchanged."""
        return written.upper() if (self.value and self.kind != "quantity") or self.term else written

    def at_start(self, written: str, *, has_capital: bool = False) -> str:
        """Return how it is written at the start of a sentence.

        With a capital if it has one in the source, or if the source `has_capital` at its start.
        """
        may_change = self.value is not None or (self.term is not None and not self.term.is_cased)
        has_capital = may_change and (has_capital or self.text[:1].isupper())
        return written[:1].upper() + written[1:] if has_capital else written

    @property
    def is_word(self) -> bool:
        """Whether it stays in the sentence and is checked afterwards: a small number, one in words, or a term."""
        return self.kind in ("small", "term")


@dataclass(frozen=True, slots=True)
class PlacedSpan:
    """A span and the mark that replaces it."""

    mark: str
    span: ProtectedSpan


def in_capitals(placed: PlacedSpan) -> PlacedSpan:
    """Return the span as an all-caps translation writes it."""
    return PlacedSpan(placed.mark, replace(placed.span, german=placed.span.capitals(placed.span.german)))


class Marks:
    """Hand out the marks of each class, each mark once; in random order if you pass a random generator."""

    def __init__(self, marks: Mapping[str, str], random: np.random.Generator | None = None) -> None:
        self._marks, self._random = marks, random
        self._left: dict[str, list[int]] = {}

    def take(self, kind: str) -> str | None:
        """Return a mark of a class, or None if none is left."""
        number = self._take_number(kind)
        return None if number is None else self._marks[kind][number]

    def take_pair(self) -> tuple[str, str] | None:
        """Return the two marks for a pair of tags, which have the same index, or None if none is left."""
        number = self._take_number("open")
        return None if number is None else (self._marks["open"][number], self._marks["close"][number])

    def _take_number(self, kind: str) -> int | None:
        if kind not in self._left:
            numbers = list(range(len(self._marks[kind])))
            if self._random is not None:
                self._random.shuffle(numbers)
            self._left[kind] = numbers
        return self._left[kind].pop(0) if self._left[kind] else None


def find_protected(text: str) -> list[ProtectedSpan]:
    """Return the protected spans of an English text, in order and disjoint, including numbers up to twelve."""
    emphasis = find_emphasis(text)
    marks = sorted(mark for pair in emphasis for mark in pair)
    plain = replaced(text, marks, [" " * (end - start) for start, end in marks]) if marks else text
    opaque = [_opaque_span(one, text, plain) for one in find_opaque(plain)]
    emoji = [
        ProtectedSpan(start, end, "emoji", text[start:end], text[start:end])
        for start, end in (() if text.isascii() else find_emoji(text))
    ]
    values = [
        ProtectedSpan(one.start, one.end, one.kind, text[one.start : one.end], one.german, one)
        for one in find_values(plain)
    ]
    spans = _disjoint([*opaque, *emoji, *values]) if opaque or emoji else values
    more = [*_leftovers(plain, spans), *_emphasis(text, emphasis, spans)]
    return sorted([*spans, *more], key=_start) if more else spans


def _opaque_span(one: OpaqueSpan, text: str, plain: str) -> ProtectedSpan:
    """Return the span; the “no.” before a telephone number and the like belongs to it, else it reads as an answer."""
    written = text[one.start : one.end]
    before = max(0, one.start - _LONGEST_LABEL)
    label = _LABEL.search(plain, before, one.start) if one.kind in ("phone", "account", "address") else None
    if label is None:
        return ProtectedSpan(one.start, one.end, one.kind, written, written)
    german = f"Nr.{label['colon']} {written}"
    value = Value(label.start(), one.end, "number", german, german, (written,))
    return ProtectedSpan(value.start, value.end, "number", text[value.start : value.end], german, value)


def _emphasis(
    text: str, pairs: Sequence[tuple[Place, Place]], spans: Sequence[ProtectedSpan]
) -> Iterator[ProtectedSpan]:
    """Yield the marks of emphasis as tags, unless they are part of another span, such as code."""
    starts = [span.start for span in spans]
    for pair in pairs:
        ranks = [bisect_left(starts, end) for _, end in pair]
        if all(
            not rank or spans[rank - 1].end <= start for rank, (start, _) in zip(ranks, pair, strict=True)
        ):
            yield from (
                ProtectedSpan(start, end, "tag", text[start:end], text[start:end]) for start, end in pair
            )


def _start(span: ProtectedSpan) -> int:
    return span.start


def _leftovers(text: str, spans: Sequence[ProtectedSpan]) -> Iterator[ProtectedSpan]:
    """Yield words with digits outside all spans, such as 15h30, and signs such as ** without a counterpart.

    No digit is left to the model. It loses count of double signs, and copies the word behind a footnote's asterisk.
    """
    if not _MAY_BE_LEFT.search(text):
        return
    rest = replaced(
        text, [(one.start, one.end) for one in spans], [" " * (one.end - one.start) for one in spans]
    )
    for match in _LEFT.finditer(rest):
        yield ProtectedSpan(*match.span(), "identifier" if match["word"] else "sign", match[0], match[0])


def with_terms(spans: Sequence[ProtectedSpan], uses: Sequence[TermUse], text: str) -> list[ProtectedSpan]:
    """Return the spans of a text with the terms of a glossary: a term replaces what it contains, such as a number.

    A term that overlaps another span otherwise, such as a word in a link, stays as it is.
    """
    starts, ends = [span.start for span in spans], [span.end for span in spans]
    merged, done = list[ProtectedSpan](), 0
    for use in uses:
        first, last = bisect_right(ends, use.start), bisect_left(starts, use.end)
        inner = spans[first:last]
        if all(use.start <= span.start and span.end <= use.end and span.kind != "tag" for span in inner):
            written = text[use.start : use.end]
            term = ProtectedSpan(use.start, use.end, "term", written, use.german, term=use.term)
            merged += [*spans[done:first], term]
            done = last
    return [*merged, *spans[done:]]


def mark(
    text: str,
    spans: Sequence[ProtectedSpan],
    marks: Marks,
    offset: int = 0,
    *,
    words: Callable[[ProtectedSpan], bool] = lambda _: False,
) -> tuple[str, list[PlacedSpan]]:
    """Replace the spans of a text by marks; `offset` is the start of `text` in the text that was searched.

    Spans stay unchanged if no mark is left for them. So do small numbers and terms, except those that `words` selects.
    “At” before the number of a house becomes “in”, as in German. The model would take the number for a time.
    """
    placed = _place([span for span in spans if not span.is_word or words(span)], marks)
    places = [(one.span.start - offset, one.span.end - offset) for one in placed]
    for one, (start, _) in zip(placed, places, strict=True):
        if one.span.kind != "address" or _ORDINAL.match(one.span.text):
            continue
        if at := _AT_HOUSE.search(text, max(0, start - _LONGEST_AT), start):
            text = f"{text[: at.start()]}{_IN_FOR_AT[at[1]]}{text[at.end(1) :]}"
    return replaced(text, places, [one.mark for one in placed]), placed


def restore(
    marked: str, placed: Iterable[PlacedSpan], style: Numbers = "german", *, has_capital: bool = False
) -> str:
    """Replace marks by their spans; marks without a span are dropped.

    `has_capital` tells whether the source starts with a capital; a value that starts the translation then does, too.
    """
    return restore_with_places(marked, placed, style, has_capital=has_capital)[0]


def restore_with_places(
    marked: str, placed: Iterable[PlacedSpan], style: Numbers = "german", *, has_capital: bool = False
) -> tuple[str, dict[str, Place]]:
    """Return the text as `restore` does, and the position in it of each mark's span."""
    texts = {one.mark: one.span.written(style) for one in placed}
    first = MARK.search(marked)
    if first and not any(map(str.isalnum, marked[: first.start()])):
        texts |= {
            one.mark: one.span.at_start(texts[one.mark], has_capital=has_capital)
            for one in placed
            if one.mark == first[0]
        }
    ends_with_stop = {one.mark for one in placed if one.span.value and texts[one.mark].endswith(".")}
    parts, places, length, position = list[str](), dict[str, Place](), 0, 0
    for match in MARK.finditer(marked):
        before, text = marked[position : match.start()], texts.get(match[0], "")
        places[match[0]] = (length + len(before), length + len(before) + len(text))
        parts += before, text
        length += len(before) + len(text)
        position = match.end()
        if match[0] in ends_with_stop and marked[position : position + 1] == ".":
            position += 1  # “im 21.” ends a sentence with a single full stop
    return "".join(parts) + marked[position:], places


def with_final_marks(source: str, german: str) -> str:
    """Return the German with the run of `!` and `?` that ends the source; a model loses count of them."""
    marks = source[len(source.rstrip("!?")) :]
    words = german.rstrip("!?")
    return words + marks if len(marks) > 1 and words != german else german


@dataclass(frozen=True, slots=True)
class MarkedPair:
    """A sentence and its translation, with marks for the spans on which they agree."""

    english: str
    german: str
    agreeing: int = 0
    """The number of spans replaced by marks."""
    spans: int = 0
    """The number of spans in the English."""
    english_places: tuple[Place, ...] = ()
    """Positions in the original English of the replaced spans, in order."""
    german_places: tuple[Place, ...] = ()
    """Positions in the original German of the replaced spans, in order."""


def mark_pair(
    english: str, german: str, marks: Mapping[str, str], random: np.random.Generator | None = None
) -> MarkedPair:
    """Replace the spans that both sides share by marks, chosen at random if you pass a generator.

    A value matches any of its German forms. Spans without a counterpart stay unchanged.
    """
    spans = [span for span in find_protected(english) if not span.is_word]
    if not spans:
        return MarkedPair(english, german)
    places = _counterparts(spans, german)
    agreeing = [span for span in spans if span in places]
    placed = _place(agreeing, Marks(marks, random))
    ordered = sorted((places[one.span], one.mark) for one in placed)
    english_places = tuple((one.span.start, one.span.end) for one in placed)
    german_places = tuple(place for place, _ in ordered)
    return MarkedPair(
        replaced(english, english_places, [one.mark for one in placed]),
        replaced(german, german_places, [name for _, name in ordered]),
        len(placed),
        len(spans),
        english_places,
        german_places,
    )


def replaced(text: str, places: Sequence[Place], by: Sequence[str]) -> str:
    """Return the text with each place replaced by the string for it; places are in order and disjoint."""
    parts, position = list[str](), 0
    for (start, end), new in zip(places, by, strict=True):
        parts += text[position:start], new
        position = end
    return "".join(parts) + text[position:]


def origins(text: str, places: Sequence[Place]) -> list[Place]:
    """Return, for each character of a text with marks in these places, its position in the original text."""
    found, position = list[Place](), 0
    for start, end in places:
        found += [*((one, one + 1) for one in range(position, start)), (start, end)]
        position = end
    return [*found, *((one, one + 1) for one in range(position, len(text)))]


def _counterparts(spans: Sequence[ProtectedSpan], german: str) -> dict[ProtectedSpan, Place]:
    """Find each span in the German text; plain numbers come last, so that they do not take part of a date."""
    text, found = GermanText(german), dict[ProtectedSpan, Place]()
    for span in sorted(spans, key=lambda span: span.kind in ("number", "year")):
        place = text.take(span.value) if span.value else text.take_text(span.text)
        if place:
            found[span] = place
    return found


def _place(spans: Sequence[ProtectedSpan], marks: Marks) -> list[PlacedSpan]:
    pairs = tag_pairs(spans)
    given = dict[int, str]()
    for first, second in sorted(pairs.items()):
        both = marks.take_pair()
        if both:
            given[first], given[second] = both
    in_pairs = {*pairs, *pairs.values()}
    for number, span in enumerate(spans):
        if number not in in_pairs and (taken := marks.take(piece_class(span))):
            given[number] = taken
    return [PlacedSpan(given[number], span) for number, span in enumerate(spans) if number in given]


def piece_class(span: ProtectedSpan) -> str:
    """Return the class of reserved pieces for a span; paired tags use `open` and `close` instead."""
    if span.kind == "placeholder" and stands_for_number(span.text):
        return "number"
    return _VALUE_CLASSES.get(span.kind, "opaque")


def tag_pairs(spans: Sequence[ProtectedSpan]) -> dict[int, int]:
    """Map the index of each opening tag that is closed to the index of its closing tag."""
    opened: list[tuple[str, int]] = []
    is_open: Counter[str] = Counter()
    pairs: dict[int, int] = {}
    for number, span in enumerate(spans):
        name, closes = _read_tag(span.text) if span.kind == "tag" else ("", False)
        if not name:
            continue
        if not (closes or (closes is None and is_open[name])):
            opened.append((name, number))
            is_open[name] += 1
        elif is_open[name]:
            opened_name = ""
            while opened_name != name:
                opened_name, first = opened.pop()
                is_open[opened_name] -= 1
            pairs[first] = number
    return pairs


def name_of_tag(tag: str) -> str:
    """Return the name of a tag in lower case, or the marks of emphasis."""
    match = _TAG.match(tag)
    return (match["marks"] or match["name"]).lower() if match else ""


def _read_tag(tag: str) -> tuple[str, bool | None]:
    """Return the name of a tag that may have a counterpart, else ""; and whether it closes, None for `**`."""
    if stand_in := pair_of(tag):
        return str(stand_in[0]), stand_in[1]
    match = _TAG.match(tag)
    if not match or match["empty"] or (match["name"] or "").lower() in _VOID_TAGS:
        return "", False
    return (match["marks"], None) if match["marks"] else (match["name"], bool(match["close"]))


def _disjoint(spans: list[ProtectedSpan]) -> list[ProtectedSpan]:
    """Resolve overlaps: prefer opaque spans, then the earliest, then the longest."""
    kept: list[ProtectedSpan] = []
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        while kept and span.start < kept[-1].end and kept[-1].value and not span.value:
            if kept[-1].kind in ("label", "quantity") and span.end <= kept[-1].end:
                break  # 3b in “fig. 3b”, 45m in “1h 45m”
            kept.pop()
        if not kept or span.start >= kept[-1].end:
            kept.append(span)
    return kept
