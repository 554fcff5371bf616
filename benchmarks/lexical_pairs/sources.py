"""All sources that fill slots, by name."""

from random import Random

from lexical_pairs import (
    calendar_dates,
    clock_times,
    letter_names,
    measures,
    nouns,
    number_words,
    phrases,
    places,
)
from lexical_pairs.slots import Forms, Source
from lexical_pairs.verbs import VERBS, verb_forms

SOURCES: dict[str, Source] = {}
for _module in (calendar_dates, clock_times, letter_names, measures, nouns, number_words, phrases, places):
    SOURCES |= _module.SOURCES


def _verb(random: Random) -> Forms:
    return verb_forms(random.choice(VERBS), SOURCES, random)


SOURCES["verb"] = _verb
