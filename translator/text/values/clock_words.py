"""Clock times in words, such as “half past three” and “at ten to six”, which a small model gets wrong by an hour."""

import re
from collections.abc import Iterator

from translator.text.values.keys import Value, time_key

_HOURS = {
    "one": "eins", "two": "zwei", "three": "drei", "four": "vier", "five": "fünf", "six": "sechs", "seven": "sieben",
    "eight": "acht", "nine": "neun", "ten": "zehn", "eleven": "elf", "twelve": "zwölf",
}  # fmt: skip
_GERMAN_HOURS = list(_HOURS.values())
_MINUTES = {"five": 5, "ten": 10, "quarter": 15, "twenty": 20, "half": 30}
_GERMAN_MINUTES = {5: "fünf", 10: "zehn", 15: "Viertel", 20: "zwanzig"}
_BLANK = "[ \u00a0]"
_HOUR = rf"(?P<hour>{'|'.join(_HOURS)})(?![\w'’]|-\w|{_BLANK}(?:hundred|thousand|million|percent|per cent)\b)"
MAY_HOLD_CLOCK = re.compile(rf"(?:past|to){_BLANK}(?:one|t|f|s|e|nine)", re.IGNORECASE)
_CLOCK = re.compile(
    rf"\b(?:(?P<minutes_past>half|(?:a{_BLANK})?quarter|five|ten|twenty)(?:{_BLANK}minutes)?{_BLANK}past"
    rf"|(?P<minutes_to>(?:a{_BLANK})?quarter|(?:five|ten|twenty)(?={_BLANK}minutes)"
    rf"|(?<=\bat{_BLANK})(?:five|ten|twenty))(?:{_BLANK}minutes)?{_BLANK}to){_BLANK}{_HOUR}",
    re.IGNORECASE,
)
"""“Ten to six” alone may be from ten until six."""


def find_clock_in_words(text: str) -> Iterator[Value]:
    """Yield the clock times in words, in order; each may be before or after noon."""
    for match in _CLOCK.finditer(text):
        hour = list(_HOURS).index(match["hour"].lower()) + 1
        is_past = match["minutes_past"] is not None
        minutes = _MINUTES[(match["minutes_past"] or match["minutes_to"]).lower().split()[-1]]
        if minutes == 30:
            german = f"halb {_GERMAN_HOURS[hour % 12]}"
        else:
            german = f"{_GERMAN_MINUTES[minutes]} {'nach' if is_past else 'vor'} {_GERMAN_HOURS[hour - 1]}"
        minute = f"{minutes if is_past else 60 - minutes:02}"
        keys = [time_key(one % 24, minute) for one in (hour - (not is_past), hour - (not is_past) + 12)]
        yield Value(match.start(), match.end(), "time", keys[0], german, also=(keys[1],))
