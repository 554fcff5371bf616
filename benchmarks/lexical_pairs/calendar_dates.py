"""Days, months, dates, years, durations and frequencies."""

from random import Random

from lexical_pairs.number_words import (
    english_number,
    english_ordinal,
    german_number,
    german_ordinal,
    ordinal_figure,
)
from lexical_pairs.slots import Forms, Source

MONTHS = {
    "January": "Januar", "February": "Februar", "March": "März", "April": "April", "May": "Mai", "June": "Juni",
    "July": "Juli", "August": "August", "September": "September", "October": "Oktober", "November": "November",
    "December": "Dezember",
}  # fmt: skip
WEEKDAYS = {
    "Monday": "Montag", "Tuesday": "Dienstag", "Wednesday": "Mittwoch", "Thursday": "Donnerstag",
    "Friday": "Freitag", "Saturday": "Samstag", "Sunday": "Sonntag",
}  # fmt: skip
SEASONS = {"spring": "Frühling", "summer": "Sommer", "autumn": "Herbst", "winter": "Winter", "fall": "Herbst"}
_LENGTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_HOLIDAYS = {
    "Christmas": ("Weihnachten", "an Weihnachten"), "Easter": ("Ostern", "an Ostern"),
    "New Year's Eve": ("Silvester", "an Silvester"), "Christmas Eve": ("Heiligabend", "an Heiligabend"),
    "Good Friday": ("Karfreitag", "am Karfreitag"),
}  # fmt: skip


def _weekday(random: Random) -> Forms:
    english, german = random.choice(list(WEEKDAYS.items()))
    return Forms(
        {
            "": english, "on": f"on {english}", "last": f"last {english}", "next": f"next {english}",
            "every": f"every {english}", "plural": f"{english}s", "on_s": f"on {english}s", "by": f"by {english}",
            "until": f"until {english}", "since": f"since {english}", "this": f"this {english}",
            "morning": f"{english} morning", "evening": f"{english} evening", "afternoon": f"{english} afternoon",
            "on_morning": f"on {english} morning", "on_evening": f"on {english} evening",
            "on_afternoon": f"on {english} afternoon", "from": f"from {english}",
        },
        {
            "": german, "on": f"am {german}", "last": f"letzten {german}", "next": f"nächsten {german}",
            "every": f"jeden {german}", "plural": f"{german}e", "on_s": f"{german.lower()}s", "by": f"bis {german}",
            "until": f"bis {german}", "since": f"seit {german}", "this": f"diesen {german}",
            "morning": f"{german}morgen", "evening": f"{german}abend", "afternoon": f"{german}nachmittag",
            "on_morning": f"am {german}morgen", "on_evening": f"am {german}abend",
            "on_afternoon": f"am {german}nachmittag", "from": f"ab {german}",
        },
    )  # fmt: skip


def _of_month(english: str, german: str) -> Forms:
    """Return the forms of a month or a season. Both are masculine in German."""
    return Forms(
        {
            "": english, "in": f"in {english}", "last": f"last {english}", "next": f"next {english}",
            "since": f"since {english}", "until": f"until {english}", "this": f"this {english}",
            "every": f"every {english}", "early": f"in early {english}", "late": f"in late {english}",
            "mid": f"in mid-{english}", "end": f"by the end of {english}", "in_the": f"in the {english}",
        },
        {
            "": german, "the": f"der {german}", "in": f"im {german}", "last": f"letzten {german}",
            "next": f"nächsten {german}", "since": f"seit {german}", "until": f"bis {german}",
            "this": f"diesen {german}", "every": f"jeden {german}", "early": f"Anfang {german}",
            "late": f"Ende {german}", "mid": f"Mitte {german}", "end": f"bis Ende {german}", "in_the": f"im {german}",
        },
    )  # fmt: skip


def _holiday(random: Random) -> Forms:
    english, (german, at) = random.choice(list(_HOLIDAYS.items()))
    preposition = "on" if english in ("New Year's Eve", "Christmas Eve", "Good Friday") else "at"
    return Forms({"": english, "at": f"{preposition} {english}"}, {"": german, "at": at})


