"""What every vocabulary holds besides the pieces it learns: reserved pieces, and characters of their own."""

from collections.abc import Iterator

SPAN_CLASSES = {
    "opaque": 16,
    "number": 16,
    "year": 8,
    "amount": 16,
    "time": 8,
    "date": 8,
    "ordinal": 8,
    "open": 12,
    "close": 12,
    "mark": 8,
}
"""Pieces that stand for protected spans of a sentence, and how many there are of each class.

- opaque: links, code, placeholders and whatever else is copied letter for letter
- number, year, ordinal, time, date: values with a German form of their own
- amount: money, percentages and quantities with a unit
- open, close: a pair of tags around words; both have the same number
- mark: markup that stands alone, such as `<br/>` and `&nbsp;`

The classes differ where German grammar differs: "in 2019" becomes "2019", "in 15 days" becomes "in 15 Tagen", and
"at 3:30 p.m." becomes "um 15:30 Uhr".
"""

HINT_CLASSES = {"hint": 4, "register": 2, "spare": 10}
"""Pieces that only a source may hold: around a suggested translation, for du or Sie, and for uses yet unknown."""

RESERVED_CLASSES = SPAN_CLASSES | HINT_CLASSES


FIRST_MARK = 0xF0000
"""In marked text, reserved piece number i is the private-use character U+F0000 + i."""


def marks_of_classes() -> dict[str, str]:
    """The marks of each class, in the order of the pieces."""
    marks, first = {}, FIRST_MARK
    for kind, size in RESERVED_CLASSES.items():
        marks[kind] = "".join(map(chr, range(first, first + size)))
        first += size
    return marks


def reserved_names() -> list[str]:
    """The names of the reserved pieces in the order of their ids, such as `<number_3>`: they tell the class."""
    return [f"<{kind}_{index}>" for kind, size in RESERVED_CLASSES.items() for index in range(size)]


def _characters() -> Iterator[str]:
    yield from map(chr, range(0x21, 0x7F))  # ASCII
    yield from (chr(code) for code in range(0xA1, 0x100) if code != 0xAD)  # Latin-1 without the soft hyphen
    yield from map(chr, range(0x100, 0x180))  # Latin Extended-A: names of most European languages
    yield from "ẞȘșȚț"
    yield from "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩαβγδεζηθικλμνξοπρςστυφχψωΆΈΉΊΌΎΏΐάέήίΰϊϋόύώΪΫ"
    yield from "‐‑‒–—―‖‘’‚‛“”„‟†‡•‣…‰‱′″‴‹›※‼‽⁃⁄⁇⁈⁉"
    yield from map(chr, range(0x20A0, 0x20C1))  # currency
    yield from "⁰ⁱ⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿ₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎"
    yield from "⅐⅑⅒⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞↉"
    yield from "№℃℉ℓ™℗℮"
    yield from "←↑→↓↔↕↖↗↘↙↩↪↵↺↻⇄⇆⇐⇑⇒⇓⇔⇕➔➜➤"
    yield from "∀∂∃∅∆∇∈∉∋∏∑−∓∕∗∘∙√∛∝∞∟∠∥∧∨∩∪∫∮∴∵∼≃≅≈≠≡≤≥≪≫⊂⊃⊆⊇⊕⊗⊥⋅⌀⌈⌉⌊⌋"
    yield from "⌘⌥⏎─│└├■□▪▫▲△▶▸►▼▽◀◂◄◆◇○●★☆☐☑☒♀♂♠♣♥♦♪♫⚠✓✔✕✖✗✘"


REQUIRED_CHARACTERS = "".join(_characters())
"""Characters that are pieces of their own, however rare they are in the corpora.

Otherwise they fall apart into bytes, which a small model garbles: `€5` came out as `15`, `−5 °C` as `→5 §C`. The list
covers what technical and everyday texts use.
"""

SMALLEST_WITH_REQUIRED_CHARACTERS = 4_000
"""Smaller vocabularies take the characters of their corpora alone: the required ones would leave no room for words."""
