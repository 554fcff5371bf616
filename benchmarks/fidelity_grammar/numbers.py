"""Numbers that German writes in its own way: marks, signs, fractions, exponents, ordinals, ranges."""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from fidelity_grammar.german import (
    MINUS,
    NO_UNIT,
    NUMBER_END,
    NUMBER_START,
    PLUS,
    RIGHT_MINUS,
    TO,
    Figure,
    figure,
    loosely,
    number_words,
    ordinal_words,
    spelled,
    whole_number,
)
from fidelity_grammar.items import Item, Maker, english_ordinal, value


def _number(kind: str, source: str, number: Figure, *, is_common: bool = False) -> Item:
    kept, right = (NUMBER_START + form + NUMBER_END + NO_UNIT for form in (number.kept, number.right))
    return value(kind, source, number.german, kept, right, is_common=is_common)


def counted(number: int) -> Item:
    """A whole number, with commas from a thousand on. For 1, the German may have an article."""
    source = f"{number:,}"
    kind = "below 13" if number < 13 else "13 to 999" if number < 1000 else "thousands"
    return _number(kind, source, whole_number(number, source), is_common=number == 1)


def unmarked(source: str) -> Item:
    """The number of a room or a line: four digits without a mark."""
    return _number("four digits", source, figure(source))


def year(source: str) -> Item:
    """A year, in which no mark may stand."""
    return _number("year", source, Figure(source, source, source))


def decimal(source: str) -> Item:
    """A decimal fraction such as "1,299.5"."""
    return _number("decimal", source, figure(source))


def signed(source: str) -> Item:
    """A number with a sign, "+", "-" or "−"."""
    mark, number = source[0], figure(source[1:])
    kept, right = (PLUS, PLUS) if mark == "+" else (MINUS, RIGHT_MINUS)
    return value(
        "signed",
        source,
        mark + number.german,
        rf"(?<!\w){kept}{number.kept}{NUMBER_END}",
        rf"(?<!\w){right}{number.right}{NUMBER_END}",
    )


@dataclass(frozen=True)
class _Part:
    """A fraction with its sign, and how it is written otherwise."""

    sign: str
    slashed: str
    decimal: str
    words: str

    @property
    def as_sign(self) -> str:
        """A regular expression for the sign, or the digits with a slash."""
        return f"(?:{self.sign}|{self.slashed}|{self.slashed.replace('/', '⁄')})"

    @property
    def in_words(self) -> str:
        """A regular expression for words."""
        return rf"(?i:\b(?:{self.words})\b)"


_PARTS = (
    _Part("½", "1/2", "0.5", r"halb(?:e[nmrs]?)?|Hälfte"),
    _Part("¼", "1/4", "0.25", r"viertel\w*"),
    _Part("¾", "3/4", "0.75", r"drei ?viertel\w*"),
    _Part("⅓", "1/3", "", r"drittel\w*"),
    _Part("⅔", "2/3", "", r"zwei ?drittel\w*"),
)
_END_OF_FRACTION = r"(?![\w/⁄½⅓⅔¼-¾])(?![.,]\d)"


def fraction(source: str) -> Item:
    """A fraction such as "½" or "1/2", or a whole number with one, "3½" or "3 1/2"."""
    part = next(part for part in _PARTS if source.endswith((part.sign, part.slashed)))
    whole = source.removesuffix(part.sign).removesuffix(part.slashed).strip()
    right = _mixed_forms(int(whole), part) if whole else _part_forms(part)
    kept = right
    if part.decimal:
        digits = (whole or "0") + part.decimal[1:]
        right = [*right, NUMBER_START + figure(digits).right + NUMBER_END]
        kept = [NUMBER_START + figure(digits).kept + NUMBER_END]
    also = (part.sign, part.slashed, part.decimal)
    return value("fraction", source, whole + part.sign, "|".join(kept), "|".join(right), also=also)


def _part_forms(part: _Part) -> list[str]:
    return [f"{NUMBER_START}{part.as_sign}{_END_OF_FRACTION}", part.in_words]


def _mixed_forms(whole: int, part: _Part) -> list[str]:
    number = whole_number(whole).right
    return [
        f"{NUMBER_START}{whole}(?:{part.sign}| {part.as_sign}){_END_OF_FRACTION}",
        f"{NUMBER_START}{number} (?i:und )?(?i:eine?[nmr]? )?{part.in_words}",
        rf"(?i:\b{spelled(whole)}(?:und)?(?:ein)?(?:{part.words})\b)",
    ]


def exponent(power: int, factor: str = "") -> Item:
    """A power of ten, also behind a factor: "10⁻³", "2.5 × 10⁸"."""
    raised = "10" + str(power).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    end = r"(?![⁰¹²³⁴-⁹\d])"
    flat = f"{MINUS}{-power}" if power < 0 else str(power)
    any_form = rf"(?:{raised}|10(?:\^[({{]?{flat}[)}}]?| (?i:hoch) {flat})){end}"
    also = (str(power),)
    if not factor:
        kept, right = NUMBER_START + any_form, NUMBER_START + raised + end
        return value("exponent", raised, raised, kept, right, also=also)
    number = figure(factor)
    return value(
        "exponent",
        f"{factor} × {raised}",
        f"{number.german} × {raised}",
        f"{NUMBER_START}{number.kept} ?[×·x*⋅] ?{any_form}",
        f"{NUMBER_START}{number.right} ?[×·⋅] ?{raised}{end}",
        also=also,
    )


