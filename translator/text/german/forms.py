"""Regular expressions for the forms of values in a German text, and the keys of their matches."""

import re
from collections.abc import Callable, Iterator
from fractions import Fraction

from translator.text.numbers import VULGAR
from translator.text.places import Place
from translator.text.units import GERMAN_UNIT_WORDS, german_unit_symbols
from translator.text.values.keys import (
    CURRENCY_CODES,
    CURRENCY_SIGNS,
    UNITS,
    ValueKind,
    date_key,
    label_key,
    time_key,
    unit_key,
)
from translator.text.values.patterns import CODE

ReadNumber = Callable[[str], set[Fraction]]
"""Returns the values that a number may have."""

_BLANK = "[ \u00a0\u2009\u202f]"
NUMBER = (
    rf"(?:\d{{1,3}}(?:[ \u00a0\u2009\u202f'’]\d{{3}})++(?:[.,]\d++)?+(?![\d])"
    rf"|\d++(?:[.,]\d++)*+[{VULGAR}]?+|[{VULGAR}])"
)
_BEGIN = r"(?<![^\W_])(?<!\d[.,:/])(?<!\s[.,])"
_SIGN = rf"(?:(?<![^\W_])(?<![)\]%°])[-−–+±]|(?i:minus){_BLANK})?+"
_DASH = (
    rf"(?:{_BLANK}?[-–—]{_BLANK}?|{_BLANK}bis{_BLANK}(?:zu{_BLANK})?|(?<=\d\d\d\d)/(?=\d\d(?:\d\d)?(?!\d)))"
)
_MONTHS = """
    Januar Februar März April Mai Juni Juli August September Oktober November Dezember
"""
_MONTH_NUMBERS = {month[:3].casefold(): number for number, month in enumerate(_MONTHS.split(), start=1)} | {
    "jän": 1,
    "mrz": 3,
}
_MONTH = (
    r"(?:Januar|Jänner|Jan\.?|Februar|Feb\.?|März|Mrz\.?|April|Apr\.?|Mai|Juni|Jun\.?|Juli|Jul\.?|August|Aug\.?|"
    r"September|Sept\.?|Sep\.?|Oktober|Okt\.?|November|Nov\.?|Dezember|Dez\.?)"
)
_CURRENCY_WORDS = {
    "US-Dollar": "$", "Dollar": "$", "Euro": "EUR", "Pfund": "GBP", "Yen": "JPY", "Franken": "CHF", "Rubel": "RUB",
    "Rupien": "INR", "Cents": "¢", "Cent": "¢", "Pesos": "MXN", "Kronen": "SEK", "Yuan": "CNY", "Zloty": "PLN",
    "Złoty": "PLN", "Won": "KRW", "Rand": "ZAR", "Lira": "TRY", "Real": "BRL", "Schekel": "ILS", "Hrywnja": "UAH",
}  # fmt: skip
_UNIT_WORDS = {word.casefold(): unit for word, unit in _CURRENCY_WORDS.items()}
_DOLLARS = {"$", "USD", "CAD", "AUD", "NZD", "HKD", "SGD"}
"""Currencies that may be written `$`."""
_MAGNITUDES = {
    "Tsd": 10**3, "Tausend": 10**3, "Mio": 10**6, "Million": 10**6, "Millionen": 10**6, "Mrd": 10**9,
    "Milliarde": 10**9, "Milliarden": 10**9, "Bio": 10**12, "Billion": 10**12, "Billionen": 10**12,
}  # fmt: skip
_MAGNITUDE = rf"(?:{_BLANK}(?P<magnitude>{'|'.join(sorted(_MAGNITUDES, key=len, reverse=True))})\b\.?)?"
_CURRENCY = rf"{CURRENCY_SIGNS}|(?:{CURRENCY_CODES}|{'|'.join(_CURRENCY_WORDS)})(?!\w)"
_RANGE = rf"(?P<first>{NUMBER})(?:(?(between){_BLANK}und{_BLANK}|{_DASH})(?P<last>{NUMBER}))?"
_AMOUNT = rf"{_BEGIN}(?P<between>(?i:zwischen){_BLANK})?(?P<sign>{_SIGN}){_RANGE}"
_OF_COUNTRY = rf"(?:{_BLANK}(?:amerikanische|kanadische|australische|britische|englische|Schweizer)n?)?"
_CLOCK = r"(?:[01]?\d|2[0-4])"

