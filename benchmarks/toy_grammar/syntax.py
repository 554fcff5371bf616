"""The rules of the toy grammar, from small to large: phrase, verb, clause, sentence.

Each part renders itself in English and in German; all differences between the languages are handled here.
"""

from dataclasses import dataclass, replace
from enum import Enum

from toy_grammar.lexicon import (
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
    """A noun with `the`, `a`, `no`, a possessive, a number or no determiner, and optionally an adjective."""

    determiner: str
    noun: Noun
    adjective: str = ""
    plural: bool = False

    @property
    def person(self) -> Person:
        """The grammatical person that the verb agrees with."""
        return Person.PLURAL if self.plural else Person.THIRD

    @property
    def known(self) -> bool:
        """Whether the listener knows which one is meant: `the` and `my`, not `a` and `two`."""
        return self.determiner == "the" or self.determiner in POSSESSIVES

    def english(self, as_object: bool = False) -> str:
        """Render it in English; `as_object` has no effect on nouns."""
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
    """A preposition and a phrase in the case it governs."""

    english_preposition: str
    german_preposition: str
    case: Case
    phrase: Phrase

    def english(self) -> str:
        """Render it in English."""
        return _join(self.english_preposition, self.phrase.english(as_object=True))

    def german(self) -> str:
        """Render it in German; preposition and article may contract: in dem Garten → im Garten."""
        words = _join(self.german_preposition, self.phrase.german(self.case))
        for apart, together in CONTRACTIONS.items():
            if words.startswith(apart + " "):
                return together + words.removeprefix(apart)
        return words


# ------------------------------------------------------------------------------------------------------ verbs


def _english_verb(verb: Verb, tense: Tense, person: Person) -> tuple[str, str, str]:
    """Return (auxiliary, main verb, plain form), such as `does`, `buy` and `buys`."""
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
    """Split a verb form into the finite part and the part that ends the clause: `macht` and `auf`."""
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
    """The position of the finite verb in a German clause."""

    SECOND = "in a statement, after one phrase of any kind"
    FIRST = "in a yes/no question"
    LAST = "in a subordinate clause"


@dataclass(frozen=True)
class Clause:
    """Who does what to whom, where and when, independent of word order."""

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
        """Render it in English: subject, verb, objects, place, time."""
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
        """Render it in German; `front` takes the place before the verb and moves the subject after it."""
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
        """Order the parts between finite verb and clause end: known objects, time, new objects, `nicht`, place."""
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
        """Render it in English."""
        return _written(self.clause.english(), ".")

    def german(self) -> str:
        """Render it in German."""
        return _written(self.clause.german(Order.SECOND), ".")


@dataclass(frozen=True)
class Question:
    """A yes/no question, a question about the subject WHO, or one with another question word."""

    clause: Clause
    word: str = ""

    def english(self) -> str:
        """Render it in English; only `who` needs no `do`."""
        return _written(_join(self.word, self.clause.english(asked=self.clause.subject is not WHO)), "?")

    def german(self) -> str:
        """Render it in German, which asks for a destination with `wohin`."""
        words = {"what": "was", "where": "wo", "when": "wann", "why": "warum"}
        goal = self.word == "where" and self.clause.verb.frame in ("to", "put")
        front = "wohin" if goal else words.get(self.word, "")
        first = not front and self.clause.subject is not WHO
        return _written(self.clause.german(Order.FIRST if first else Order.SECOND, front), "?")


@dataclass(frozen=True)
class Compound:
    """Two clauses joined by `but`, or by `because`, which puts the German verb at the end of its clause."""

    main: Clause
    conjunction: str
    second: Clause
    reason_first: bool = False

    def english(self) -> str:
        """Render it in English."""
        main, second = self.main.english(), f"{self.conjunction} {self.second.english()}"
        if self.reason_first:
            return _written(f"{second}, {main}", ".")
        return _written(f"{main}{', ' if self.conjunction == 'but' else ' '}{second}", ".")

    def german(self) -> str:
        """Render it in German; a reason that comes first takes the place before the verb."""
        if self.conjunction == "but":
            return _written(f"{self.main.german(Order.SECOND)}, aber {self.second.german(Order.SECOND)}", ".")
        reason = f"weil {self.second.german(Order.LAST)}"
        if self.reason_first:
            return _written(self.main.german(Order.SECOND, front=reason + ","), ".")
        return _written(f"{self.main.german(Order.SECOND)}, {reason}", ".")


Sentence = Statement | Question | Compound


def _written(words: str, mark: str) -> str:
    return words[0].upper() + words[1:] + mark
