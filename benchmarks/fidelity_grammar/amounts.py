"""Money, percentages and quantities with a unit."""

from collections.abc import Callable, Mapping
from random import Random

from fidelity_grammar.german import (
    MINUS,
    NUMBER_END,
    NUMBER_START,
    RIGHT_MINUS,
    UNIT_END,
    Figure,
    figure,
    whole_number,
)
from fidelity_grammar.items import Item, Maker, value

Numbers = Callable[[Random], str]
"""Draws English figures, such as "1,299.99"."""

_CURRENCIES = {
    "$": (r"(?:US-?)?\$|(?i:(?:US[- ]?)?Dollars?|USD)", "USD"),
    "€": (r"€|(?i:Euros?|EUR)", "EUR"),
    "£": (r"£|(?i:(?:britische )?Pfund(?: Sterling)?|GBP)", "GBP"),
    "¥": (r"¥|(?i:Yen|JPY)", "JPY"),
    "CHF": (r"(?i:CHF|(?:Schweizer )?Franken|Fr\.)", "CHF"),
}
"""For each currency its German forms and its code."""
_MILLIONS = (10**6, "Mio.", r"Million(?:en)?|Mio\.?", r"Millionen|Mio\.")
_BILLIONS = (10**9, "Mrd.", r"Milliarden?|Mrd\.?", r"Milliarden|Mrd\.")
_SIZES = {" million": _MILLIONS, "m": _MILLIONS, " billion": _BILLIONS, "bn": _BILLIONS}
"""How large a number is, in English, and its German: an example, all forms and the right ones."""


def money(currency: str, digits: str, size: str = "") -> Item:
    """An amount with a sign before it, also of millions or billions: ("€", "3.2", " million")."""
    number = _millions(digits, size) if size else _in_figures_or_words(digits)
    return _amount("money by sign", currency + digits + size, currency, number, size.startswith(" "))


def money_by_code(currency: str, digits: str, is_before: bool) -> Item:
    """An amount with the code of its currency, before or after it."""
    code = _CURRENCIES[currency][1]
    source = f"{code} {digits}" if is_before else f"{digits} {code}"
    return _amount("money by code", source, currency, _in_figures_or_words(digits), is_cased=False)


def _amount(kind: str, source: str, currency: str, number: Figure, is_cased: bool) -> Item:
    forms = _CURRENCIES[currency][0]
    kept = (
        f"{NUMBER_START}{number.kept}[ -]?(?:{forms}){UNIT_END}",
        rf"(?<!\w)(?:{forms}) ?{number.kept}{NUMBER_END}",
    )
    right = f"{NUMBER_START}{number.right} (?:{forms}){UNIT_END}"
    return value(kind, source, f"{number.german} {currency}", "|".join(kept), right, is_cased=is_cased)


def _in_figures_or_words(digits: str) -> Figure:
    """A number that may also be in words if it is whole."""
    return figure(digits) if "." in digits else whole_number(int(digits.replace(",", "")), digits)


def _millions(digits: str, size: str) -> Figure:
    factor, short, kept_words, right_words = _SIZES[size]
    number, in_full = figure(digits), figure(f"{round(float(digits) * factor):,}")
    kept = f"(?:{number.kept}[ -]?(?i:{kept_words})|{in_full.kept})"
    return Figure(kept, f"{number.right} (?i:{right_words})", f"{number.german} {short}")


def percent(digits: str, mark: str = "%") -> Item:
    """A percentage."""
    number = _in_figures_or_words(digits)
    words = r"(?i:Prozent(?!punkt)(?:ige[nmrs]?|s)?)"
    kept = rf"{NUMBER_START}{number.kept}(?: ?%(?:ige[nmrs]?)?|[ -]?{words}){UNIT_END}"
    right = rf"{NUMBER_START}{number.right}(?: %| {words}){UNIT_END}"
    return value("percentage", digits + mark, f"{number.german} %", kept, right)


_UNITS = {
    "km": r"km|(?i:Kilometern?)",
    "m": r"m|(?i:Metern?)",
    "cm": r"cm|(?i:Zentimetern?)",
    "kg": r"kg|(?i:Kilo(?:gramm)?s?)",
    "g": r"g|(?i:Gramm)",
    "mg": r"mg|(?i:Milligramm)",
    "µg": r"[µμ]g|(?i:Mikrogramm)",
    "l": r"l|L|(?i:Litern?)",
    "ml": r"ml|(?i:Millilitern?)",
    "m²": r"m²|m2|qm|(?i:Quadratmetern?)",
    "km²": r"km²|km2|qkm|(?i:Quadratkilometern?)",
    "ha": r"ha|(?i:Hektar)",
    "km/h": r"km/h|(?i:km/Std\.?|Kilometern? pro Stunde|Stundenkilometern?)",
    "°C": r"°C|(?i:Grad(?: Celsius)?)",
    "°F": r"°F|(?i:Grad Fahrenheit)",
    "MB": r"MB|(?i:Megabytes?)",
    "GB": r"GB|(?i:Gigabytes?)",
    "TB": r"TB|(?i:Terabytes?)",
    "W": r"W|(?i:Watt)",
    "kW": r"kW|(?i:Kilowatt)",
    "V": r"V|(?i:Volt)",
    "h": r"h|(?i:Std\.?|Stunden?)",
    "ms": r"ms|(?i:Millisekunden?)",
}
"""Units and their German forms."""


