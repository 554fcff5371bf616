"""Units in words, English and German, and their symbols.

    english_unit_after("50 miles away", 2)   # {"mi"}
    german_unit_after("50 Kilometer", 2)     # {"km"}: a different unit

An ambiguous word has several symbols: “pounds” are weights or money.
"""

import re

Units = frozenset[str]

_NONE: Units = frozenset()
_DOLLARS = "$ USD CAD AUD NZD HKD SGD"

_LENGTHS = {
    "kilomet(?:er|re)": ("Kilometer", "km"),
    "centimet(?:er|re)": ("Zentimeter", "cm"),
    "millimet(?:er|re)": ("Millimeter", "mm"),
    "met(?:er|re)": ("Meter", "m"),
    "mile": ("Meile", "mi"),
    "(?:foot|feet)": ("(?:Fuß|Fuss|Füße|Füsse)", "ft"),
    "inch": ("Zoll", "in"),
    "yard": ("Yard", "yd"),
}
"""Units that can be squared and cubed."""
_OTHERS = {
    "micromet(?:er|re)": ("Mikrometer", "µm"),
    "nanomet(?:er|re)": ("Nanometer", "nm"),
    "nautical mile": ("Seemeile", "sm"),
    "(?:mile(?:s)? (?:per|an) hour|mph)": ("Meilen (?:pro|in der|die) Stunde", "mph mi"),
    "(?:kilomet(?:er|re)s? (?:per|an) hour|kph)": (
        "(?:Stundenkilometer|Kilometern? (?:pro|in der|die) Stunde)",
        "km/h km",
    ),
    "met(?:er|re)s? (?:per|a) second": ("Metern? (?:pro|in der|die) Sekunde", "m/s m"),
    "hectare": ("Hektar", "ha"),
    "kilo(?:gram(?:me)?)?": ("Kilo(?:gramm)?", "kg"),
    "milligram(?:me)?": ("Milligramm", "mg"),
    "gram(?:me)?": ("Gramm", "g"),
    "(?:tonne|ton)": ("Tonne", "t"),
    "pound": ("(?:Pfund Sterling|Pfund)", "lb GBP"),
    "ounce": ("Unze", "oz"),
    "(?:litre|liter)": ("Liter", "l"),
    "millilit(?:er|re)": ("Milliliter", "ml"),
    "centilit(?:er|re)": ("Zentiliter", "cl"),
    "gallon": ("Gallone", "gal"),
    "degrees? (?:Celsius|centigrade)": ("Grad Celsius", "°C °"),
    "degrees? Fahrenheit": ("Grad Fahrenheit", "°F"),
    "degree": ("Grad", "° °C"),
    "millisecond": ("Millisekunde", "ms"),
    "microsecond": ("Mikrosekunde", "µs"),
    "nanosecond": ("Nanosekunde", "ns"),
    "second": (r"(?:Sekunde|Sek\.|sekündig\w*)", "s"),
    "minute": (r"(?:Minute|Min\.|minütig\w*)", "min"),
    "hour": (r"(?:Stunde|Std\.|stündig\w*)", "h"),
    "day": (r"(?:Tag|Tage|tägig\w*)", "day"),
    "night": ("(?:Nacht|Nächte)", "night"),
    "week": (r"(?:Woche|wöchig\w*)", "week"),
    "month": (r"(?:Monat|Monate|monatig\w*)", "month"),
    "year": (r"(?:Jahr|Jahre|jährig\w*)", "year"),
    "kilowatt[ -]hour": ("Kilowattstunde", "kWh"),
    "megawatt[ -]hour": ("Megawattstunde", "MWh"),
    "gigawatt[ -]hour": ("Gigawattstunde", "GWh"),
    "terawatt[ -]hour": ("Terawattstunde", "TWh"),
    "kilowatt": ("Kilowatt", "kW"),
    "megawatt": ("Megawatt", "MW"),
    "gigawatt": ("Gigawatt", "GW"),
    "milliwatt": ("Milliwatt", "mW"),
    "watt": ("Watt", "W"),
    "kilovolt": ("Kilovolt", "kV"),
    "millivolt": ("Millivolt", "mV"),
    "volt": ("Volt", "V"),
    "milliamp(?:ere)?": ("Milliampere", "mA"),
    "ohm": ("Ohm", "Ω"),
    "kilohertz": ("Kilohertz", "kHz"),
    "megahertz": ("Megahertz", "MHz"),
    "gigahertz": ("Gigahertz", "GHz"),
    "hertz": ("Hertz", "Hz"),
    "kilobyte": ("Kilobyte", "kB"),
    "megabyte": ("Megabyte", "MB"),
    "gigabyte": ("Gigabyte", "GB"),
    "terabyte": ("Terabyte", "TB"),
    "petabyte": ("Petabyte", "PB"),
    "megabits? per second": ("Megabit pro Sekunde", "Mbit/s"),
    "gigabits? per second": ("Gigabit pro Sekunde", "Gbit/s"),
    "(?:kilocalorie|calorie)": ("(?:Kilokalorie|Kalorie)", "kcal cal"),
    "kilojoule": ("Kilojoule", "kJ"),
    "decibel": ("Dezibel", "dB"),
    "pixel": ("Pixel", "px"),
    "revolutions? per minute": (r"(?:Umdrehungen pro Minute|U/min)", "rpm"),
    "frames? per second": ("Bilder pro Sekunde", "fps"),
    "per ?cent": (r"Prozent", "%"),
    "dollar": ("(?:US-)?Dollar", _DOLLARS),
    "euro": ("Euro", "EUR"),
    "cent": ("Cent", "¢"),
    "franc": ("Franken", "CHF"),
    "yen": ("Yen", "JPY"),
}
_PLURALS = {"inch": "inch(?:es)?"}
_SYMBOLS = """
    Uhr UHR km cm mm m mi ft yd km² m² m³ km/h mph kg mg g t lb lbs oz l ml gal °C °F ° ms s min h kWh kW MW W V
    Hz kHz MHz GHz kB KB MB GB TB % $ € £ ¥ ¢ USD EUR GBP CHF
"""
_MEANINGS = {
    "lbs": "lb", "KB": "kB", "€": "EUR", "£": "GBP", "¥": "JPY", "$": _DOLLARS, "USD": _DOLLARS, "°C": "°C °",
    "mph": "mph mi", "km/h": "km/h km", "UHR": "Uhr",
}  # fmt: skip


