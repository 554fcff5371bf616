"""Functions that turn the match of each form into a `Value` with its German form."""

import re
from collections.abc import Callable

from translator.text.numbers import english_value, german_number
from translator.text.values.context import (
    is_in_the_evening,
    is_inch_mark,
    is_time_with_point,
    is_verb,
    is_version,
    names_time_of_day,
)
from translator.text.values.keys import (
    Value,
    ValueKind,
    date_key,
    german_amount,
    german_unit,
    key_of,
    label_key,
    roman_value,
    signed_key,
    time_key,
    unit_key,
)
from translator.text.values.patterns import LABELS, MAGNITUDES

_SMALL = range(13)
_MOST_DIGITS = 30
"""Longer numbers do not take the fast path."""
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
_SENTENCE_GOES_ON = re.compile(
    r"\.[)\]\"”’]*+(?:[,;:]|[?!]| (?:[^A-Z]|I\b"
    r"|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|(?:[ECMP][SD]?T|GMT|UTC|BST|CES?T)\b))"
)


def _value(match: re.Match[str], kind: ValueKind, key: str, german: str, also: tuple[str, ...] = ()) -> Value:
    return Value(match.start(), match.end(), kind, key, german, also)


def _plain_value(start: int, end: int, number: str) -> Value:
    """Return the value of a number without sign, unit or decimals."""
    if len(number) > _MOST_DIGITS:
        return Value(start, end, "number", key_of(english_value(number), number), german_number(number))
    if not number.isdecimal():
        return Value(start, end, "number", str(int(number.replace(",", ""))), german_number(number))
    value = int(number)
    is_small = value in _SMALL and number == str(value)
    kind: ValueKind = "small" if is_small else "year" if _is_year(number) else "number"
    return Value(start, end, kind, str(value), number)


def _plain(match: re.Match[str], text: str) -> Value:
    return _plain_value(match.start(), match.end(), match["plain"])


def _label(match: re.Match[str], text: str) -> Value:
    label, number = LABELS[match["label"].lower()], match["labelled"]
    return _value(match, "label", f"{label} {number.replace('–', '-')}", f"{label} {number}")


def _roman_label(match: re.Match[str], text: str) -> Value | None:
    label, first, last = LABELS[match["volume"].lower()], match["numeral"], match["upto_numeral"]
    if first == "I" and not last and label not in ("S.", "Bd.", "Kap."):
        return None  # “I love art. I know it.”
    german = f"{label} {first}" + (f"–{last}" if last else "")
    key = f"{label} {first}" + (f"-{last}" if last else "")
    arabic = f"{label} {roman_value(first)}" + (f"-{roman_value(last)}" if last else "")
    return Value(match.start(), match.end(), "label", label_key(key), german, (arabic,))


def _month_day(match: re.Match[str], text: str) -> Value:
    month, until, year = match["month1"], match["to1"], match["year1"]
    if not (match["nth"] or until or year) and is_verb(month, text, match.start(), match.end()):
        return _plain_value(match.start("day1"), match.end("day1"), match["day1"])
    return _date(match, month, match["day1"], until, year)


def _day_month(match: re.Match[str], text: str) -> Value:
    return _date(match, match["month2"], match["day2"], match["to2"], match["year2"])


def _date(match: re.Match[str], month: str, day: str, until: str | None, year: str | None) -> Value:
    number, german_month = _MONTHS[month.casefold()[:3]]
    days, german_days = str(int(day)), f"{int(day)}."
    if until:
        last = int(re.split(r"[-– \u00a0]", until)[-1])
        days, german_days = f"{days}-{last}", f"{german_days}{'–' if until[0] in '-–' else ' bis '}{last}."
    german = f"{german_days} {german_month}" + (f" {year}" if year else "")
    return _value(match, "date", date_key(year, number, days), german)


