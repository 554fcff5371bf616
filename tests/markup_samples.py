"""Markup for tests: hostile, and random."""

from hypothesis import strategies as st

SIZE = 20_000

HOSTILE = {
    "nested": "<b>" * (SIZE // 7) + "x" + "</b>" * (SIZE // 7),
    "unclosed": "<p><b>x " * (SIZE // 8),
    "<": "<" * SIZE,
    "<a ": "<a " * (SIZE // 3),
    "<!--": "<!--" * (SIZE // 4),
    "&": "&" * SIZE,
    "</": "</" * (SIZE // 2),
    "quotes": '<a b="' * (SIZE // 6),
    "CDATA": "<![CDATA[" * (SIZE // 9),
    "attributes": "<a" + " b" * (SIZE // 2),
    "name": "<" + "a" * SIZE,
    "value": "<a b=" + "=" * SIZE + ">",
    "comment": "<!--" + "-a" * (SIZE // 2),
    "document type": '<!doctype html public "' + "a" * SIZE,
    "title": "<title></" + "a" * SIZE,
    "script": "<script><!--<" + "a" * SIZE,
    "control characters": "\x01\0" * (SIZE // 2),
    "digits": "&#" + "9" * SIZE + ";",
    "digits at the end": "&#" + "9" * SIZE,
    "hexadecimal": "&#x" + "9" * SIZE,
    "entities": "&amp" * (SIZE // 4),
    "end tag": "</a" + " b=c" * (SIZE // 4) + ">",
}

PARTS = st.sampled_from(
    ["<b>", "</b>", "<i class='x'>", "</i>", "<br>", "<p>", "</p>", "a", " ", "\n", "&amp;", "&", "<", ">", "é", "😀",
     "<!-- c -->", "<title>", "</title>", "<script>", "</script>", '<a href="?a&amp;b">', "</a>", "'", '"', "/", "<x/>"]
)  # fmt: skip
MARKUP = st.lists(PARTS, max_size=30).map("".join)
