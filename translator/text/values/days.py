"""Functions that turn the match of a date, time or duration into a `Value`."""

import re

from translator.text.values.context import is_in_the_evening, is_time_with_point, is_verb, names_time_of_day
from translator.text.values.keys import Value, date_key, signed_key, time_key
from translator.text.values.patterns import MONTHS, TIME_ZONES
from translator.text.values.plain import Reader, decimal, plain_value, range_value, value_of

_GERMAN_MONTHS = """
    Januar Februar März April Mai Juni Juli August September Oktober November Dezember
"""
_MONTHS = {
    english.casefold()[:3]: (number, german)
    for number, (english, german) in enumerate(zip(MONTHS, _GERMAN_MONTHS.split(), strict=True), start=1)
}
_SENTENCE_GOES_ON = re.compile(
    r"\.[)\]\"”’]*+(?:[,;:\t]|[?!]| (?:[^A-Z]|I\b"
    r"|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|(?:[ECMP][SD]?T|GMT|UTC|BST|CES?T)\b"
    r"|(?:(?:MON|TUES|WEDNES|THURS|FRI|SATUR|SUN)DAY|ON|IN|AT|TO|FOR|AND|OR|BUT|UNTIL|TILL|BY|FROM|WITH|AS|BECAUSE|IF"
    r"|WHEN|EVERY|EACH|DAILY|TODAY|TOMORROW|TONIGHT|LOCAL|SHARP)(?= [A-Z])))"
)


def _month_day(match: re.Match[str], text: str) -> Value:
    month, until, year = match["month1"], match["to1"], match["year1"]
    if not (match["nth"] or until or year) and is_verb(month, text, match.start(), match.end()):
        return plain_value(match.start("day1"), match.end("day1"), match["day1"])
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
    return value_of(match, "date", date_key(year, number, days), german)


def _month_name(match: re.Match[str], text: str) -> Value | None:
    """Read the month of “May 2025”: it stays a word of the sentence, since German may say “im Mai” or “Anfang Mai”."""
    month = match["month4"]
    if is_verb(month, text, match.start(), match.end() + len(" 2025")):
        return None
    number, german = _MONTHS[month.casefold()[:3]]
    return value_of(match, "small", f"month {number}", german)


def _month_year(match: re.Match[str], text: str) -> Value:
    """Read “Sept. 2025” and “MAY 2025”, which a model may not know, as one date."""
    month, year = match["month3"], match["year3"]
    if is_verb(month, text, *match.span()):
        return plain_value(match.start("year3"), match.end(), year)
    number, german_month = _MONTHS[month.casefold()[:3]]
    return value_of(match, "date", date_key(year, number, "-"), f"{german_month} {year}")


def _short_year(match: re.Match[str], text: str) -> Value:
    """Read the ’68 in “in ’68”; after any other word the mark may open a quotation."""
    year = match["short_year"]
    if not _BEFORE_SHORT_YEARS.search(text, max(0, match.start() - 11), match.start()):
        return plain_value(match.start("short_year"), match.end(), year)
    also = tuple(f"{century}{year}" for century in ("19", "20"))
    return value_of(match, "year", year, f"’{year}", also)


def _shared_month(match: re.Match[str], text: str) -> Value:
    """Read the 5 in “5 to 10 June”."""
    day = int(match["shared_day"])
    number, _ = _MONTHS[match["shared_month"].casefold()[:3]]
    return value_of(match, "date", date_key(None, number, str(day)), f"{day}.")


def _iso_date(match: re.Match[str], text: str) -> Value:
    year, month, day = match[0].split("-")
    return value_of(match, "date", date_key(year, int(month), str(int(day))), match[0])


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
    return value_of(match, "date", keys[0], f"{day:02}.{month:02}.{year}")


def _dot_date(match: re.Match[str], text: str) -> Value:
    day, month, year = match[0].split(".")
    return value_of(match, "date", date_key(year, int(month), str(int(day))), match[0])


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
    return value_of(match, "time", time_key(hour, minutes), f"{_german_clock(hour, minutes)} Uhr")


def _spoken_time(match: re.Match[str], text: str) -> Value:
    words = match["quarter"].lower().replace("\u00a0", " ")
    minutes, hours_back, spoken = _SPOKEN[words]
    if not match["spoken_half"]:  # may be a.m. or p.m.
        hour = int(match["hour"]) - hours_back
        named = int(match["hour"]) + (words == "half past")
        keys = [time_key(one % 24, minutes) for one in (hour, hour + 12)]
        return value_of(match, "time", keys[0], f"{spoken} {named % 12 or 12}", also=(keys[1],))
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
    return value_of(match, "time", match[0], match[0].replace(".", ","))


