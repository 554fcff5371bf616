r"""Find what a translation copies letter for letter: links, file names, code, placeholders, addresses of houses.

    find_opaque("Open {name} at example.com.")  # "{name}", a placeholder, and "example.com", a link

Tables hold a regular expression for each form. One scan finds the first position where any of them matches, and
the longest match there wins. Time is linear in the length of the text: every expression looks a bounded distance
ahead or starts only at the start of a run, and its repetitions are possessive.

Three forms need more context and are found before the scan: the syntax of ICU messages, which nests, the arguments `$1`
and `$2`, which look like money, and the syntax of lines of data.
"""

import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from translator.text.marks import MARK_RANGE
from translator.text.opaque.capitals import CAPITALS
from translator.text.opaque.data_lines import find_data_syntax
from translator.text.opaque.forms import (
    AT_MARKS,
    AT_WORDS,
    COMMAND_LINES,
    ENUMERATORS,
    FORMULAS,
    FREQUENT_LATIN,
    LOG_LEVELS,
    LONE_SIGNS,
    TYPOGRAPHY,
    OpaqueKind,
    Table,
)
from translator.text.stand_ins import STAND_IN_RANGE

__all__ = ["OpaqueKind", "OpaqueSpan", "find_opaque"]


@dataclass(frozen=True, slots=True)
class OpaqueSpan:
    """`text[start:end]`, which a translation copies."""

    start: int
    end: int
    kind: OpaqueKind


def find_opaque(text: str) -> list[OpaqueSpan]:
    """Return the parts of an English text that a translation copies, in order, disjoint and not empty.

    If several forms match, the earliest wins, then the longest. Numbers, dates, times, money and quantities are
    not found, since they are converted, except inside something longer, such as a link.
    """
    if not _MAY_HOLD_ANY.search(text):  # most sentences
        return []
    found = (*_message_syntax(text), *_positional_arguments(text), *_data_syntax(text))
    known = deque(sorted(found, key=lambda span: span.start))
    spans: list[OpaqueSpan] = []
    position = 0
    match = _ANY.search(text)
    while match or known:
        span = _longest(text, match) if match else known.popleft()
        if match and known and known[0].start < span.end:
            span = known.popleft()
        if span.start >= position:
            spans.append(span)
            position = span.end
        if match and match.start() < position:
            match = _ANY.search(text, position)
    return spans


_compile = cache(re.compile)
"""Few forms are ever needed on their own, and compiling all of them delays the start."""


class _Form(NamedTuple):
    """A form of a table, and the later ones that may match more."""

    kind: OpaqueKind
    later: Table


def _longest(text: str, match: re.Match[str]) -> OpaqueSpan:
    """Return the longest match at the start of `match`; among equal ones, the first in the table."""
    start, end = match.span()
    kind, later = _FORM_OF_GROUP[match.lastindex or 0]
    for other, form in later:  # earlier ones were tried and do not match
        if (longer := _compile(form).match(text, start)) and longer.end() > end:
            kind, end = other, longer.end()
    return OpaqueSpan(start, end, kind)


def _message_syntax(text: str) -> Iterator[OpaqueSpan]:
    """Yield the syntax of ICU messages, `{count, plural, one {`, `#` and `}}`, but not the text in branches.

    It is a sign if the message is a whole line or quotation: then its branches are texts of their own.
    """
    header = _MESSAGE.search(text)
    closing = _closing_braces(text) if header else {}
    while header:
        end = closing.get(header.start())
        pieces = _message_pieces(text, header.start(), closing, _DEEPEST) if end is not None else []
        is_alone = end is not None and _is_alone(text, header.start(), end + 1)
        for start, after in pieces:
            is_sign = is_alone and text[start:after] != "#"
            yield OpaqueSpan(start, after, "sign" if is_sign else "placeholder")
        header = _MESSAGE.search(text, end + 1 if end is not None and pieces else header.start() + 1)


def _is_alone(text: str, start: int, end: int) -> bool:
    """Whether a message begins its line or follows a list mark, quotation mark or tag, and ends likewise."""
    before = text[max(0, start - _BESIDE) : start].rpartition("\n")[2].strip()
    after = text[end : end + _BESIDE].partition("\n")[0].strip()
    return (before in _LIST_MARKS or before.endswith(_OPENING)) and (not after or after.startswith(_CLOSING))


