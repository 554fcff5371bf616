"""How a German sentence addresses people: *Sie*, or *du* and *ihr*. English does not distinguish them."""

import re
from typing import Literal

Formality = Literal["formal", "informal"]
FORMALITIES: tuple[Formality, ...] = ("formal", "informal")
"""In the order of the reserved pieces of the class "register", which the model reads."""

_YOU = re.compile(r"\b(?:you|your|yours|yourself|yourselves)\b", re.IGNORECASE)
_INFORMAL = re.compile(
    r"\b(?:du|dich|dir|dein(?:e[mnrs]?)?|deinetwegen|euch|euer|eure[mnrs]?)\b", re.IGNORECASE
)
_YOU_ALL = re.compile(r"\bihr\b", re.IGNORECASE)
"""Plural “you”; also “her” and “their”."""
_FORMAL = re.compile(r"\b(?:Sie|Ihnen|Ihre[mnrs]?)\b")
"""At the start of a sentence, also “she” and “they”."""
_SURELY_FORMAL = re.compile(r"(?<=[a-zäöüß,] )(?:Sie|Ihnen|Ihre[mnrs]?)\b")


def formalities_of(english: str, german: str) -> set[Formality]:
    """Return the forms of address in a translation.

    Empty if it addresses nobody, or only with verbs without a pronoun; both if it mixes them.
    """
    has_you = _YOU.search(english) is not None
    found: set[Formality] = set()
    if _SURELY_FORMAL.search(german) or (has_you and _FORMAL.search(german)):
        found.add("formal")
    if _INFORMAL.search(german) or (has_you and not found and _YOU_ALL.search(german)):
        found.add("informal")
    return found
