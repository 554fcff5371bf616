"""Verbs with their objects, in all forms that frames use."""

import re
from dataclasses import dataclass
from random import Random

from lexical_pairs.english import past, progressive, third_person
from lexical_pairs.slots import Forms, Frame, Sources, draw, render
from lexical_pairs.word_lists import rows

_DETERMINERS = {
    "the": ("den", "dem"),
    "a": ("einen", "einem"),
    "this": ("diesen", "diesem"),
    "my": ("meinen", "meinem"),
}
"""Words that can replace "the" in a verb's object, with the German accusative and dative."""
_DETERMINER_WEIGHTS = (7, 2, 1, 2)
_OWN = re.compile(
    r"\{the (?:clothing|worn|ironed|dishware|tool|sharp|household|stationery|jewellery|furniture|device_?|reading|"
    r"letter_|ownride|car_|horse_|pet|toy|opening)\}"
)
"""Personal belongings, before which "my" sounds natural."""
_NEGATED = (
    ("{acc ", "{keinen "), ("{einen ", "{keinen "), ("{einem ", "{keinem "), ("einen ", "keinen "), ("ein ", "kein "),
    ("eine ", "keine "), ("Geld", "kein Geld"), ("Holz", "kein Holz"), ("Briefmarken", "keine Briefmarken"),
    ("{language", "kein {language"),
)  # fmt: skip


@dataclass(frozen=True)
class Verb:
    """A verb with its tail: an object or another complement, which may have slots."""

    base: str
    third: str
    past: str
    participle: str
    tail: str
    infinitive: str
    prefix: str
    german_third: str
    german_participle: str
    is_with_sein: bool
    german_tail: str

    @property
    def first(self) -> str:
        """The German form after "ich"."""
        if self.infinitive.endswith("eln"):
            return self.infinitive[:-3] + "le"
        return self.infinitive.removesuffix("n").removesuffix("e") + "e"


def _verb(english: str, tail: str, german: str, german_tail: str) -> Verb:
    base, *rest = english.split("/")
    infinitive, german_third, participle = german.split()
    prefix, mark, plain = infinitive.rpartition("_")
    if not rest:
        word, _, particle = base.partition(" ")
        rest = [f"{form} {particle}".strip() for form in (third_person(word), past(word))]
    third, preterite, past_participle = (*rest, rest[-1])[:3]
    return Verb(
        base=base,
        third=third,
        past=preterite,
        participle=past_participle,
        tail=tail,
        infinitive=plain,
        prefix=prefix if mark else "",
        german_third=german_third,
        german_participle=participle.rstrip("+"),
        is_with_sein=participle.endswith("+"),
        german_tail="" if german_tail == "-" else german_tail,
    )


VERBS = tuple(_verb(*row) for row in rows("verbs.txt"))


def _with_determiner(tail: str, german_tail: str, random: Random) -> tuple[str, str]:
    """Draw a determiner for the tail: the door, a door, this door, my door."""
    word = random.choices(list(_DETERMINERS), _DETERMINER_WEIGHTS)[0]
    is_declined = "{the " in tail and ("{den " in german_tail or "{dem " in german_tail)
    if not is_declined or (word == "my" and not _OWN.search(tail)):
        return tail, german_tail
    accusative, dative = _DETERMINERS[word]
    german_tail = german_tail.replace("{den ", f"{{{accusative} ").replace("{dem ", f"{{{dative} ")
    return tail.replace("{the ", f"{{{word} "), german_tail


def _negated(german_tail: str) -> str:
    """Negate a German tail.

    An object without a definite article gets "kein". Otherwise, "nicht" goes after an object and before other tails.
    """
    for start, negative in _NEGATED:
        if german_tail.startswith(start):
            return negative + german_tail.removeprefix(start)
    is_object = german_tail.startswith(
        ("{den ", "{dem ", "{meinen ", "{meinem ", "{diesen ", "{diesem ", "{die ", "d")
    )
    return f"{german_tail} nicht" if is_object else f"nicht {german_tail}"


def _zu(verb: Verb) -> str:
    return f"{verb.prefix}zu{verb.infinitive}" if verb.prefix else f"zu {verb.infinitive}"


def verb_forms(verb: Verb, sources: Sources, random: Random) -> Forms:
    """Return all forms of a verb and its object.

    The English forms include the object: `base`, `third`, `past`, `participle` and `ing`. The German forms do not:
    - `obj` is the object and `neg` the negated object
    - `pl`, `fin` and `ich` are the present tense (wir/Sie, er/sie/es, ich), with the separable prefix in `pre`
    - `last` is the third person with its prefix, for the end of a clause
    - `inf` is the infinitive, `zu` the infinitive with "zu", and `part` the participle
    - `hat`, `haben`, `habe` and `hatte` are the auxiliary of the perfect tense
    """
    tail, german_tail = _with_determiner(verb.tail, verb.german_tail, random)
    frame = Frame("verbs", f"{tail} ¦", f"{german_tail} ¦ {_negated(german_tail)}")
    drawn = draw(frame.labels, sources, random)
    english, german = render(frame, drawn)
    obj, neg = (part.strip() for part in german.split("¦"))
    rest = english.removesuffix("¦").strip()
    word, _, particle = verb.base.partition(" ")
    english_forms = {"base": verb.base, "third": verb.third, "past": verb.past, "participle": verb.participle}
    english_forms["ing"] = f"{progressive(word)} {particle}".strip()
    auxiliaries = ("ist", "sind", "bin") if verb.is_with_sein else ("hat", "haben", "habe")
    return Forms(
        {key: f"{form} {rest}".strip() for key, form in english_forms.items()},
        {
            "pl": verb.infinitive, "fin": verb.german_third, "ich": verb.first, "pre": verb.prefix, "obj": obj,
            "neg": neg, "inf": verb.prefix + verb.infinitive, "zu": _zu(verb), "part": verb.german_participle,
            "hat": auxiliaries[0], "haben": auxiliaries[1], "habe": auxiliaries[2],
            "last": verb.prefix + verb.german_third, "hatte": "war" if verb.is_with_sein else "hatte",
        },
    )  # fmt: skip
