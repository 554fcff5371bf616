"""What every vocabulary contains besides the learnt pieces: reserved pieces and required characters."""

from collections.abc import Iterator

from translator.text.marks import FIRST_MARK

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
"""The number of reserved pieces in each class; a reserved piece replaces a protected span of a sentence.

- opaque: links, code, placeholders, standalone tags and anything else that is copied letter for letter
- number, year, ordinal, time, date: values that German writes in its own way
- amount: money, percentages and quantities with a unit
- open, close: a pair of tags around words; both have the same index
- mark: unused. Standalone markup, such as `<br/>`, is opaque

The classes differ where German grammar differs: "in 2019" becomes "2019", "in 15 days" becomes "in 15 Tagen", and
"at 3:30 p.m." becomes "um 15:30 Uhr".
"""

HINT_CLASSES = {"hint": 4, "register": 2, "spare": 10}
"""Pieces that only a source may contain: around a suggested translation, for du or Sie, and for future use."""

RESERVED_CLASSES = SPAN_CLASSES | HINT_CLASSES


def marks_of_classes() -> dict[str, str]:
    """Return the marks of each class, in the order of the pieces."""
    marks, first = {}, FIRST_MARK
    for kind, size in RESERVED_CLASSES.items():
        marks[kind] = "".join(map(chr, range(first, first + size)))
        first += size
    return marks


def reserved_names() -> list[str]:
    """Return the names of the reserved pieces, such as `<number_3>`, in the order of their ids."""
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
"""Characters that always get their own piece, however rare they are in the corpora.

Otherwise they are split into bytes, which a small model garbles: `€5` came out as `15`, `−5 °C` as `→5 §C`. The list
covers technical and everyday texts.
"""

SMALLEST_WITH_REQUIRED_CHARACTERS = 4_000
"""Smaller vocabularies omit the required characters, which would leave no room for words."""
