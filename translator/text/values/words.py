"""Large numbers in words, such as “ten thousand” and “two hundred and fifty million”.

They stay words of the sentence, as numbers up to twelve do; the receipt compares them with the German.
"""

import re
from collections.abc import Iterator

from translator.text.values.keys import Value

_BELOW_20 = """
    one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
    nineteen
"""
_TENS = """
    twenty thirty forty fifty sixty seventy eighty ninety
"""
_VALUES = {word: number for number, word in enumerate(_BELOW_20.split(), start=1)} | {
    word: 10 * number for number, word in enumerate(_TENS.split(), start=2)
}
_MAGNITUDES = {"hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_SMALL = "|".join(_BELOW_20.split())
_BELOW_100 = rf"(?:(?:{'|'.join(_TENS.split())})(?:[- ](?:{_SMALL})(?!\w))?+|{_SMALL})(?!\w)"
_MAGNITUDE = rf"[- ](?:{'|'.join(_MAGNITUDES)})(?!\w)"
_LARGE = re.compile(
    rf"(?<![\w-])(?<!point )(?:an?|{_BELOW_100})(?:{_MAGNITUDE})++"
    rf"(?:(?:,? and |[- ]){_BELOW_100}(?:{_MAGNITUDE})*+){{0,6}}+(?!, {_BELOW_100}{_MAGNITUDE}| [mbtr]{{1,2}}illions)",
    re.IGNORECASE,
)
_INSIDE = re.compile(rf"(?:{'|'.join(_MAGNITUDES)})(?:,? and |,? |-)\Z", re.IGNORECASE)
"""Before a part of a number or list. In “two thousand, five hundred” it may be either, so neither part is read."""
_LONGEST_INSIDE = 14
_WORD = re.compile(r"[a-z]+")
MAY_HOLD_LARGE = re.compile(r"(?:hundred|thousand|illion)(?!\w)", re.IGNORECASE)


def find_large(text: str) -> Iterator[Value]:
    """Yield the large numbers in words, in order; not “a thousand” and the like, which often mean “many”."""
    for match in _LARGE.finditer(text):
        if _INSIDE.search(text, max(0, match.start() - _LONGEST_INSIDE), match.start()):
            continue
        words = _WORD.findall(match[0].lower())
        value = _value(words)
        if value is not None and not (words[0] in ("a", "an") and len(words) == 2):
            german = f"{value:,}".replace(",", ".")
            yield Value(match.start(), match.end(), "small", str(value), german)


def _value(words: list[str]) -> int | None:
    """Return the value of number words; None for several numbers, and for one that German writes in two parts."""
    total, below_1000, last = 0, 0, 10**15
    for word in words:
        factor = _MAGNITUDES.get(word)
        if factor is None:
            below_1000 += 1 if word in ("a", "an") else _VALUES.get(word, 0)  # 0 for “and”
        elif factor == 100:
            if below_1000 >= 100:
                return None
            below_1000 *= factor
        else:
            if factor >= last:
                return None
            total += below_1000 * factor
            below_1000, last = 0, factor
    is_in_parts = total >= 10**6 and (below_1000 or total % 10**6)
    return None if is_in_parts else total + below_1000