def _shared_month(match: re.Match[str], text: str) -> Value:
    """Read the 5 in “5 to 10 June”."""
    day = int(match["shared_day"])
    number, _ = _MONTHS[match["shared_month"].casefold()[:3]]
    return _value(match, "date", date_key(None, number, str(day)), f"{day}.")


def _iso_date(match: re.Match[str], text: str) -> Value:
    year, month, day = match[0].split("-")
    return _value(match, "date", date_key(year, int(month), str(int(day))), match[0])


def _slash_date(match: re.Match[str], text: str) -> Value:
    first, second, year = re.split("[/-]", match[0])
    readings = [
        (day, month)
        for day, month in ((int(second), int(first)), (int(first), int(second)))
        if 1 <= day <= 31 and 1 <= month <= 12
    ]
    keys = tuple(date_key(year, month, str(day)) for day, month in readings)
    if len(set(keys)) != 1 or max(readings[0]) <= 12:
        return Value(match.start(), match.end(), "date", match[0], match[0], keys)
    day, month = readings[0]
    return _value(match, "date", keys[0], f"{day:02}.{month:02}.{year}")


def _dot_date(match: re.Match[str], text: str) -> Value:
    day, month, year = match[0].split(".")
    return _value(match, "date", date_key(year, int(month), str(int(day))), match[0])


def _clock(clock: str, half: str | None) -> tuple[int, str]:
    """Return the hour of a time and its minutes, if it has any, else an empty string."""
    hour, _, minutes = clock.replace(".", ":").partition(":")
    if not half:
        return int(hour), minutes
    return int(hour) % 12 + (12 if half.strip()[0] in "pP" else 0), minutes


def _german_clock(hour: int, minutes: str) -> str:
    return f"{hour}:{minutes}" if minutes else str(hour)


def _time12(match: re.Match[str], text: str) -> Value:
    hour, minutes = _clock(match["clock12"], match["half"])
    end = _end_of_half(match, text)
    return Value(match.start(), end, "time", time_key(hour, minutes), f"{_german_clock(hour, minutes)} Uhr")


def _shared_half(match: re.Match[str], text: str) -> Value:
    """Read the 8 in “from 8 to 10 p.m.”, which is p.m., too, and the 11 in “from 11 to 1 p.m.”, which is not."""
    hour, minutes = _clock(match["shared"], match["until_half"])
    if hour > _clock(match["until12"], match["until_half"])[0]:
        hour, minutes = _clock(match["shared"], "a")
    return _value(match, "time", time_key(hour, minutes), f"{_german_clock(hour, minutes)} Uhr")


def _spoken_time(match: re.Match[str], text: str) -> Value:
    words = match["quarter"].lower().replace("\u00a0", " ")
    minutes, hours_back, spoken = _SPOKEN[words]
    if not match["spoken_half"]:  # may be a.m. or p.m.
        hour = int(match["hour"]) - hours_back
        named = int(match["hour"]) + (words == "half past")
        keys = [time_key(one % 24, minutes) for one in (hour, hour + 12)]
        return _value(match, "time", keys[0], f"{spoken} {named % 12 or 12}", also=(keys[1],))
    hour = (_clock(match["hour"], match["spoken_half"])[0] - hours_back) % 24
    end = _end_of_half(match, text)
    return Value(match.start(), end, "time", time_key(hour, minutes), f"{hour}:{minutes} Uhr")


def _hours(match: re.Match[str], text: str) -> Value:
    first_half = match["half1"] or match["half2"]
    first, last = _clock(match["from12"], first_half), _clock(match["to12"], match["half2"])
    # 11–1 p.m. starts in the morning, and 10–12 a.m. ends at noon.
    if first[0] > last[0] and not match["half1"]:
        first, last = _clock(match["from12"], "a"), (last[0] or 12, last[1])
    german = f"{_german_clock(*first)}–{_german_clock(*last)} Uhr"
    key = f"{time_key(*first)}-{time_key(*last)}"
    return Value(match.start(), _end_of_half(match, text), "time", key, german)