def quantity(digits: str, unit: str, blank: str = " ") -> Item:
    """A number, also below zero, with a unit."""
    figures = digits.lstrip("−-")
    mark, number = digits[: -len(figures)], _in_figures_or_words(figures)
    kept_mark, right_mark = (MINUS, RIGHT_MINUS) if mark else ("", "")
    start = r"(?<!\w)" if mark else NUMBER_START
    any_case = _UNITS[unit].replace("°", "° ?")
    return value(
        "quantity",
        digits + blank + unit,
        f"{mark}{number.german} {unit}",
        rf"{start}{kept_mark}{number.kept}[ -]?(?i:{any_case}){UNIT_END}",
        rf"{start}{right_mark}{number.right} (?:{_UNITS[unit]}){UNIT_END}",
    )


def _price(random: Random) -> str:
    """Figures of an amount that a person spends."""
    forms = (
        f"{random.randint(2, 99)}",
        f"{random.randint(100, 999)}",
        f"{random.randint(2, 99)}.{random.randint(1, 99):02}",
        f"{random.randint(1001, 9999):,}.{random.randint(1, 99):02}",
    )
    return random.choice(forms)


def _sum(random: Random) -> str:
    """Figures of a larger amount."""
    forms = (
        f"{random.randint(1001, 9999):,}.{random.randint(1, 99):02}",
        f"{random.randint(2, 900) * 1000:,}",
        f"{random.randint(1001, 99_999):,}",
    )
    return random.choice(forms)


def _money(numbers: Numbers) -> dict[str, Maker]:
    """Amounts with these numbers, by sign or code. The yen has no smaller coins."""

    def digits(random: Random, currency: str) -> str:
        drawn = numbers(random)
        return drawn.partition(".")[0] if currency == "¥" else drawn

    def by_sign(random: Random) -> Item:
        currency = random.choice("$$€€£¥")
        return money(currency, digits(random, currency))

    def by_code(random: Random) -> Item:
        currency = random.choice(list(_CURRENCIES))
        return money_by_code(currency, digits(random, currency), is_before=random.random() < 0.5)

    return {"money by sign": by_sign, "money by code": by_code}


def magnitude(digits: str, size: str) -> Item:
    """A number of millions or billions: ("3.2", " million")."""
    number = _millions(digits, size)
    kept, right = (NUMBER_START + form + UNIT_END for form in (number.kept, number.right))
    return value("magnitude", digits + size, number.german, kept, right, is_cased=True)


def _crowd(random: Random) -> Item:
    digits = random.choice((str(random.randint(2, 90)), f"{random.randint(1, 9)}.{random.randint(1, 9)}"))
    return magnitude(digits, random.choice((" million", " billion")))


def _millions_of_money(random: Random) -> Item:
    digits = random.choice((str(random.randint(2, 90)), f"{random.randint(2, 9)}.{random.randint(1, 9)}"))
    return money(random.choice("$$€€£¥"), digits, random.choice(list(_SIZES)))


def _percent(random: Random) -> Item:
    forms = (
        f"{random.randint(2, 99)}",
        f"{random.randint(0, 30)}.{random.randint(1, 9)}",
        f"{random.randint(2, 9)}.25",
    )
    return percent(random.choice(forms), random.choice(("%", "%", "%", " %")))


def _from(least: int, most: int) -> Numbers:
    """Whole numbers."""
    return lambda random: f"{random.randint(least, most):,}"


def _halves(least: int, most: int) -> Numbers:
    """Whole numbers, and those with one decimal."""
    return lambda random: f"{random.randint(least, most)}{random.choice(('', '.5', '.2'))}"


def _degrees(random: Random) -> str:
    """Of the air, also below zero."""
    return random.choice((str(random.randint(3, 39)), f"{random.choice('−-')}{random.randint(2, 20)}"))


def _quantities(units: Mapping[str, Numbers]) -> dict[str, Maker]:
    """Quantities with these units, a quarter of them without a blank."""

    def drawn(random: Random) -> Item:
        unit = random.choice(list(units))
        return quantity(units[unit](random), unit, random.choice((" ", " ", " ", "")))

    return {"quantity": drawn}


SLOTS: dict[str, Mapping[str, Maker]] = {
    "price": _money(_price),
    "amount": _money(_sum),
    "crowd": {"magnitude": _crowd},
    "budget": {**_money(_sum), "money by sign": _millions_of_money},
    "percent": {"percentage": _percent},
    "length": _quantities({"km": _halves(2, 90), "m": _from(20, 900)}),
    "height": _quantities({"m": _halves(2, 90), "cm": _from(20, 900)}),
    "area": _quantities({"km²": _from(20, 9000), "ha": _halves(2, 900)}),
    "rooms": _quantities({"m²": _from(40, 1900)}),
    "weight": _quantities({"g": _from(20, 900), "kg": _halves(1, 9)}),
    "heavy": _quantities({"kg": _from(20, 3000)}),
    "volume": _quantities({"ml": _from(20, 900), "l": _halves(1, 9)}),
    "dose": _quantities({"mg": _halves(2, 40), "µg": _from(20, 900)}),
    "speed": _quantities({"km/h": _from(20, 150)}),
    "temperature": _quantities({"°C": _degrees}),
    "oven": _quantities({"°C": _from(120, 250), "°F": _from(300, 480)}),
    "power": _quantities({"W": _from(20, 900), "kW": _halves(1, 90), "V": _from(12, 230)}),
    "data": _quantities({"MB": _from(20, 9000), "GB": _halves(2, 900), "TB": _halves(1, 9)}),
    "hours": _quantities({"h": _halves(1, 40), "ms": _from(20, 9000)}),
}
"""For each slot that holds an amount, the kinds that fit, and what makes one."""
