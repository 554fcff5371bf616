"""Times and dates, which German writes in its own way."""

import re
from collections.abc import Mapping
from random import Random

from fidelity_grammar.german import NUMBER_END, NUMBER_START, number_words, ordinal_words
from fidelity_grammar.items import Item, Maker, english_ordinal, value

_MONTHS = {
    "January": ("Januar", r"Jan\.|Jänner"),
    "February": ("Februar", r"Feb\.|Febr\.|Feber"),
    "March": ("März", r"Mrz\."),
    "April": ("April", r"Apr\."),
    "May": ("Mai", r"Mai"),
    "June": ("Juni", r"Jun\."),
    "July": ("Juli", r"Jul\."),
    "August": ("August", r"Aug\."),
    "September": ("September", r"Sept?\."),
    "October": ("Oktober", r"Okt\."),
    "November": ("November", r"Nov\."),
    "December": ("Dezember", r"Dez\."),
}
_UHR = r"(?: (?i:Uhr)|(?= ?(?:[–-]|(?i:bis|und|oder)(?: um)?) ?\d{1,2}(?:[:.]\d\d)? (?i:Uhr)))"
""""Uhr", or another time with it: "von 9 bis 17 Uhr"."""
_PARTS_OF_DAY = {
    "a.m.": r"morgens|vormittags|früh|nachts|am (?:Morgen|Vormittag)|in der (?:Nacht|Frühe)",
    "p.m.": r"nachmittags|mittags|abends|nachts|am (?:Nachmittag|Mittag|Abend)|in der Nacht",
}


_TIME = re.compile(r"(\d{1,2})(?::(\d\d))? ?([AaPp])?")


def time_of_12_hours(source: str) -> Item:
    """A time with "a.m." or "p.m.", such as "3:30 p.m." or "9AM"."""
    found = _TIME.match(source)
    assert found is not None
    hour, minute = int(found[1]), int(found[2] or 0)
    half = f"{found[3].lower()}.m."
    german = hour % 12 + 12 * (half == "p.m.")
    minutes = f"[:.]{minute:02}" if minute else "(?:[:.]00)?"
    right = f"{NUMBER_START}{_hours(german)}{minutes}{NUMBER_END}{_UHR}"
    written = f"{german}:{minute:02} Uhr" if minute else f"{german} Uhr"
    also = (str(german), "24" if german == 0 else "")
    kept = "|".join(_kept_times(hour, german, minute, half))
    return value("12-hour time", source, written, kept, right, also=also, is_cased=True)


def _kept_times(hour: int, german: int, minute: int, half: str) -> list[str]:
    """The time of 24 hours without "Uhr", and that of 12 hours with the part of the day."""
    minutes = f"[:.]{minute:02}" if minute else "(?:[:.]00)?"
    mark = " ?" + half.replace(".", r"\.? ?")
    part_of_day = rf" (?i:{_PARTS_OF_DAY[half]})\b|(?i:{mark})"
    forms = [
        rf"{NUMBER_START}{_hours(german)}[:.]{minute:02}{NUMBER_END}(?: ?(?i:Uhr|h)\b)?",
        f"{NUMBER_START}(?:{_hours(hour)}|{_hours(german)}){minutes}(?: (?i:Uhr))?(?:{part_of_day})",
    ]
    if minute:
        forms.append(f"{NUMBER_START}{_hours(german)} (?i:Uhr) {minute}{NUMBER_END}")
        return forms
    return forms + _full_hours_in_words(hour, german, half)


def _full_hours_in_words(hour: int, german: int, half: str) -> list[str]:
    before = "(?:(?<=um )|(?<=bis )|(?<=von )|(?<=ab ))"  # "um 9" is a time, "9" is not
    forms = [
        f"{_word(hour)} (?i:Uhr (?:{_PARTS_OF_DAY[half]}))",
        rf"(?i:{before}){_hours(german)}{NUMBER_END}(?!\.\w)(?! (?i:Uhr))",
    ]
    if german > 0:
        forms.append(f"{_word(german)} (?i:Uhr)")
    if german in (0, 12):
        forms.append(r"(?i:\bMitternacht\b)" if german == 0 else r"(?i:\bmittags?\b)")
    return forms


def _word(hour: int) -> str:
    return r"(?i:\bein\b)" if hour == 1 else number_words(hour)


def _hours(hour: int) -> str:
    return "(?:00?|24)" if hour == 0 else f"0?{hour}"


def time_of_24_hours(source: str) -> Item:
    """A time as German has it, too, such as "15:30"."""
    hour, minute = map(int, source.split(":"))
    hours, short = f"0?{hour}", f"0?{hour} (?i:Uhr){NUMBER_END}|" if minute == 0 else ""
    right = f"{NUMBER_START}(?:{short}{hours}:{minute:02}{NUMBER_END}(?: (?i:Uhr))?|{hours}\\.{minute:02} (?i:Uhr))"
    kept = f"{NUMBER_START}{hours}(?:[:.]| (?i:Uhr) ){minute:02}{NUMBER_END}(?: ?(?i:Uhr|h)\\b)?"
    return value("24-hour time", source, source, kept, right)


def date_in_words(source: str, day: int, month: int, year: str = "") -> Item:
    """A date with the name of its month, with or without its year."""
    kept, right = _date_forms(day, month, year)
    german = f"{day}. {list(_MONTHS.values())[month - 1][0]} {year}".strip()
    return value("date in words", source, german, kept, right, also=(str(month),), is_cased=True)