def _stopwatch(match: re.Match[str], text: str) -> Value:
    """Read 1:45.67, a duration."""
    return _value(match, "time", match[0], match[0].replace(".", ","))


def _end_of_half(match: re.Match[str], text: str) -> int:
    """Return the end of a time, without the last full stop of “p.m.” if that also ends the sentence."""
    ends_with_stop = text[match.end() - 1] == "."
    return match.end() - (ends_with_stop and not _SENTENCE_GOES_ON.match(text, match.end() - 1))


def _times(match: re.Match[str], text: str) -> Value:
    first, last = _clock(match["from24"], None), _clock(match["to24"], None)
    german = f"{match['from24']}–{match['to24']}"
    return _time_of_day(match, text, f"{time_key(*first)}-{time_key(*last)}", german)


def _time24(match: re.Match[str], text: str) -> Value:
    hour, minutes = _clock(match[0], None)
    return _time_of_day(match, text, time_key(hour, minutes), match[0])


def _time_of_day(match: re.Match[str], text: str, key: str, german: str) -> Value:
    """Add “Uhr” to a time of day, but not to a duration or score."""
    start, end = match.span()
    if not names_time_of_day(text, start, end):
        return _value(match, "time", key, german)
    hours = _HOURS.match(text, end)
    end = hours.end() if hours else end
    return Value(start, end, "time", key, f"{german} Uhr", _evening_keys(text, end, key))


def _evening_keys(text: str, end: int, key: str) -> tuple[str, ...]:
    """Return the key of the time 12 hours later if the text says so; German may write “5.30 this evening” as 17:30."""
    hour, _, minutes = key.partition(":")
    is_evening = "-" not in key and int(hour) < 12 and is_in_the_evening(text, end)
    return (time_key(int(hour) + 12, minutes),) if is_evening else ()


def _military_time(match: re.Match[str], text: str) -> Value:
    """Read the 1530 in “at 1530 hours”; without the preposition it is a number of hours."""
    digits = match["military"]
    hours = _HOURS.match(text, match.end())
    if hours and names_time_of_day(text, *match.span()):
        hour, minutes = int(digits[:2]), digits[2:]
        return Value(match.start(), hours.end(), "time", time_key(hour, minutes), f"{hour}:{minutes} Uhr")
    if hours and not hours[0].endswith("hours"):
        return Value(match.start(), hours.end(), "quantity", f"{signed_key('', digits)} h", f"{digits} h")
    return _plain_value(match.start(), match.end(), digits)


def _time_with_point(match: re.Match[str], text: str) -> Value:
    """Read 15.30 or 9.00–17.30 as a time if the context says so, else as a decimal number or range."""
    first, last = match["from_point"], match["to_point"]
    if not is_time_with_point(text, *match.span()):
        if last:
            return _range_value(match, text, first, match["to"], last)
        return _decimal(match, text, first)
    hours = _HOURS.match(text, match.end())
    clocks = [_clock(one, None) for one in (first, last) if one]
    key, german = "-".join(time_key(*one) for one in clocks), "–".join(_german_clock(*one) for one in clocks)
    end = hours.end() if hours else match.end()
    return Value(match.start(), end, "time", key, f"{german} Uhr", _evening_keys(text, end, key))


def _duration(match: re.Match[str], text: str) -> Value:
    """Read 1h 45m, which is `1 h 45 min` in German."""
    key = f"{int(match['hours'])} h {int(match['minutes'])} min"
    german = f"{match['hours']} h {match['minutes']} min"
    if match["seconds"]:
        key, german = f"{key} {int(match['seconds'])} s", f"{german} {match['seconds']} s"
    return _value(match, "quantity", key, german)


def _short_duration(match: re.Match[str], text: str) -> Value:
    minutes, seconds = match["minutes2"], match["seconds2"]
    return _value(match, "quantity", f"{int(minutes)} min {int(seconds)} s", f"{minutes} min {seconds} s")


