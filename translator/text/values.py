"""Find values in an English text and give their German forms: numbers, money, quantities, times, dates, ordinals.

The rules are those of German typesetting: `$1,299.99` → `1.299,99 $`, `2.5%` → `2,5 %`, `3:30 p.m.` → `15:30 Uhr`,
`May 12, 2025` → `12. Mai 2025`. What may mean two things, such as `5/12/2025`, stays as it is.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

from translator.text.numbers import ENGLISH_NUMBER, VULGAR, english_value, german_number, mixed_value

ValueKind = Literal[
    "small", "number", "year", "decade", "money", "percent", "quantity", "time", "date", "ordinal", "label"
]


@dataclass(frozen=True, slots=True)
class Value:
    """A value at `text[start:end]` of an English text."""

    start: int
    end: int
    kind: ValueKind
    """`small` is a whole number up to twelve: grammar depends on it, so it stays a word of the sentence."""
    key: str
    """Equal for equal values of a kind in either language, such as `1299.99 USD`."""
    german: str
    """How a German text writes it."""


_SMALL = range(13)
_ENGLISH_MONTHS = """
    January February March April May June July August September October November December
"""
_GERMAN_MONTHS = """
    Januar Februar März April Mai Juni Juli August September Oktober November Dezember
"""
_MONTHS = {
    english.casefold()[:3]: (number, german)
    for number, (english, german) in enumerate(
        zip(_ENGLISH_MONTHS.split(), _GERMAN_MONTHS.split(), strict=True), start=1
    )
}
CURRENCIES = {
    "US$": "USD", "A$": "AUD", "C$": "CAD", "NZ$": "NZD", "HK$": "HKD", "S$": "SGD", "R$": "BRL",
    "$": "$", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "₽": "RUB", "₩": "KRW", "₺": "TRY", "₴": "UAH",
    "₪": "ILS", "฿": "THB", "₫": "VND", "₱": "PHP", "₿": "BTC", "¢": "¢",
}  # fmt: skip
"""What the signs of currencies mean; the dollar of `$` may be of any country."""
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
"""Symbols that a German text has, too. Those that are also English words, such as `in`, are left out."""
_GERMAN_UNITS = {
    "mins": "min", "hr": "h", "hrs": "h", "sec": "s", "secs": "s", "kph": "km/h", "kmh": "km/h",
}  # fmt: skip
_LONGEST_FIRST = "|".join(sorted(UNITS.split("|"), key=len, reverse=True))
_SPACED_UNITS = "m|g|l|L|t|s|h|W|V|Ω"
"""After whole numbers `m` only with a blank: `5m` may be five million."""
_MAGNITUDES: dict[str, tuple[int, str, str]] = {
    "thousand": (10**3, "Tausend", "Tausend"),
    "million": (10**6, "Million", "Millionen"),
    "billion": (10**9, "Milliarde", "Milliarden"),
    "trillion": (10**12, "Billion", "Billionen"),
    "k": (10**3, "Tsd.", "Tsd."),
    "m": (10**6, "Mio.", "Mio."),
    "mn": (10**6, "Mio.", "Mio."),
    "b": (10**9, "Mrd.", "Mrd."),
    "bn": (10**9, "Mrd.", "Mrd."),
    "tn": (10**12, "Bio.", "Bio."),
}
_LABELS = {
    "no": "Nr.", "nos": "Nr.", "p": "S.", "pp": "S.", "fig": "Abb.", "figs": "Abb.", "ch": "Kap.", "chap": "Kap.",
    "vol": "Bd.", "art": "Art.", "sec": "Abschn.", "sect": "Abschn.", "para": "Abs.", "eq": "Gl.",
}  # fmt: skip
"""Abbreviations that stand before a number, and their German ones."""
_REGNAL_NAMES = """
    Albert Alexander Alfonso Benedict Boniface Catherine Charles Christian Clement Constantine Darius Edward Elizabeth
    Ferdinand Francis Frederick Friedrich George Gregory Gustav Haakon Harald Henry Innocent Isabella Ivan James John
    Joseph Carlos Julius Karl Leo Leopold Louis Ludwig Margaret Mary Maximilian Mehmed Napoleon Nicholas Olaf Otto Paul
    Pedro Peter Philip Pius Ptolemy Ramesses Ramses Richard Robert Rudolf Sixtus Urban Victor Wilhelm William