def month_and_year(source: str, month: int, year: str) -> Item:
    """A month and a year, such as "May 2025" or "Sept. 2025"."""
    english, (german, short) = list(_MONTHS.items())[month - 1]
    right = rf"\b(?i:{german}|{short})(?: (?i:des Jahres))? {year}{NUMBER_END}"
    kept = rf"\b(?i:{english}) {year}{NUMBER_END}|{NUMBER_START}0?{month}[./]{year}{NUMBER_END}"
    return value("month and year", source, f"{german} {year}", kept, right, also=(str(month),), is_cased=True)


def date_in_figures(source: str) -> Item:
    """A date such as "2025-05-12", which may stay; "12/31/2025"; or "5/12/2025", which must stay."""
    if "-" in source:
        year, month, day = source.split("-")
        kept, right = _date_forms(int(day), int(month), year)
        right, german = f"{NUMBER_START}{source}{NUMBER_END}(?!-)|{right}", source
    else:
        month, day, year = source.split("/")
        kept, right = _date_forms(int(day), int(month), year)
        german = f"{day}.{month}.{year}"
        if int(day) < 13:
            kept = right = f"{NUMBER_START}{source}{NUMBER_END}"
            german = source
    return value("date in figures", source, german, kept, right, also=(month,))


def _date_forms(day: int, month: int, year: str) -> tuple[str, str]:
    """Regular expressions for all forms that read the same, and for the right ones."""
    english, (german, short) = list(_MONTHS.items())[month - 1]
    names, after = f"(?i:{german}|{short})", rf",? {year}" if year else ""
    any_name = f"(?:{names}|(?i:{english}))"
    in_figures = rf"0?{day}\. ?0?{month}\." + (f" ?{year}" if year else r"(?! ?\d)")
    right = rf"{NUMBER_START}(?:0?{day}\. {names}{after.replace(',?', '')}|{in_figures}){NUMBER_END}"
    kept = [
        rf"{NUMBER_START}0?{day}(?:\.|(?i:st|nd|rd|th|ten?))? (?i:of )?{any_name}{after}{NUMBER_END}",
        rf"\b{any_name} 0?{day}(?i:\.|st|nd|rd|th)?{after}{NUMBER_END}",
        rf"{ordinal_words(day)} {names}{after}{NUMBER_END}",
    ]
    if year:
        kept.append(rf"{NUMBER_START}{year}-{month:02}-{day:02}{NUMBER_END}(?!-)")
    if year and day > 12:
        kept.append(rf"{NUMBER_START}0?{month}/0?{day}/{year}{NUMBER_END}")
    return "|".join(kept), right


def _any_time_of_12_hours(random: Random) -> Item:
    hour, minute = random.choice((*range(1, 13), 12)), random.choice((0, 0, 5, 10, 15, 20, 30, 45, 50, 55))
    clock = f"{hour}:{minute:02}" if minute or random.random() < 0.3 else str(hour)
    half = random.choice(("a.m.", "a.m.", "am", "AM", "p.m.", "p.m.", "pm", "PM"))
    return time_of_12_hours(clock + random.choice((" ", " ", " ", "")) + half)


def _any_time_of_24_hours(random: Random) -> Item:
    hour, minute = random.randint(0, 23), random.choice((0, 5, 10, 17, 20, 30, 45, 59))
    return time_of_24_hours(f"{hour:02}:{minute:02}" if random.random() < 0.7 else f"{hour}:{minute:02}")


def _any_date_in_words(random: Random) -> Item:
    day, month, year = random.randint(1, 28), random.randint(1, 12), str(random.randint(1950, 2035))
    name = list(_MONTHS)[month - 1]
    forms = (
        (f"{name} {day}, {year}", year),
        (f"{day} {name} {year}", year),
        (f"{name} {day}", ""),
        (f"the {english_ordinal(day)} of {name}", ""),
    )
    source, written_year = random.choice(forms)
    return date_in_words(source, day, month, written_year)


def _any_month_and_year(random: Random) -> Item:
    month, year = random.randint(1, 12), str(random.randint(1950, 2035))
    name = list(_MONTHS)[month - 1]
    names = (name, name, "Sept." if month == 9 else f"{name[:3]}.") if month not in (5, 6, 7) else (name,)
    return month_and_year(f"{random.choice(names)} {year}", month, year)


def _any_date_in_figures(random: Random) -> Item:
    day, month, year = random.randint(1, 28), random.randint(1, 12), random.randint(1990, 2035)
    ambiguous = random.choice([number for number in range(1, 13) if number != month])
    forms = (
        f"{year}-{month:02}-{day:02}",
        f"{month}/{random.randint(13, 28)}/{year}",
        f"{month}/{ambiguous}/{year}",
    )
    return date_in_figures(random.choice(forms))


SLOTS: dict[str, Mapping[str, Maker]] = {
    "time": {"12-hour time": _any_time_of_12_hours, "24-hour time": _any_time_of_24_hours},
    "clock": {"24-hour time": _any_time_of_24_hours},
    "month": {"month and year": _any_month_and_year},
    "day": {"date in words": _any_date_in_words, "date in figures": _any_date_in_figures},
}
"""For each slot that holds a time or a date, the kinds that fit, and what makes one."""
