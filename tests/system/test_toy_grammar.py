"""The toy grammar of the demonstration, checked against German written by hand."""

import random
from typing import Any

import pytest
from toy_grammar import MAX_PAIRS, VOCABULARY, demo_pairs, generate_pairs, lexicon
from toy_grammar.lexicon import Case, Tense
from toy_grammar.sampling import sample_sentence
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

from translator.errors import ConfigError

NOUNS = lexicon.BEINGS + lexicon.THINGS + lexicon.DRINKS + lexicon.OPENINGS + lexicon.PLACES
VERBS = {verb.base: verb for verb in (*lexicon.VERBS, lexicon.LIE, lexicon.BE)}
PAST, CAN, MUST, WILL, WANT = Tense.PAST, Tense.CAN, Tense.MUST, Tense.WILL, Tense.WANT


def phrase(text: str) -> Phrase:
    """Build a phrase from its English words: `the old men`, `her`, `Anna`."""
    for one in (*lexicon.ONE_WORD, lexicon.WHO):
        if text in (one.english_subject, one.english_object):
            return one
    *before, last = text.split()
    noun = next(noun for noun in NOUNS if last in (noun.english, noun.english_plural))
    adjective = before.pop() if before and before[-1] in lexicon.ADJECTIVES else ""
    determiner = {"an": "a"}.get(before[0], before[0]) if before else ""
    return NounPhrase(determiner, noun, adjective, plural=last == noun.english_plural)


def place(text: str, goal: bool) -> Prepositional:
    """Build a place from its English words, `on the table`, in the case that German needs."""
    english, _, rest = text.partition(" ")
    german = {"on": "auf", "under": "unter"}.get(english)
    if not german:
        prepositions = lexicon.PLACE_PREPOSITIONS[rest.split()[-1].removesuffix("s")]
        expected, german = prepositions[2:] if goal else prepositions[:2]
        assert english == expected
    case = Case.ACCUSATIVE if goal and german != "zu" else Case.DATIVE
    return Prepositional(english, german, case, phrase(rest))


def clause(subject: str, verb: str, tense: Tense = Tense.PRESENT, **parts: Any) -> Clause:
    """Build a clause from English phrases; `goal`, `where`, `with_` and `for_` become place and company."""
    for name in {"receiver", "object"} & parts.keys():
        parts[name] = phrase(parts[name])
    for name in {"where", "goal"} & parts.keys():
        parts["place"] = place(parts.pop(name), goal=name == "goal")
    if "with_" in parts:
        parts["company"] = Prepositional("with", "mit", Case.DATIVE, phrase(parts.pop("with_")))
    if "for_" in parts:
        parts["company"] = Prepositional("for", "für", Case.ACCUSATIVE, phrase(parts.pop("for_")))
    return Clause(phrase(subject), VERBS[verb], tense, **parts)


def says(subject: str, verb: str, tense: Tense = Tense.PRESENT, **parts: Any) -> Statement:
    return Statement(clause(subject, verb, tense, **parts))


def asks(subject: str, verb: str, tense: Tense = Tense.PRESENT, word: str = "", **parts: Any) -> Question:
    return Question(clause(subject, verb, tense, **parts), word)


Examples = list[tuple[Sentence, str, str]]
FIRST: dict[str, Any] = {"time_first": True}
NOT: dict[str, Any] = {"negated": True}

