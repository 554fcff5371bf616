"""The receipt of a translation: did everything that must come through do so?

It compares the source with the finished German and knows nothing of the model, so it also finds what the search and
the reserved pieces should have made impossible.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

from translator.text.german import GermanText, find_numbers
from translator.text.numbers import german_values, possible_values
from translator.text.opaque import find_opaque
from translator.text.protected import NumberStyle, ProtectedKind, ProtectedSpan, replaced, tag_pairs

Verdict = Literal["kept", "converted", "lost", "misplaced", "extra"]
"""`kept` letter for letter, `converted` to another form of the same value, `lost`, `misplaced`: a tag that no longer
encloses any words, or crosses another one, or `extra`: nothing in the source explains it."""
CheckKind = ProtectedKind | Literal["character"]
Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Check:
    """What became of one protected span, or what the translation has that the source explains nowhere."""

    kind: CheckKind
    verdict: Verdict
    source: Place | None
    """Where it stands in the source sentence; None for what is extra."""
    target: Place | None
    """Where it stands in the translation; None for what is lost."""

    @property
    def is_fault(self) -> bool:
        """Whether a reader should be warned."""
        return self.verdict in ("lost", "misplaced", "extra")


_SMALL_WORDS = (
    r"null|kein|nicht", r"ein|erst|jed|pro|je\b", r"zwei|zwo|beid|paar|doppel", r"drei(?!ßig|zehn)|dritt|dreifach",
    r"vier(?!zig|zehn)", r"fünf(?!zig|zehn)", r"sechs(?!zehn)", r"sieben|siebt", r"acht(?!zig|zehn)",
    r"neun(?!zig|zehn)", r"zehn", r"elf", r"zwölf|dutzend",
)  # fmt: skip
"""How German words for 0 to 12, and words made of them, begin."""
_SMALL = tuple(re.compile(rf"(?<!\w)(?:{words})", re.IGNORECASE) for words in _SMALL_WORDS)
_REPLACEMENT = "\ufffd"
_UNIT_WORDS = """
    zero one|once|first two|twice|second|half three|third four|fourth|quarter five|fifth six|sixth seven|seventh
    eight|eighth nine|ninth ten|tenth eleven|eleventh twelve|twelfth|dozen|noon|midnight thirteen|thirteenth
    fourteen|fourteenth fifteen|fifteenth sixteen|sixteenth seventeen|seventeenth eighteen|eighteenth
    nineteen|nineteenth
"""
_TEN_WORDS = """
    twenty|twentieth|twenties thirty|thirtieth|thirties forty|fortieth|forties fifty|fiftieth|fifties
    sixty|sixtieth|sixties seventy|seventieth|seventies eighty|eightieth|eighties ninety|ninetieth|nineties
