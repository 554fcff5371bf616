"""German declension: articles, adjective endings, nouns."""

from dataclasses import dataclass

CASES = ("nom", "acc", "dat")
CONTRACTIONS = {
    "an dem": "am", "bei dem": "beim", "in dem": "im", "von dem": "vom", "zu dem": "zum", "an das": "ans",
    "in das": "ins", "zu der": "zur",
}  # fmt: skip
"""Contractions of a preposition and the article after it."""

_DER = {
    "nom": {"m": "der", "f": "die", "n": "das", "p": "die"},
    "acc": {"m": "den", "f": "die", "n": "das", "p": "die"},
    "dat": {"m": "dem", "f": "der", "n": "dem", "p": "den"},
}
_DIESER = {
    "nom": {"m": "er", "f": "e", "n": "es", "p": "e"},
    "acc": {"m": "en", "f": "e", "n": "es", "p": "e"},
    "dat": {"m": "em", "f": "er", "n": "em", "p": "en"},
}
_MEIN = {
    "nom": {"m": "", "f": "e", "n": "", "p": "e"},
    "acc": {"m": "en", "f": "e", "n": "", "p": "e"},
    "dat": {"m": "em", "f": "er", "n": "em", "p": "en"},
}
_PRONOUNS = {
    "er": {"m": "er", "f": "sie", "n": "es"},
    "ihn": {"m": "ihn", "f": "sie", "n": "es"},
    "ihm": {"m": "ihm", "f": "ihr", "n": "ihm"},
}
_LIKE_DIESER = ("dies", "jed", "welch")
_LIKE_MEIN = ("ein", "kein", "mein", "sein", "ihr", "Ihr", "unser")


@dataclass(frozen=True)
class Determiner:
    """An article or a similar word: its stem, its declension and its case."""

    stem: str
    kind: str
    """The declension: "der", "dieser" or "mein", and "" if there is no article."""
    case: str

    def form(self, gender: str) -> str:
        """Return the word before a noun of this gender: "m", "f", "n", or "p" for the plural."""
        if self.kind == "der":
            return _DER[self.case][gender]
        if not self.kind:
            return ""
        return self.stem + (_DIESER if self.kind == "dieser" else _MEIN)[self.case][gender]

    def ending(self, gender: str) -> str:
        """Return the ending of an adjective between this word and a noun of this gender."""
        shows_case = self.kind in ("der", "dieser") or (
            self.kind == "mein" and self.form(gender) != self.stem
        )
        if not shows_case:
            return _DIESER[self.case][gender]
        if gender == "p" or self.case == "dat" or (gender == "m" and self.case == "acc"):
            return "en"
        return "e"


def determiner(masculine: str, is_plural: bool) -> Determiner:
    """Parse a determiner from its masculine form ("den", "einem") or its plural form ("die", "meinen").

    The masculine form tells the case. In the plural, the nominative and the accusative are the same. If there is no
    article, write the case: "acc", "dat", or "" for the nominative. Raises ValueError for any other word.
    """
    if masculine in (*CASES, ""):
        return Determiner("", "", masculine or "nom")
    forms = {"die": "nom", "den": "dat"} if is_plural else {"der": "nom", "den": "acc", "dem": "dat"}
    if masculine in forms:
        return Determiner("d", "der", forms[masculine])
    for kind, stems, table in (("dieser", _LIKE_DIESER, _DIESER), ("mein", _LIKE_MEIN, _MEIN)):
        for stem in stems:
            for case in CASES:
                if masculine == stem + table[case]["p" if is_plural else "m"]:
                    return Determiner(stem, kind, case)
    raise ValueError(f"{masculine!r} is not a determiner; write its masculine form or its plural form")


def pronoun(masculine: str, gender: str) -> str:
    """Return the pronoun for a noun of this gender, given the masculine one: "er", "ihn" or "ihm"."""
    return _PRONOUNS[masculine][gender]


def is_pronoun(word: str) -> bool:
    """Whether `pronoun` accepts this word."""
    return word in _PRONOUNS


@dataclass(frozen=True)
class Adjective:
    """An adjective in both languages."""

    english: str
    german: str
    stem: str
    """The part before endings: "teur" for "teuer"."""

    def declined(self, ending: str) -> str:
        """Return the German adjective with an ending."""
        return self.stem[:-1] + ending if self.stem.endswith("e") else self.stem + ending


@dataclass(frozen=True)
class Noun:
    """A noun in both languages, with the adjectives that go with it. Plurals are "" if the noun has none."""

    english: str
    english_plural: str
    gender: str
    german: str
    german_plural: str
    is_weak: bool = False
    adjectives: tuple[Adjective, ...] = ()

    def declined(self, case: str, is_plural: bool) -> str:
        """Return the German noun in a case. Dative plurals and weak masculine nouns get their -n."""
        if is_plural:
            takes_n = case == "dat" and self.german_plural.endswith(("e", "el", "er"))
            return self.german_plural + ("n" if takes_n else "")
        if self.is_weak and case != "nom":
            return self.german + ("n" if self.german.endswith(("e", "Herr", "Nachbar", "Bauer")) else "en")
        return self.german


def noun_phrase(word: str, adjective: Adjective | None, noun: Noun, is_plural: bool) -> str:
    """Return article, adjective and noun, or the pronoun for the noun.

    `word` is the masculine form of the article or pronoun, as `determiner` and `pronoun` expect it.
    """
    if is_pronoun(word):
        return "sie" if is_plural and word != "ihm" else pronoun(word, noun.gender)
    gender, found = "p" if is_plural else noun.gender, determiner(word, is_plural)
    described = adjective.declined(found.ending(gender)) if adjective else ""
    return " ".join(filter(None, (found.form(gender), described, noun.declined(found.case, is_plural))))