def _with_powers() -> dict[str, tuple[str, str]]:
    powers = {
        f"{english} {one}": (f"{german}{other.lower()}", symbol + power)
        for english, german, power in (("square", "Quadrat", "²"), ("cubic", "Kubik", "³"))
        for one, (other, symbol) in _LENGTHS.items()
    }
    return {**powers, **_OTHERS, **_LENGTHS}


_TABLE = _with_powers()


def _longest_first(words: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return sorted(words, key=lambda one: len(one[0]), reverse=True)


_ENGLISH = _longest_first([(one, symbols) for one, (_, symbols) in _TABLE.items()])
_GERMAN = _longest_first([(german, symbols) for german, symbols in _TABLE.values()])
GERMAN_UNIT_WORDS = "(?i:" + "|".join(f"(?:{german})" for german, _ in _GERMAN) + ")(?:e?n|s)?"
"""Matches a unit in words, in any inflected form."""
_ENGLISH_AFTER = re.compile(
    r"[ \u00a0-](?:(?i:" + "|".join(f"({_PLURALS.get(one, one + 's?')})" for one, _ in _ENGLISH) + r"))(?!\w)"
)
_GERMAN_AFTER = re.compile(
    r"[ \u00a0-]?(?:(?i:"
    + "|".join(f"({german})" for german, _ in _GERMAN)
    + r")(?:e?n|s)?(?!\w)|(?P<symbol>"
    + "|".join(re.escape(one) for one in sorted(_SYMBOLS.split(), key=len, reverse=True))
    + r")(?![\w/²³]))"
)
_NO_THINGS = "was|has|does|this|always|perhaps|plus|minus|sometimes|towards|hours|mins"
_PLURAL_AFTER = re.compile(rf"(?i: (?!(?:{_NO_THINGS})\b)[a-z]{{3,}}s(?!\w))")
_BEFORE_TIMES = re.compile(r"(?i:\b(?:at|by|until|till|from|to|before|after|since|around|about|and|or)\s\Z)")
_ALL = " ".join(symbols for _, symbols in _ENGLISH)
ANY_BUT_CLOCK: Units = frozenset(_ALL.split())
"""All units except the “Uhr” of a time of day, which counts as a unit in German."""
_ENGLISH_SYMBOLS = tuple(frozenset(symbols.split()) for _, symbols in _ENGLISH)
_GERMAN_SYMBOLS = tuple(frozenset(symbols.split()) for _, symbols in _GERMAN)
_GERMAN_WORD = re.compile(
    "(?:" + "|".join(f"({german})" for german, _ in _GERMAN) + ")(?:e?n|s)?", re.IGNORECASE
)


def english_unit_after(text: str, end: int) -> Units:
    """Return the symbols of the unit in words after a number that ends at `end`; none for other words."""
    match = _ENGLISH_AFTER.match(text, end)
    return _ENGLISH_SYMBOLS[(match.lastindex or 1) - 1] if match else _NONE


def counts_things(text: str, start: int, end: int) -> bool:
    """Whether a number counts the plural after it and is not a time: “2 nights”, not “at 2 guests”."""
    is_plural = _PLURAL_AFTER.match(text, end) is not None
    return is_plural and not _BEFORE_TIMES.search(text, max(0, start - 10), start)


def german_unit_after(text: str, end: int) -> Units:
    """Return the symbols of the unit, as a word or symbol, after a number in a German text; none for other words."""
    match = _GERMAN_AFTER.match(text, end)
    if not match:
        return _NONE
    if symbol := match["symbol"]:
        return frozenset(_MEANINGS.get(symbol, symbol).split())
    return _GERMAN_SYMBOLS[(match.lastindex or 1) - 1]


def german_unit_symbols(word: str) -> Units:
    """Return the symbols of a unit in words, as matched by `GERMAN_UNIT_WORDS`; none for other words."""
    match = _GERMAN_WORD.fullmatch(word)
    return _GERMAN_SYMBOLS[(match.lastindex or 1) - 1] if match else _NONE
