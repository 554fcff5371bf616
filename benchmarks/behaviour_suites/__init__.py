"""Sentences of our own with checkable answers, a suite for each thing that a translation must do.

No sentence is from a corpus or a test set. Whoever adds one gives a right translation with it, and thinks of all that
other good translators might write: a right answer must never be refused.
"""

from behaviour_suites import (
    compounds,
    idioms,
    imperative,
    letters,
    names,
    negation,
    numbers,
    politeness,
    questions,
    sentences,
    times,
    words,
)
from behaviour_suites.case import Suite

SUITES: dict[str, Suite] = {
    module.SUITE.name: module.SUITE
    for module in (
        names,
        numbers,
        times,
        negation,
        questions,
        imperative,
        politeness,
        words,
        letters,
        idioms,
        compounds,
        sentences,
    )
}
