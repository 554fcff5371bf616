"""German number words as digits: “einundzwanzig” → `21`, “im zwanzigsten Jahrhundert” → `im 20. Jahrhundert`.

A translation may spell out a value. To find it, number words are converted to digits, and the places of matches are
mapped back to the original text.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator
from itertools import zip_longest

from translator.text.places import Place

_ONES = "ein zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn"
_TENS = "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig"
_VALUES = (
    {word: number for number, word in enumerate((_ONES + " achtzehn neunzehn").split(), start=1)}
    | {word: 10 * number for number, word in enumerate(_TENS.split(), start=2)}
    | {"null": 0, "eins": 1, "zwo": 2, "dreissig": 30, "fuenf": 5, "zwoelf": 12}
)
_ORDINALS = {"erst": 1, "dritt": 3, "siebt": 7, "acht": 8}
"""Ordinals that are not a cardinal with an ending."""
_PART = "|".join(sorted((*_VALUES, "hundert", "tausend", "und"), key=len, reverse=True))
_WORD = re.compile(
    rf"(?<!\w)(?:(?P<half>(?:anderthalb|(?:{_PART})(?:und)?einhalb)(?:e[nmrs]?)?)(?!\w)"
    rf"|(?P<ordinal>(?:{'|'.join(_ORDINALS)}|(?:{_PART}){{1,12}}+s?t)e[nmrs]?(?!\w))"
    rf"|(?P<decade>(?:{'|'.join(_TENS.split())}|dreissig))ern?(?=jahr|n?(?!\w))"
    r"|(?P<fraction>drei ?viertel|zwei drittel|(?:ein )?(?:viertel|drittel)|halbe[nmrs]?|halb)(?!\w)"
    rf"|(?P<cardinal>(?:{_PART}){{1,12}}+(?: (?:hundert|tausend)(?!\w))?+)(?:(?:e[nmrs]?)?(?!\w)"
    r"|(?=jähr|tägig|wöchig|monatig|stündig|minütig|mal(?!\w)|fach|prozentig|stellig|köpfig|seitig|teilig|stöckig|dollar|euro))"
    r"|(?P<clock>mitternacht|mittags?)(?!\w))",
    re.IGNORECASE,
)
_FRACTIONS = {"drei viertel": "¾", "dreiviertel": "¾", "zwei drittel": "⅔", "viertel": "¼", "drittel": "⅓"}


class InDigits:
    """A German text with its number words in digits."""

    def __init__(self, text: str) -> None:
        self._replaced: list[tuple[int, int, Place]] = []
        """Start and end of the digits, and the place of the words in the original text."""
        parts, position, length = list[str](), 0, 0
        for (start, end), figures in _replacements(text):
            parts += text[position:start], figures
            length += start - position
            self._replaced.append((length, length + len(figures), (start, end)))
            length, position = length + len(figures), end
        self.text = "".join([*parts, text[position:]])
        """The text with digits."""

    def original(self, place: Place) -> Place:
        """Map a place in `text` to the original text, extended to whole number words."""
        return self._original(place[0], is_end=False), self._original(place[1], is_end=True)

    def _original(self, offset: int, *, is_end: bool) -> int:
        rank = bisect_left(self._replaced, offset if is_end else offset + 1, key=lambda one: one[0])
        if rank == 0:
            return offset
        _, end, words = self._replaced[rank - 1]
        if offset >= end:
            return words[1] + offset - end
        return words[1] if is_end else words[0]


def _replacements(text: str) -> Iterator[tuple[Place, str]]:
    matches = list(_WORD.finditer(text))
    for match, following in zip_longest(matches, matches[1:]):
        new = next(_READERS[name](word.lower()) for name, word in match.groupdict().items() if word)
        if new is None or (new == "1" and following and following.start() == match.end() + 1):
            continue  # “eine hundertprozentige” is not 1 100
        is_joined = new.endswith("er") and text[match.end() : match.end() + 1].isalpha()
        yield match.span(), f"{new}-" if is_joined else new  # the 90er-jahre of “Neunzigerjahre”


def _cardinal(word: str) -> str | None:
    value = _value_of(word.replace(" ", ""))
    return None if value is None else str(value)


def _ordinal(word: str) -> str | None:
    stem = re.sub(r"e[nmrs]?\Z", "", word)
    value = _ORDINALS.get(stem)
    if value is None:
        value = _value_of(re.sub(r"s?t\Z", "", stem))
    return None if value is None else f"{value}."


def _half(word: str) -> str | None:
    if word.startswith("anderthalb"):
        return "1,5"
    whole = _value_of(re.sub(r"(?:und)?einhalb.*", "", word))
    return None if whole is None else f"{whole},5"


def _fraction(word: str) -> str | None:
    return "½" if word.startswith("halb") else _FRACTIONS[word.removeprefix("ein ")]


def _value_of(word: str) -> int | None:
    """Return the value of a cardinal below a million; None for anything else, such as “und”."""
    for name, factor in (("tausend", 1000), ("hundert", 100)):
        before, found, after = word.partition(name)
        if found:
            first = _value_of(before) if before else 1
            rest = after.removeprefix("und")
            last = _value_of(rest) if rest else 0
            return None if first is None or last is None else first * factor + last
    if word in _VALUES:
        return _VALUES[word]
    ones, found, tens = word.partition("und")
    if (
        found
        and ones in _VALUES
        and tens in _VALUES
        and _VALUES[ones] < 10
        and _VALUES[tens] in range(20, 100, 10)
    ):
        return _VALUES[ones] + _VALUES[tens]
    return None


_READERS: dict[str, Callable[[str], str | None]] = {
    "half": _half,
    "ordinal": _ordinal,
    "decade": lambda word: f"{_value_of(word)}er",
    "cardinal": _cardinal,
    "fraction": _fraction,
    "clock": lambda word: "0:00 Uhr" if word == "mitternacht" else "12:00 Uhr",
}
