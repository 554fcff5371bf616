"""The receipt of a translation: did every protected span come through?

It compares the source with the finished German and knows nothing of the model, so it also finds faults that the search
and the reserved pieces should have made impossible.

Line breaks between sentences need no check, because `rejoin` restores the original whitespace. Only a sentence itself
could break a line, so a line break in a translation whose source has none is reported here.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

from translator.options import Numbers
from translator.text.german import GermanText, find_numbers
from translator.text.number_words import values_in_words
from translator.text.numbers import german_values, possible_values
from translator.text.opaque import find_opaque
from translator.text.places import Place
from translator.text.protected import ProtectedKind, ProtectedSpan, replaced, tag_pairs
from translator.text.stand_ins import STAND_IN_RANGE
from translator.text.term_forms import places_of, whole_words_of
from translator.text.units import ANY_BUT_CLOCK, Units, counts_things, english_unit_after, german_unit_after
from translator.text.values import CURRENCY_CODES, Value, time_key

Verdict = Literal["kept", "converted", "lost", "misplaced", "extra"]
"""`kept`: unchanged. `converted`: another form of the same value. `lost`: missing. `misplaced`: a tag that no longer
encloses any words, or crosses another pair, or moved into or out of one. `extra`: nothing in the source explains it, or
it is a form of address that was not asked for."""
CheckKind = ProtectedKind | Literal["character", "formality"]


@dataclass(frozen=True, slots=True)
class Check:
    """What happened to one protected span, or something in the translation that the source does not explain."""

    kind: CheckKind
    verdict: Verdict
    source: Place | None
    """Start and end in the source sentence; None if it is extra."""
    target: Place | None
    """Start and end in the translation; None if it is lost."""

    @property
    def is_fault(self) -> bool:
        """Whether a reader should be warned."""
        return self.verdict in ("lost", "misplaced", "extra")


_SMALL_WORDS = (
    "null|kein|nicht", r"ein|erst|jed|pro|je\b", "zwei|zwo|beid|paar|doppel", "drei|dritt", "vier", "fünf", "sechs",
    "sieben|siebt", "acht", "neun", "zehn", "elf", "zwölf|dutzend",
)  # fmt: skip
"""How German words for 0 to 12, and words formed from them, start."""
_NO_LARGER = "(?!und|(?<!ein)zig|ßig|ssig|zehn|hundert|tausend)"
"""Excludes “vierundzwanzig” and “vierzehn”, but not “einzig”."""
_SMALL = tuple(
    re.compile(rf"(?<!\w)(?P<word>(?P<start>{words}){_NO_LARGER}\w*+)", re.IGNORECASE)
    for words in _SMALL_WORDS
)
_NEVER_WRITTEN = re.compile("[\ufffd\n\r\v\f\x85\u2028\u2029]")
_TAGS = re.compile(rf"<[^<>]*>|[*_~=|]+|[{STAND_IN_RANGE}]")
_WITHOUT_UNITS = ("small", "number", "year")
"""Kinds that a unit in words may follow; the translation must not change that unit."""
_CURRENCIES = {"$", "EUR", "GBP", "¢", "CHF", "JPY"}
_CURRENCY_BEFORE = re.compile(rf"(?:[$€£¥]|{CURRENCY_CODES}|Euro|Dollar)[ \u00a0]?\Z")
_CURRENCY_AFTER = re.compile(
    r"[ \u00a0-]?(?:[$€£¥¢]|(?:US-)?Dollar|Euro|Pfund|Cent|Franken|Yen)", re.IGNORECASE
)
_LONGEST_CURRENCY = 7
_NUMBER_WITH_LETTER = re.compile(r"(?P<number>\d{1,9})(?P<letter>[xkKmM])")
_NUMBER_WITH_SMALL_LETTER = re.compile("([0-9]{1,4})([a-z])")
_LETTERS = {"x": 1, "k": 1000, "m": 10**6}
_SQUARES = {
    "km2": ("km²", "Quadratkilometer", "Quadratkilometern"), "m2": ("m²", "Quadratmeter", "Quadratmetern"),
    "m3": ("m³", "Kubikmeter", "Kubikmetern"), "cm2": ("cm²", "Quadratzentimeter"), "mm2": ("mm²", "Quadratmillimeter"),
    "cm3": ("cm³", "Kubikzentimeter"),
}  # fmt: skip
_PLURAL = re.compile(r"[A-Z0-9]s\Z")
_NEVER_INVENTED = frozenset({"link", "email", "placeholder", "tag", "entity"})
"""Kinds that must not occur more often than in the source. Other kinds may be false matches in German text."""
_MAY_BE_COPIED = re.compile(r"[@<{%$&_\\]|\[\[|:(?=\w)|[./](?<=\w.)(?=\w)")
"""Matches something that every span of these kinds contains."""
_CLOCK_WORDS = re.compile(
    r"(?i)\b(?:o['’]?clock|half past|quarter (?:past|to)|noon|midnight|in the (?:afternoon|evening|morning)|at night"
    r"|tonight|this (?:afternoon|evening|morning))\b"
)
_TIME_SPANS = {
    "30 min": re.compile(r"halbe[nr]? Stunde"), "45 min": re.compile(r"[Dd]rei ?[Vv]iertel ?[Ss]tunde"),
    "90 min": re.compile(r"(?:anderthalb|eineinhalb) Stunden"), "24 h": re.compile(r"eine[mns]? Tage?s?(?!\w)"),
}  # fmt: skip
"""Other words for spans of time."""
_TIME_OF_12_HOURS = re.compile(r"(?P<hour>[1-9]|1[01])[:.](?P<minutes>\d\d)")
_EVENING = re.compile(r"(?i)\b(?:tonight|afternoon|evening|at night)\b")
_ROMAN = re.compile("[IVXL]+")
_RULE = re.compile(r"[.=*~_ -]+")
_DIGITS = re.compile(r"\d{1,9}")
_BEFORE_HOUR = re.compile(r"\b(?:quarter|minutes|five|ten|twenty) to\b")
_CLOCK_BEFORE = re.compile(r"\d[:.]\Z")
_CLOCK_AFTER = re.compile(r":\d\d(?!\d)|\.\d\d[ \u00a0-]Uhr|[ \u00a0-]Uhr")


def check(
    source: str,
    start: int,
    spans: Sequence[ProtectedSpan],
    translation: str,
    numbers: Numbers = "german",
    *,
    counts_terms: bool = False,
) -> tuple[Check, ...]:
    """Compare a sentence with its translation. `start` is its offset in the text in which the spans were found.

    The places in the checks are offsets in the sentence and in the translation. With `numbers` as "german", a number
    has the value that a German reads: an unchanged `4,887` is less than five. With `counts_terms`, the German of a term
    must not occur more often than its English.
    """
    german = GermanText(translation, german_values if numbers == "german" else possible_values, words=True)
    checks = [
        _check_span(source, span, start, german, numbers)
        for span in sorted(spans, key=lambda span: span.kind in ("small", "number", "year"))
    ]
    checks.sort(key=lambda one: one.source or (0, 0))
    _find_misplaced_tags(checks, spans, source, translation)
    doubled = _doubled(source, start, spans, german)
    if counts_terms:
        doubled += _doubled_terms(spans, german)
    extra = _extra_digits(source, start, spans, german)
    more = _extra_copies(source, start, spans, german)
    return (*checks, *extra, *doubled, *more, *_broken_characters(source, translation))


def _check_span(source: str, span: ProtectedSpan, start: int, german: GermanText, numbers: Numbers) -> Check:
    place = span.start - start, span.end - start
    target = _target(source, place, span, german, numbers)
    if target is None:
        return Check(span.kind, "lost", place, None)
    is_same = german.text[slice(*target)] == span.text
    return Check(span.kind, "kept" if is_same else "converted", place, target)


def _target(
    source: str, place: Place, span: ProtectedSpan, german: GermanText, numbers: Numbers
) -> Place | None:
    """Find a span in the German."""
    if span.term is not None:
        return next((one for one in places_of(span.term, german.text) if german.take_place(one)), None)
    if span.value is None:
        target = german.take_text(span.text)
        return _take_identifier(span.text, german) if target is None and span.kind == "identifier" else target
    if numbers == "keep" and not span.is_word and (target := german.take_text(span.text)):
        return target
    unit = _unit(source, place) if span.kind in _WITHOUT_UNITS else frozenset()
    target = german.take(span.value, unit)
    if target is None and span.is_word and span.text.isdecimal():
        target = _take_small(source, int(span.text), german, unit)
    if target is None and unit:
        target = _take_time_span(span.value.key, unit, german)
    if target is None and (later := _in_the_evening(source, span)):
        target = german.take(later)
    is_money = unit and english_unit_after(source, place[1]) & _CURRENCIES
    return None if target and is_money and not _has_currency(german.text, target) else target


def _find_misplaced_tags(
    checks: list[Check], spans: Sequence[ProtectedSpan], source: str, translation: str
) -> None:
    """Mark closing tags that come too early, no longer enclose words, cross a pair or moved into or out of one."""
    # Checks and spans have the same order.
    pairs = [pair for pair in tag_pairs(spans).items() if all(checks[one].target for one in pair)]
    names = [spans[first].text for first, _ in pairs]
    before = [_inside(checks[first].source, checks[second].source) for first, second in pairs]
    after = [_inside(checks[first].target, checks[second].target) for first, second in pairs]
    # Equal tags may change places, so pairs are told apart only by their names.
    nested = Counter((names[one], _name(names, parent)) for one, parent in enumerate(_parents(before)))
    parents = _parents(after)
    for one in sorted(range(len(pairs)), key=lambda one: after[one]):
        (start, end), (_, second) = after[one], pairs[one]
        is_empty = _has_content(source[slice(*before[one])]) and not _has_content(
            translation[start : max(start, end)]
        )
        nesting = names[one], _name(names, parents[one])
        if start > end or is_empty or parents[one] == _CROSSED or not nested[nesting]:
            checks[second] = replace(checks[second], verdict="misplaced")
        else:
            nested[nesting] -= 1


_CROSSED = -2
_OUTERMOST = -1


def _inside(opening: Place | None, closing: Place | None) -> Place:
    """Return the place between two tags."""
    assert opening
    assert closing
    return opening[1], closing[0]


def _name(names: Sequence[str], parent: int) -> str:
    return names[parent] if parent >= 0 else ""


def _parents(places: Sequence[Place]) -> list[int]:
    """Return the index of the innermost place around each place, or `_OUTERMOST`, or `_CROSSED` if it crosses one."""
    parents, around = [_OUTERMOST] * len(places), list[int]()
    for one in sorted(range(len(places)), key=lambda one: (places[one][0], -places[one][1])):
        start, end = places[one]
        while around and places[around[-1]][1] <= start:
            around.pop()
        if around:
            parents[one] = around[-1] if end <= places[around[-1]][1] else _CROSSED
        if parents[one] != _CROSSED:
            around.append(one)
    return parents


def _has_content(markup: str) -> bool:
    """Whether there is anything but tags and whitespace."""
    return bool(_TAGS.sub("", markup).strip())


def _unit(source: str, place: Place) -> Units:
    """The units that may follow a number in the German: its own, or anything but “Uhr” for a count of things."""
    unit = english_unit_after(source, place[1])
    return ANY_BUT_CLOCK if not unit and counts_things(source, *place) else unit


def _has_currency(german: str, place: Place) -> bool:
    """Whether a currency stands beside a number, or a weight for “pounds”."""
    before = _CURRENCY_BEFORE.search(german, max(0, place[0] - _LONGEST_CURRENCY), place[0])
    return bool(before or _CURRENCY_AFTER.match(german, place[1]) or german_unit_after(german, place[1]))


def _take_identifier(written: str, german: GermanText) -> Place | None:
    """Find an identifier that German writes differently: 3x as “dreimal”, 100K as 100.000, 3b as “3 b”, PCs as PC."""
    match = _NUMBER_WITH_LETTER.fullmatch(written)
    if match:
        key = str(int(match["number"]) * _LETTERS[match["letter"].lower()])
        return german.take(Value(0, 0, "number", key, written))
    if spaced := _NUMBER_WITH_SMALL_LETTER.fullmatch(written):
        return german.take_text(f"{spaced[1]} {spaced[2]}")
    for other in _SQUARES.get(written, ()):
        if target := german.take_text(other):
            return target
    return german.take_text(written[:-1]) if _PLURAL.search(written) else None


def _in_the_evening(source: str, span: ProtectedSpan) -> Value | None:
    """Return a time 12 hours later if the sentence is about the evening: “tonight at 8:15” may be 20:15 Uhr."""
    time = _TIME_OF_12_HOURS.fullmatch(span.text) if span.kind == "time" else None
    if time is None or not _EVENING.search(source):
        return None
    key = time_key(int(time["hour"]) + 12, time["minutes"])
    return Value(span.start, span.end, "time", key, f"{key} Uhr")


def _take_small(source: str, number: int, german: GermanText, unit: Units) -> Place | None:
    """Find a number up to twelve in the German, in a word that starts with it or as an hour of the afternoon."""
    for match in _SMALL[number].finditer(german.text):
        place = match.span("start")
        others = [german_unit_after(german.text, end) for end in (place[1], match.end())] if unit else []
        if not any(other and not other & unit for other in others) and german.take_place(place):
            return place
    if 0 < number < 12 and _CLOCK_WORDS.search(source):
        key = time_key(number + 12, "")
        return german.take(Value(0, 0, "time", key, f"{number + 12} Uhr"))
    return None


def _take_time_span(number: str, unit: Units, german: GermanText) -> Place | None:
    """Find a span of time in other words: thirty minutes as “eine halbe Stunde”."""
    for one in unit:
        span = _TIME_SPANS.get(f"{number} {one}")
        if span and (match := span.search(german.text)) and german.take_place(match.span()):
            return match.span()
    return None


def _extra_digits(source: str, start: int, spans: Sequence[ProtectedSpan], german: GermanText) -> list[Check]:
    """Numbers in the translation that nothing in the source explains."""
    left = list(find_numbers(german.rest()))
    if not left:
        return []
    explained = values_in_words(source) | _unprotected_numbers(source, start, spans)
    if _CLOCK_WORDS.search(source):
        clock = _explained_clock(source, explained)
        left = [(place, number) for place, number in left if not _is_clock(german.text, place, *clock)]
    return [
        Check("number", "extra", None, place) for place, number in left if not german.read(number) & explained
    ]


def _explained_clock(source: str, explained: set[Fraction]) -> tuple[set[int], set[int]]:
    """The hours and minutes that a time in words may have in German: half past three is 3:30, 15:30 and halb 4."""
    words = source.lower()
    numbers = {int(value) for value in explained if value.denominator == 1 and 0 <= value <= 60}
    hours = {number for number in numbers if number <= 24}
    if "half past" in words:
        hours |= {hour + 1 for hour in hours}
    if _BEFORE_HOUR.search(words):
        hours |= {hour - 1 for hour in hours}
    minutes = {0, *numbers, *(60 - number for number in numbers)}
    minutes |= ({15, 45} if "quarter" in words else set()) | ({30} if "half" in words else set())
    return hours | {hour + 12 for hour in hours if hour < 12}, minutes


def _doubled(source: str, start: int, spans: Sequence[ProtectedSpan], german: GermanText) -> list[Check]:
    """Copied spans and Roman numerals that occur more often than in the source."""
    kinds = {span.text: span.kind for span in spans if _is_counted(span)}
    outside = _without_spans(source, start, spans) if kinds else ""
    found = list[Check]()
    for text, kind in kinds.items():
        if text not in outside:
            while place := german.take_text(text):
                found.append(Check(kind, "extra", None, place))
    return found


def _doubled_terms(spans: Sequence[ProtectedSpan], german: GermanText) -> list[Check]:
    """Terms that occur more often than in the source, as whole words."""
    terms = dict.fromkeys(span.term for span in spans if span.term is not None)
    return [
        Check("term", "extra", None, place)
        for term in terms
        for place in whole_words_of(term, german.text)
        if german.take_place(place)
    ]


def _is_counted(span: ProtectedSpan) -> bool:
    """Whether a repetition of a span is a fault; a row of dots may be longer in German, and a name may be repeated."""
    if span.value:
        return _ROMAN.fullmatch(span.text) is not None
    return span.kind not in ("tag", "foreign", "term") and not _RULE.fullmatch(span.text)


def _extra_copies(source: str, start: int, spans: Sequence[ProtectedSpan], german: GermanText) -> list[Check]:
    """Links, placeholders and the like that occur more often than in the source."""
    rest = german.rest()
    if not _MAY_BE_COPIED.search(rest):  # true of most translations
        return []
    found = [(one.kind, (one.start, one.end)) for one in find_opaque(rest) if one.kind in _NEVER_INVENTED]
    explained = _without_spans(source, start, spans) if found else ""
    return [
        Check(kind, "extra", None, place) for kind, place in found if rest[slice(*place)] not in explained
    ]


def _is_clock(text: str, place: Place, hours: set[int], minutes: set[int]) -> bool:
    """Return whether a number tells one of these hours, some of these minutes, or both, as in “15.30 Uhr”."""
    parts = [int(part) for part in _DIGITS.findall(text, *place)]
    if not parts:
        return False  # “½”
    if _CLOCK_BEFORE.search(text, max(0, place[0] - 2), place[0]):
        return minutes.issuperset(parts)
    return (
        parts[0] in hours and minutes.issuperset(parts[1:]) and _CLOCK_AFTER.match(text, place[1]) is not None
    )


def _unprotected_numbers(source: str, start: int, spans: Sequence[ProtectedSpan]) -> set[Fraction]:
    """The values of numbers in the source that belong to no span, such as parts of odd words."""
    return {
        value
        for _, number in find_numbers(_without_spans(source, start, spans))
        for value in possible_values(number)
    }


def _without_spans(source: str, start: int, spans: Sequence[ProtectedSpan]) -> str:
    places = [(span.start - start, span.end - start) for span in spans]
    return replaced(source, places, [" "] * len(places))


def _broken_characters(source: str, translation: str) -> Iterator[Check]:
    """U+FFFD and line breaks in the translation that the source does not contain."""
    for match in _NEVER_WRITTEN.finditer(translation):
        if match[0] not in source:
            yield Check("character", "extra", None, match.span())
