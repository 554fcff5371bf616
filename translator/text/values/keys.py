"""The `Value` type and its keys, which are equal for equal values in either language."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from translator.text.numbers import VULGAR, english_value, german_number, mixed_value

ValueKind = Literal[
    "small", "number", "year", "decade", "money", "percent", "quantity", "time", "date", "ordinal", "label"
]


@dataclass(frozen=True, slots=True)
class Value:
    """A value at `text[start:end]` of an English text."""

    start: int
    end: int
    kind: ValueKind
    """`small` is a whole number up to twelve, on which grammar depends, one in words, or a month before a year: it
    stays a word of the sentence."""
    key: str
    """Such as `1299.99 USD`; equal for equal values of a kind in either language."""
    german: str
    """Its German form."""
    also: tuple[str, ...] = ()
    """Other keys that match it in a German text: both readings of `5/12/2025`, 14 for “XIV”."""


CURRENCIES = {
    "US$": "USD", "A$": "AUD", "C$": "CAD", "NZ$": "NZD", "HK$": "HKD", "S$": "SGD", "R$": "BRL",
    "$": "$", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "₽": "RUB", "₩": "KRW", "₺": "TRY", "₴": "UAH",
    "₪": "ILS", "฿": "THB", "₫": "VND", "₱": "PHP", "₿": "BTC", "¢": "¢",
}  # fmt: skip
"""The codes of currency signs; `$` may be the dollar of any country."""
CURRENCY_CODES = (
    "USD|EUR|GBP|CHF|JPY|CNY|CAD|AUD|SEK|NOK|DKK|PLN|CZK|INR|BRL|TRY|RUB|MXN|ZAR|HUF|KRW|SGD|HKD|NZD|BTC|UAH|"
    "ILS"
)
CURRENCY_SIGNS = r"US\$|HK\$|NZ\$|[ACSR]\$|[$€£¥₹₽₩₺₴₪฿₫₱₿¢]"
UNITS = (
    "km/h|km²|km|cm²|cm³|cm|mm²|mm|µm|μm|nm|m²|m³|m/s|mi|ft|yd|ha|kg|mg|µg|μg|lbs?|oz|ml|mL|cl|dl|gal|°C|°F|"
    "ms|µs|μs|ns|min|kWh|MWh|GWh|TWh|kW|MW|GW|mW|mV|kV|mA|mAh|Ah|kHz|MHz|GHz|THz|Hz|kB|KB|MB|GB|TB|PB|KiB|MiB|GiB|TiB|"
    "kbit/s|Mbit/s|Gbit/s|kbps|Mbps|Gbps|MB/s|GB/s|mph|hPa|kPa|MPa|Pa|mbar|bar|psi|Nm|kJ|MJ|kcal|cal|dB|px|pt|em|"
    "rpm|ppm|ppb|dpi|fps|mol|cd|lx|lm|mins?|hrs?|secs?|kph|kmh|kΩ|MΩ"
)
"""Symbols that German uses, too, except those that are also English words, such as `in`."""
_GERMAN_UNITS = {
    "mins": "min", "hr": "h", "hrs": "h", "sec": "s", "secs": "s", "kph": "km/h", "kmh": "km/h",
    "ºC": "°C", "ºF": "°F", "º": "°",
}  # fmt: skip
_SAME_UNITS = {
    '"': "in",
    "”": "in",
    "″": "in",
    "lbs": "lb",
    "mL": "ml",
    "L": "l",
    "KB": "kB",
    "Mbps": "Mbit/s",
    "Gbps": "Gbit/s",
}
_MOST_DIGITS = 30
"""Longer numbers do not take the fast path."""
_FIRST_YEAR_OF_LAST_CENTURY = 70
"""Two-digit years from this one on are in the 20th century, earlier ones in the 21st."""


def key_of(value: Fraction | None, literally: str) -> str:
    """Return the key of a number; if it has no value, its text."""
    return literally if value is None else str(value)


def date_key(year: str | None, month: int, day: str) -> str:
    """Return the key of a date, with `-` for a missing year or day; a two-digit year is completed."""
    if year and len(year) == 2:
        year = ("20" if int(year) < _FIRST_YEAR_OF_LAST_CENTURY else "19") + year
    return f"{year or '-'} {month} {day}"


def time_key(hour: int, minutes: str) -> str:
    """Return the key of a time."""
    return f"{hour}:{minutes or '00'}"


def german_amount(number: str) -> str:
    """Return the German form of a number, which may end in a vulgar fraction."""
    return german_number(number) if number[-1] not in VULGAR else number


def signed_key(sign: str, number: str, factor: int = 1) -> str:
    """Return the key of a number with its sign; a plus has no effect."""
    minus = "-" if sign and sign in "-−–" else ""
    if number.isdecimal() and len(number) <= _MOST_DIGITS:
        return f"{minus}{int(number) * factor}"
    value = mixed_value(number) if number[-1] in VULGAR else english_value(number)
    return minus + key_of(value and value * factor, number)


def unit_key(unit: str) -> str:
    """Return the canonical form of a unit or currency."""
    unit = german_unit(unit)
    return _SAME_UNITS.get(unit) or CURRENCIES.get(unit, unit).replace("μ", "µ")


def german_unit(unit: str) -> str:
    """Return the German symbol for a unit; most are the same."""
    symbol = "".join(unit.split())  # “° C”
    return _GERMAN_UNITS.get(symbol, symbol)


_ROMAN_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}


def roman_value(roman: str) -> int:
    """Return the value of a Roman numeral in lower or upper case."""
    values = [_ROMAN_VALUES[letter] for letter in roman.upper()]
    return sum(
        -one if one < following else one for one, following in zip(values, [*values[1:], 0], strict=True)
    )


def label_key(label: str) -> str:
    """Return the key of an abbreviation with a number; Roman numerals are upper-cased."""
    name, _, number = label.partition(" ")
    return f"{name} {number if any(map(str.isdecimal, number)) else number.upper()}"