_HOURS = "ein eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf"
_HOUR_WORDS = {word: max(1, number) for number, word in enumerate(_HOURS.split())}
_ROMAN = "[ivxlc]+|[IVXLC]+"
_AND = rf"(?:{_BLANK}und|,)?{_BLANK}?"
_HOUR, _MINUTE, _SECOND = r"(?:h|Std\.|Stunden?)", r"(?:min|Min\.|Minuten?)", r"(?:s|Sek\.|Sekunden?)"

_PATTERNS = {
    "number": rf"{_AMOUNT}{_MAGNITUDE}",
    "money": rf"{_AMOUNT}(?:,[-–—]{{1,2}})?{_MAGNITUDE}{_OF_COUNTRY}(?:{_BLANK}|-)?(?P<unit>{_CURRENCY})",
    "money_before": rf"(?<!\w)(?P<between>(?!))?(?P<sign>{_SIGN})(?P<unit>{CURRENCY_SIGNS}|(?:{CURRENCY_CODES}))"
    rf"{_BLANK}?{_RANGE}{_MAGNITUDE}",
    "percent": rf"{_AMOUNT}{_BLANK}?(?:(?P<unit>[%‰])(?:ig\w*)?|-?(?:Prozent(?:punkten?)?|prozentig\w*))(?!\w)",
    "quantity": rf"{_AMOUNT}(?:{_BLANK}|-)?"
    rf"(?:(?P<unit>{UNITS}|[°º]{_BLANK}?[CF]|[°º\"”″]|[mglLtshWVΩ])(?![^\W_]|[²³])|(?P<unit_word>{GERMAN_UNIT_WORDS})(?!\w))",
    "duration": rf"{_BEGIN}(?P<hours>\d{{1,3}})"
    rf"(?:{_BLANK}?{_HOUR}{_AND}(?P<minutes>\d\d?){_BLANK}?{_MINUTE}?|:(?P<minutes2>[0-5]\d){_BLANK}?{_HOUR})"
    rf"(?:{_AND}(?P<seconds>\d\d?){_BLANK}?{_SECOND})?(?!\w)"
    rf"|{_BEGIN}(?P<minutes3>\d{{1,3}}){_BLANK}?{_MINUTE}{_AND}(?P<seconds3>\d\d?){_BLANK}?{_SECOND}(?!\w)",
    "time": rf"{_BEGIN}(?P<hour>{_CLOCK})(?:[:.](?P<minutes>[0-5]\d))?(?:{_DASH}(?P<hour2>{_CLOCK})"
    rf"(?:[:.](?P<minutes2>[0-5]\d))?)?(?P<clock>(?:(?:{_BLANK}|-)Uhr|{_BLANK}?h(?!\w))(?:{_BLANK}(?P<after>[0-5]\d)(?!\w))?)?"
    rf"(?P<evening>{_BLANK}(?:nachmittags|abends|nachts|mittags|am{_BLANK}(?:Nachmittag|Abend))(?!\w))?"
    r"(?!\d|:\d|[.,]\d)",
    "spoken_time": rf"(?<!\w)(?P<quarter>halb|viertel nach|viertel vor|dreiviertel){_BLANK}"
    rf"(?P<hour>1[0-2]|[1-9]|{_HOURS.replace(' ', '|')})(?!\w|[.,:]\d)(?:{_BLANK}Uhr)?",
    "date": rf"{_BEGIN}(?P<day>\d{{1,2}})(?:\.|(?={_BLANK}{_MONTH}))"
    rf"(?:(?:[-–]|{_BLANK}?/{_BLANK}?|{_BLANK}(?:bis|und|oder){_BLANK}(?:(?:zum|dem){_BLANK})?)(?P<until>\d{{1,2}})\.)?"
    rf"{_BLANK}?(?P<month>{_MONTH})s?(?!\w)(?:{_BLANK}(?P<year>\d{{4}}))?",
    "month": rf"(?<!\w)(?P<month>{_MONTH})s?(?!\w)",
    "month_year": rf"(?<!\w)(?P<month>{_MONTH})s?(?:{_BLANK}des{_BLANK}Jahres)?{_BLANK}(?P<year>\d{{4}})(?!\d)"
    rf"|{_BEGIN}(?P<month_number>0?[1-9]|1[0-2])[./](?P<year2>\d{{4}})(?!\d)",
    "numeric_date": rf"{_BEGIN}(?P<day>\d{{1,2}})\.{_BLANK}?(?P<month>\d{{1,2}})\.{_BLANK}?"
    r"(?P<year>\d{4}|\d\d)?(?!\w)",
    "iso_date": rf"{_BEGIN}(?P<year>\d{{4}})-(?P<month>\d\d)-(?P<day>\d\d)(?!\w)",
    "ordinal": rf"{_BEGIN}(?P<first>{NUMBER})(?:\.|s?te[nrsm]?|st|nd|rd|th)(?!\w)"
    rf"|(?:Rang|Platz){_BLANK}(?P<rank>{NUMBER})|(?<!\w)(?P<roman>[IVX]+)\.?(?!\w)",
    "decade": rf"(?<!\w)(?P<decade>\d{{2,4}})ern?(?![^\W_])|(?<!\w)(?:Anfang|Mitte|Ende){_BLANK}(?P<age>\d0)(?!\w)"
    rf"|{_BEGIN}(?P<century>\d{{1,2}})\.{_BLANK}(?:Jahrhundert(?:e?s)?|Jh\.)(?!\w)",
    "label": r"(?<!\w)(?P<label>Nr|No(?=\.)|Nummern?|S|Seiten?|Abb|Abbildung(?:en)?|Bild|Kap|Kapitels?|Bd|Band(?:es)?|"
    r"Bände|Art|Artikels?|Paragra(?:ph|f)(?:en|s)?|Abschn|Abschnitte?s?|Abs|Absatz|Gl|Gleichung|[#№§])"
    rf"\.?:?{_BLANK}?(?P<number>\d+(?:\.\d+)*[a-z]?|{_ROMAN})(?:{_DASH}(?P<last>\d+[a-z]?|{_ROMAN}))?(?!\w|[.,:/-]\d)",
    "label_behind": rf"{_BEGIN}(?P<number>\d+)\.{_BLANK}"
    r"(?P<label>Kapitels?|Band(?:es)?|Artikels?|Abschnitte?s?|Absatz)(?!\w)",
    "code": rf"(?<!\w)(?P<label>(?i:nr|no))\.:?{_BLANK}?(?P<number>{CODE})",
}
ANY_NUMBER = re.compile(NUMBER)
HAS_NUMBER = re.compile(rf"[\d{VULGAR}]")
_ANY_CASE = (
    "number", "money", "money_before", "percent", "time", "spoken_time", "date", "month", "month_year", "decade",
    "label", "label_behind",
)  # fmt: skip
"""Tables whose words may be in upper case."""
_COMPILED = {
    name: re.compile(pattern, re.IGNORECASE if name in _ANY_CASE else 0)
    for name, pattern in _PATTERNS.items()
}
_LABELS = {
    "no": "Nr", "numm": "Nr", "para": "Abschn", "seit": "S", "abbi": "Abb", "bild": "Abb", "kapi": "Kap", "band": "Bd",
    "bänd": "Bd", "arti": "Art", "absc": "Abschn", "absa": "Abs", "glei": "Gl", "#": "Nr", "№": "Nr", "§": "Abschn",
}  # fmt: skip


