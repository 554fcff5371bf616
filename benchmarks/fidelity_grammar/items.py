"""What stands in a slot of a sentence, and the German in which it is found again."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

RUN = re.compile("[0-9]+|[⁰¹²³⁴-⁹]+|[½⅓⅔¼-¾⅛-⅞]")
"""A run of digits, of raised digits, or a fraction sign."""

EMOJI_JOINERS = "\u200d\ufe0f\U0001f3fb-\U0001f3ff"
"""Characters that make another emoji of the one before them."""


@dataclass(frozen=True)
class Item:
    """A value as the English has it, and how to find it in the German."""

    kind: str
    source: str
    german: str
    """An example of the right form."""
    kept: re.Pattern[str]
    """Every German form that a reader takes for the same value."""
    right: re.Pattern[str]
    """The forms that German conventions ask for; they are among `kept`."""
    digits: frozenset[str] = frozenset()
    """Runs of digits that the value explains in the German."""
    is_literal: bool = False
    """It is copied letter for letter, blanks too."""
    is_cased: bool = False
    """In a sentence in capitals, it is in capitals, too."""
    is_common: bool = False
    """Its German is a usual word, as "ein" for 1: more of them are no fault."""


Maker = Callable[[Random], Item]


def runs(*texts: str) -> frozenset[str]:
    """The runs of digits in texts, without leading zeros, so that "05" is "5"."""
    return frozenset(run.lstrip("0") or "0" for text in texts for run in RUN.findall(text))


def english_ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th, 11th, 21st."""
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th") if number // 10 != 1 else "th"
    return f"{number}{ending}"


def value(
    kind: str,
    source: str,
    german: str,
    kept: str,
    right: str,
    *,
    also: tuple[str, ...] = (),
    is_cased: bool = False,
    is_common: bool = False,
) -> Item:
    """An item that is converted; `also` has more digits that it explains than those of both examples.

    `kept` and `right` are regular expressions with their own boundaries; what is right is also kept.
    """
    joined = re.sub(r"(?<=\d)[.,](?=\d)", "", source)
    digits = runs(source, german, joined, *also)
    return Item(
        kind,
        source,
        german,
        re.compile(f"{right}|{kept}"),
        re.compile(right),
        digits,
        is_cased=is_cased,
        is_common=is_common,
    )


def literal(kind: str, text: str) -> Item:
    """An item that is copied."""
    pattern = re.compile(_before(text) + re.escape(text) + _after(kind, text))
    return Item(kind, text, text, pattern, pattern, runs(text), is_literal=True)


def tag_pair(name: str, attributes: str, word: str) -> Item:
    """A word between two tags, which have other words between them in the German."""
    opening, closing = f"<{name}{attributes}>", f"</{name}>"
    pattern = re.compile(f"{re.escape(opening)}[^<>]+{re.escape(closing)}")
    source = f"{opening}{word}{closing}"
    return Item("tag", source, source, pattern, pattern, runs(source), is_literal=True)


def _before(text: str) -> str:
    """What may not stand before a copied text, since it would make it another one."""
    first = text[0]
    if first == "{":
        return r"(?<![{$#%])"
    if first in "/\\~.":
        return r"(?<![\w/.])"
    if first.isalnum() or first in "_+:@#":
        return r"(?<![\w&])"
    return "(?<!`)" if first == "`" else "(?<!\u200d)"


def _after(kind: str, text: str) -> str:
    """What may not stand after it."""
    last = text[-1]
    if kind == "emoji":
        return f"(?![{EMOJI_JOINERS}])"
    if last in "}`":
        return rf"(?!\{last})"
    if kind == "link":
        return r"(?![\w/])(?![-.]\w)"
    if kind in ("email", "path"):
        return r"(?!\w)(?![.@/]\w)"
    if kind in ("version", "phone", "account", "order number"):
        return r"(?!\w)(?![.,]\d)"
    return r"(?!\w)" if last.isalnum() or last in "_/" else ""
