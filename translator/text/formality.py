"""How a German sentence addresses people: *Sie*, or *du* and *ihr*. English does not distinguish them."""

import re
from typing import Literal

from translator.text.places import Place

Formality = Literal["formal", "informal"]
FORMALITIES: tuple[Formality, ...] = ("formal", "informal")
"""In the order of the reserved pieces of the class "register", which the model reads."""

_YOU = re.compile(r"\b(?:you|your|yours|yourself|yourselves)\b", re.IGNORECASE)
_STARTS_WITH_YOU = re.compile(r"\W*you(?:r|rs)?\b", re.IGNORECASE)
_INFORMAL = re.compile(
    r"\b(?:du|dich|dir|dein(?:e[mnrs]?)?|deinetwegen|euch|euer|eure[mnrs]?)\b", re.IGNORECASE
)
_PLURAL_VERB = r"(?= (?:seid|[a-zäöü]\w*t)\b)"
_YOU_ALL = re.compile(rf"\bihr\b|\bIhr{_PLURAL_VERB}")
"""Plural “you”; in lower case also “her” and “their”."""
_FORMAL = re.compile(rf"\b(?:Sie|Ihnen|Ihre[mnrs]?|Ihr(?!{_PLURAL_VERB}))\b")
"""At the start of a sentence, also “she”, “her” and “they”."""
_SURELY_FORMAL = re.compile(rf"(?<=[a-zäöüß,] ){_FORMAL.pattern}")


def formalities_of(english: str, german: str) -> set[Formality]:
    """Return the forms of address in a translation.

    Empty if it addresses nobody, or only with verbs without a pronoun; both if it mixes them.
    """
    return set(forms_of_address(english, german))


def forms_of_address(english: str, german: str) -> dict[Formality, Place]:
    """Return the forms of address in a translation, and the place of the first pronoun of each in the German."""
    found: dict[Formality, Place] = {}
    informal = next((one for one in _INFORMAL.finditer(german) if one[0] not in english), None)
    if informal:
        found["informal"] = informal.span()
    has_you = _YOU.search(english) is not None
    formal = _SURELY_FORMAL.search(german)
    if formal is None and has_you and (not found or _STARTS_WITH_YOU.match(english)):
        formal = _FORMAL.search(german)
    if formal:
        found["formal"] = formal.span()
    if not found and has_you and (plural := _YOU_ALL.search(german)):
        found["informal"] = plural.span()
    return found