def _day(random: Random) -> tuple[int, str]:
    month = random.randrange(12)
    return random.randint(1, _LENGTHS[month]), list(MONTHS)[month]


def date_forms(day: int, month: str, style: str, year: str = "") -> Forms:
    """Return the forms of a date.

    The English style is "words" (the third of May), "3 May", "May 3", "the 3rd of May" or "May 3rd". The German date is
    in words for the style "words", otherwise in figures.
    """
    german_month, words = MONTHS[month], style == "words"
    plain = f"{german_ordinal(day)}@ {german_month}" if words else f"{day}. {german_month}"
    english = {
        "words": f"the {english_ordinal(day)} of {month}", "3 May": f"{day} {month}", "May 3": f"{month} {day}",
        "the 3rd of May": f"the {ordinal_figure(day)} of {month}", "May 3rd": f"{month} {ordinal_figure(day)}",
    }[style]  # fmt: skip
    if year:
        english, plain = english + (f", {year}" if style == "May 3" else f" {year}"), f"{plain} {year}"
    weak, strong = plain.replace("@", "en"), plain.replace("@", "er")
    german = {
        "": strong, "the": f"der {plain.replace('@', 'e')}", "acc": f"den {weak}", "dat": f"dem {weak}",
        "on": f"am {weak}", "from": f"vom {weak}", "of": f"vom {weak}", "until": f"bis zum {weak}",
        "by": f"bis zum {weak}", "since": f"seit dem {weak}", "after": f"nach dem {weak}",
        "before": f"vor dem {weak}", "starting": f"ab dem {weak}", "for": f"für den {weak}",
    }  # fmt: skip
    same_in_english = [key for key in german if key not in ("", "the", "acc", "dat", "starting")]
    english_forms = {key: f"{key} {english}" for key in same_in_english}
    return Forms(english_forms | {"": english, "the": english, "starting": f"from {english}"}, german)


def _date(random: Random) -> Forms:
    style = random.choice(("words", "words", "3 May", "May 3", "the 3rd of May", "May 3rd"))
    return date_forms(*_day(random), style)


def _full_date(random: Random) -> Forms:
    return date_forms(*_day(random), random.choice(("3 May", "May 3")), str(random.randint(1930, 2026)))


def _date_in_words(random: Random) -> Forms:
    return date_forms(*_day(random), "words")


def _year(random: Random) -> Forms:
    year = str(random.choice((random.randint(1950, 2025), random.randint(1500, 2025))))
    german = {
        "": year,
        "in": f"im Jahr {year}",
        "since": f"seit {year}",
        "until": f"bis {year}",
        "from": f"von {year}",
    }
    return Forms({"": year} | {key: f"{key} {year}" for key in german if key}, german)


def _decade(random: Random) -> Forms:
    tens = random.choice((20, 30, 40, 50, 60, 70, 80, 90))
    if random.random() < 0.5:
        english = english_number(tens)[:-1] + "ies"
        german = german_number(tens).capitalize() + "erjahre"
    else:
        english, german = f"19{tens}s", f"19{tens}er-Jahre"
    keys = ("in", "since", "of", "from")
    words = {
        "in": f"in den {german}n",
        "since": f"seit den {german}n",
        "of": f"der {german}",
        "from": f"aus den {german}n",
    }
    return Forms(
        {"": f"the {english}"} | {key: f"{key} the {english}" for key in keys}, {"": f"die {german}"} | words
    )


def _century(random: Random) -> Forms:
    number, in_words = random.randint(9, 21), random.random() < 0.6
    english = english_ordinal(number) if in_words else ordinal_figure(number)
    weak, strong = (german_ordinal(number) + "en", "e") if in_words else (f"{number}.", "")
    nominative = german_ordinal(number) + strong if in_words else weak
    return Forms(
        {"": f"the {english} century"} | {key: f"{key} the {english} century" for key in ("in", "of", "from")},
        {
            "": f"das {nominative} Jahrhundert", "in": f"im {weak} Jahrhundert",
            "of": f"des {weak} Jahrhunderts", "from": f"aus dem {weak} Jahrhundert",
        },
    )  # fmt: skip