DECLENSION: Examples = [
    (says("the old man", "buy", object="the small dog"),
     "The old man buys the small dog.", "Der alte Mann kauft den kleinen Hund."),
    (says("an old man", "read", object="a red book"),
     "An old man reads a red book.", "Ein alter Mann liest ein rotes Buch."),
    (says("the woman", "see", object="an old man"),
     "The woman sees an old man.", "Die Frau sieht einen alten Mann."),
    (says("my young sister", "carry", object="a small picture"),
     "My young sister carries a small picture.", "Meine junge Schwester trägt ein kleines Bild."),
    (says("Paul", "buy", object="three old books"),
     "Paul buys three old books.", "Paul kauft drei alte Bücher."),
    (says("the young doctors", "read", object="old newspapers"),
     "The young doctors read old newspapers.", "Die jungen Ärztinnen lesen alte Zeitungen."),
    (says("our small cats", "drink", object="cold milk"),
     "Our small cats drink cold milk.", "Unsere kleinen Katzen trinken kalte Milch."),
    (says("the happy teacher", "drink", object="hot tea"),
     "The happy teacher drinks hot tea.", "Der glückliche Lehrer trinkt heißen Tee."),
    (says("the girl", "drink", object="cold water"),
     "The girl drinks cold water.", "Das Mädchen trinkt kaltes Wasser."),
    (says("he", "sell", object="an expensive car"),
     "He sells an expensive car.", "Er verkauft ein teures Auto."),
    (says("a tired child", "help", object="the tired boy"),
     "A tired child helps the tired boy.", "Ein müdes Kind hilft dem müden Jungen."),
    (says("the teacher", "see", object="a boy"),
     "The teacher sees a boy.", "Der Lehrer sieht einen Jungen."),
    (says("the child", "play", with_="the old dog"),
     "The child plays with the old dog.", "Das Kind spielt mit dem alten Hund."),
    (says("Anna", "wait", with_="twelve small children"),
     "Anna waits with twelve small children.", "Anna wartet mit zwölf kleinen Kindern."),
    (says("she", "buy", object="an apple", for_="her brother"),
     "She buys an apple for her brother.", "Sie kauft einen Apfel für ihren Bruder."),
]  # fmt: skip
OBJECTS: Examples = [
    (says("the teacher", "give", receiver="the girl", object="a book"),
     "The teacher gives the girl a book.", "Der Lehrer gibt dem Mädchen ein Buch."),
    (says("they", "show", receiver="him", object="the new picture"),
     "They show him the new picture.", "Sie zeigen ihm das neue Bild."),
    (says("I", "give", PAST, receiver="her", object="five red pears"),
     "I gave her five red pears.", "Ich habe ihr fünf rote Birnen gegeben."),
    (says("Anna", "give", receiver="her friends", object="eggs", time="today"),
     "Anna gives her friends eggs today.", "Anna gibt ihren Freunden heute Eier."),
    (says("we", "help", object="them"), "We help them.", "Wir helfen ihnen."),
    (says("my mother", "call", object="us"), "My mother calls us.", "Meine Mutter ruft uns an."),
]  # fmt: skip
PLACES: Examples = [
    (says("she", "work", where="in the kitchen"), "She works in the kitchen.", "Sie arbeitet in der Küche."),
    (says("she", "go", goal="into the kitchen"), "She goes into the kitchen.", "Sie geht in die Küche."),
    (says("I", "sleep", where="in the old garden"),
     "I sleep in the old garden.", "Ich schlafe im alten Garten."),
    (says("the cat", "run", goal="into the house"),
     "The cat runs into the house.", "Die Katze läuft ins Haus."),
    (says("we", "go", goal="to the station"), "We go to the station.", "Wir gehen zum Bahnhof."),
    (says("the children", "run", goal="to the new school"),
     "The children run to the new school.", "Die Kinder laufen zur neuen Schule."),
    (says("a man", "drive", goal="to a small station"),
     "A man drives to a small station.", "Ein Mann fährt zu einem kleinen Bahnhof."),
    (says("the girl", "wait", where="at the station"),
     "The girl waits at the station.", "Das Mädchen wartet am Bahnhof."),
    (says("we", "wait", where="at a school"), "We wait at a school.", "Wir warten in einer Schule."),
    (says("his friend", "shop", where="at the market"),
     "His friend shops at the market.", "Sein Freund kauft auf dem Markt ein."),
    (says("Paul", "drive", goal="to the city", with_="his sisters"),
     "Paul drives with his sisters to the city.", "Paul fährt mit seinen Schwestern in die Stadt."),
    (says("the doctor", "put", object="the letter", goal="on the table"),
     "The doctor puts the letter on the table.", "Die Ärztin legt den Brief auf den Tisch."),
    (says("the letter", "lie", where="on the table"),
     "The letter lies on the table.", "Der Brief liegt auf dem Tisch."),
    (says("two keys", "lie", PAST, where="under an old bed"),
     "Two keys lay under an old bed.", "Zwei Schlüssel haben unter einem alten Bett gelegen."),
    (says("dogs", "play", where="in two gardens"),
     "Dogs play in two gardens.", "Hunde spielen in zwei Gärten."),
]  # fmt: skip
VERB_FORMS: Examples = [
    (says("the boy", "eat", PAST, object="an egg"),
     "The boy ate an egg.", "Der Junge hat ein Ei gegessen."),
    (says("the woman", "drive", PAST, goal="to the office"),
     "The woman drove to the office.", "Die Frau ist ins Büro gefahren."),
    (says("I", "go", PAST, goal="into a forest"), "I went into a forest.", "Ich bin in einen Wald gegangen."),
    (says("I", "sell", PAST, object="the red car"),
     "I sold the red car.", "Ich habe das rote Auto verkauft."),
    (says("the boys", "open", object="the windows"),
     "The boys open the windows.", "Die Jungen machen die Fenster auf."),
    (says("the boys", "open", PAST, object="the door"),
     "The boys opened the door.", "Die Jungen haben die Tür aufgemacht."),
    (says("I", "tidy", object="my office"), "I tidy my office.", "Ich räume mein Büro auf."),
    (says("my brother", "tidy", WANT, object="the big kitchen"),
     "My brother wants to tidy the big kitchen.", "Mein Bruder will die große Küche aufräumen."),
    (says("we", "carry", CAN, object="the table"), "We can carry the table.", "Wir können den Tisch tragen."),
    (says("Anna", "help", MUST, object="the doctor"),
     "Anna must help the doctor.", "Anna muss der Ärztin helfen."),
    (says("they", "find", WILL, object="the key", time="tomorrow"),
     "They will find the key tomorrow.", "Sie werden den Schlüssel morgen finden."),
    (says("I", "be", quality="tired"), "I am tired.", "Ich bin müde."),
    (says("the apples", "be", quality="red"), "The apples are red.", "Die Äpfel sind rot."),
    (says("my cat", "be", PAST, where="in the forest", time="yesterday"),
     "My cat was in the forest yesterday.", "Meine Katze war gestern im Wald."),
]  # fmt: skip
WORD_ORDER: Examples = [
    (says("the doctor", "buy", object="a newspaper", time="today", **FIRST),
     "Today the doctor buys a newspaper.", "Heute kauft die Ärztin eine Zeitung."),
    (says("the teacher", "buy", PAST, object="a book", time="yesterday", **FIRST),
     "Yesterday the teacher bought a book.", "Gestern hat der Lehrer ein Buch gekauft."),
    (says("he", "call", object="Anna", time="every day", **FIRST),
     "Every day he calls Anna.", "Jeden Tag ruft er Anna an."),
    (says("I", "read", WANT, object="the letters", time="on Monday", **FIRST),
     "On Monday I want to read the letters.", "Am Montag will ich die Briefe lesen."),
    (says("the woman", "buy", object="a bed", time="now"),
     "The woman buys a bed now.", "Die Frau kauft jetzt ein Bett."),
    (says("the woman", "read", object="the book", time="today"),
     "The woman reads the book today.", "Die Frau liest das Buch heute."),
    (asks("the woman", "buy", object="a book"), "Does the woman buy a book?", "Kauft die Frau ein Buch?"),
    (asks("the boy", "find", PAST, object="his key"),
     "Did the boy find his key?", "Hat der Junge seinen Schlüssel gefunden?"),
    (asks("the book", "be", quality="new"), "Is the book new?", "Ist das Buch neu?"),
    (asks("they", "open", CAN, object="the window"),
     "Can they open the window?", "Können sie das Fenster aufmachen?"),
    (asks("the man", "work", word="where"), "Where does the man work?", "Wo arbeitet der Mann?"),
    (asks("the man", "drive", word="where"), "Where does the man drive?", "Wohin fährt der Mann?"),
    (asks("she", "put", PAST, word="where", object="the key"),
     "Where did she put the key?", "Wohin hat sie den Schlüssel gelegt?"),
    (asks("Anna", "drink", WANT, word="what", time="today"),
     "What does Anna want to drink today?", "Was will Anna heute trinken?"),
    (asks("her friends", "shop", word="when", where="in the city"),
     "When do her friends shop in the city?", "Wann kaufen ihre Freunde in der Stadt ein?"),
    (asks("the girls", "be", PAST, word="why", quality="happy"),
     "Why were the girls happy?", "Warum waren die Mädchen glücklich?"),
    (asks("who", "help", object="the old woman"), "Who helps the old woman?", "Wer hilft der alten Frau?"),
]  # fmt: skip
NEGATION: Examples = [
    (says("the woman", "buy", object="a book", **NOT),
     "The woman does not buy a book.", "Die Frau kauft kein Buch."),
    (says("the woman", "buy", object="the book", **NOT),
     "The woman does not buy the book.", "Die Frau kauft das Buch nicht."),
    (says("my sister", "read", object="old letters", **NOT),
     "My sister does not read old letters.", "Meine Schwester liest keine alten Briefe."),
    (says("he", "find", PAST, object="no old key"),
     "He found no old key.", "Er hat keinen alten Schlüssel gefunden."),
    (says("the cat", "drink", object="milk", time="today", **NOT),
     "The cat does not drink milk today.", "Die Katze trinkt heute keine Milch."),
    (says("I", "read", PAST, object="the newspaper", time="yesterday", **FIRST, **NOT),
     "Yesterday I did not read the newspaper.", "Gestern habe ich die Zeitung nicht gelesen."),
    (says("the child", "sleep", where="in the kitchen", **NOT),
     "The child does not sleep in the kitchen.", "Das Kind schläft nicht in der Küche."),
    (says("they", "give", receiver="us", object="the pears", **NOT),
     "They do not give us the pears.", "Sie geben uns die Birnen nicht."),
    (says("the boy", "open", MUST, object="the door", **NOT),
     "The boy must not open the door.", "Der Junge darf die Tür nicht aufmachen."),
    (says("she", "see", CAN, object="me", **NOT), "She cannot see me.", "Sie kann mich nicht sehen."),
    (says("the tea", "be", quality="hot", **NOT), "The tea is not hot.", "Der Tee ist nicht heiß."),
    (says("we", "eat", WANT, object="the eggs", **NOT),
     "We do not want to eat the eggs.", "Wir wollen die Eier nicht essen."),
]  # fmt: skip
COMPOUNDS: Examples = [
    (Compound(clause("Anna", "sleep"), "because", clause("she", "be", quality="tired")),
     "Anna sleeps because she is tired.", "Anna schläft, weil sie müde ist."),
    (Compound(clause("Anna", "sleep", time="now"), "because",
              clause("she", "be", quality="tired"), reason_first=True),
     "Because she is tired, Anna sleeps now.", "Weil sie müde ist, schläft Anna jetzt."),
    (Compound(clause("I", "wait"), "because", clause("my friend", "open", object="the door")),
     "I wait because my friend opens the door.", "Ich warte, weil mein Freund die Tür aufmacht."),
    (Compound(clause("he", "go", PAST, goal="to the market"), "because",
              clause("he", "buy", WANT, object="an apple")),
     "He went to the market because he wants to buy an apple.",
     "Er ist auf den Markt gegangen, weil er einen Apfel kaufen will."),
    (Compound(clause("they", "be", PAST, quality="happy"), "because",
              clause("they", "find", PAST, object="the dog", **NOT)),
     "They were happy because they did not find the dog.",
     "Sie waren glücklich, weil sie den Hund nicht gefunden haben."),
    (Compound(clause("the man", "buy", object="a newspaper"), "but",
              clause("he", "call", object="me", **NOT)),
     "The man buys a newspaper, but he does not call me.",
     "Der Mann kauft eine Zeitung, aber er ruft mich nicht an."),
]  # fmt: skip


