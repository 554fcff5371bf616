"""Sample random sentences of the toy grammar.

Sampling avoids ambiguous and odd sentences, which the rules themselves would allow.
"""

import random
from collections.abc import Callable
from dataclasses import replace

from toy_grammar import lexicon
from toy_grammar.lexicon import Case, Noun, Person, Pronoun, Tense
from toy_grammar.syntax import (
    Clause,
    Compound,
    NounPhrase,
    Phrase,
    Prepositional,
    Question,
    Sentence,
    Statement,
)

PET_VERBS = tuple(
    verb for verb in lexicon.VERBS if verb.base in ("find", "see", "eat", "drink", "sleep", "play", "run")
)
COMPANY = {"buy": ("for", "für", Case.ACCUSATIVE)} | dict.fromkeys(
    ("play", "wait", "shop", "go", "drive"), ("with", "mit", Case.DATIVE)
)
NEVER_OWNED = lexicon.FAR + lexicon.PEOPLE[:2]  # includes men and women: `meine Frau` means my wife
LATER = ("today", "tomorrow", "on Monday")  # times for can, must, will and want to
TIMES_OF = {Tense.PRESENT: ("today", "now", "every day"), Tense.PAST: ("yesterday", "on Monday")}


def _noun_phrase(rng: random.Random, nouns: tuple[Noun, ...], plurals: float = 0.25) -> NounPhrase:
    noun = rng.choice(nouns)
    number, possessive = rng.choice(list(lexicon.NUMBERS)), rng.choice(list(lexicon.POSSESSIVES))
    if noun in lexicon.FAMILY:
        determiner = possessive
    elif noun.plural:
        weights = (8, 6, 0 if noun in NEVER_OWNED else 3, 12 * plurals, 8 * plurals)
        determiner = rng.choices(("the", "a", possessive, number, ""), weights)[0]
    else:
        determiner = rng.choice(("the", "", ""))
    many = determiner in lexicon.NUMBERS or determiner == "" or (determiner != "a" and rng.random() < plurals)
    adjective = rng.choice(noun.adjectives) if rng.random() < 0.4 else ""
    return NounPhrase(determiner, noun, adjective, plural=many and noun.plural != "")


def _being(rng: random.Random) -> Phrase:
    return rng.choice(lexicon.ONE_WORD) if rng.random() < 0.35 else _noun_phrase(rng, lexicon.BEINGS)


def _someone_else(rng: random.Random, subject: Phrase, nouns: tuple[Noun, ...] = lexicon.BEINGS) -> Phrase:
    """Sample an object that does not overlap the subject: neither `Anna sees Anna` nor `we see me`."""
    if rng.random() < 0.6:
        return _noun_phrase(rng, nouns)
    excluded = (lexicon.ME, lexicon.US) if subject in (lexicon.ME, lexicon.US) else (subject,)
    return rng.choice([phrase for phrase in lexicon.ONE_WORD if phrase not in excluded])


def _place(rng: random.Random, nouns: tuple[Noun, ...], goal: bool) -> Prepositional:
    """Sample a place: in the dative for a location, in the accusative for a destination (except after zu)."""
    phrase = _noun_phrase(rng, nouns, plurals=0.05)
    words = lexicon.PLACE_PREPOSITIONS.get(phrase.noun.english) or rng.choice(lexicon.ON_OR_UNDER)
    english, german = words[2:] if goal else words[:2]
    return Prepositional(english, german, Case.ACCUSATIVE if goal and german != "zu" else Case.DATIVE, phrase)


def _state(rng: random.Random, subject: Phrase) -> Clause:
    """Sample what or where the subject is; things may also lie there."""
    if rng.random() < 0.5:
        used = subject.adjective if isinstance(subject, NounPhrase) else ""
        adjectives = (subject.noun if isinstance(subject, NounPhrase) else lexicon.PEOPLE[0]).adjectives
        return Clause(subject, lexicon.BE, quality=rng.choice([word for word in adjectives if word != used]))
    if isinstance(subject, Pronoun) or subject.noun in lexicon.BEINGS:
        return Clause(subject, lexicon.BE, place=_place(rng, lexicon.PLACES, goal=False))
    verb = lexicon.BE if subject.noun in lexicon.DRINKS or rng.random() < 0.3 else lexicon.LIE
    return Clause(subject, verb, place=_place(rng, lexicon.FURNITURE, goal=False))


