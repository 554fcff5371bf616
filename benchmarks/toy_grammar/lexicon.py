"""The words of the toy grammar, and the tables for declension and conjugation.

The layout follows German grammars: articles and endings by case and gender, nouns with article and plural,
verbs by their principal parts.
"""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

# ------------------------------------------------------------------------------------------------- declension


class Case(StrEnum):
    """The cases of this grammar (it has no genitive)."""

    NOMINATIVE = "nominative"
    ACCUSATIVE = "accusative"
    DATIVE = "dative"


def _paradigm(table: str) -> dict[tuple[str, str], tuple[str, str]]:
    """Read rows of `case article -ending article -ending …` into {(case, column): (article, ending)}."""
    columns = ("masculine", "feminine", "neuter", "plural")
    return {
        (case, column): (article.strip("–"), ending.strip("-"))
        for case, *cells in map(str.split, table.strip().splitlines())
        for column, article, ending in zip(columns, cells[::2], cells[1::2], strict=True)
    }


# Each table gives the article and the ending of the adjective after it, for
#            masculine    feminine     neuter       plural
AFTER_DER = _paradigm("""
nominative   der     -e   die     -e   das     -e   die     -en
accusative   den     -en  die     -e   das     -e   die     -en
dative       dem     -en  der     -en  dem     -en  den     -en
""")  # "weak": the article already shows the case

AFTER_MEIN = _paradigm("""
nominative   mein    -er  meine   -e   mein    -es  meine   -en
accusative   meinen  -en  meine   -e   mein    -es  meine   -en
dative       meinem  -en  meiner  -en  meinem  -en  meinen  -en
""")  # "mixed": if `mein` has no ending, the adjective shows the case

WITHOUT_ARTICLE = _paradigm("""
nominative   –       -er  –       -e   –       -es  –       -e
accusative   –       -en  –       -e   –       -es  –       -e
dative       –       -em  –       -er  –       -em  –       -en
""")  # "strong": no article, or a number; the adjective always shows the case


def _glossary(text: str) -> dict[str, str]:
    """Read `english german, english german, …`."""
    return dict(entry.split(" ", 1) for entry in text.split(", "))


POSSESSIVES = _glossary("my mein, his sein, her ihr, our unser")
LIKE_MEIN = _glossary("a ein, no kein") | POSSESSIVES
NUMBERS = _glossary(
    "two zwei, three drei, four vier, five fünf, six sechs, seven sieben, eight acht, nine neun, ten zehn, "
    "eleven elf, twelve zwölf"
)
ADJECTIVES = _glossary(
    "old alt, young jung, new neu, small klein, big groß, red rot, expensive teuer, tired müde, "
    "happy glücklich, cold kalt, hot heiß"
)
STEMS = _glossary("teuer teur, müde müd")  # stems that differ from the adjective

# ------------------------------------------------------------------------------------------------------ nouns


@dataclass(frozen=True)
class Noun:
    """A noun with its gender, its plural (empty if there is none) and adjectives that suit it."""

    english: str
    english_plural: str
    gender: str
    singular: str
    plural: str
    adjectives: tuple[str, ...]

    def german(self, case: Case, plural: bool) -> str:
        """Decline it: plurals take -n in the dative; `der Junge` takes -n in all cases except the nominative."""
        if plural:
            return self.plural + ("n" if case is Case.DATIVE and self.plural[-1] not in "ns" else "")
        weak = self.gender == "masculine" and self.plural == self.singular + "n"
        return self.singular + ("n" if weak and case is not Case.NOMINATIVE else "")


def _nouns(adjectives: str, table: str) -> tuple[Noun, ...]:
    """Read `english plural article German plural, …`, with – for a missing plural."""
    genders = {"der": "masculine", "die": "feminine", "das": "neuter"}
    rows = [[cell.strip("–") for cell in row.split()] for row in table.split(", ")]
    return tuple(
        Noun(english, english_plural, genders[article], singular, plural, tuple(adjectives.split()))
        for english, english_plural, article, singular, plural in rows
    )