@pytest.mark.parametrize(
    ("sentence", "english", "german"),
    DECLENSION + OBJECTS + PLACES + VERB_FORMS + WORD_ORDER + NEGATION + COMPOUNDS,
)
def test_sentence_written_by_hand(sentence: Sentence, english: str, german: str) -> None:
    assert (sentence.english(), sentence.german()) == (english, german)


# ------------------------------------------------------------------------------------------- sampled sentences


@pytest.fixture(scope="module")
def sampled() -> list[tuple[str, str]]:
    """Return sampled sentences, including repetitions."""
    rng = random.Random(20)
    sentences = [sample_sentence(rng) for _ in range(12_000)]
    return [(sentence.english(), sentence.german()) for sentence in sentences]


def words(text: str) -> list[str]:
    return text.rstrip(".?").replace(",", "").split()


def test_each_english_sentence_has_one_translation(sampled: list[tuple[str, str]]) -> None:
    assert len(set(sampled)) == len({english for english, _ in sampled})


def test_vocabulary_is_the_set_of_words_in_sampled_sentences(sampled: list[tuple[str, str]]) -> None:
    said = {word.lower() for english, _ in sampled for word in words(english)}
    assert said == VOCABULARY


def test_german_nouns_are_capitalised_and_other_words_are_not(sampled: list[tuple[str, str]]) -> None:
    nouns = {noun.german(case, plural=False) for noun in NOUNS for case in Case}
    nouns |= {noun.german(case, plural=True) for noun in NOUNS if noun.plural for case in Case}
    nouns |= {"Anna", "Paul", "Tag", "Montag"}
    assert all(noun.istitle() for noun in nouns)
    lower = {noun.lower() for noun in nouns} - {"junge", "jungen"}  # die jungen Jungen
    for _, german in sampled:
        first, *others = words(german)
        assert first[0].isupper()
        assert {word for word in others if word[0].isupper()} <= nouns
        assert not lower & set(others)