def _closing_braces(text: str) -> dict[int, int]:
    """Map the position of each matched opening brace to that of its closing brace."""
    opened: list[int] = []
    closing: dict[int, int] = {}
    for brace in _BRACE.finditer(text):
        if brace[0] == "{":
            opened.append(brace.start())
        elif opened:
            closing[opened.pop()] = brace.start()
    return closing


def _message_pieces(text: str, start: int, closing: dict[int, int], depth: int) -> list[tuple[int, int]]:
    """Return the pieces of syntax of the message that starts at `start`; none if it is incomplete."""
    header, end = _MESSAGE.match(text, start), closing[start]
    pieces: list[tuple[int, int]] = []
    if header is None or depth == 0:
        return pieces
    piece, position = start, header.end()
    while branch := _BRANCH.match(text, position, end):
        closes = closing[branch.end() - 1]
        pieces.append((piece, branch.end()))
        pieces += _branch_pieces(text, branch.end(), closing, depth, closes, is_plural=header[1] != "select")
        piece, position = closes, closes + 1
    is_whole = pieces and _BLANKS.fullmatch(text, position, end)
    return [*pieces, (piece, end + 1)] if is_whole else []


def _branch_pieces(
    text: str, position: int, closing: dict[int, int], depth: int, end: int, is_plural: bool
) -> list[tuple[int, int]]:
    """Return the pieces of syntax in the text of a branch: a plural's number sign, and nested messages."""
    pieces: list[tuple[int, int]] = []
    while mark := _BRANCH_MARK.search(text, position, end):
        position = mark.end()
        if mark[0] == "{":
            pieces += _message_pieces(text, mark.start(), closing, depth - 1)
            position = closing[mark.start()] + 1
        elif is_plural:
            pieces.append(mark.span())
    return pieces


def _positional_arguments(text: str) -> Iterator[OpaqueSpan]:
    """Yield `$1`, `$2` and so on, from lines that number them from 1 without a gap and show no sign of money."""
    for line in _LINE_OF_TEXT.finditer(text) if "$1" in text else ():
        amounts = list(_AMOUNT.finditer(text, *line.span()))
        numbers = {amount[1] for amount in amounts}
        is_counted = 1 < len(numbers) < 10 and numbers == set(map(str, range(1, len(numbers) + 1)))
        if is_counted and not _SIGN_OF_MONEY.search(text, *line.span()):
            yield from (OpaqueSpan(*amount.span(), "code") for amount in amounts)


def _data_syntax(text: str) -> Iterator[OpaqueSpan]:
    """Yield the syntax of lines of data, such as `msgid "Open"` and `{"title": "Open"}`."""
    return (OpaqueSpan(*place, "sign") for place in find_data_syntax(text))


_DEEPEST = 3
"""The deepest nesting of messages; anything deeper stays text."""
_MESSAGE = re.compile(
    r"\{\s{0,20}+[\w.-]{1,60}+\s{0,20}+,\s{0,20}+(plural|select|selectordinal)\s{0,20}+,\s{0,20}+(?:offset:\d{1,9}+)?"
)
_BRANCH = re.compile(r"\s*+(?:=\d{1,9}|[\w-]{1,60}+)\s{0,20}+\{")
_BLANKS = re.compile(r"\s*+")
_BESIDE = 100
"""Characters to look at on each side, so that many messages in a line take linear time."""
_LIST_MARKS = ("", "-", "*", "+")
_OPENING = ('"', "'", "“", ">")
_CLOSING = ('"', "'", "”", "<")
_BRACE = re.compile("[{}]")
_BRANCH_MARK = re.compile("[{#]")
_LINE_OF_TEXT = re.compile(r"[^\n]++")
_AMOUNT = re.compile(r"\$(\d(?:[\w.,]*\w)?)")
_SIGN_OF_MONEY = re.compile(
    r"\$\d ?[-–—] ?\$\d|\b(?:costs?|pa(?:id|ys?)|priced?|prices|worth|spent|spend|earned|fees?|rose|raised?|fell"
    r"|between|buy|bought|sells?|sold|saved?|charged?|tickets?|coins?|bills?|cheap|dollars?|owe[ds]?|tips?|bets?|won|lost)\b"
)