def ordinal(number: int) -> Item:
    """A number with "st", "nd", "rd" or "th", in front of a noun."""
    right = rf"{NUMBER_START}{number}\.(?= ?[\wäöü-])|{ordinal_words(number)}"
    kept = rf"{NUMBER_START}{number}(?:\.|(?i:st|nd|rd|th|-?s?te[nmrs]?))?{NUMBER_END}"
    return value("ordinal", english_ordinal(number), f"{number}.", kept, right, is_cased=True)


def between(first: int, last: int, mark: str) -> Item:
    """From one number, or one year, to another, with "–" or "-" between them."""
    numbers = [
        str(number) if number > 999 else f"(?:{number}|{number_words(number)})" for number in (first, last)
    ]
    right = "(?:–| (?i:bis) )" if mark == "–" else "(?:–|-| (?i:bis) )"
    return value(
        "range",
        f"{first}{mark}{last}",
        f"{first}–{last}",
        NUMBER_START + TO.join(numbers) + NUMBER_END,
        NUMBER_START + right.join(numbers) + NUMBER_END,
    )


def decade(source: str) -> Item:
    """Ten years, with or without their century: "1990s", "90s"."""
    years = source.removesuffix("s")
    short = years[-2:]
    any_years = f"(?:(?:1[89]|20)?{short})" if years == short else f"(?:{years}|{short})"
    right = rf"(?<!\w){any_years if years == short else years}(?i:ern?)(?![A-Za-zäöü])"
    kept = rf"(?<!\w){any_years}-?(?i:ern?|s)(?![A-Za-zäöü])"
    if int(short) > 10:
        kept += rf"|(?i:\b{loosely(spelled(int(short)))}er(?:n|jahren?)?\b)"
    return value("decade", source, f"{years}er", kept, right, also=(short,), is_cased=True)


def _small(random: Random) -> Item:
    return counted(random.randint(2, 12))


def _medium(random: Random) -> Item:
    return counted(random.choice((random.randint(13, 99), random.randint(100, 999))))


def _large(random: Random) -> Item:
    forms = (
        random.randint(1001, 9999),
        random.randint(10_001, 999_999),
        random.randint(2, 99) * 1000,
        random.randint(1_000_001, 99_999_999),
    )
    return counted(random.choice(forms))


def _decimal(random: Random) -> Item:
    whole = random.choice((0, random.randint(1, 20), random.randint(21, 2500)))
    return decimal(f"{whole:,}." + "".join(random.choices("123456789", k=random.choice((1, 2, 2, 3)))))


def _signed(random: Random) -> Item:
    digits = random.choice((str(random.randint(2, 99)), f"{random.randint(0, 20)}.{random.randint(1, 9)}"))
    return signed(random.choice("−-+") + digits)


def _fraction(random: Random) -> Item:
    part = random.choice(_PARTS)
    return fraction(random.choice((part.sign, part.sign, part.slashed)))


def _mixed(random: Random) -> Item:
    whole, part = random.randint(2, 9), random.choice(_PARTS)
    return fraction(f"{whole}{random.choice((part.sign, part.sign, f' {part.slashed}'))}")


def _exponent(random: Random) -> Item:
    factors = ("", "", str(random.randint(2, 9)), f"{random.randint(1, 9)}.{random.randint(1, 9)}")
    return exponent(random.choice((-9, -6, -5, -4, -3, 6, 7, 8, 9)), random.choice(factors))


def _range(random: Random) -> Item:
    first = random.randint(2, 80)
    return between(first, first + random.choice((2, 5, 10, 20)), random.choice("–-"))


def _years(random: Random) -> Item:
    first = random.randint(1801, 2000)
    return between(first, first + random.randint(2, 25), random.choice("–-"))


def _decade(random: Random) -> Item:
    first = random.choice((*range(1850, 1900, 10), *range(1910, 2000, 10), 2010))
    return decade(f"{first if first < 1950 or random.random() < 0.7 else first % 100}s")


def _ordinals(least: int, most: int) -> dict[str, Maker]:
    return {"ordinal": lambda random: ordinal(random.randint(least, most))}


SLOTS: dict[str, Mapping[str, Maker]] = {
    "one": {"below 13": lambda _: counted(1)},
    "count": {"below 13": _small, "13 to 999": _medium},
    "many": {"13 to 999": _medium, "thousands": _large},
    "plain": {"four digits": lambda random: unmarked(str(random.randint(2101, 9999)))},
    "year": {"year": lambda random: year(str(random.randint(1801, 2029)))},
    "decimal": {"decimal": _decimal},
    "signed": {"signed": _signed},
    "fraction": {"fraction": _fraction},
    "mixed": {"fraction": _mixed},
    "exponent": {"exponent": _exponent},
    "floor": _ordinals(1, 12),
    "century": _ordinals(11, 21),
    "place": _ordinals(2, 59),
    "range": {"range": _range},
    "years": {"range": _years},
    "decade": {"decade": _decade},
}
"""For each slot that holds a number, the kinds that fit, and what makes one."""
