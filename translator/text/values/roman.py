"""Roman numerals after names and nouns: “Louis XIV”, “Part II”, “World War I”.

After the name of a ruler, a numeral is an ordinal, which has a full stop in German: “Ludwig XIV.” After a noun it stays
as it is: “Teil II”, “Weltkrieg I”.
"""

import re
from collections.abc import Iterator
from heapq import merge

from translator.text.values.keys import Value, roman_value

_REGNAL_NAMES = """
    Albert Alexander Alfonso Benedict Boniface Catherine Charles Christian Clement Constantine Darius Edward Elizabeth
    Ferdinand Francis Frederick Friedrich George Gregory Gustav Haakon Harald Henry Innocent Isabella Ivan James John
    Joseph Carlos Julius Karl Leo Leopold Louis Ludwig Margaret Mary Maximilian Mehmed Napoleon Nicholas Olaf Otto Paul
    Pedro Peter Philip Pius Ptolemy Ramesses Ramses Richard Robert Rudolf Sixtus Urban Victor Wilhelm William
"""
_AFTER_NAME = re.compile(
    rf"\b(?:{'|'.join((_REGNAL_NAMES + _REGNAL_NAMES.upper()).split())})[ \u00a0]"
    r"(?P<roman>X{0,3}(?:IX|IV|V?I{0,3}))(?<=[IVX])(?!\w)"
)
_NOUNS = """
    act annex appendix article book canto category chapter class division episode figure grade group level mark part
    phase pillar protocol scene schedule section stage table tier title type volume
"""
_NUMERAL = r"(?!X?L(?!\w))(?=[IVXL])(?:XL|L?X{0,3})(?:IX|IV|V?I{0,3})(?!\w)"
"""A numeral up to 89, but not the letter L or the size XL."""
_AFTER_NOUN = re.compile(
    rf"(?<![\w-])(?i:world war|super bowl|{'|'.join(_NOUNS.split())})[sS]?[ \u00a0]"
    rf"(?P<numerals>{_NUMERAL}"
    rf"(?:(?:, (?:(?:and|or|AND|OR) )?| (?:and|or|to|through|AND|OR|TO|&) |[-–/])(?!I(?!\w)){_NUMERAL}){{0,9}}+)"
)
_EACH_NUMERAL = re.compile(rf"(?<!\w){_NUMERAL}")
_NO_PRONOUN = re.compile(r"[.,;:!?)\]\"”–—-]|\s*\Z|[ \u00a0](?:\(|(?i:of|is|has|are)(?!\w))")
"""Matches after “Part I” but not in “the Part I liked”."""
MAY_HOLD_ROMAN = re.compile(r"(?<!\w)[A-Z][A-Za-z]++[ \u00a0][IVXL]++(?!\w)|[a-z][ \u00a0][IVXL]{2}")


def find_roman(text: str) -> Iterator[Value]:
    """Yield the Roman numerals after names and nouns, in order."""
    after_names = map(_ordinal, _AFTER_NAME.finditer(text))
    return merge(after_names, _after_nouns(text), key=lambda value: value.start)


def _ordinal(match: re.Match[str]) -> Value:
    """Read the XIV of Louis XIV; some German texts say “der Vierzehnte”."""
    roman = match["roman"]
    return Value(match.start("roman"), match.end(), "ordinal", roman, f"{roman}.", (str(roman_value(roman)),))


def _after_nouns(text: str) -> Iterator[Value]:
    for match in _AFTER_NOUN.finditer(text):
        if _is_doubtful(match):
            continue
        for numeral in _EACH_NUMERAL.finditer(text, *match.span("numerals")):
            arabic = str(roman_value(numeral[0]))
            yield Value(*numeral.span(), "number", numeral[0], numeral[0], (arabic,))


def _is_doubtful(match: re.Match[str]) -> bool:
    """Whether a single letter may be no numeral, as in “the part I liked” and “step X”."""
    if len(match["numerals"]) > 1 or match[0].lower().startswith("world war"):
        return False
    if match[0][0].islower():
        return True
    return match["numerals"] == "I" and not _NO_PRONOUN.match(match.string, match.end())