_MAY_HOLD_ANY = re.compile(
    "[0-9⁰¹²³⁴-⁹₀-₉@\\\\/<&{%$#`_~=§¶·†‡©®™•‣※¦¬¤\u0370-\u1dff\u1f00-\u1fff\u2190-\U0010ffff]"
    rf"|[{LONE_SIGNS}\u0300-\u036f]|[^\W\d_{FREQUENT_LATIN}]"
    r"|\w[.:]\w|\w\(|(?<!\w)[.:-]{1,2}\w|\+\+|\[\[|MiG|\.{4}|(?:\. ){3}|-{4}|\^|''"
    r"|\w\*{1,2}\w|\w (?:\*{1,2}|\|\|) \w|(?<!\w)\*\w"
    r"|\"[ \t]{0,9}[:,]|,\"|\"\""
    r"|[A-Z]{5}|[A-Z]{3}-[A-Z]|msg[isc]|BIC|CV[CV]|\[[A-Z]|\w\)[ \t]|[:;][-^o']{0,2}[()DPpOo/|*\[\]]"
)
"""Every form in the tables contains one of these."""
_ENDS = r"""[.,;:!?"”’)]*+"""
_PLAIN = (
    rf"[{FREQUENT_LATIN}]++(?:['’][{FREQUENT_LATIN}]++)?+{_ENDS}(?:\s|\Z)"
    rf"|[1-9]\d{{0,3}}+(?:,\d{{3}})*+(?:\.\d++)?+%?+{_ENDS}(?:\s(?![\dA-Z])|\Z)|[1-9]\d?+{_ENDS}\s(?!\d{{3}}[-.]\d|[A-Z])"
)
"""Ordinary words and numbers: only multi-word commands may start there."""
_MARKS = "".join(sorted({mark for marks, _, _ in AT_MARKS for mark in marks}))
_OTHER_SIGNS = (
    rf"[{LONE_SIGNS}§¶·†‡©®™•‣※¦¬¤\u2190-\u2211\u2213-\u23ff\u2500-\u27bf\u2900-\u2bff"
    rf"{MARK_RANGE}{STAND_IN_RANGE}]"
)
_NO_PUNCTUATION = r"(?!(?<=\w)[.:-]|[-/~.$%*+(:#@\[<&](?:\s|\Z))"
"""A mark before a space is punctuation."""


def _tables_at_marks() -> Iterator[tuple[str, Table]]:
    """Yield a table for each mark, so that only its forms are tried there, and one for all other signs."""
    for mark in _MARKS:
        table = tuple((kind, form) for marks, kind, form in AT_MARKS if mark in marks)
        yield f"(?={re.escape(mark)}){_NO_PUNCTUATION}", table
    yield f"(?={_OTHER_SIGNS})", tuple((kind, form) for marks, kind, form in AT_MARKS if not marks)


def _compiled(
    *places: tuple[str, Iterable[tuple[str, Table]]],
) -> tuple[re.Pattern[str], list[_Form]]:
    """Return one expression for all tables, each after its conditions, and the form of each of its groups."""
    expressions, groups = list[str](), [_Form("code", ())]
    for place, tables in places:
        alternatives = list[str]()
        for condition, table in tables:
            alternatives.append(f"{condition}(?:{'|'.join(f'({form})' for _, form in table)})")
            for number, (kind, form) in enumerate(table, start=1):
                groups += [_Form(kind, table[number:])] * (1 + form.count("(?P<"))
        expressions.append(f"{place}(?:{'|'.join(alternatives)})")
    return re.compile("|".join(expressions)), groups


_ANY, _FORM_OF_GROUP = _compiled(
    (
        r"(?<!\w)(?=\w)",
        (
            (r"(?=\w{1,60}(?:\.\d{1,9})? (?:\*|&&|\|\||[!=]=))", FORMULAS),
            (f"(?!{_PLAIN})", AT_WORDS),
            ("(?=[a-z])", COMMAND_LINES),
            ("(?=[DEFINTW][A-Z]{3})", LOG_LEVELS),
            (r"(?=\w{1,4}\))", ENUMERATORS),
            ("(?=[A-Z]{3})", CAPITALS),
        ),
    ),
    (
        rf"(?=[{re.escape(_MARKS)}=\"';8^¯]|{_OTHER_SIGNS})",
        ((r"(?=[.=*~\"':;8<^\\¯-])", TYPOGRAPHY), *_tables_at_marks()),
    ),
)