def _bit(match: re.Match[str], text: str) -> Value:
    """Read the digits in “1s and 0s”, which are not seconds."""
    digit = match["bit"] or match["other_bit"]
    return _value(match, "number", _BITS[digit], _BITS[digit], also=(f"{digit}s", f"{digit}en", f"{digit}er"))


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
    if unit == "s" and _UNDER.search(text, max(0, match.start() - 2), match.start()):
        return None  # the under-18s
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
    factor, one, several = MAGNITUDES[magnitude.strip().lower()] if magnitude else (1, "", "")
    numbers = [number, upto] if upto else [number]
    if several == "Tsd." and all(map(str.isdecimal, numbers)):  # $5k
        numbers, several = [f"{one},000" for one in numbers], ""
    german = sign + "–".join(map(german_amount, numbers))
    if several:
        german += f" {one if number == '1' and not upto else several}"
    symbol = german_unit(unit)
    german += f"{'' if symbol == '°' else ' '}{symbol}"
    key = signed_key(sign, number, factor) + (f"-{signed_key('', upto, factor)}" if upto else "")
    return _value(match, kind, f"{key} {unit_key(unit)}", german)


def _decade(match: re.Match[str], text: str) -> Value:
    decade = match["decade"] or match["short_decade"]
    also = (decade[2:],) if decade.startswith("19") else (f"19{decade}",) if len(decade) == 2 else ()
    return _value(match, "decade", decade, f"{decade}er", also)


def _ordinal(match: re.Match[str], text: str) -> Value:
    number = match["ordinal"]
    return _value(match, "ordinal", key_of(english_value(number), number), german_number(number) + ".")


def read_roman(match: re.Match[str]) -> Value:
    """Read the ordinal of a `ROMAN` name: the XIV of Louis XIV becomes “XIV.”; some texts say “der Vierzehnte”."""
    roman = match["roman"]
    also = (str(roman_value(roman)),)
    return Value(match.start("roman"), match.end(), "ordinal", roman, f"{roman}.", also)


def _literal(match: re.Match[str], text: str) -> Value:
    return _value(match, "number", match[0], match[0], ("rund um die Uhr",) if match[0] == "24/7" else ())


def _scale(match: re.Match[str], text: str) -> Value:
    german = match[0].replace(",", ".")
    return _value(match, "number", german, german)


def _section_sign(match: re.Match[str], text: str) -> Value:
    """Read §4.2, a reference to a section or paragraph."""
    sections, sign = match["sections"], match[0][: 1 + (match[0][1] == "§")]
    return _value(match, "label", f"Abschn. {sections.replace('–', '-')}", f"{sign} {sections}")


def _inches(match: re.Match[str], text: str) -> Value:
    """Read the 12" of a screen; if the mark closes a quotation, only the 12."""
    number, mark = match["inches"], match[0][-1]
    is_fraction = "/" in number
    if is_inch_mark(text, match.end()):
        key, german = (number, number) if is_fraction else (signed_key("", number), german_amount(number))
        return _value(match, "quantity", f"{key} in", f"{german}{mark}")
    if number.isdecimal():
        return _plain_value(match.start(), match.end() - 1, number)
    key, german = (number, number) if is_fraction else (signed_key("", number), german_amount(number))
    return Value(match.start(), match.end() - 1, "number", key, german)


def _short_million(match: re.Match[str], text: str) -> Value:
    sign, number = match["sign7"], match["millions"]
    return _value(match, "number", signed_key(sign, number, 10**6), f"{sign}{german_number(number)} Mio.")


def _factor(match: re.Match[str], text: str) -> Value:
    """Read 1.5k and 2x: only the decimal mark changes; a German text may also say 1.500 or “2-mal”."""
    german = german_number(match["factor"]) + match["factor_sign"]
    factor = MAGNITUDES[match["factor_sign"].lower()][0] if match["factor_sign"] != "x" else 1
    return _value(match, "number", german, german, (signed_key("", match["factor"], factor),))


