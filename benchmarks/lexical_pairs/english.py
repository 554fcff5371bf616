"""English grammar: plurals, "a" and "an", verb forms."""

import re

_AN = re.compile(r"(?i)(?!one\b|eu|us[eu]|uni[cfqtv])[aeiou]|hour|honest|heir|8|11\b|18\b")
_DOUBLES = re.compile(r"[^aeiou]*[aeiou][bdgmnprt]")


def with_article(words: str) -> str:
    """Put "a" or "an" before the words."""
    return ("an " if _AN.match(words) else "a ") + words


def plural(noun: str) -> str:
    """Return the plural of a regular noun."""
    if re.search(r"[^aeiou]y$", noun):
        return noun[:-1] + "ies"
    return noun + ("es" if re.search(r"(?:s|x|z|ch|sh)$", noun) else "s")


def third_person(verb: str) -> str:
    """Return the third person singular of a regular verb: "goes"."""
    return verb + "es" if verb.endswith("o") else plural(verb)


def past(verb: str) -> str:
    """Return the past tense of a regular verb."""
    if verb.endswith("e"):
        return verb + "d"
    if re.search(r"[^aeiou]y$", verb):
        return verb[:-1] + "ied"
    return verb + (verb[-1] if _DOUBLES.fullmatch(verb) else "") + "ed"


def progressive(verb: str) -> str:
    """Return the -ing form of a verb."""
    if verb.endswith("ie"):
        return verb[:-2] + "ying"
    if re.search(r"[^eoy]e$", verb) and verb != "be":
        return verb[:-1] + "ing"
    return verb + (verb[-1] if _DOUBLES.fullmatch(verb) else "") + "ing"