OF_CHILDREN, OF_PLACES = "small big tired happy", "old new small big"
OF_BEINGS = OF_CHILDREN + " old young"
OF_THINGS = OF_PLACES + " red expensive"
PEOPLE = _nouns(
    OF_BEINGS,
    "man men der Mann Männer, woman women die Frau Frauen, teacher teachers der Lehrer Lehrer, "
    "doctor doctors die Ärztin Ärztinnen",
) + _nouns(
    OF_CHILDREN,
    "child children das Kind Kinder, boy boys der Junge Jungen, girl girls das Mädchen Mädchen",
)
FAMILY = _nouns(
    OF_BEINGS,
    "mother – die Mutter –, sister sisters die Schwester Schwestern, brother brothers der Bruder Brüder, "
    "friend friends der Freund Freunde",
)
PETS = _nouns(OF_BEINGS, "dog dogs der Hund Hunde, cat cats die Katze Katzen")
PAPERS = _nouns(
    OF_THINGS,
    "book books das Buch Bücher, letter letters der Brief Briefe, newspaper newspapers die Zeitung Zeitungen",
)
SMALL = PAPERS + _nouns(OF_THINGS, "key keys der Schlüssel Schlüssel, picture pictures das Bild Bilder")
FOOD = _nouns(
    "small big red", "apple apples der Apfel Äpfel, pear pears die Birne Birnen, egg eggs das Ei Eier"
)
DRINKS = _nouns("cold hot expensive", "tea – der Tee –, milk – die Milch –, water – das Wasser –")
OPENINGS = _nouns(OF_THINGS, "door doors die Tür Türen, window windows das Fenster Fenster")
FURNITURE = _nouns(OF_THINGS, "table tables der Tisch Tische, bed beds das Bett Betten")
THINGS = SMALL + FOOD + FURNITURE + _nouns(OF_THINGS, "car cars das Auto Autos")
ROOMS = _nouns(
    OF_PLACES,
    "kitchen kitchens die Küche Küchen, house houses das Haus Häuser, garden gardens der Garten Gärten, "
    "office offices das Büro Büros",
)
SHOPS = _nouns(OF_PLACES, "city cities die Stadt Städte, market markets der Markt Märkte")
FAR = SHOPS + _nouns(
    OF_PLACES,
    "station stations der Bahnhof Bahnhöfe, school schools die Schule Schulen, "
    "forest forests der Wald Wälder",
)
BEINGS, PLACES = PEOPLE + FAMILY + PETS, ROOMS + FAR

# ----------------------------------------------------------------------------------------- pronouns and names


class Person(IntEnum):
    """The grammatical persons that verb forms distinguish: I; he, she, it; we, they."""

    FIRST = 0
    THIRD = 1
    PLURAL = 2


@dataclass(frozen=True)
class Pronoun:
    """A pronoun or a name; a name is like a pronoun that never changes."""

    english_subject: str
    english_object: str
    forms: tuple[str, str, str]  # nominative, accusative, dative
    person: Person = Person.THIRD
    known: bool = True

    def english(self, as_object: bool = False) -> str:
        """Render it in English."""
        return self.english_object if as_object else self.english_subject

    def german(self, case: Case) -> str:
        """Render it in German."""
        return self.forms[list(Case).index(case)]


ME = Pronoun("I", "me", ("ich", "mich", "mir"), Person.FIRST)
US = Pronoun("we", "us", ("wir", "uns", "uns"), Person.PLURAL)
HIM = Pronoun("he", "him", ("er", "ihn", "ihm"))
HER = Pronoun("she", "her", ("sie", "sie", "ihr"))
THEM = Pronoun("they", "them", ("sie", "sie", "ihnen"), Person.PLURAL)
WHO = Pronoun("who", "whom", ("wer", "wen", "wem"))
ANNA, PAUL = (Pronoun(name, name, (name, name, name)) for name in ("Anna", "Paul"))
ONE_WORD = (ME, US, HIM, HER, THEM, ANNA, PAUL)

# ------------------------------------------------------------------------------------------------------ verbs


@dataclass(frozen=True)
class Verb:
    """A verb with its principal parts, the objects it takes, and the nouns that may fill them."""

    base: str
    third: str
    past: str
    prefix: str  # of a separable verb: auf|machen
    infinitive: str
    er: str  # third person singular, without the prefix
    auxiliary: str  # of the perfect tense: haben, or sein for motion
    participle: str
    frame: str  # accusative, dative, gift (dative and accusative), put (accusative and goal), at, to
    nouns: tuple[Noun, ...]


def _verb(principal_parts: str, frame: str, nouns: tuple[Noun, ...]) -> Verb:
    """Read `base third past, infinitive er hat/ist participle`."""
    english, german = principal_parts.split(", ")
    infinitive, er, auxiliary, participle = german.split()
    prefix, _, infinitive = infinitive.rpartition("|")
    base, third, past = english.split()
    auxiliary = {"hat": "haben", "ist": "sein"}[auxiliary]
    return Verb(base, third, past, prefix, infinitive, er, auxiliary, participle, frame, nouns)