def _mixed(match: re.Match[str], text: str) -> Value:
    key = signed_key(match["sign5"], match["mixed"])
    return _value(match, "number", key, match[0])


def _power(match: re.Match[str], text: str) -> Value:
    german = match[0].replace(".", ",")
    return _value(match, "number", german, german)


def _range(match: re.Match[str], text: str) -> Value:
    first, last = match["first"], match["last"]
    return _range_value(match, text, first, text[match.end("first") : match.start("last")], last)


def _range_value(match: re.Match[str], text: str, first: str, dash: str, last: str) -> Value:
    kind: ValueKind = "year" if _is_year(first) and (_is_year(last) or len(last) == 2) else "number"
    if is_version(first, text, match.start(), match.end()):
        return _value(match, "number", match[0], match[0])
    key = f"{signed_key('', first)}-{signed_key('', last)}"
    is_short = max(len(first), len(last)) <= 2 and (first + last).isdecimal()
    # It may be a score, or mean “4 or 5”.
    also = (f"{first}:{last}", f"{first} : {last}", f"{first} oder {last}") if is_short else ()
    return _value(match, kind, key, german_number(first) + dash + german_number(last), also)


def _number(match: re.Match[str], text: str) -> Value:
    sign, number = match["sign6"], match["number"]
    if word := match["magnitude5"]:
        factor, one, several = MAGNITUDES[word.strip().lower()]
        german = f"{sign}{german_number(number)} {one if number == '1' else several}"
        return _value(match, "number", signed_key(sign, number, factor), german)
    if not sign and number.isdecimal():
        return _plain_value(match.start(), match.end(), number)
    return _decimal(match, text, number, sign)


def _decimal(match: re.Match[str], text: str, number: str, sign: str = "") -> Value:
    if is_version(number, text, match.start(), match.end()):
        return _value(match, "number", number, match[0])
    return _value(match, "number", signed_key(sign, number), sign + german_number(number))


def _is_year(number: str) -> bool:
    return len(number) == 4 and number.isdecimal() and 1000 <= int(number) < 2100


_SPOKEN = {
    "half past": ("30", 0, "halb"),
    "quarter past": ("15", 0, "Viertel nach"),
    "quarter to": ("45", 1, "Viertel vor"),
}
"""The minutes, the hours to subtract from the one named, and the German words."""
_UNDER = re.compile(r"[a-z]-\Z")
_HOURS = re.compile(r"[ \u00a0]?(?:hours|hrs|h)(?!\w)")
_BITS = {"1": "Einsen", "0": "Nullen"}
READERS: dict[str, Callable[[re.Match[str], str], Value | None]] = {
    f"as_{name}": reader
    for name, reader in {
        "label": _label, "roman_label": _roman_label, "month_day": _month_day, "day_month": _day_month,
        "shared_month": _shared_month, "iso_date": _iso_date, "slash_date": _slash_date, "dot_date": _dot_date,
        "shared_half": _shared_half, "hours": _hours, "spoken_time": _spoken_time, "scale": _scale, "factor": _factor,
        "time12": _time12, "stopwatch": _stopwatch, "times": _times, "time24": _time24, "military_time": _military_time,
        "time_with_point": _time_with_point, "duration": _duration, "short_duration": _short_duration, "bit": _bit,
        "money": _money, "money_after": _money_after, "percent": _percent, "quantity": _quantity, "decade": _decade,
        "ordinal": _ordinal, "power": _power, "mixed": _mixed, "feet": _literal, "inches": _inches, "literal": _literal,
        "section_sign": _section_sign, "short_million": _short_million, "range": _range,
        "number": _number, "plain": _plain, "odd": _literal,
    }.items()
}  # fmt: skip
"""The reader of each form of `ANY_VALUE`."""