_UNITS = {
    "second": ("Sekunde", "Sekunden", "f", 90), "minute": ("Minute", "Minuten", "f", 90),
    "hour": ("Stunde", "Stunden", "f", 48), "day": ("Tag", "Tage", "m", 30), "week": ("Woche", "Wochen", "f", 20),
    "month": ("Monat", "Monate", "m", 18), "year": ("Jahr", "Jahre", "n", 40),
}  # fmt: skip
_ODD_DURATIONS = (
    ("half an hour", "eine halbe Stunde", "einer halben Stunde"),
    ("an hour and a half", "anderthalb Stunden", "anderthalb Stunden"),
    ("one and a half hours", "anderthalb Stunden", "anderthalb Stunden"),
    ("two and a half hours", "zweieinhalb Stunden", "zweieinhalb Stunden"),
    ("three and a half years", "dreieinhalb Jahre", "dreieinhalb Jahren"),
    ("two and a half years", "zweieinhalb Jahre", "zweieinhalb Jahren"),
    ("a quarter of an hour", "eine Viertelstunde", "einer Viertelstunde"),
    ("three quarters of an hour", "eine Dreiviertelstunde", "einer Dreiviertelstunde"),
    ("six months", "sechs Monate", "sechs Monaten"), ("half a year", "ein halbes Jahr", "einem halben Jahr"),
    ("a fortnight", "zwei Wochen", "zwei Wochen"), ("a few days", "ein paar Tage", "ein paar Tagen"),
    ("a few minutes", "ein paar Minuten", "ein paar Minuten"), ("several weeks", "mehrere Wochen", "mehreren Wochen"),
    ("a couple of weeks", "ein paar Wochen", "ein paar Wochen"),
    ("several hours", "mehrere Stunden", "mehreren Stunden"),
    ("many years", "viele Jahre", "vielen Jahren"), ("a long time", "lange Zeit", "langer Zeit"),
)  # fmt: skip


def _of_units(random: Random, units: tuple[str, ...]) -> Forms:
    """Draw a duration in one of these units. The German forms are the accusative and, as `dat`, the dative."""
    english = random.choice(units)
    german, german_plural, gender, most = _UNITS[english]
    number = random.choice((1, random.randint(2, 12), random.randint(2, most)))
    if number == 1:
        one = ("an " if english == "hour" else "a ") + english if random.random() < 0.7 else f"one {english}"
        accusative = f"{ {'m': 'einen', 'f': 'eine', 'n': 'ein'}[gender] } {german}".strip()
        return Forms({"": one}, {"": accusative, "dat": f"{'einer' if gender == 'f' else 'einem'} {german}"})
    dative = german_plural if german_plural.endswith("n") else german_plural + "n"
    in_figures = random.random() < 0.15
    in_english, in_german = (
        (str(number), str(number)) if in_figures else (english_number(number), german_number(number))
    )
    return Forms(
        {"": f"{in_english} {english}s"},
        {"": f"{in_german} {german_plural}", "dat": f"{in_german} {dative}"},
    )


def _duration(random: Random) -> Forms:
    if random.random() < 0.35:
        english, accusative, dative = random.choice(_ODD_DURATIONS[:-2])
        return Forms({"": english}, {"": accusative, "dat": dative})
    return _of_units(random, ("minute", "hour", "day", "week", "month", "year"))


def _short_duration(random: Random) -> Forms:
    if random.random() < 0.35:
        english, accusative, dative = random.choice(_ODD_DURATIONS[:4] + _ODD_DURATIONS[6:8])
        return Forms({"": english}, {"": accusative, "dat": dative})
    return _of_units(random, ("minute", "minute", "hour"))


def _long_duration(random: Random) -> Forms:
    if random.random() < 0.25:
        english, accusative, dative = random.choice(
            (*_ODD_DURATIONS[4:6], *_ODD_DURATIONS[8:10], *_ODD_DURATIONS[-2:])
        )
        return Forms({"": english}, {"": accusative, "dat": dative})
    return _of_units(random, ("week", "month", "year", "year"))