def keys_and_places(name: str, text: str, read: ReadNumber) -> Iterator[tuple[str, Place]]:
    """Yield the keys and place of every match of a table in a text; of a range, those of both ends, too."""
    for match in _COMPILED[name].finditer(text):
        place = match.span()
        if match[0][:5].lower() == "minus" and not _is_negative(match):  # 5 in “6 minus 5”
            place = match.start("first"), match.end()
        for key in _READERS[name](match, read):
            yield key, place
        yield from _ends_of_range(name, match, read)
        yield from _adjacent_numbers(name, match)


def _adjacent_numbers(name: str, match: re.Match[str]) -> Iterator[tuple[str, Place]]:
    """Yield the parts of “3 500 ml”, which may be 3 and 500 ml instead of one number with a space after thousands."""
    if name not in ("number", "money", "percent", "quantity") or not _SPACED.search(match["first"]):
        return
    *others, last = _DIGITS.finditer(match.string, *match.span("first"))
    for unit in _unit_keys(match):
        yield f"{int(last[0])}{unit}", (last.start(), match.end())
    if name == "number":
        for part in others:
            yield str(int(part[0])), part.span()


def _ends_of_range(name: str, match: re.Match[str], read: ReadNumber) -> Iterator[tuple[str, Place]]:
    """Yield both ends of a range as separate values: “von 10 bis 20 %” is also 10 (or 10 %) and 20 %."""
    groups = match.groupdict()
    if name in ("number", "money", "money_before", "percent", "quantity") and groups["last"]:
        unit_ends = match.end()
        ends = ((groups["first"], match.span("first")), (groups["last"], (match.start("last"), unit_ends)))
        for number, place in ends:
            for value in read(number):
                yield from ((f"{value * _factor(match)}{unit}", place) for unit in _unit_keys(match))
    if name == "time" and groups["hour2"]:
        first = time_key(int(groups["hour"]), groups["minutes"] or "")
        last = time_key(int(groups["hour2"]), groups["minutes2"] or groups["after"] or "")
        yield first, (match.start("hour"), match.end("minutes" if groups["minutes"] else "hour"))
        yield last, (match.start("hour2"), match.end())
    if name == "date" and groups["until"]:
        month = _MONTH_NUMBERS[groups["month"][:3].casefold()]
        yield date_key(groups["year"], month, str(int(groups["until"]))), (match.start("until"), match.end())
        for year in {None, groups["year"]}:
            yield date_key(year, month, str(int(groups["day"]))), (match.start("day"), match.end("day") + 1)