VERBS = (
    _verb("buy buys bought, kaufen kauft hat gekauft", "accusative", THINGS + PETS),
    _verb("sell sells sold, verkaufen verkauft hat verkauft", "accusative", THINGS + PETS),
    _verb("find finds found, finden findet hat gefunden", "accusative", THINGS + PETS),
    _verb("carry carries carried, tragen trägt hat getragen", "accusative", SMALL + FURNITURE),
    _verb("see sees saw, sehen sieht hat gesehen", "accusative", BEINGS),
    _verb("read reads read, lesen liest hat gelesen", "accusative", PAPERS),
    _verb("eat eats ate, essen isst hat gegessen", "accusative", FOOD),
    _verb("drink drinks drank, trinken trinkt hat getrunken", "accusative", DRINKS),
    _verb("open opens opened, auf|machen macht hat aufgemacht", "accusative", OPENINGS),
    _verb("tidy tidies tidied, auf|räumen räumt hat aufgeräumt", "accusative", ROOMS),
    _verb("call calls called, an|rufen ruft hat angerufen", "accusative", PEOPLE + FAMILY),
    _verb("help helps helped, helfen hilft hat geholfen", "dative", PEOPLE + FAMILY),
    _verb("give gives gave, geben gibt hat gegeben", "gift", THINGS),
    _verb("show shows showed, zeigen zeigt hat gezeigt", "gift", THINGS + PETS),
    _verb("put puts put, legen legt hat gelegt", "put", SMALL),
    _verb("work works worked, arbeiten arbeitet hat gearbeitet", "at", PLACES),
    _verb("sleep sleeps slept, schlafen schläft hat geschlafen", "at", PLACES),
    _verb("play plays played, spielen spielt hat gespielt", "at", PLACES),
    _verb("wait waits waited, warten wartet hat gewartet", "at", PLACES),
    _verb("shop shops shopped, ein|kaufen kauft hat eingekauft", "at", SHOPS),
    _verb("go goes went, gehen geht ist gegangen", "to", PLACES),
    _verb("run runs ran, laufen läuft ist gelaufen", "to", PLACES),
    _verb("drive drives drove, fahren fährt ist gefahren", "to", FAR),
)
LIE = _verb("lie lies lay, liegen liegt hat gelegen", "at", FURNITURE)
BE = _verb("be is was, sein ist ist gewesen", "at", PLACES)


class Tense(StrEnum):
    """The tenses and modal verbs, by their English names."""

    PRESENT = "present"
    PAST = "past"  # the perfect tense in German: hat … gekauft
    CAN = "can"
    MUST = "must"
    WILL = "will"
    WANT = "want to"


MODALS = {Tense.CAN: "können", Tense.MUST: "müssen", Tense.WILL: "werden", Tense.WANT: "wollen"}
ENGLISH_BE = {Tense.PRESENT: ("am", "is", "are"), Tense.PAST: ("was", "was", "were")}
IRREGULAR = {  # ich, er, wir
    "haben": ("habe", "hat", "haben"), "sein": ("bin", "ist", "sind"), "war": ("war", "war", "waren"),
    "können": ("kann", "kann", "können"), "müssen": ("muss", "muss", "müssen"),
    "dürfen": ("darf", "darf", "dürfen"), "wollen": ("will", "will", "wollen"),
    "werden": ("werde", "wird", "werden"),
}  # fmt: skip

# ------------------------------------------------------------------------------------------- places and times

CONTRACTIONS = {"in dem": "im", "in das": "ins", "an dem": "am", "zu dem": "zum", "zu der": "zur"}

#            location        destination
PLACE_PREPOSITIONS = {
    place: (english, german, english_goal, german_goal)
    for place, english, german, english_goal, german_goal in map(
        str.split,
        """
kitchen      in  in          into  in
house        in  in          into  in
garden       in  in          into  in
forest       in  in          into  in
city         in  in          to    in
office       in  in          to    in
market       at  auf         to    auf
school       at  in          to    zu
station      at  an          to    zu
""".strip().splitlines(),
    )
}
ON_OR_UNDER = (("on", "auf", "on", "auf"), ("under", "unter", "under", "unter"))  # tables and beds
TIMES = {"today": "heute", "tomorrow": "morgen", "yesterday": "gestern", "now": "jetzt"}
TIMES |= {"every day": "jeden Tag", "on Monday": "am Montag"}

# ------------------------------------------------------------------------------------------ all English words


def _vocabulary() -> frozenset[str]:
    nouns = BEINGS + THINGS + DRINKS + OPENINGS + PLACES
    phrases = [*LIKE_MEIN, *NUMBERS, *ADJECTIVES, *TIMES]
    phrases += [word for noun in nouns for word in (noun.english, noun.english_plural)]
    phrases += [word for verb in (*VERBS, LIE, BE) for word in (verb.base, verb.third, verb.past)]
    phrases += [word for one in ONE_WORD for word in (one.english_subject, one.english_object)]
    phrases += [word for forms in ENGLISH_BE.values() for word in forms]
    phrases += [preposition for place in PLACE_PREPOSITIONS.values() for preposition in (place[0], place[2])]
    phrases += ["the an on under for with", "can cannot must will want wants do does did not"]
    phrases += ["who what where when why", "because but"]
    return frozenset(word for phrase in phrases for word in phrase.lower().split())


VOCABULARY = _vocabulary()  # in lower case
