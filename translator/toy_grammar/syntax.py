"""The rules of the toy grammar, from the small to the large: phrase, verb, clause, sentence.

Each part can say itself in English and in German; what differs between the languages is decided nowhere else.
"""

from dataclasses import dataclass, replace
from enum import Enum

from translator.toy_grammar.lexicon import (
    ADJECTIVES,
    AFTER_DER,
    AFTER_MEIN,
    BE,
    CONTRACTIONS,
    ENGLISH_BE,
    IRREGULAR,
    LIKE_MEIN,
    MODALS,
    NUMBERS,
    POSSESSIVES,
    STEMS,
    TIMES,
    WHO,
    WITHOUT_ARTICLE,
    Case,
    Noun,
    Person,
    Pronoun,
    Tense,
    Verb,
)

# ---------------------------------------------------------------------------------------------------- phrases


def _join(*words: str) -> str:
    return " ".join(word for word in words if word)


@dataclass(frozen=True)
class NounPhrase:
    """A noun with `the`, `a`, `no`, a possessive, a number or nothing, and perhaps an adjective."""

    determiner: str
    noun: Noun
    adjective: str = ""
    plural: bool = False

    @property
    def person(self) -> Person:
        """Who it is for the verb."""
        return Person.PLURAL if self.plural else Person.THIRD

    @property
    def known(self) -> bool:
        """Whether the listener knows which one is meant: `the` and `my`, not `a` and `two`."""
        return self.determiner == "the" or self.determiner in POSSESSIVES

    def english(self, as_object: bool = False) -> str:
        """Say it in English, where a noun as an object looks like a noun as a subject."""
        noun = self.noun.english_plural if self.plural else self.noun.english
        words = _join(self.adjective, noun)
        return _join("an" if self.determiner == "a" and words[0] in "aeiou" else self.determiner, words)

    def german(self, case: Case) -> str:
        """Decline article, adjective and noun."""
        cell = case, "plural" if self.plural else self.noun.gender
        if self.determiner == "the":
            article, ending = AFTER_DER[cell]
        elif self.determiner in LIKE_MEIN:
            article, ending = AFTER_MEIN[cell]
            article = LIKE_MEIN[self.determiner] + article.removeprefix("mein")
        else:
            article, ending = NUMBERS.get(self.determiner, ""), WITHOUT_ARTICLE[cell][1]
        adjective = ADJECTIVES.get(self.adjective, "")
        adjective = adjective and STEMS.get(adjective, adjective) + ending
        return _join(article, adjective, self.noun.german(case, self.plural))


Phrase = Pronoun | NounPhrase


@dataclass(frozen=True)
class Prepositional:
    """A preposition with a phrase in the case that it asks for."""

    english_preposition: str
    german_preposition: str
    case: Case
    phrase: Phrase

    def english(self) -> str:
        """Say it in English."""
        return _join(self.english_preposition, self.phrase.english(as_object=True))

    def german(self) -> str:
        """Say it in German, where preposition and article may grow together: in dem Garten → im Garten."""
        words = _join(self.german_preposition, self.phrase.german(self.case))
        for apart, together in CONTRACTIONS.items():
            if words.startswith(apart + " "):
                return together + words.removeprefix(apart)
        return words


# ------------------------------------------------------------------------------------------------------ verbs


def _english_verb(verb: Verb, tense: Tense, person: Person) -> tuple[str, str, str]:
    """Split a verb form for questions and negations: `buys` is `does` and `buy`."""
    base, third = verb.base, verb.third
    if tense in (Tense.CAN, Tense.MUST, Tense.WILL):
        return tense, base, f"{tense} {base}"
    if tense is Tense.WANT:
        base, third = f"want to {base}", f"wants to {base}"
    elif verb is BE:
        form = ENGLISH_BE[tense][person]
        return form, "", form
    if tense is Tense.PAST:
        return "did", base, verb.past
    return ("does", base, third) if person is Person.THIRD else ("do", base, base)


def _german_verb(verb: Verb, tense: Tense, person: Person, negated: bool) -> tuple[str, str]:
    """Split a verb form into the finite part and what closes the sentence: `macht` and `auf`."""
    if tense in MODALS:
        modal = "dürfen" if negated and tense is Tense.MUST else MODALS[tense]  # must not: darf nicht
        return IRREGULAR[modal][person], verb.prefix + verb.infinitive
    if verb is BE:
        return IRREGULAR["sein" if tense is Tense.PRESENT else "war"][person], ""
    if tense is Tense.PAST:
        return IRREGULAR[verb.auxiliary][person], verb.participle
    first = verb.infinitive.removesuffix("en") + "e"
    return (first, verb.er, verb.infinitive)[person], verb.prefix


# ---------------------------------------------------------------------------------------------------- clause


class Order(Enum):
    """Where the finite verb of a German clause stands."""

    SECOND = "in a statement, after one phrase of any kind"
    FIRST = "in a yes/no question"
    LAST = "in a subordinate clause"


