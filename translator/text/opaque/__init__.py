r"""What must come through a translation letter for letter: addresses, file names, code, placeholders, codes.

    find_opaque("Open {name} at example.com.")  # "{name}", a placeholder, and "example.com", a link

Two tables have a regular expression for each form that is copied. One scan finds the first place at which any of them
matches, and the longest match there wins. An expression looks a bounded distance ahead, or begins only where a run
does, and its repetitions are possessive: the time grows with the length of the text.

Two forms need more than their surroundings and are found before the scan: the syntax of ICU messages, which nests, and
the arguments `$1` and `$2`, which look like money.
"""

import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from translator.text.opaque.forms import AT_MARKS, AT_WORDS, COMMAND_LINES, LATIN, OpaqueKind, Table

__all__ = ["OpaqueKind", "OpaqueSpan", "find_opaque"]


@dataclass(frozen=True, slots=True)
class OpaqueSpan:
    """`text[start:end]`, which is copied."""

    start: int
    end: int
    kind: OpaqueKind


def find_opaque(text: str) -> list[OpaqueSpan]:
    """Return the parts of an English text that a translator copies: ordered, disjoint and not empty.

    Where several forms match, the one that begins first is taken, and of those the longest. Numbers, dates, times,
    money and quantities are converted and therefore not found, except inside of something longer, such as a link.
    """
    if not _MAY_HOLD_ANY.search(text):  # as in most sentences
        return []
    known = deque(sorted((*_message_syntax(text), *_positional_arguments(text)), key=lambda span: span.start))
    spans: list[OpaqueSpan] = []
    position = 0
    match = _ANY.search(text)
    while match or known:
        begins = known[0].start if known else len(text) + 1
        span = known.popleft() if match is None or begins <= match.start() else _longest(text, match)
        if span.start >= position:
            spans.append(span)
            position = span.end
        if match and match.start() < position:
            match = _ANY.search(text, position)
    return spans


class _Form(NamedTuple):
    """A form of a table, and those after it that may match more."""

    kind: OpaqueKind
    later: tuple[tuple[OpaqueKind, Callable[[str, int], re.Match[str] | None]], ...]


def _longest(text: str, match: re.Match[str]) -> OpaqueSpan:
    """The longest match where one was found; of equal ones the first in the table."""
    start, end = match.span()
    kind, later = _FORM_OF_GROUP[match.lastindex or 0]
    for other, rule in later:  # those before it were tried, and do not match
        if (longer := rule(text, start)) and longer.end() > end:
            kind, end = other, longer.end()
    return OpaqueSpan(start, end, kind)


def _message_syntax(text: str) -> Iterator[OpaqueSpan]:
    """Yield the syntax of ICU messages, `{count, plural, one {`, `#` and `}}`, but not the text in their branches."""
    header = _MESSAGE.search(text)
    closing = _closing_braces(text) if header else {}
    while header:
        end = closing.get(header.start())
        pieces = _message_pieces(text, header.start(), closing, _DEEPEST) if end is not None else []
        yield from (OpaqueSpan(*piece, "placeholder") for piece in pieces)
        header = _MESSAGE.search(text, end + 1 if end is not None and pieces else header.start() + 1)


def _closing_braces(text: str) -> dict[int, int]:
    """Where each opening brace that has a closing one is closed."""
    opened: list[int] = []
    closing: dict[int, int] = {}
    for brace in _BRACE.finditer(text):
        if brace[0] == "{":
            opened.append(brace.start())
        elif opened:
            closing[opened.pop()] = brace.start()
    return closing


def _message_pieces(text: str, start: int, closing: dict[int, int], depth: int) -> list[tuple[int, int]]:
    """The pieces of syntax of the message that begins at `start`; none if it is no whole message."""
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
    """The pieces of syntax in the text of a branch: the number sign of a plural, and messages in it."""
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
    """Yield `$1`, `$2` and so on of lines that have them from 1 on without a gap, and no other money."""
    for line in _LINE_OF_TEXT.finditer(text) if "$1" in text else ():
        amounts = list(_AMOUNT.finditer(text, *line.span()))
        numbers = {amount[1] for amount in amounts}
        is_counted = 1 < len(numbers) < 10 and numbers == set(map(str, range(1, len(numbers) + 1)))
        if is_counted and not _SIGN_OF_MONEY.search(text, *line.span()):
            yield from (OpaqueSpan(*amount.span(), "code") for amount in amounts)


_DEEPEST = 3
"""How deep messages nest; what is deeper stays text."""
_MESSAGE = re.compile(
    r"\{\s{0,20}+[\w.-]{1,60}+\s{0,20}+,\s{0,20}+(plural|select|selectordinal)\s{0,20}+,\s{0,20}+(?:offset:\d{1,9}+)?"
)
_BRANCH = re.compile(r"\s*+(?:=\d{1,9}|[\w-]{1,60}+)\s{0,20}+\{")
_BLANKS = re.compile(r"\s*+")
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
    r"|\w[.:]\w|\w\(|(?<!\w)[.:-]{1,2}\w|\+\+|\[\[|MiG"
)
"""One of these is in every form that the tables have."""
_ENDS = r"""[.,;:!?"”’)]*+"""
_PLAIN = (
    rf"[{LATIN}]++(?:['’][{LATIN}]++)?+{_ENDS}(?:\s|\Z)"
    rf"|[1-9]\d{{0,3}}+(?:,\d{{3}})*+(?:\.\d++)?+%?+{_ENDS}(?:\s(?!\d)|\Z)"
)
"""Usual words and numbers, as most are: nothing begins there but commands of several words."""
_AT_MARK = (
    r"(?!(?<=\w)[.:-]|[-/~.$%*+(:#@\[<&](?:\s|\Z))"
    r"(?=[/~.$%{\\*+(:#@\[<&`§¶·†‡©®™•‣※¦¬¤\u2190-\u2211\u2213-\u23ff\u2500-\u27bf\u2900-\u2bff\U000f0000-\U000f00ff-])"
)
"""What a form at a mark may begin with; punctuation is not followed by a blank."""


def _compiled(*tables: tuple[str, Table]) -> tuple[re.Pattern[str], list[_Form]]:
    """An expression for the forms of some tables, each behind a condition, and for each of its groups the form."""
    alternatives, groups = list[str](), [_Form("code", ())]
    for condition, table in tables:
        rules = [(kind, re.compile(form)) for kind, form in table]
        alternatives.append(f"{condition}(?:{'|'.join(f'({form})' for _, form in table)})")
        for number, (kind, rule) in enumerate(rules, start=1):
            later = tuple((other, one.match) for other, one in rules[number:])
            groups += [_Form(kind, later)] * (1 + rule.groups)
    return re.compile("|".join(alternatives)), groups


_ANY, _FORM_OF_GROUP = _compiled(
    (rf"(?<!\w)(?=\w)(?!{_PLAIN})", AT_WORDS),
    (r"(?<!\w)(?=[a-z])", COMMAND_LINES),
    (_AT_MARK, AT_MARKS),
)
