"""The marks at the start of a line that say what the line is: a list's item, a task, a quotation, a heading.

find_list_marks("- [x] Buy milk")  # `- [x]`
find_list_marks("B. Buy milk")  # `B.`; an initial, as in “J. Smith”, stays in the same way
"""

import re
from collections.abc import Iterator

from translator.text.places import Place

_MARK = r"(?:[-*+–—]|#{1,6}+|>{1,20}+)(?=[ \t])"
_BOX = r"(?:\d{1,9}[.)][ \t]++)?\[[ xX]\]"
_SECTION = r"\d{1,3}(?:\.\d{1,3})++\.(?=[ \t]++[^\W\d_])"
_LETTER = r"(?:[A-Za-z]|[ivx]{2,4}|[IVX]{2,4})\.(?=[ \t]++[A-Z][^\W\d_])"
_WORD = r"""(?=[ \t]++[“„"'`(\[{<*_~]{0,3}[^\W\d_])"""
_MARKS = re.compile(
    rf"^[ \t]*+(?P<marks>{_MARK}(?:[ \t]++{_MARK})*+(?:[ \t]++{_BOX}(?=[ \t]++\S)|{_WORD})"
    rf"|{_BOX}(?=[ \t]++\S)|{_SECTION}|{_LETTER})",
    re.MULTILINE,
)
"""A mark without a box stands before a word: `- 5 °C` is a temperature, and `* * *` a rule."""


def find_list_marks(text: str) -> Iterator[Place]:
    """Yield the places of such marks, without the blanks around them."""
    if text[:1].isalpha() and "\n" not in text and "." not in text[1:5]:  # most sentences
        return
    for found in _MARKS.finditer(text):
        yield found.span("marks")