@dataclass(frozen=True)
class Clause:
    """Who does what to whom, where and when, without saying yet in which order."""

    subject: Phrase
    verb: Verb
    tense: Tense = Tense.PRESENT
    receiver: Phrase | None = None
    object: Phrase | None = None
    quality: str = ""  # an adjective after `is`, which takes no ending in German
    company: Prepositional | None = None
    place: Prepositional | None = None
    time: str = ""
    time_first: bool = False
    negated: bool = False

    def english(self, asked: bool = False) -> str:
        """Say it in English: subject, verb, objects, place, time."""
        auxiliary, main, plain = _english_verb(self.verb, self.tense, self.subject.person)
        subject = self.subject.english()
        if asked:
            core = _join(auxiliary, subject, main)
        elif self.negated:
            core = _join(subject, auxiliary, "not", main).replace("can not", "cannot")
        else:
            core = _join(subject, plain)
        objects = (phrase.english(as_object=True) for phrase in (self.receiver, self.object) if phrase)
        rest = (phrase.english() for phrase in (self.company, self.place) if phrase)
        core = _join(core, *objects, self.quality, *rest)
        return _join(self.time, core) if self.time_first else _join(core, self.time)

    def german(self, order: Order, front: str = "") -> str:
        """Say it in German; `front` takes the place before the verb, which pushes the subject behind it."""
        finite, closing = _german_verb(self.verb, self.tense, self.subject.person, self.negated)
        subject, middle = self.subject.german(Case.NOMINATIVE), self._middle()
        if order is Order.LAST:
            separable = closing and closing == self.verb.prefix
            return _join(subject, middle, closing + finite if separable else _join(closing, finite))
        front = front or (TIMES[self.time] if self.time_first else "")
        if front or order is Order.FIRST:
            return _join(front, finite, subject, middle, closing)
        return _join(subject, finite, middle, closing)

    def _middle(self) -> str:
        """Order what stands inside the verb's two parts: the known, the time, the new, `nicht`, the place."""
        object_, negation = self.object, "nicht" if self.negated else ""
        if self.negated and isinstance(object_, NounPhrase) and object_.determiner in ("a", ""):
            object_, negation = replace(object_, determiner="no"), ""
        direct = Case.DATIVE if self.verb.frame == "dative" else Case.ACCUSATIVE
        cases = ((self.receiver, Case.DATIVE), (object_, direct))
        known = _join(*(phrase.german(case) for phrase, case in cases if phrase and phrase.known))
        new = _join(*(phrase.german(case) for phrase, case in cases if phrase and not phrase.known))
        time = "" if self.time_first else TIMES.get(self.time, "")
        places = (phrase.german() for phrase in (self.company, self.place) if phrase)
        return _join(known, time, new, negation, ADJECTIVES.get(self.quality, ""), *places)


# ------------------------------------------------------------------------------------------------- sentences


@dataclass(frozen=True)
class Statement:
    """One main clause."""

    clause: Clause

    def english(self) -> str:
        """Say it in English."""
        return _written(self.clause.english(), ".")

    def german(self) -> str:
        """Say it in German."""
        return _written(self.clause.german(Order.SECOND), ".")


@dataclass(frozen=True)
class Question:
    """A question for yes or no, for the subject WHO, or for what a question word stands for."""

    clause: Clause
    word: str = ""

    def english(self) -> str:
        """Say it in English, where only `who` needs no `do`."""
        return _written(_join(self.word, self.clause.english(asked=self.clause.subject is not WHO)), "?")

    def german(self) -> str:
        """Say it in German, which asks `wohin` for a goal."""
        words = {"what": "was", "where": "wo", "when": "wann", "why": "warum"}
        goal = self.word == "where" and self.clause.verb.frame in ("to", "put")
        front = "wohin" if goal else words.get(self.word, "")
        first = not front and self.clause.subject is not WHO
        return _written(self.clause.german(Order.FIRST if first else Order.SECOND, front), "?")


@dataclass(frozen=True)
class Compound:
    """Two clauses joined by `because`, whose German clause ends with its verb, or by `but`."""

    main: Clause
    conjunction: str
    second: Clause
    reason_first: bool = False

    def english(self) -> str:
        """Say it in English."""
        main, second = self.main.english(), f"{self.conjunction} {self.second.english()}"
        if self.reason_first:
            return _written(f"{second}, {main}", ".")
        return _written(f"{main}{', ' if self.conjunction == 'but' else ' '}{second}", ".")

    def german(self) -> str:
        """Say it in German, where a reason that comes first counts as the phrase before the verb."""
        if self.conjunction == "but":
            return _written(f"{self.main.german(Order.SECOND)}, aber {self.second.german(Order.SECOND)}", ".")
        reason = f"weil {self.second.german(Order.LAST)}"
        if self.reason_first:
            return _written(self.main.german(Order.SECOND, front=reason + ","), ".")
        return _written(f"{self.main.german(Order.SECOND)}, {reason}", ".")


Sentence = Statement | Question | Compound


def _written(words: str, mark: str) -> str:
    return words[0].upper() + words[1:] + mark