def _end_of_half(match: re.Match[str], text: str) -> int:
    """Return the end of a time, without the last full stop of “p.m.” if that also ends the sentence."""
    end = match.end()
    is_alone = text[match.start() - 1 : match.start()] in _EDGES and text[end : end + 1] in _EDGES
    if text[end - 1] != "." or is_alone or _SENTENCE_GOES_ON.match(text, end - 1):
        return end
    return end - 1


_EDGES = ("", "\n", "\t")
"""What stands around a cell of a table."""


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
        return value_of(match, "time", key, german)
    hours = _HOURS.match(text, end)
    end = hours.end() if hours else end
    return Value(start, end, "time", key, f"{german} Uhr", _evening_keys(text, end, key))


def _evening_keys(text: str, end: int, key: str) -> tuple[str, ...]:
    """Return the key of the time 12 hours later if the text says so; German may write “5.30 this evening” as 17:30."""
    hour, _, minutes = key.partition(":")
    is_evening = "-" not in key and int(hour) < 12 and is_in_the_evening(text, end)
    return (time_key(int(hour) + 12, minutes),) if is_evening else ()


def _military_time(match: re.Match[str], text: str) -> Value:
    """Read the 1530 in “at 1530 hours” and “1530 GMT”; without the preposition, 1530 hours are a number of hours."""
    digits = match["military"]
    clock = f"{int(digits[:2])}:{digits[2:]}"
    is_clear = digits < _FIRST_LIKELY_YEAR or names_time_of_day(text, *match.span())
    if is_clear and _TIME_ZONE.match(text, match.end()):
        return value_of(match, "time", time_key(int(digits[:2]), digits[2:]), f"{clock} Uhr")
    hours = _HOURS.match(text, match.end())
    if hours and names_time_of_day(text, *match.span()):
        key = time_key(int(digits[:2]), digits[2:])
        return Value(match.start(), hours.end(), "time", key, f"{clock} Uhr")
    if hours and not hours[0].endswith("hours"):
        return Value(match.start(), hours.end(), "quantity", f"{signed_key('', digits)} h", f"{digits} h")
    return plain_value(match.start(), match.end(), digits)


def _time_with_point(match: re.Match[str], text: str) -> Value:
    """Read 15.30 or 9.00–17.30 as a time if the context says so, else as a decimal number or range."""
    first, last = match["from_point"], match["to_point"]
    if not is_time_with_point(text, *match.span()):
        if last:
            return range_value(match, text, first, match["to"], last)
        return decimal(match, text, first)
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
    return value_of(match, "quantity", key, german)


def _short_duration(match: re.Match[str], text: str) -> Value:
    minutes, seconds = match["minutes2"], match["seconds2"]
    return value_of(match, "quantity", f"{int(minutes)} min {int(seconds)} s", f"{minutes} min {seconds} s")


_SPOKEN = {
    "half past": ("30", 0, "halb"),
    "quarter past": ("15", 0, "Viertel nach"),
    "quarter to": ("45", 1, "Viertel vor"),
}
"""The minutes, the hours to subtract from the one named, and the German words."""
_HOURS = re.compile(r"[ \u00a0]?(?:hours|hrs|h)(?!\w)")
_FIRST_LIKELY_YEAR = "1900"
_TIME_ZONE = re.compile(rf"[ \u00a0]?(?:{TIME_ZONES})(?!\w)")
_BEFORE_SHORT_YEARS = re.compile(
    r"(?<!\w)(?:in|of|since|from|until|till|by|to|and|or|the|before|after|early|late|summer|winter|spring|autumn|fall"
    rf"|{'|'.join(MONTHS)}|(?:Jan|Feb|Aug|Sept?|Oct|Nov|Dec)\.?)[ \u00a0]\Z",
    re.IGNORECASE,
)
DAY_READERS: dict[str, Reader] = {
    "month_day": _month_day, "day_month": _day_month, "month_name": _month_name, "month_year": _month_year,
    "shared_month": _shared_month, "short_year": _short_year, "iso_date": _iso_date, "slash_date": _slash_date,
    "dot_date": _dot_date, "shared_half": _shared_half, "hours": _hours, "spoken_time": _spoken_time,
    "time12": _time12, "stopwatch": _stopwatch, "times": _times, "time24": _time24, "military_time": _military_time,
    "time_with_point": _time_with_point, "duration": _duration, "short_duration": _short_duration,
}  # fmt: skip
"""The readers of dates, times and durations."""