def _action(rng: random.Random, subject: Phrase) -> Clause:
    """Sample what a person or pet does."""
    pet = isinstance(subject, NounPhrase) and subject.noun in lexicon.PETS
    verb = rng.choice(PET_VERBS if pet else lexicon.VERBS)
    clause = Clause(subject, verb)
    if verb.base in COMPANY and rng.random() < 0.35:
        clause = replace(clause, company=Prepositional(*COMPANY[verb.base], _someone_else(rng, subject)))
    if verb.frame in ("at", "to"):
        optional = verb.frame == "at" and rng.random() < 0.15
        return clause if optional else replace(clause, place=_place(rng, verb.nouns, goal=verb.frame == "to"))
    if verb.frame == "put":
        clause = replace(clause, place=_place(rng, lexicon.FURNITURE, goal=True))
    if verb.frame == "gift":
        receiver = _someone_else(rng, subject)
        while not receiver.known:  # an unknown receiver could come before or after the object
            receiver = _someone_else(rng, subject)
        clause = replace(clause, receiver=receiver)
    beings = verb.nouns[0] in lexicon.BEINGS
    thing = _someone_else(rng, subject, verb.nouns) if beings else _noun_phrase(rng, verb.nouns)
    return replace(clause, object=thing)


def _in_time(rng: random.Random, clause: Clause, tense: Tense | None) -> Clause:
    tense = tense or rng.choices(tuple(Tense), (10, 7, 1, 1, 1, 1))[0]
    if clause.verb in (lexicon.BE, lexicon.LIE) and tense in (Tense.CAN, Tense.MUST, Tense.WANT):
        tense = Tense.PRESENT
    alike = clause.verb.past == clause.verb.base and clause.subject.person is not Person.THIRD
    needed = alike and tense is Tense.PAST  # `they read` could be `sie lesen` or `sie haben gelesen`
    time = rng.choice(TIMES_OF.get(tense, LATER)) if needed or rng.random() < 0.45 else ""
    return replace(clause, tense=tense, time=time, time_first=time != "" and rng.random() < 0.5)


def _negated(rng: random.Random, clause: Clause) -> Clause:
    """Negate some of the clauses in which it is clear what `not` refers to."""
    around = [clause.subject, *(part.phrase for part in (clause.company, clause.place) if part)]
    thing = clause.object
    counted = isinstance(thing, NounPhrase) and thing.determiner in lexicon.NUMBERS
    unclear = counted or clause.time == "every day" or not all(phrase.known for phrase in around)
    if unclear or rng.random() < 0.6:
        return clause
    if isinstance(thing, NounPhrase) and not thing.known and rng.random() < 0.25:
        return replace(clause, object=replace(thing, determiner="no"))
    return replace(clause, negated=True)


def _clause(rng: random.Random, subject: Phrase | None = None, tense: Tense | None = None) -> Clause:
    if subject is None and rng.random() < 0.1:
        clause = _state(rng, _noun_phrase(rng, lexicon.SMALL + lexicon.FOOD + lexicon.DRINKS))
    else:
        sample = _state if rng.random() < 0.2 else _action
        clause = sample(rng, subject or _being(rng))
    return _negated(rng, _in_time(rng, clause, tense))


def _statement(rng: random.Random) -> Statement:
    return Statement(_clause(rng))


def _question(rng: random.Random) -> Question:
    clause = replace(_clause(rng), time_first=False, negated=False)
    answers = {"": clause, "why": clause}  # question word: the clause without the part it asks for
    if clause.place:
        answers["where"] = replace(clause, place=None)
    if clause.time:
        answers["when"] = replace(clause, time="")
    if clause.verb.frame == "accusative" and clause.verb.nouns[0] not in lexicon.BEINGS:
        answers["what"] = replace(clause, object=None)
    if clause.verb is not lexicon.LIE:
        answers["who"] = replace(clause, subject=lexicon.WHO)
    word = rng.choice(tuple(answers))
    return Question(answers[word], "" if word == "who" else word)


def _compound(rng: random.Random) -> Compound:
    main = _clause(rng, _being(rng))
    tense = Tense.PAST if main.tense is Tense.PAST else Tense.PRESENT
    subject = _reference(rng, main.subject)
    second = _clause(rng, subject, tense)
    while second.time or main.verb is second.verb:  # only the main clause may have a time
        second = _clause(rng, subject, tense)
    conjunction = rng.choice(("because", "because", "but"))
    if conjunction == "because" and rng.random() < 0.3:
        return Compound(replace(main, time_first=False), conjunction, second, reason_first=True)
    return Compound(main, conjunction, second)


def _reference(rng: random.Random, subject: Phrase) -> Phrase:
    """Refer back to the subject with a pronoun if both languages agree on it (they do not for `das Mädchen`)."""
    if subject.person is not Person.THIRD or subject in (lexicon.HIM, lexicon.HER):
        return subject if isinstance(subject, Pronoun) else lexicon.THEM
    if isinstance(subject, NounPhrase):
        return {"masculine": lexicon.HIM, "feminine": lexicon.HER}.get(subject.noun.gender) or _being(rng)
    return lexicon.HER if subject is lexicon.ANNA else lexicon.HIM


def sample_sentence(rng: random.Random) -> Sentence:
    """Sample one sentence of 4 to 14 English words."""
    while True:
        sample: Callable[[random.Random], Sentence]
        sample = rng.choices((_statement, _question, _compound), (5, 3, 3))[0]
        sentence = sample(rng)
        if 4 <= len(sentence.english().split()) <= 14:
            return sentence
