"""English sentences with translations that can be checked, in a suite for each property of a good translation.

All sentences were written for this project; none is from a corpus or a test set. If you add one, give a right
translation, and allow for everything else that good translators might write: a right answer must never be refused.
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
