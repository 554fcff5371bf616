"""Numbers and codes behind an abbreviation, Roman numerals behind a name or a noun, versions behind a name."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from fidelity_grammar.german import NUMBER_END, NUMBER_START, TO, Figure, ordinal_words, whole_number
from fidelity_grammar.items import Item, Maker, value


@dataclass(frozen=True)
class _Abbreviation:
    german: str
    right: str
    kept: str
    least: int
    """Of the numbers behind it."""
    most: int


_ABBREVIATIONS = {
    "no.": _Abbreviation("Nr.", r"Nr\.|Nummer", r"Nr|No\.?|Num\.?|#", 13, 9999),
    "p.": _Abbreviation("S.", r"S\.|Seite", r"p\.", 13, 990),
    "pp.": _Abbreviation("S.", r"S\.|Seiten?", r"pp\.|p\.|SS\.", 13, 990),
    "fig.": _Abbreviation("Abb.", r"Abb\.|Abbildung", r"Fig\.|Figur|Bild|Grafik|Diagramm", 2, 30),
    "ch.": _Abbreviation("Kap.", r"Kap\.|Kapitels?", r"Ch\.", 2, 40),
    "vol.": _Abbreviation("Bd.", r"Bd\.|Band(?:es)?", r"Vol\.|Volumen|Volume", 2, 40),
    "art.": _Abbreviation("Art.", r"Art\.|Artikels?", r"Article", 2, 140),
    "approx.": _Abbreviation("ca.", r"ca\.|circa|zirka|etwa|ungefähr|rund", r"approx\.|annähernd", 2, 40),
}
_NOT_BEHIND = r"(?i:(?<![a-z]\. )(?<!keine )(?<!keinen )(?<!keiner )(?<!kein )(?<!nein ))"
"""What "no." becomes if it is not understood. "Rechnung 4711" may do without an abbreviation."""


def abbreviated(english: str, first: int, last: int | None = None) -> Item:
    """A number, or a range, behind an abbreviation: "fig. 3", "pp. 12–15"."""
    forms, number = _ABBREVIATIONS[english], whole_number(first)
    if last is not None:
        number = Figure(f"{first}{TO}{last}", f"{first}(?:–| (?i:bis) ){last}", f"{first}–{last}")
    kept = rf"(?<!\w)(?i:{forms.right}|{forms.kept}) ?{number.kept}{NUMBER_END}"
    if english == "no.":
        kept += f"|{NUMBER_START}{_NOT_BEHIND}{number.kept}{NUMBER_END}"
    right = rf"(?<!\w)(?i:{forms.right}) {number.right}{NUMBER_END}"
    source, german = (f"{name} {number.german}" for name in (english, forms.german))
    return value("abbreviated", source, german, kept, right, is_cased=True)


_MONARCHS = {
    "Louis": ("Ludwig", {14: "XIV", 15: "XV", 16: "XVI"}),
    "Henry": ("Heinrich", {4: "IV", 7: "VII", 8: "VIII"}),
    "Elizabeth": ("Elisabeth", {2: "II"}),
    "Charles": ("Karl", {3: "III", 4: "IV", 12: "XII"}),
    "William": ("Wilhelm", {2: "II", 3: "III"}),
    "Gustav": ("Gustav", {3: "III", 6: "VI"}),
}


def monarch(name: str, number: int) -> Item:
    """The name and the Roman numeral of a ruler; the name itself may be translated or not."""
    german, romans = _MONARCHS[name]
    roman = romans[number]
    return value(
        "Roman numeral",
        f"{name} {roman}",
        f"{german} {roman}.",
        rf"(?<!\w){roman}(?!\w)|{NUMBER_START}{number}\.|{ordinal_words(number)}",
        rf"(?<!\w){roman}\.",
        also=(str(number),),
        is_cased=True,
    )


_ROMANS = {2: "II", 3: "III", 4: "IV", 6: "VI", 7: "VII", 9: "IX", 12: "XII", 14: "XIV"}
_NOUNS = {
    "Part": "Teil",
    "Chapter": "Kapitel",
    "Volume": "Band",
    "Section": "Abschnitt",
    "Annex": "Anhang",
    "Title": "Titel",
    "World War": "Weltkrieg",
}


def numeral(noun: str, number: int) -> Item:
    """A noun and its Roman numeral, such as "Part II"; German may also write "der zweite Teil"."""
    roman = _ROMANS[number]
    written = rf"(?<!\w){roman}(?!\w)|{ordinal_words(number)}"
    return value(
        "Roman numeral of a noun",
        f"{noun} {roman}",
        f"{_NOUNS[noun]} {roman}",
        rf"{written}|{NUMBER_START}{number}(?:\.|{NUMBER_END})",
        written,
        also=(str(number),),
        is_cased=True,
    )


def coded(code: str) -> Item:
    """A code behind "no.", such as "no. AB-12/3"."""
    letters = rf"{re.escape(code)}(?![\w/-])"
    right = rf"(?<!\w)(?i:Nr\.|Nummer) {letters}"
    return value("code number", f"no. {code}", f"Nr. {code}", rf"(?<![\w/-]){letters}", right, is_cased=True)


def program(name: str, version: str) -> Item:
    """A program and its version with one point, such as "iOS 17.4", which must not become "17,4"."""
    written = rf"{NUMBER_START}{re.escape(version)}{NUMBER_END}"
    return value("version of a program", f"{name} {version}", f"{name} {version}", written, written)


def _any_numeral(*nouns: str) -> Maker:
    def drawn(random: Random) -> Item:
        noun = random.choice(nouns)
        return numeral(noun, 2 if noun == "World War" else random.choice(list(_ROMANS)))

    return drawn


def _any_code(random: Random) -> Item:
    letters = "".join(random.choice("ABDEHKNRTX") for _ in range(random.randint(1, 3)))
    first, second = random.randint(13, 999), random.randint(1001, 9999)
    return coded(random.choice((f"{letters}{first}", f"{letters}-{first}", f"{letters}-{first}/{second}")))


def _any_program(random: Random) -> Item:
    name = random.choice(("iOS", "macOS", "npm", "Python", "watchOS", "PHP", "Ubuntu", "Android"))
    return program(name, f"{random.randint(13, 29)}.{random.randint(1, 19)}")


def _references(*abbreviations: str) -> dict[str, Maker]:
    def drawn(random: Random) -> Item:
        english = random.choice(abbreviations)
        first = random.randint(_ABBREVIATIONS[english].least, _ABBREVIATIONS[english].most)
        return abbreviated(english, first, first + random.randint(2, 9) if english == "pp." else None)

    return {"abbreviated": drawn}


def _any_monarch(random: Random) -> Item:
    name = random.choice(list(_MONARCHS))
    return monarch(name, random.choice(list(_MONARCHS[name][1])))


SLOTS: dict[str, Mapping[str, Maker]] = {
    "reference": _references("p.", "pp.", "fig.", "ch.", "vol."),
    "figure": _references("fig."),
    "numbered": _references("no."),
    "statute": _references("art."),
    "about": _references("approx."),
    "monarch": {"Roman numeral": _any_monarch},
    "part": {
        "Roman numeral of a noun": _any_numeral("Part", "Chapter", "Volume", "Section", "Annex", "Title")
    },
    "war": {"Roman numeral of a noun": _any_numeral("World War")},
    "coded": {"code number": _any_code},
    "program": {"version of a program": _any_program},
}
"""For each slot that holds a reference, the kinds that fit, and what makes one."""