def _amounts(match: re.Match[str], read: ReadNumber, factor: int = 1) -> set[str]:
    """Return the keys of a number or a range."""
    sign = "-" if _is_negative(match) else ""
    firsts = read(match["first"])
    if not match["last"]:
        return {f"{sign}{value * factor}" for value in firsts}
    lasts = read(match["last"])
    return {f"{first * factor}-{last * factor}" for first in firsts for last in lasts}


def _is_negative(match: re.Match[str]) -> bool:
    """Whether a number has a minus sign; the one in “6 minus 5” does not count."""
    sign = match.groupdict().get("sign") or " "
    if sign[0] in "mM":
        return not _MINUEND.search(match.string, max(0, match.start() - 20), match.start("sign"))
    return sign[0] in "-−–"


def _numbers(match: re.Match[str], read: ReadNumber) -> set[str]:
    return _amounts(match, read, _factor(match)) or {match[0]}


def _units(match: re.Match[str], read: ReadNumber) -> set[str]:
    return {
        f"{amount}{unit}" for amount in _amounts(match, read, _factor(match)) for unit in _unit_keys(match)
    }


def _factor(match: re.Match[str]) -> int:
    """Return the factor of a word such as “Millionen”."""
    word = match.groupdict().get("magnitude")
    return _MAGNITUDES[word.capitalize()] if word else 1


def _unit_keys(match: re.Match[str]) -> set[str]:
    """Return the endings of keys with this unit; "" for a plain number."""
    groups = match.groupdict()
    if word := groups.get("unit_word"):
        return {f" {one}" for one in german_unit_symbols(word)}
    if "unit" not in groups:
        return {""}
    written = groups["unit"]
    if written is None:
        return {" %"}
    unit = unit_key(_UNIT_WORDS.get(written.casefold(), written))
    if len(unit) == 3 and unit.upper() in CURRENCY_CODES:
        unit = unit.upper()
    return {f" {one}" for one in (_DOLLARS if unit in _DOLLARS else {unit})}


def _times(match: re.Match[str], read: ReadNumber) -> set[str]:
    before = _BEFORE_HOUR.search(match.string, max(0, match.start() - 7), match.start())
    is_after_word = before is not None and _ENDS.match(match.string, match.end()) is not None
    is_bare = not match["clock"] and (not match["minutes"] or "." in match[0])
    if is_bare and not is_after_word:  # 9.30 is a number
        return set()
    hour, minutes = int(match["hour"]), match["minutes"] or match["after"] or ""
    if match["hour2"]:
        return {
            f"{time_key(hour, minutes)}-{time_key(int(match['hour2']), match['minutes2'] or match['after'] or '')}"
        }
    keys = {time_key(one, minutes) for one in _hours(hour, (match["evening"] or "").lower())}
    if not (match["clock"] or match["minutes"]):  # “um fünf” may be morning or evening
        keys.add(time_key((hour + 12) % 24, ""))
    return keys


def _hours(hour: int, evening: str) -> set[int]:
    """Return the hours it may mean: 3 Uhr nachmittags is 15:00, 12 Uhr nachts is 0:00, as is 24 Uhr."""
    if "nachts" in evening or "mittags" in evening:
        return {hour, (hour + 12) % 24}
    if evening and hour < 12:
        return {hour + 12}
    return {hour % 24, hour}