"""
_UNITS = {word: number for number, words in enumerate(_UNIT_WORDS.split()) for word in words.split("|")}
_TENS = {word: 10 * number for number, words in enumerate(_TEN_WORDS.split(), 2) for word in words.split("|")}
_FACTORS = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9}
_WORD = re.compile(r"[A-Za-z]++")
_TAGS = re.compile(r"<[^<>]*>")
_NEVER_INVENTED = frozenset({"link", "email", "placeholder", "tag", "entity"})
"""Kinds of which a translation has no more than its source; other kinds may be found in a German text by mistake."""
_MAY_BE_COPIED = re.compile(r"[@<{%$&_\\]|\[\[|:\w|\w[./]\w")
"""One of these is in each of them."""
_CLOCK_WORDS = re.compile(r"(?i)\b(?:o['’]?clock|half past|quarter (?:past|to)|noon|midnight)\b")


def check(
    source: str,
    start: int,
    spans: Sequence[ProtectedSpan],
    translation: str,
    numbers: NumberStyle = "german",
) -> tuple[Check, ...]:
    """Compare a sentence, which begins at `start` of the text in which its spans were found, with its translation.

    Places are offsets in the sentence and in the translation. With `numbers` as "german", a number counts as a German
    reads it: `4,887` that was left as it is has become less than five.
    """
    german = GermanText(translation, german_values if numbers == "german" else possible_values)
    checks = [
        _check_span(span, start, german, numbers)
        for span in sorted(spans, key=lambda span: span.kind in ("small", "number", "year"))
    ]
    checks.sort(key=lambda one: one.source or (0, 0))
    _find_misplaced_tags(checks, spans, source, translation)
    extra = _extra_digits(source, start, spans, german)
    more = _extra_copies(source, start, spans, german)
    return (*checks, *extra, *more, *_broken_characters(source, translation))


def _check_span(span: ProtectedSpan, start: int, german: GermanText, numbers: NumberStyle) -> Check:
    source = span.start - start, span.end - start
    is_copied = span.value is None or (numbers == "keep" and not span.is_word)
    place = german.take_text(span.text) if is_copied else None
    if place is None and span.value is not None:
        place = german.take(span.value)
    if place is None and span.is_word:
        place = _take_small(int(span.text), german)
    if place is None:
        return Check(span.kind, "lost", source, None)
    is_same = german.text[slice(*place)] == span.text
    return Check(span.kind, "kept" if is_same else "converted", source, place)


def _find_misplaced_tags(
    checks: list[Check], spans: Sequence[ProtectedSpan], source: str, translation: str
) -> None:
    """Change the verdict of closing tags that come too early, cross others, or no longer enclose any words."""
    pairs = [
        (checks[first], second) for first, second in tag_pairs(spans).items()
    ]  # checks and spans are in order
    inner: list[Place] = []
    for opening, second in sorted(pairs, key=lambda pair: pair[0].target or (0, 0)):
        closing = checks[second]
        if not (opening.source and closing.source and opening.target and closing.target):
            continue
        place = opening.target[1], closing.target[0]
        had_words = _has_words(source[opening.source[1] : closing.source[0]])
        is_empty = had_words and not _has_words(translation[place[0] : max(place)])
        crosses = any(start < place[0] < end < place[1] for start, end in inner)
        if place[0] > place[1] or is_empty or crosses:
            checks[second] = replace(closing, verdict="misplaced")
        else:
            inner.append(place)


def _has_words(markup: str) -> bool:
    """Whether there is anything but tags and blanks."""
    return bool(_TAGS.sub("", markup).strip())


def _take_small(number: int, german: GermanText) -> Place | None:
    for match in _SMALL[number].finditer(german.text):
        if german.take_place(match.span()):
            return match.span()
    return None


def _extra_digits(source: str, start: int, spans: Sequence[ProtectedSpan], german: GermanText) -> list[Check]:
    """Numbers of the translation that nothing in the source explains."""
    left = [(place, values) for place, values in find_numbers(german.text) if german.take_place(place)]
    if not left:
        return []
    explained = _numbers_in_words(source) | _unprotected_numbers(source, start, spans)
    if _CLOCK_WORDS.search(source):
        left = [(place, values) for place, values in left if not _is_clock(german.text, place)]
    return [Check("number", "extra", None, place) for place, values in left if not values & explained]


def _extra_copies(source: str, start: int, spans: Sequence[ProtectedSpan], german: GermanText) -> list[Check]:
    """Links, placeholders and the like that are there more often than in the source."""
    rest = german.rest()
    if not _MAY_BE_COPIED.search(rest):  # as in most translations
        return []
    found = [(one.kind, (one.start, one.end)) for one in find_opaque(rest) if one.kind in _NEVER_INVENTED]
    explained = _without_spans(source, start, spans) if found else ""
    return [
        Check(kind, "extra", None, place) for kind, place in found if rest[slice(*place)] not in explained
    ]


def _is_clock(text: str, place: Place) -> bool:
    """Whether a number is the hour or the minutes of a time."""
    return ":" in text[place[0] - 1 : place[0]] + text[place[1] : place[1] + 1]


def _unprotected_numbers(source: str, start: int, spans: Sequence[ProtectedSpan]) -> set[Fraction]:
    """The values of numbers of the source that belong to no span, such as parts of odd words."""
    return {value for _, values in find_numbers(_without_spans(source, start, spans)) for value in values}


def _without_spans(source: str, start: int, spans: Sequence[ProtectedSpan]) -> str:
    places = [(span.start - start, span.end - start) for span in spans]
    return replaced(source, places, [" "] * len(places))


def _numbers_in_words(source: str) -> set[Fraction]:
    """The values of English number words, alone and together with their neighbours."""
    found: set[Fraction] = set()
    run = 0
    for match in _WORD.finditer(source.lower()):
        word = match[0]
        number = _UNITS.get(word, _TENS.get(word))
        if number is not None:
            goes_on = run and number < (
                100 if run % 100 == 0 else 10 if run % 10 == 0 and run % 100 > 10 else 0
            )
            run = run + number if goes_on else number
        elif word in _FACTORS:
            run = max(1, run) * _FACTORS[word]
        elif word != "and":
            run = 0
        if run or number is not None:
            found |= {Fraction(run), Fraction(number or run)}
    return found


def _broken_characters(source: str, translation: str) -> Iterator[Check]:
    if _REPLACEMENT in source:
        return
    for match in re.finditer(_REPLACEMENT, translation):
        yield Check("character", "extra", None, match.span())
