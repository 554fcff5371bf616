"""The values of number words in an English text, which explain digits in its translation.

    values_in_words("three and a half of twenty-one, in nineteen ninety-five")  # includes 3.5, 21 and 1995

It returns too many values rather than too few: callers only ask whether a number has no source at all.
"""

import re
from fractions import Fraction

_UNIT_WORDS = """
    zero one|once|first|single two|twice|second|both|pair|couple|double three|third|triple|thrice four|fourth
    five|fifth six|sixth seven|seventh eight|eighth nine|ninth ten|tenth|decade|decades eleven|eleventh
    twelve|twelfth|noon|midday thirteen|thirteenth fourteen|fourteenth|fortnight fifteen|fifteenth sixteen|sixteenth
    seventeen|seventeenth eighteen|eighteenth nineteen|nineteenth
"""
_TEN_WORDS = """
    twenty|twentieth|twenties thirty|thirtieth|thirties forty|fortieth|forties fifty|fiftieth|fifties
    sixty|sixtieth|sixties seventy|seventieth|seventies eighty|eightieth|eighties ninety|ninetieth|nineties
"""
_UNITS = {word: number for number, words in enumerate(_UNIT_WORDS.split()) for word in words.split("|")}
_TENS = {word: 10 * number for number, words in enumerate(_TEN_WORDS.split(), 2) for word in words.split("|")}
_FACTORS = {
    word + ending: factor
    for word, factor in (
        ("dozen", 12), ("hundred", 100), ("century", 100), ("centurie", 100), ("thousand", 1000), ("million", 10**6),
        ("billion", 10**9), ("trillion", 10**12),
    )
    for ending in ("", "s", "th")
}  # fmt: skip
_FRACTIONS = {
    "half": Fraction(1, 2), "halves": Fraction(1, 2), "third": Fraction(1, 3), "thirds": Fraction(1, 3),
    "quarter": Fraction(1, 4), "quarters": Fraction(1, 4), "fifth": Fraction(1, 5), "fifths": Fraction(1, 5),
}  # fmt: skip
_MOST = 10**15
"""Above this, a factor starts a new number; otherwise a text of many factors would give huge numbers."""
_WORD = re.compile(r"[A-Za-z]++")
_ROMAN = re.compile(
    r"(?<!\w)(?:(?=[IVX]{2}|[VX])X{0,3}(?:IX|IV|V?I{0,3})"
    r"|(?<=\bWar )I|(?<=\bPart )I|(?<=\bType )I|(?<=\bBook )I|(?<=\bAct )I|(?<=\bPhase )I)(?!\w)"
)
_ROMAN_DIGITS = {"I": 1, "V": 5, "X": 10}


def values_in_words(text: str) -> set[Fraction]:
    """Return the values of number words, alone and combined with their neighbours, and of Roman numerals."""
    found = {Fraction(_roman(match[0])) for match in _ROMAN.finditer(text) if match[0]}
    words = [match[0] for match in _WORD.finditer(text.lower())]
    if "midnight" in words:
        found |= {Fraction(0), Fraction(12), Fraction(24)}
    runs = _runs(words)
    if "floor" in words:  # the American third floor is “der 2. Stock”
        found |= {value - 1 for value in runs}
    if "week" in words or "weeks" in words:  # two weeks are 14 days
        found |= {value * 7 for value in runs}
    if "week" in words:
        found.add(Fraction(7))
    return found | runs | _years(words) | _fractions(words) | _decimals(words)


def _runs(words: list[str]) -> set[Fraction]:
    """Return the values of runs of number words: three hundred and five gives 305, 3, 300 and 5."""
    found: set[Fraction] = set()
    run = 0
    for word in words:
        number = _below_hundred(word)
        if number is not None:
            goes_on = run and number < (
                100 if run % 100 == 0 else 10 if run % 10 == 0 and run % 100 > 10 else 0
            )
            run = run + number if goes_on else number
        elif word in _FACTORS:
            run = _FACTORS[word] * (max(1, run) if run < _MOST else 1)
        elif word != "and":
            run = 0
        if run or number is not None:
            found |= {Fraction(run), Fraction(number or run)}
    return found


def _years(words: list[str]) -> set[Fraction]:
    """Return years in words, such as nineteen ninety-five, twenty twenty and the nineteen-sixties."""
    found: set[Fraction] = set()
    for place, word in enumerate(words):
        century, rest = _below_hundred(word), _runs(words[place + 1 : place + 3])
        if century is not None and 10 <= century <= 20:
            found |= {100 * century + value for value in rest if 10 <= value < 100}
        if word.endswith("ties") and word in _TENS:  # the sixties are the 1960s
            found.add(Fraction(1900 + _TENS[word]))
    return found


def _fractions(words: list[str]) -> set[Fraction]:
    """Return fractions in words, such as half, three quarters, two and a half, and half a million."""
    found: set[Fraction] = set()
    for place, word in enumerate(words):
        part = _FRACTIONS.get(word)
        if part is None:
            continue
        wholes = _runs(words[max(0, place - 4) : place])
        factor = next((_FACTORS[one] for one in words[place + 1 : place + 4] if one in _FACTORS), 1)
        parts = {part, *(whole * part for whole in wholes), *(whole + part for whole in wholes)}
        found |= {value * scale for value in parts for scale in (1, factor, 100)}  # half is 50 per cent
        found |= {1 / part} if part.numerator == 1 else set()
    return found


def _decimals(words: list[str]) -> set[Fraction]:
    """Return decimals in words, such as one point five."""
    found: set[Fraction] = set()
    for place, word in enumerate(words):
        if word != "point":
            continue
        wholes = _runs(words[max(0, place - 3) : place])
        digits = ""
        for following in words[place + 1 : place + 5]:
            number = _UNITS.get(following)
            if number is None or number > 9:
                break
            digits += str(number)
            found |= {whole + Fraction(f"0.{digits}") for whole in wholes}
    return found | {value * factor for value in found for factor in _FACTORS.values()}


def _below_hundred(word: str) -> int | None:
    return _UNITS.get(word, _TENS.get(word))


def _roman(numeral: str) -> int:
    digits = [_ROMAN_DIGITS[letter] for letter in numeral]
    return sum(
        -one if one < following else one for one, following in zip(digits, [*digits[1:], 0], strict=True)
    )
