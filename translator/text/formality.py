"""How a German sentence speaks to people: *Sie*, or *du* and *ihr*. English does not tell."""

import re
from typing import Literal

Formality = Literal["formal", "informal"]
FORMALITIES: tuple[Formality, ...] = ("formal", "informal")
"""In the order of the reserved pieces of the class "register", which tell the model."""
FormalityWish = Literal["formal", "informal", "auto"]
"""What a user may want; auto leaves it to the model."""

_YOU = re.compile(r"\b(?:you|your|yours|yourself|yourselves)\b", re.IGNORECASE)
_INFORMAL = re.compile(
    r"\b(?:du|dich|dir|dein(?:e[mnrs]?)?|deinetwegen|euch|euer|eure[mnrs]?)\b", re.IGNORECASE
)
_YOU_ALL = re.compile(r"\bihr\b", re.IGNORECASE)
"""“You” to several people; also “her” and “their”."""
_FORMAL = re.compile(r"\b(?:Sie|Ihnen|Ihre[mnrs]?)\b")
"""At the beginning of a sentence also “she” and “they”."""
_SURELY_FORMAL = re.compile(r"(?<=[a-zäöüß,] )(?:Sie|Ihnen|Ihre[mnrs]?)\b")


def formalities_of(english: str, german: str) -> set[Formality]:
    """What a translation shows of it: nothing where it speaks to nobody, or only by verbs without a pronoun; both where
    they are mixed.
    """
    has_you = _YOU.search(english) is not None
    found: set[Formality] = set()
    if _SURELY_FORMAL.search(german) or (has_you and _FORMAL.search(german)):
        found.add("formal")
    if _INFORMAL.search(german) or (has_you and not found and _YOU_ALL.search(german)):
        found.add("informal")
    return found
