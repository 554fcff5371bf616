r"""The syntax of lines of data: JSON, CSV, gettext catalogues and Apple's strings.

Their quotation marks are no punctuation.

find_data_syntax('{"title": "Open a file"}')  # `{"title": "` and `"}`
"""

import re
from collections.abc import Iterator

from translator.text.places import Place

_MAY_HOLD_ANY = re.compile(r'msg[isc]|"[ \t]{0,9}[:=]|",|,"|""')
_CATALOGUE_LINE = re.compile(
    r"^[ \t]*+(?P<begin>(?:#[~|] )?(?:msgid(?:_plural)?|msgstr(?:\[\d\])?|msgctxt) \")[^\n]*(?P<end>\")[ \t\r]*$",
    re.MULTILINE,
)
_LINE = re.compile(r"[^\n]++")
_JSON_STRING = r'"(?:[^"\\\n]|\\[^\n])*+"'
_JSON_LINE = re.compile(rf"\s*+[\[{{]*+\s*+{_JSON_STRING}\s*+:\s*+(?:[\[{{\"\d-]|true|false|null)")
_STRINGS_LINE = re.compile(rf"[ \t]*+{_JSON_STRING}[ \t]*+=[ \t]*+(?P<value>{_JSON_STRING})[ \t]*+;[ \t\r]*+")
_JSON_VALUE = re.compile(rf"(?P<value>{_JSON_STRING})(?!\s*+:)|{_JSON_STRING}")
_CSV_QUOTED = r'"(?:[^"\n]|"")*+"'
_CSV_FIELD = rf'(?:{_CSV_QUOTED}|[^",\n]*+)'
_CSV_LINE = re.compile(rf"(?=[^\n]*(?:,\"|\",))(?![^\n]*, ?(?:and|or) )(?:{_CSV_FIELD},)++{_CSV_FIELD}")
_CSV_CELL = re.compile(r'"(?!"")(?=[^\n]*[^"\n]""|""[^"\n])(?:[^"\n]|"")*+"')
"""A line that is a single cell, in which quotation marks are doubled."""
_CSV_TEXT = re.compile(rf'(?P<quoted>{_CSV_QUOTED})|(?P<bare>[^",\n]*[^\W\d_]{{2}}[^",\n]*)|[^",\n]++')


def find_data_syntax(text: str) -> Iterator[Place]:
    """Yield the places of what surrounds the texts in lines of data: keys, numbers and quotation marks."""
    if not _MAY_HOLD_ANY.search(text):
        return
    for line in _LINE.finditer(text):
        yield from _syntax_of(text, *line.span())


def _syntax_of(text: str, start: int, end: int) -> Iterator[Place]:
    """Yield the places of syntax in one line."""
    if catalogue := _CATALOGUE_LINE.match(text, start, end):
        yield from (catalogue.span("begin"), catalogue.span("end"))
    elif _JSON_LINE.match(text, start, end):
        values = (found for found in _JSON_VALUE.finditer(text, start, end) if found["value"])
        yield from _around([(one.start() + 1, one.end() - 1) for one in values], start, end)
    elif strings := _STRINGS_LINE.fullmatch(text, start, end):
        yield from _around([(strings.start("value") + 1, strings.end("value") - 1)], start, end)
    elif _CSV_LINE.fullmatch(text, start, end) or _CSV_CELL.fullmatch(text, start, end):
        yield from _around(list(_csv_texts(text, start, end)), start, end)


def _csv_texts(text: str, start: int, end: int) -> Iterator[Place]:
    for field in _CSV_TEXT.finditer(text, start, end):
        if field["quoted"]:
            yield field.start() + 1, field.end() - 1
        elif field["bare"]:
            yield field.span()


def _around(places: list[Place], start: int, end: int) -> Iterator[Place]:
    """Yield what is between the places and around them."""
    for first, last in places:
        if start < first:
            yield start, first
        start = last
    if places and start < end:
        yield start, end