def test_english_sentences_have_4_to_14_words(sampled: list[tuple[str, str]]) -> None:
    assert {len(english.split()) for english, _ in sampled} == set(range(4, 15))


def test_german_verb_closes_every_reason(sampled: list[tuple[str, str]]) -> None:
    finite = {verb.prefix + form for verb in VERBS.values() for form in (verb.er, verb.infinitive)}
    finite |= {verb.prefix + verb.infinitive[:-1] for verb in VERBS.values()}  # ich kaufe
    finite |= {"habe", "hat", "haben", "bin", "ist", "sind", "war", "waren"}
    reasons = [german.split(", weil ")[1] for _, german in sampled if ", weil " in german]
    assert len(reasons) > 500
    assert {words(reason)[-1] for reason in reasons} <= finite


def test_pairs_are_distinct_and_follow_from_the_seed() -> None:
    pairs = generate_pairs(1000, seed=3)
    assert len({english for english, _ in pairs}) == 1000
    assert generate_pairs(1000, seed=3) == pairs
    assert generate_pairs(1000, seed=4) != pairs
    assert generate_pairs(0, seed=3) == []


def test_no_test_sentence_is_trained_on() -> None:
    train, test = demo_pairs(800, 200, seed=5)
    assert (len(train), len(test)) == (800, 200)
    assert not {english for english, _ in train} & {english for english, _ in test}


@pytest.mark.parametrize("count", [-1, MAX_PAIRS + 1])
def test_impossible_count_is_refused(count: int) -> None:
    with pytest.raises(ConfigError, match=f"{count} sentence pairs.*{MAX_PAIRS}"):
        generate_pairs(count, seed=0)


@pytest.mark.parametrize(("train", "test"), [(-1, 5), (5, -1)])
def test_negative_share_is_refused(train: int, test: int) -> None:
    with pytest.raises(ConfigError, match="at least 0"):
        demo_pairs(train, test, seed=0)