def _spoken_times(match: re.Match[str], read: ReadNumber) -> set[str]:
    """Return the keys of a spoken time: halb vier is 3:30 and 15:30."""
    hour = int(match["hour"]) if match["hour"].isdecimal() else _HOUR_WORDS[match["hour"].lower()]
    words = " ".join(match["quarter"].lower().split())
    minutes, hours_back = _SPOKEN[words]
    return {time_key((hour - hours_back + half) % 24, minutes) for half in (0, 12)}


def _durations(match: re.Match[str], read: ReadNumber) -> set[str]:
    if match["minutes3"]:
        return {f"{int(match['minutes3'])} min {int(match['seconds3'])} s"}
    key = f"{int(match['hours'])} h {int(match['minutes'] or match['minutes2'])} min"
    return {f"{key} {int(match['seconds'])} s" if match["seconds"] else key}


def _dates(match: re.Match[str], read: ReadNumber) -> set[str]:
    days = str(int(match["day"])) + (f"-{int(match['until'])}" if match["until"] else "")
    return {date_key(match["year"], _MONTH_NUMBERS[match["month"][:3].casefold()], days)}


def _month_names(match: re.Match[str], read: ReadNumber) -> set[str]:
    return {f"month {_MONTH_NUMBERS[match['month'][:3].casefold()]}"}


def _months(match: re.Match[str], read: ReadNumber) -> set[str]:
    if number := match["month_number"]:
        return {date_key(match["year2"], int(number), "-")}
    return {date_key(match["year"], _MONTH_NUMBERS[match["month"][:3].casefold()], "-")}


def _numeric_dates(match: re.Match[str], read: ReadNumber) -> set[str]:
    return {date_key(match["year"], int(match["month"]), str(int(match["day"])))}


def _ordinals(match: re.Match[str], read: ReadNumber) -> set[str]:
    return {match["roman"]} if match["roman"] else set(map(str, read(match["first"] or match["rank"])))


def _decades(match: re.Match[str], read: ReadNumber) -> set[str]:
    if match["century"]:  # the 1800s are the nineteenth century
        return {f"{int(match['century']) - 1}00"}
    return {match["decade"] or match["age"]}


def _labels(match: re.Match[str], read: ReadNumber) -> set[str]:
    written = match["label"].lower()
    label = _LABELS.get(written[:4], written.capitalize())
    last = match.groupdict().get("last")
    return {label_key(f"{label}. {match['number']}" + (f"-{last}" if last else ""))}


_SPACED = re.compile(_BLANK)
_DIGITS = re.compile(r"\d+")
_MINUEND = re.compile(
    rf"(?:[\d)\]%°²³{VULGAR}]|(?<!\w)[a-z]|(?:{_HOURS.replace(' ', '|')}|zehn|zig|hundert|tausend)){_BLANK}\Z",
    re.IGNORECASE,
)
_ENDS = re.compile(r"[.,;:!?)]*+(?:\s|\Z)")
_BEFORE_HOUR = re.compile(rf"\b(?:um|gegen|ab|bis){_BLANK}\Z", re.IGNORECASE)
_SPOKEN = {"halb": ("30", 1), "viertel nach": ("15", 0), "viertel vor": ("45", 1), "dreiviertel": ("45", 1)}
"""The minutes, and the hours to subtract from the one named."""
_READERS: dict[str, Callable[[re.Match[str], ReadNumber], set[str]]] = {
    "number": _numbers, "money": _units, "money_before": _units, "percent": _units, "quantity": _units,
    "duration": _durations, "time": _times, "spoken_time": _spoken_times, "date": _dates, "month": _month_names,
    "month_year": _months, "numeric_date": _numeric_dates, "iso_date": _numeric_dates, "ordinal": _ordinals,
    "decade": _decades, "label": _labels, "label_behind": _labels, "code": _labels,
}  # fmt: skip
TABLES: dict[ValueKind, tuple[str, ...]] = {
    "small": ("number", "month"), "number": ("number",), "year": ("number",), "decade": ("decade",),
    "money": ("money", "money_before"), "percent": ("percent",), "quantity": ("quantity", "duration"),
    "time": ("time", "spoken_time"), "date": ("date", "month_year", "numeric_date", "iso_date"),
    "ordinal": ("ordinal",), "label": ("label", "label_behind", "code"),
}  # fmt: skip
"""The tables in which to look up each kind of value."""
