"""Join hard-wrapped lines, as in e-mails: each paragraph becomes one line of the same length."""

import re

_WORD_BREAK = re.compile(r"(?<=[^\W\d_])-[ \t]*+\r?\n[ \t]*+(?=[^\W\d_A-Z])")
"""A hyphen at the end of a line within a word."""
_LINE_BREAK = re.compile(
    r"(?<=\S)[ \t]*+\r?\n[ \t]*+(?=\S)"
    r"(?!(?:[-*+•–—>#|]|\d{1,3}[.)])[ \t])"  # the next line is an item of a list, a heading or a quotation
)
_SOFT_HYPHEN = "\u00ad"


def join_lines(text: str) -> str:
    """Return a text of the same length whose line breaks within paragraphs are spaces.

    Blank lines and items of lists still begin a line. Hyphens at the end of a line, with the line break, become soft
    hyphens, which the model does not read: “exam-ple” over two lines is “example”.
    """
    if "\n" not in text:
        return text
    whole = _WORD_BREAK.sub(lambda found: _SOFT_HYPHEN * len(found[0]), text)
    return _LINE_BREAK.sub(lambda found: " " * len(found[0]), whole)


def join_all(text: str) -> str:
    """Return a text of the same length in a single line."""
    return join_lines(text).translate(_BREAKS)


_BREAKS = dict.fromkeys(map(ord, "\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029\t"), " ")