"""
_VERSIONED_WORDS = """
    version versions release releases section sections chapter figure table part item step level build firmware kernel
    point equation article paragraph clause rule example exercise lesson appendix annex note update
    windows python java ubuntu debian fedora android firefox chrome linux php perl ruby node mysql postgresql usb http
    html css tls ssl bluetooth qt gtk gnome kde apache exchange sql directx opengl office
"""
_VERSIONED = frozenset(_VERSIONED_WORDS.split())
"""Words whose decimal number is a version or the number of a section: its point stays."""
_NO_NAME_WORDS = """
    the a an in at on of for to from by with about over under only around nearly almost up and or but is was are were
    has have had it he she we they you i this that these there between roughly approximately some add use mix take
    give all another other no not than then when where while
"""
_NO_NAMES = frozenset(_NO_NAME_WORDS.split())
"""Words with a capital that are no names."""
_BEFORE_CLOCK_TIMES = re.compile(
    r"\b(?:at|by|from|to|until|till|before|after|since|around|about|between|and|than) \Z", re.IGNORECASE
)
_LAST_WORD = re.compile(r"([^\W\d_][\w.+#-]*+)[ \u00a0]\Z")
_APPROXIMATELY = re.compile(r"(?<!\w)(?:approx|ca)\.[ \u00a0]?\Z", re.IGNORECASE)
_SENTENCE_GOES_ON = re.compile(
    r"\.[)\]\"”’]*+(?:[,;:]|[?!]| (?:[^A-Z]|I\b"
    r"|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|(?:[ECMP][SD]?T|GMT|UTC|BST|CES?T)\b))"
)
_NO_ANSWER = "".join(
    rf"(?<!\b{word} )" for word in ("is", "was", "be", "says", "said", "answered", "means", "meant")
)
"""Before “no. 5”: otherwise a sentence ends, as in “The answer is no. 5 people left.”"""
_LOOK_BACK = 30
"""Characters before a number that may tell what it is."""

_DECADE_WORDS = ("the", "his", "her", "their", "my", "your", "our", "early", "late", "mid")
_BEFORE_DECADES = "|".join(rf"(?<=\b{word}[ -])|(?<=\b{word} [’'])" for word in _DECADE_WORDS)
"""Otherwise `30s` are seconds."""
_BEGIN = r"(?<![\w])(?<!\d[.,:/])"
_SIGN = r"(?:(?<![\w)\]%°])[-−–+±])?+"
_DASH = r"(?:[-–]|[ \u00a0]–[ \u00a0])"
_BLANK = r"[ \u00a0\u2009\u202f]?"
_MAGNITUDE = r"(?:[ \u00a0](?i:thousand|million|billion|trillion|mn|bn|tn)|bn|mn|tn|[kKmMbB])(?!\w)"
_MAGNITUDE_WORD = r"[ \u00a0](?i:thousand|million|billion|trillion)(?!\w)"
_MONTH_NAME = (
    r"(?:Jan(?:uary|\.)?|Feb(?:ruary|\.)?|Mar(?:ch|\.)?|Apr(?:il|\.)?|May|June?|July?|Aug(?:ust|\.)?|"
    r"Sept?(?:ember|\.)?|Oct(?:ober|\.)?|Nov(?:ember|\.)?|Dec(?:ember|\.)?)"
)
_MONTH = f"(?:{_MONTH_NAME}|{_MONTH_NAME.upper()})"
_DAY = r"(?:3[01]|[12]\d|0?[1-9])"
_AM_PM = r"[ \u00a0]?[ap](?:\.[ \u00a0]?m\.?|m)(?!\w)"
_CLOCK_12 = r"(?:1[0-2]|0?[1-9])(?:[:.][0-5]\d)?"
_CLOCK_24 = r"(?:[01]?\d|2[0-4]):[0-5]\d"
_ORDINAL_END = r"(?:st|nd|rd|th|ST|ND|RD|TH)"
_NUMBER = ENGLISH_NUMBER

_PATTERNS: dict[str, str] = {
    "label": rf"(?<![\w.])(?:(?!(?i:no)\.)|{_NO_ANSWER})(?i:(?P<label>{'|'.join(_LABELS)}))\.{_BLANK}"
    r"(?P<labelled>\d++(?:\.\d++)*+[a-z]?(?:[-–]\d++[a-z]?)?)"
    r"(?!\w|[.,:/-]\d)",
    "month_day": rf"\b(?P<month1>{_MONTH})[ \u00a0](?P<day1>{_DAY}){_ORDINAL_END}?(?P<to1>[-–]{_DAY})?"
    r"(?:,?[ \u00a0](?P<year1>\d{4}))?(?![\d:]|[.,]\d|\w)",
    "day_month": rf"{_BEGIN}(?P<day2>{_DAY}){_ORDINAL_END}?(?P<to2>[-–]{_DAY})?(?:[ \u00a0](?:of|OF))?[ \u00a0]"
    rf"(?P<month2>{_MONTH})(?:,?[ \u00a0](?P<year2>\d{{4}}))?(?![\d:]|\w)",
    "iso_date": rf"{_BEGIN}\d{{4}}-(?:0\d|1[0-2])-(?:[0-2]\d|3[01])(?![\d-])",
    "slash_date": rf"{_BEGIN}\d{{1,2}}/\d{{1,2}}/(?:\d{{4}}|\d\d)(?![\d/])",
    "dot_date": rf"{_BEGIN}\d{{1,2}}\.\d{{1,2}}\.\d{{4}}(?!\d|\.\d)",
    "scale": rf"{_BEGIN}1:\d{{1,3}}(?:,\d{{3}})++(?!\d|,\d|\w)",
    "shared_half": rf"(?i:(?:(?<=\bfrom )|(?<=\bbetween )){_BEGIN}(?P<shared>{_CLOCK_12})"
    rf"(?= (?:to|and|until|till) (?P<until12>{_CLOCK_12})(?P<until_half>{_AM_PM})))",
    "hours": rf"(?i:{_BEGIN}(?P<from12>{_CLOCK_12})(?P<half1>{_AM_PM})?{_DASH}"
    rf"(?P<to12>{_CLOCK_12})(?P<half2>{_AM_PM}))",
    "spoken_time": rf"(?i:\b(?:a )?(?P<quarter>half past|quarter past|quarter to)[ \u00a0](?P<hour>1[0-2]|0?[1-9])"
    rf"(?P<spoken_half>{_AM_PM}))",
    "time12": rf"(?i:{_BEGIN}(?P<clock12>{_CLOCK_12})(?P<half>{_AM_PM}))",
    "times": rf"{_BEGIN}(?P<from24>{_CLOCK_24}){_DASH}(?P<to24>{_CLOCK_24})(?![\d:])",
    "time24": rf"{_BEGIN}{_CLOCK_24}(?::[0-5]\d)?(?![\d:]|[.,]\d)",
    "money": rf"(?P<sign1>{_SIGN})(?<![\w$])(?P<currency1>{CURRENCY_SIGNS}|(?:{CURRENCY_CODES})(?=[ \u00a0\d])){_BLANK}"
    rf"(?P<minus1>[-−])?(?P<amount1>{_NUMBER})(?P<magnitude1>{_MAGNITUDE})?"
    rf"(?:{_DASH}(?:{CURRENCY_SIGNS})?(?P<upto1>{_NUMBER})(?P<magnitude3>{_MAGNITUDE})?)?(?:\.[-–—](?![\w-]))?(?!\w)",
    "money_after": rf"{_BEGIN}(?P<sign2>{_SIGN})(?P<amount2>{_NUMBER})(?:{_DASH}(?P<upto2>{_NUMBER}))?"
    rf"(?P<magnitude2>{_MAGNITUDE})?{_BLANK}(?P<currency2>{CURRENCY_SIGNS}|(?:{CURRENCY_CODES})(?!\w))(?![\d])",
    "decade": rf"(?:(?P<decade>(?:1\d|20)\d0|(?:{_BEFORE_DECADES})\d0)"
    r"|(?<!\w)['’](?P<short_decade>\d0))s(?!\w)",
    "percent": rf"{_BEGIN}(?P<sign3>{_SIGN})(?P<part>{_NUMBER}|\d*[{VULGAR}])%?(?:{_DASH}(?P<upto3>{_NUMBER}))?{_BLANK}"
    r"(?P<percent>[%‰])(?!\w)",
    "quantity": rf"{_BEGIN}(?P<sign4>{_SIGN})(?P<size>{_NUMBER}|\d*[{VULGAR}])(?:{_DASH}(?P<upto4>{_NUMBER}))?"
    rf"(?:{_BLANK}(?P<unit>{_LONGEST_FIRST}|°)"
    rf"|(?:[ \u00a0]|(?<=[.,]\d)|(?<=[.,]\d\d)|(?=[ghlstLVWΩ]))(?P<spaced_unit>{_SPACED_UNITS}))(?![\w²³])",
    "ordinal": rf"{_BEGIN}(?P<ordinal>\d{{1,3}}(?:,\d{{3}})++|\d{{1,6}}){_ORDINAL_END}(?!\w)",
    "power": rf"{_BEGIN}{_SIGN}(?:\d++(?:\.\d++)?{_BLANK}[×·]{_BLANK})?+\d++(?:\.\d++)?[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]++",
    "mixed": rf"{_BEGIN}(?P<sign5>{_SIGN})(?P<mixed>\d*[{VULGAR}])(?!\w)",
    "feet": rf"{_BEGIN}\d++(?:['’′]{_BLANK}\d++(?:\.\d++)?[{VULGAR}]?[\"”″](?!\w)|[′″]"
    r"|'(?= (?:by|x|×|wide|long|tall|high|deep)\b))",
    "literal": rf"{_BEGIN}\d++(?:[ \u00a0]?[×][ \u00a0]?\d++|[:/]\d++)++(?!\w)",
    "range": rf"{_BEGIN}(?P<first>{_NUMBER}){_DASH}(?P<last>{_NUMBER})(?![-–]\d|\w)",
    "number": rf"{_BEGIN}(?P<sign6>{_SIGN})(?P<number>{_NUMBER})(?P<magnitude5>{_MAGNITUDE_WORD})?(?!\w)",
    "factor": rf"{_BEGIN}(?P<factor>{_NUMBER})(?P<factor_sign>[kKMBx])(?!\w)",
    "odd": r"(?<!\w)\d++(?:[.,]\d++)++(?!\w)",
    "roman": rf"\b(?P<name>{'|'.join((_REGNAL_NAMES + _REGNAL_NAMES.upper()).split())})[ \u00a0]"
    r"(?P<roman>X{0,3}(?:IX|IV|V?I{0,3}))(?<=[IVX])(?!\w)",
}
_FIRST_CHARACTERS = rf"(?<!\w)(?=['’\d{VULGAR}.+±−–$€£¥₹₽₩₺₴₪฿₫₱₿¢A-Zacefhnpqsv-])"
_VALUES = re.compile(
    _FIRST_CHARACTERS + "(?:" + "|".join(f"(?P<as_{name}>{one})" for name, one in _PATTERNS.items()) + ")"
)


_MAY_HOLD_VALUES = re.compile(rf"[\d{VULGAR}]|[IVX](?!\w)")


def find_values(text: str) -> list[Value]:
    """The values of an English text in their order; none overlaps another."""
    if not _MAY_HOLD_VALUES.search(text):  # as in most sentences
        return []
    return [value for match in _VALUES.finditer(text) for value in _read(match, text)]


def _read(match: re.Match[str], text: str) -> Iterator[Value]:
    name = str(match.lastgroup).removeprefix("as_")
    found = _READERS[name](match, text)
    if found is None:
        return
    before = _APPROXIMATELY.search(text, max(0, found.start - _LOOK_BACK), found.start)
    if before:
        german = "ca. " + found.german
        kind: ValueKind = "number" if found.kind == "small" else found.kind
        found = replace(found, start=before.start(), german=german, kind=kind, key="ca " + found.key)
    yield found


def _value(match: re.Match[str], kind: ValueKind, key: str, german: str) -> Value:
    return Value(match.start(), match.end(), kind, key, german)


def key_of(value: Fraction | None, literally: str) -> str:
    """The key of a number; of one that has no value, the letters themselves."""
    return literally if value is None else str(value)


def _label(match: re.Match[str], text: str) -> Value:
    label, number = _LABELS[match["label"].lower()], match["labelled"]
    return _value(match, "label", f"{label} {number.replace('–', '-')}", f"{label} {number}")


def _month_day(match: re.Match[str], text: str) -> Value:
    return _date(match, match["month1"], match["day1"], match["to1"], match["year1"])


def _day_month(match: re.Match[str], text: str) -> Value:
    return _date(match, match["month2"], match["day2"], match["to2"], match["year2"])


def _date(match: re.Match[str], month: str, day: str, until: str | None, year: str | None) -> Value:
    number, german_month = _MONTHS[month.casefold()[:3]]
    days, german_days = str(int(day)), f"{int(day)}."
    if until:
        days, german_days = f"{days}-{int(until[1:])}", f"{german_days}{until[0]}{int(until[1:])}."
    german = f"{german_days} {german_month}" + (f" {year}" if year else "")
    return _value(match, "date", date_key(year, number, days), german)


def date_key(year: str | None, month: int, day: str) -> str:
    """The key of a date, with `-` for a year that is not given."""
    return f"{year or '-'} {month} {day}"


def _iso_date(match: re.Match[str], text: str) -> Value:
    year, month, day = match[0].split("-")
    return _value(match, "date", date_key(year, int(month), str(int(day))), match[0])


def _slash_date(match: re.Match[str], text: str) -> Value:
    first, second, year = match[0].split("/")
    day, month = (first, second) if int(first) > 12 else (second, first)
    if not (12 < int(day) <= 31 and 1 <= int(month) <= 12):
        return _value(match, "date", match[0], match[0])
    german = f"{int(day):02}.{int(month):02}.{year}"
    return _value(match, "date", date_key(year, int(month), str(int(day))), german)


def _dot_date(match: re.Match[str], text: str) -> Value:
    day, month, year = match[0].split(".")
    return _value(match, "date", date_key(year, int(month), str(int(day))), match[0])


def _clock(clock: str, half: str | None) -> tuple[int, str]:
    """The hour of a time, and its minutes or nothing."""
    hour, _, minutes = clock.replace(".", ":").partition(":")
    if not half:
        return int(hour), minutes
    return int(hour) % 12 + (12 if half.strip()[0] in "pP" else 0), minutes


def time_key(hour: int, minutes: str) -> str:
    """The key of a time."""
    return f"{hour}:{minutes or '00'}"


def _german_clock(hour: int, minutes: str) -> str:
    return f"{hour}:{minutes}" if minutes else str(hour)


def _time12(match: re.Match[str], text: str) -> Value:
    hour, minutes = _clock(match["clock12"], match["half"])
    end = _end_of_half(match, text)
    return Value(match.start(), end, "time", time_key(hour, minutes), f"{_german_clock(hour, minutes)} Uhr")


def _shared_half(match: re.Match[str], text: str) -> Value:
    """The 8 of “from 8 to 10 p.m.”, which shares the half of the day, and of “from 11 to 1 p.m.”, which does not."""
    hour, minutes = _clock(match["shared"], match["until_half"])
    if hour > _clock(match["until12"], match["until_half"])[0]:
        hour, minutes = _clock(match["shared"], "a")
    return _value(match, "time", time_key(hour, minutes), f"{_german_clock(hour, minutes)} Uhr")


def _spoken_time(match: re.Match[str], text: str) -> Value:
    minutes, hours_back = {"half past": ("30", 0), "quarter past": ("15", 0), "quarter to": ("45", 1)}[
        match["quarter"].lower().replace("\u00a0", " ")
    ]
    hour = (_clock(match["hour"], match["spoken_half"])[0] - hours_back) % 24
    end = _end_of_half(match, text)
    return Value(match.start(), end, "time", time_key(hour, minutes), f"{hour}:{minutes} Uhr")


def _hours(match: re.Match[str], text: str) -> Value:
    first_half = match["half1"] or match["half2"]
    first, last = _clock(match["from12"], first_half), _clock(match["to12"], match["half2"])
    if (
        first[0] > last[0] and not match["half1"]
    ):  # 11–1 p.m. begins in the morning, and 10–12 a.m. ends at noon
        first, last = _clock(match["from12"], "a"), (last[0] or 12, last[1])
    german = f"{_german_clock(*first)}–{_german_clock(*last)} Uhr"
    key = f"{time_key(*first)}-{time_key(*last)}"
    return Value(match.start(), _end_of_half(match, text), "time", key, german)


def _end_of_half(match: re.Match[str], text: str) -> int:
    """Where a time ends: the last full stop of “p.m.” ends the sentence, too, unless that goes on."""
    ends_with_stop = text[match.end() - 1] == "."
    return match.end() - (ends_with_stop and not _SENTENCE_GOES_ON.match(text, match.end() - 1))


def _times(match: re.Match[str], text: str) -> Value:
    first, last = _clock(match["from24"], None), _clock(match["to24"], None)
    german = f"{match['from24']}–{match['to24']}"
    return _value(match, "time", f"{time_key(*first)}-{time_key(*last)}", german + _o_clock(match, text))


def _time24(match: re.Match[str], text: str) -> Value:
    hour, minutes = _clock(match[0], None)
    return _value(match, "time", time_key(hour, minutes), match[0] + _o_clock(match, text))


def _o_clock(match: re.Match[str], text: str) -> str:
    """“ Uhr” where a time of day is meant, and not a duration or a score."""
    before = text[max(0, match.start() - _LOOK_BACK) : match.start()]
    return " Uhr" if _BEFORE_CLOCK_TIMES.search(before) else ""


def _money(match: re.Match[str], text: str) -> Value | None:
    sign = match["sign1"] or match["minus1"] or ""
    magnitude = match["magnitude3"] or match["magnitude1"]
    return _amount(match, "money", sign, match["amount1"], match["upto1"], magnitude, match["currency1"])


def _money_after(match: re.Match[str], text: str) -> Value | None:
    return _amount(
        match,
        "money",
        match["sign2"],
        match["amount2"],
        match["upto2"],
        match["magnitude2"],
        match["currency2"],
    )


def _percent(match: re.Match[str], text: str) -> Value | None:
    return _amount(match, "percent", match["sign3"], match["part"], match["upto3"], None, match["percent"])


def _quantity(match: re.Match[str], text: str) -> Value | None:
    unit = match["unit"] or match["spaced_unit"]
    return _amount(match, "quantity", match["sign4"], match["size"], match["upto4"], None, unit)


def _amount(
    match: re.Match[str],
    kind: ValueKind,
    sign: str,
    number: str,
    upto: str | None,
    magnitude: str | None,
    unit: str,
) -> Value:
    factor, one, several = _MAGNITUDES[magnitude.strip().lower()] if magnitude else (1, "", "")
    numbers = [number, upto] if upto else [number]
    if several == "Tsd." and all(map(str.isdecimal, numbers)):  # $5k
        numbers, several = [f"{one},000" for one in numbers], ""
    german = sign + "–".join(map(_german, numbers))
    if several:
        german += f" {one if number == '1' and not upto else several}"
    german += ("" if unit == "°" else " ") + german_unit(unit)
    key = signed_key(sign, number, factor) + (f"-{signed_key('', upto, factor)}" if upto else "")
    return _value(match, kind, f"{key} {unit_key(unit)}", german)


def _german(number: str) -> str:
    return german_number(number) if number[-1] not in VULGAR else number


def signed_key(sign: str, number: str, factor: int = 1) -> str:
    """The key of a number with its sign; the plus changes nothing."""
    value = mixed_value(number) if number[-1] in VULGAR else english_value(number)
    return ("-" if sign and sign in "-−–" else "") + key_of(value and value * factor, number)


def unit_key(unit: str) -> str:
    """The canonical form of a unit or currency."""
    unit = german_unit(unit)
    return CURRENCIES.get(unit, unit).replace("μ", "µ")


def german_unit(unit: str) -> str:
    """The symbol of a unit whose English abbreviation a German text does not have."""
    return _GERMAN_UNITS.get(unit, unit)


def _decade(match: re.Match[str], text: str) -> Value:
    decade = match["decade"] or match["short_decade"]
    return _value(match, "decade", decade, f"{decade}er")


def _ordinal(match: re.Match[str], text: str) -> Value:
    number = match["ordinal"]
    return _value(match, "ordinal", key_of(english_value(number), number), german_number(number) + ".")


def _roman(match: re.Match[str], text: str) -> Value | None:
    start = match.start("roman")
    return Value(start, match.end(), "ordinal", match["roman"], match["roman"] + ".")


def _literal(match: re.Match[str], text: str) -> Value:
    return _value(match, "number", match[0], match[0])


def _scale(match: re.Match[str], text: str) -> Value:
    german = match[0].replace(",", ".")
    return _value(match, "number", german, german)


def _factor(match: re.Match[str], text: str) -> Value:
    """1.5k and 2x are copied but for the mark of the decimals."""
    german = german_number(match["factor"]) + match["factor_sign"]
    return _value(match, "number", german, german)


def _mixed(match: re.Match[str], text: str) -> Value:
    key = signed_key(match["sign5"], match["mixed"])
    return _value(match, "number", key, match[0])


def _power(match: re.Match[str], text: str) -> Value:
    german = match[0].replace(".", ",")
    return _value(match, "number", german, german)


def _range(match: re.Match[str], text: str) -> Value:
    first, last = match["first"], match["last"]
    dash = text[match.end("first") : match.start("last")]
    kind: ValueKind = "year" if _is_year(first) and (_is_year(last) or len(last) == 2) else "number"
    if _is_version(first, text, match.start()):
        return _value(match, "number", match[0], match[0])
    key = f"{signed_key('', first)}-{signed_key('', last)}"
    return _value(match, kind, key, german_number(first) + dash + german_number(last))


def _number(match: re.Match[str], text: str) -> Value:
    sign, number = match["sign6"], match["number"]
    if _is_version(number, text, match.start()):
        return _value(match, "number", number, match[0])
    if word := match["magnitude5"]:
        factor, one, several = _MAGNITUDES[word.strip().lower()]
        german = f"{sign}{german_number(number)} {one if number == '1' else several}"
        return _value(match, "number", signed_key(sign, number, factor), german)
    key = signed_key(sign, number)
    if not sign and number.isdecimal():
        if _is_year(number):
            return _value(match, "year", key, number)
        if len(number) <= 2 and int(number) in _SMALL and str(int(number)) == number:
            return _value(match, "small", key, number)
    return _value(match, "number", key, sign + german_number(number))


def _is_year(number: str) -> bool:
    return len(number) == 4 and number.isdecimal() and 1000 <= int(number) < 2100


def _is_version(number: str, text: str, start: int) -> bool:
    """Whether a decimal number is a version or the number of a section, as in “Python 3.11” and “Section 4.2”."""
    if "." not in number or "," in number:
        return False
    before = _LAST_WORD.search(text, max(0, start - _LOOK_BACK), start)
    if not before:
        return False
    word, begins_text = before[1], not text[: before.start()].strip(" \u00a0\"'“‘([*-")
    if word.lower() in _VERSIONED:
        return True
    is_name = word[0].isupper() and word.lower() not in _NO_NAMES
    return is_name and not begins_text and text[before.start() - 1 : before.start()] == " "


_Reader = Callable[[re.Match[str], str], Value | None]
_READERS: dict[str, _Reader] = {
    "label": _label, "month_day": _month_day, "day_month": _day_month, "iso_date": _iso_date,
    "slash_date": _slash_date, "dot_date": _dot_date, "shared_half": _shared_half, "hours": _hours,
    "spoken_time": _spoken_time, "scale": _scale, "factor": _factor,
    "time12": _time12, "times": _times, "time24": _time24, "money": _money, "money_after": _money_after,
    "percent": _percent, "quantity": _quantity, "decade": _decade, "ordinal": _ordinal, "power": _power,
    "mixed": _mixed, "feet": _literal, "literal": _literal, "range": _range, "number": _number, "odd": _literal,
    "roman": _roman,
}  # fmt: skip
