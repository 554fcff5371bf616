"""Numbers of twenty or more in words, such as “forty-two” and “two hundred and fifty million”.

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
_ORDINALS = "first|second|third|fourth|fifth|sixth|seventh|eighth|ninth"
_MAGNITUDES = {"hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_SMALL = "|".join(_BELOW_20.split())
_ONES = "|".join(_BELOW_20.split()[:9])
_TEN = f"(?:{'|'.join(_TENS.split())})"
_BELOW_100 = rf"(?:{_TEN}(?:[- ](?:{_SMALL})(?!\w))?+|{_SMALL})(?!\w)"
_MAGNITUDE = rf"[- ](?:{'|'.join(_MAGNITUDES)})(?!\w)"
_LARGE = (
    rf"(?<![\w-])(?<!point )(?:an?|{_BELOW_100})(?:{_MAGNITUDE})++"
    rf"(?:(?:,? and |[- ]){_BELOW_100}(?:{_MAGNITUDE})*+){{0,6}}+(?!, {_BELOW_100}{_MAGNITUDE}| [mbtr]{{1,2}}illions)"
)
_FROM_20 = (
    rf"(?<![\w-])(?<!point )(?!(?<=\ba ){_TEN}(?![- ]\w)){_TEN}(?:-(?:{_ONES})(?!\w)| (?:{_ONES})(?![\w-]))?+"
    rf"(?!\w|['’]s|-(?:{_SMALL}|{_TEN}|{_ORDINALS}|something|odd)"
    rf"| (?:{_SMALL}|{_TEN}|(?:{_ORDINALS})s?|point|past|winks)(?!\w)|{_MAGNITUDE}"
    rf"| to (?:{_SMALL})(?!\w)| minutes (?:past|to)(?!\w)| and (?:an? |three )?(?:half|quarter))"
)
"""Not an ordinal, a fraction, a banknote or a time: “twenty-first”, “a twenty”, “twenty past six”."""
_NUMBER = re.compile(f"{_LARGE}|(?P<from_20>{_FROM_20})", re.IGNORECASE)
_AFTER_NUMBER = re.compile(
    rf"(?<!\w)(?:(?:{_SMALL}|{_TEN}|oh|\d{{1,4}})[- ]|(?:{_ONES}) and )\Z", re.IGNORECASE
)
"""Before the second part of a year or time: “nineteen eighty-four”, “six thirty”."""
_INSIDE = re.compile(rf"(?:{'|'.join(_MAGNITUDES)})(?:,? and |,? |-)\Z", re.IGNORECASE)
"""Before a part of a number or list. In “two thousand, five hundred” it may be either, so neither part is read."""
_LONGEST_BEFORE = 14
_WORD = re.compile(r"[a-z]+")
MAY_HOLD_NUMBER = re.compile(
    r"(?:hundred|thousand|illion|(?:wen|hir|for|fif|six|ven|igh|nine)ty)(?!\w)", re.IGNORECASE
)


def find_numbers_in_words(text: str) -> Iterator[Value]:
    """Yield the numbers of twenty or more, in order; not “a thousand” and the like, which often mean “many”."""
    for match in _NUMBER.finditer(text):
        before = max(0, match.start() - _LONGEST_BEFORE), match.start()
        if _INSIDE.search(text, *before) or (match["from_20"] and _AFTER_NUMBER.search(text, *before)):
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