_TIMES = {"once": "einmal", "twice": "zweimal"} | {
    f"{english_number(number)} times": f"{german_number(number)}mal" for number in (3, 4, 5, 6, 10)
}
_PER = {"day": "am Tag", "week": "in der Woche", "month": "im Monat", "year": "im Jahr"}
_EVERY = {
    "every day": "jeden Tag", "every week": "jede Woche", "every month": "jeden Monat", "every year": "jedes Jahr",
    "every morning": "jeden Morgen", "every evening": "jeden Abend", "every night": "jede Nacht",
    "every other day": "jeden zweiten Tag", "every other week": "jede zweite Woche",
    "every second day": "jeden zweiten Tag", "every third day": "jeden dritten Tag",
    "every weekend": "jedes Wochenende", "every summer": "jeden Sommer", "every winter": "jeden Winter",
    "from time to time": "von Zeit zu Zeit", "now and then": "ab und zu", "every now and then": "ab und zu",
    "on weekdays": "an Wochentagen", "at weekends": "am Wochenende", "on the weekend": "am Wochenende",
    "day and night": "Tag und Nacht", "once in a while": "hin und wieder",
}  # fmt: skip


def _frequency(random: Random) -> Forms:
    kind = random.random()
    if kind < 0.45:
        times, unit = random.choice(list(_TIMES)), random.choice(list(_PER))
        return Forms({"": f"{times} a {unit}"}, {"": f"{_TIMES[times]} {_PER[unit]}"})
    if kind < 0.75:
        english, german = random.choice(list(_EVERY.items()))
        return Forms({"": english}, {"": german})
    unit, number = random.choice(("day", "week", "month", "year")), random.randint(2, 10)
    return Forms(
        {"": f"every {english_number(number)} {unit}s"},
        {"": f"alle {german_number(number)} {_UNITS[unit][1]}"},
    )


_PARTS = {
    "this afternoon": "heute Nachmittag", "this evening": "heute Abend",
    "tonight": "heute Abend", "tomorrow morning": "morgen früh", "tomorrow evening": "morgen Abend",
    "tomorrow afternoon": "morgen Nachmittag", "the day after tomorrow": "übermorgen", "next week": "nächste Woche",
    "next month": "nächsten Monat", "next year": "nächstes Jahr", "next weekend": "nächstes Wochenende",
    "at the weekend": "am Wochenende", "tomorrow at noon": "morgen Mittag",
}  # fmt: skip
_PAST = {
    "yesterday morning": "gestern Morgen", "yesterday evening": "gestern Abend", "last night": "gestern Abend",
    "yesterday afternoon": "gestern Nachmittag", "the day before yesterday": "vorgestern", "last week": "letzte Woche",
    "last month": "letzten Monat", "last year": "letztes Jahr", "last weekend": "letztes Wochenende",
    "the other day": "neulich", "yesterday": "gestern",
    "recently": "vor Kurzem",
}  # fmt: skip


def _listed(entries: dict[str, str]) -> Source:
    def forms(random: Random) -> Forms:
        english, german = random.choice(list(entries.items()))
        return Forms({"": english}, {"": german})

    return forms


SOURCES: dict[str, Source] = {
    "weekday": _weekday,
    "month": lambda random: _of_month(*random.choice(list(MONTHS.items()))),
    "season": lambda random: _of_month(*random.choice(list(SEASONS.items()))),
    "holiday": _holiday,
    "date": _date,
    "worddate": _date_in_words,
    "fulldate": _full_date,
    "year": _year,
    "decade": _decade,
    "century": _century,
    "duration": _duration,
    "short": _short_duration,
    "long": _long_duration,
    "minutes": lambda random: _of_units(random, ("minute",)),
    "frequency": _frequency,
    "future": _listed(_PARTS),
    "past": _listed(_PAST),
}
"""The sources of the slots for dates, durations and frequencies."""
