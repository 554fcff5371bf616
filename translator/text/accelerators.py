"""Find the accelerators of menus and buttons: the sign before the letter that chooses an entry, as in `_File`, `E&xit`.

GTK marks it with `_`, Windows and Qt with `&`, LibreOffice with `~`. Whoever translates without the sign can put it
before the German word.
"""

import re
from collections.abc import Iterator

_MAY_HOLD_ANY = re.compile(r"[&_~][A-Za-z]")
_CELL = re.compile(r"[^\t\n\r]+")
_SENTENCE_END = re.compile(r"(?<!\.)[.!]\s*\Z")
_MOST_WORDS = 10
_BEFORE_WORD = re.compile(
    r"(?<![^\s(\[“\"‘'])(?<!, )(?:"
    r"&(?=[A-Za-z]{2,60}+(?![\w;=&])(?![\w.:-]{0,60};))"
    r"|[_~](?=(?:[A-Z][a-z]*+|[A-Z]{2,3})(?:(?![\w(\[/\\.=])|\.{3}))"
    r"|(?<=[A-Za-z] )_(?=[a-z]{2,60}+(?:(?![\w(\[/\\.=])|\.{3})))"
)
_INSIDE_WORD = re.compile(
    r"(?<![\w&_])(?P<left>[A-Za-z][a-z]*)(?P<sign>[&_])(?P<right>[a-z]+)(?![\w&_;=(]|\.\w)"
)
_NAMED = re.compile(
    r"\b(?:is|named|called|field|variable|parameter|method|class|function|attribute|argument|property|module"
    r"|prefix) _",
    re.IGNORECASE,
)
"""Before an identifier such as `_name`."""
_EMPHASIS_END = re.compile(r"\w[_~](?!\w)")
_VOWEL = re.compile("[aeiouy]", re.IGNORECASE)
_WHOLE_WORDS = frozenset(("down", "fro", "go", "her", "off", "out", "you"))
"""Words behind `&` in pairs such as “up&down”; other pairs, such as “drag&drop”, have longer words on both sides."""
_FEWEST_LETTERS = 4
_MENU_WORD_LIST = """
    about accept add all apply back bold border cancel clear close columns continue copy create cut default delete
    disable discard duplicate edit enable exit export file filter find finish font format forward full help hide home
    ignore import insert install italic keep left load lock login logout merge move name new next none open options
    page paste play preferences preview previous print properties quit record redo refresh reload remove rename replace
    reset restart restore resume retry right rows run save search select send settings share show skip sort split start
    stop style table test text tools top underline undo uninstall unlock update upload view window yes zoom
"""
_MENU_WORDS = frozenset(_MENU_WORD_LIST.split())
"""Words of menus. Others with `_` inside, such as `Max_value`, are identifiers."""


def find_accelerators(text: str) -> list[int]:
    """Return the places of the signs in a text, at most one in each of its lines and cells, in order.

    A sign in a sentence is none, nor is any if a label has several.
    """
    if not _MAY_HOLD_ANY.search(text):
        return []
    found = list[int]()
    for cell in _CELL.finditer(text):
        signs = list(_signs(cell[0])) if _is_label(cell[0]) else []
        if len(signs) == 1:
            found.append(cell.start() + signs[0])
    return found


def _is_label(cell: str) -> bool:
    return len(cell.split(maxsplit=_MOST_WORDS)) <= _MOST_WORDS and not _SENTENCE_END.search(cell)


def _signs(label: str) -> Iterator[int]:
    if not _NAMED.search(label) and not _EMPHASIS_END.search(label):
        yield from (match.start() for match in _BEFORE_WORD.finditer(label))
    for match in _INSIDE_WORD.finditer(label):
        word = (match["left"] + match["right"]).lower()
        if word in _MENU_WORDS or (match["sign"] == "&" and _splits_word(match["left"], match["right"])):
            yield match.start("sign")


def _splits_word(left: str, right: str) -> bool:
    """Whether a sign splits one word, as in “Loca&te”; in “drag&drop”, “R&b” and “up&down”, it joins two."""
    are_words = min(len(left), len(right)) > 2 and _VOWEL.search(left) and _VOWEL.search(right)
    return len(left) + len(right) >= _FEWEST_LETTERS and not are_words and right not in _WHOLE_WORDS
