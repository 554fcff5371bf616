"""Clock times: "half past three" is "halb vier"."""

from random import Random

from lexical_pairs.number_words import english_number, german_number
from lexical_pairs.slots import Forms, Source

_PREPOSITIONS = {
    "at": "um", "by": "bis", "until": "bis", "from": "ab", "since": "seit", "after": "nach", "before": "vor",
    "around": "gegen",
}  # fmt: skip
_ALMOST = {5: "fünf", 10: "zehn", 20: "zwanzig"}


def english_time(hour: int, minute: int, quarter: str = "a quarter") -> str:
    """Say a time on a 12-hour clock in English words. `hour` is 1 to 12 and `minute` a multiple of five."""
    if minute == 0:
        return f"{english_number(hour)} o'clock"
    if minute == 30:
        return f"half past {english_number(hour)}"
    is_past = minute < 30
    minutes, full = (minute, hour) if is_past else (60 - minute, hour % 12 + 1)
    words = quarter if minutes == 15 else english_number(minutes)
    return f"{words} {'past' if is_past else 'to'} {english_number(full)}"


def german_time(hour: int, minute: int) -> str:
    """Say the same time in German words. German counts 25 past and 25 to from the half hour ("fünf vor halb vier")."""
    this, following = (german_number(full) for full in (hour, hour % 12 + 1))
    if minute == 0:
        return "ein Uhr" if hour == 1 else f"{this} Uhr"
    if minute == 15:
        return f"Viertel nach {this}"
    if minute == 45:
        return f"Viertel vor {following}"
    if minute in (25, 30, 35):
        return {25: "fünf vor ", 30: "", 35: "fünf nach "}[minute] + f"halb {following}"
    return f"{_ALMOST[minute]} nach {this}" if minute < 30 else f"{_ALMOST[60 - minute]} vor {following}"


def _forms(english: str, german: str) -> Forms:
    """Return a time alone and after each preposition. A time looks the same in all cases."""
    return Forms(
        {"": english} | {key: f"{key} {english}" for key in _PREPOSITIONS},
        {"": german} | {key: f"{word} {german}" for key, word in _PREPOSITIONS.items()},
    )


def _drawn(random: Random) -> tuple[int, int]:
    """Draw an hour and a minute. Most times are full hours, half hours or quarters."""
    return random.randint(1, 12), random.choice((0, 15, 30, 30, 45, random.randrange(5, 60, 5)))


def _time(random: Random) -> Forms:
    hour, minute = _drawn(random)
    return _forms(
        english_time(hour, minute, random.choice(("a quarter", "quarter"))), german_time(hour, minute)
    )


def _half_hour(random: Random) -> Forms:
    """Draw a half hour, which models often get wrong."""
    hour, minute = random.randint(1, 12), 30
    return _forms(english_time(hour, minute), german_time(hour, minute))


def _full_hour(random: Random) -> Forms:
    """Draw a full hour, with or without "o'clock": "at seven" is "um sieben"."""
    hour = random.randint(1, 12)
    if random.random() < 0.5:
        return _forms(english_time(hour, 0), german_time(hour, 0))
    return _forms(english_number(hour), german_number(hour))


_PARTS = (
    ("in the morning", "nachts", (1, 3)),
    ("in the morning", "morgens", (5, 10)),
    ("in the afternoon", "nachmittags", (2, 5)),
    ("in the evening", "abends", (6, 10)),
    ("at night", "abends", (10, 11)),
)
"""A part of the day in English and German, and the first and last hour to which both apply."""


def _time_of_day(random: Random) -> Forms:
    english_part, german_part, (first, last) = random.choice(_PARTS)
    hour, minute = random.randint(first, last), random.choice((0, 0, 15, 30, 30, 45))
    if minute == 45:  # a quarter to the next hour must be in the same part of the day
        hour = max(first, hour - 1) if hour > first else hour
    if minute == 0 and random.random() < 0.6:
        english = english_number(hour)
    else:
        english = english_time(hour, minute, random.choice(("a quarter", "quarter")))
    return _forms(f"{english} {english_part}", f"{german_time(hour, minute)} {german_part}")


def _moment(random: Random) -> Forms:
    """Draw noon or midnight."""
    if random.random() < 0.5:
        prepositions = {
            "at": "um",
            "by": "bis",
            "until": "bis",
            "after": "nach",
            "before": "vor",
            "around": "gegen",
        }
        german = {key: f"{word} Mitternacht" for key, word in prepositions.items()}
        return Forms(
            {"": "midnight"} | {key: f"{key} midnight" for key in german}, {"": "Mitternacht"} | german
        )
    german = {
        "at": "um zwölf Uhr mittags", "by": "bis zwölf Uhr mittags", "until": "bis zwölf Uhr mittags",
        "after": "nach zwölf Uhr mittags", "before": "vor zwölf Uhr mittags", "around": "gegen Mittag",
    }  # fmt: skip
    return Forms({"": "noon"} | {key: f"{key} noon" for key in german}, {"": "Mittag"} | german)


def _figures(random: Random) -> Forms:
    """Draw a time in figures with a.m. or p.m. German uses the 24-hour clock."""
    hour, minute = random.randint(1, 12), random.choice((0, 0, 0, 10, 15, 20, 30, 30, 40, 45, 50))
    is_afternoon = random.random() < 0.5
    mark = random.choice(("p.m.", "p.m.", "pm")) if is_afternoon else random.choice(("a.m.", "a.m.", "am"))
    english = f"{hour}:{minute:02} {mark}" if minute else f"{hour} {mark}"
    of_day = hour % 12 + 12 * is_afternoon
    return _forms(english, f"{of_day}:{minute:02} Uhr" if minute else f"{of_day} Uhr")


SOURCES: dict[str, Source] = {
    "time": _time,
    "half": _half_hour,
    "hour": _full_hour,
    "daytime": _time_of_day,
    "moment": _moment,
    "clock": _figures,
}
"""The sources of the slots for times."""
