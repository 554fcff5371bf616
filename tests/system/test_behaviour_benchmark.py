"""The suites of the behaviour benchmark and its judge, on German sentences written by hand."""

import io
import itertools
import re
import sys
from typing import get_args

import pytest
from rich.console import Console

from translator.errors import CheckpointError, ConfigError

behaviour = pytest.importorskip("behaviour")
judging = pytest.importorskip("behaviour_suites.case")

SUITES = behaviour.SUITES
CASES = [one for suite in SUITES.values() for one in suite.cases]
CASE_OF = {one.source: one for one in CASES}


# The suites.


def test_there_are_twelve_suites_of_thirty_to_sixty_sentences():
    assert len(SUITES) == 12
    assert tuple(SUITES) == get_args(behaviour.SuiteName)
    for suite in SUITES.values():
        assert 30 <= len(suite.cases) <= 60, suite.name


def test_no_sentence_occurs_twice():
    plain = [re.sub(r"\W+", " ", one.source.lower()).strip() for one in CASES]
    assert len(set(plain)) == len(plain)


def test_every_regular_expression_compiles_and_needs_at_least_a_character():
    for one in CASES:
        for pattern in (*one.wanted, *one.unwanted):
            assert not judging.expression(pattern).search(""), pattern


def test_the_example_translation_of_every_case_is_judged_right():
    for one in CASES:
        assert judging.faults(one, one.german) == [], one


def test_untranslated_sentences_are_judged_wrong():
    for one in CASES:
        assert judging.faults(one, one.source), one.source


def test_empty_translations_and_most_of_other_sentences_are_judged_wrong():
    right = 0
    for one, other in itertools.pairwise(CASES):
        assert judging.faults(one, " . ") == ["is empty"]
        right += not judging.faults(one, other.german)
    assert right / len(CASES) < 0.2  # the rest only require a form: questions, negation, Sie, one sentence


# The judge, by suite: other good translations, and bad ones.

RIGHT = {
    "names": [
        ("Mrs Baker teaches chemistry at the girls' school.", "Chemie gibt Frau Baker an der Mädchenschule."),
        ("Dear Ms O'Connor, your glasses are ready.", "Liebe Frau O'Connor, Ihre Brille liegt bereit."),
        ("Lake Wakatipu is deep, cold and very clear.", "Der Wakatipu-See ist tief, kalt und glasklar."),
        (
            "Anthony's grandmother comes from a village near Tipperary.",
            "Die Oma von Anthony kommt aus einem Dorf nahe Tipperary.",
        ),
    ],
    "numbers": [
        ("Seventeen children are waiting for the bus.", "17 Kinder warten auf den Bus."),
        ("We need one and a half litres of milk.", "Wir benötigen 1,5 Liter Milch."),
        ("We need one and a half litres of milk.", "Eineinhalb Liter Milch brauchen wir."),
        ("Sixty thousand fans filled the stadium.", "60.000 Fans füllten das Stadion."),
        ("One in ten letters never arrives.", "Von zehn Briefen kommt einer nie an."),
        ("Three out of four families own a car.", "Drei Viertel der Familien haben ein Auto."),
        ("A third of the voters stayed at home.", "Jeder dritte Wähler blieb zu Hause."),
        ("Take two tablets four times a day.", "4-mal täglich 2 Tabletten einnehmen."),
    ],
    "times": [
        ("The film starts at half past three.", "Der Film beginnt um 15.30 Uhr."),
        ("The film starts at half past three.", "Um drei Uhr dreißig beginnt der Film."),
        ("We usually have breakfast at a quarter to seven.", "Meist frühstücken wir um drei viertel sieben."),
        ("It is twenty-five to ten.", "Es ist 21:35 Uhr."),
        ("Dinner is served at seven in the evening.", "Essen gibt es um 19 Uhr."),
        ("In the seventies nobody wore a helmet.", "In den 70er Jahren trug keiner einen Helm."),
        ("The contract ends in a fortnight.", "In vierzehn Tagen läuft der Vertrag aus."),
        ("The tram runs every twenty minutes.", "Die Tram verkehrt im 20-Minuten-Takt."),
    ],
    "negation": [
        ("None of the passengers was hurt.", "Alle Fahrgäste blieben unverletzt."),
        ("You must not open this box.", "Das Öffnen dieser Kiste ist verboten."),
        ("Not every student passed the exam.", "Die Prüfung haben nicht alle Schüler bestanden."),
        ("You needn't bring anything to eat.", "Ihr müsst nichts zu essen mitbringen."),
        ("The answer did not come until Monday.", "Bis Montag kam die Antwort nicht."),
    ],
    "questions": [
        ("Who did she give the flowers to?", "An wen hat sie die Blumen verschenkt?"),
        ("Are there any tomatoes left?", "Haben wir noch Tomaten?"),
        ("You have locked the door, haven't you?", "Du hast doch abgeschlossen?"),
        ("“Are you coming with us?” asked the driver.", "„Kommst du mit?“ fragte die Fahrerin."),
        ("He asked me where the station was.", "Er erkundigte sich bei mir nach dem Bahnhof."),
    ],
    "imperative": [
        ("Close the gate behind you.", "Mach das Tor hinter dir zu!"),
        ("Close the gate behind you.", "Schließt bitte das Tor hinter euch."),
        ("Fasten your seat belts.", "Bitte anschnallen!"),
        ("Do not touch the wet paint.", "Finger weg von der nassen Farbe!"),
        ("If it rains, bring in the washing.", "Holt die Wäsche rein, wenn es regnet."),
        ("Don't be afraid, the dog is friendly.", "Keine Angst, der Hund ist freundlich."),
        ("Do not use the lift in case of fire.", "Im Brandfall keinen Aufzug benutzen!"),
    ],
    "politeness": [
        ("You look tired today.", "Heute sehen Sie müde aus."),
        ("Are you allergic to nuts?", "Haben Sie eine Nussallergie?"),
        ("Your room is on the second floor.", "Ihr Zimmer liegt im zweiten Stock."),
        ("Did you sleep well? Your breakfast is ready.", "Gut geschlafen? Ihr Frühstück ist fertig."),
    ],
    "words": [
        ("The judge put on his spectacles.", "Die Richterin setzte sich die Brille auf."),
        ("A fox stole the chicken.", "Ein Fuchs hat sich die Henne geschnappt."),
        ("The plumber repaired the tap.", "Der Installateur richtete den Wasserhahn."),
        ("Dust lay on the shelves of the library.", "Die Regale der Bücherei waren verstaubt."),
        ("The carpenter dropped his hammer.", "Dem Schreiner fiel der Hammer hinunter."),
    ],
    "letters": [
        ("Kind regards from the whole office,", "Herzliche Grüße vom gesamten Büro"),
        ("Please reply as soon as possible.", "Um eine möglichst rasche Antwort wird gebeten."),
        ("Many happy returns of the day!", "Alles Gute zum Geburtstag!"),
        ("I hope this letter finds you well.", "Hoffentlich geht es dir gut."),
        ("Please confirm receipt of this letter.", "Bitte bestätigen Sie uns den Eingang des Briefes."),
    ],
    "idioms": [
        ("The exam was a piece of cake.", "Die Prüfung war ganz leicht."),
        ("Speak of the devil! There he comes.", "Kaum spricht man vom Teufel, da kommt er schon."),
        (
            "Take a coat, it's raining cats and dogs out there.",
            "Zieh einen Mantel an, es schüttet wie aus Eimern.",
        ),
        ("Then Dad let the cat out of the bag.", "Dann hat Papa alles verraten."),
        ("Keep your fingers crossed for me tomorrow.", "Wünsch mir Glück für morgen."),
    ],
    "compounds": [
        ("Where have you put my toothbrush?", "Wohin hast du meine Zahnbürste gelegt?"),
        ("We missed the last underground train.", "Die letzte U-Bahn war weg."),
        ("She baked a birthday cake for her son.", "Für ihren Sohn backte sie eine Geburtstagstorte."),
        ("I have a dentist appointment on Monday.", "Montag muss ich zum Zahnarzt."),
    ],
    "sentences": [
        (
            "I got up at six. The sun was already shining. I made coffee and opened the door.",
            "Um sechs stand ich auf. Die Sonne schien bereits. Ich kochte Kaffee und machte die Tür auf!",
        ),
        ("“Stop!” cried the policeman.", "„Stopp!“ rief der Polizist."),
        ("Mr. Brown lives at No. 7 Park Lane.", "Mr. Brown wohnt in der Park Lane Nr. 7."),
        (
            "“Is it far?” asked the child. The old man shook his head.",
            "»Ist es weit?«, fragte das Kind. Der Alte schüttelte den Kopf.",
        ),
    ],
}

WRONG = {
    "names": [
        ("Mrs Baker teaches chemistry at the girls' school.", "Frau Bäcker unterrichtet Chemie."),
        ("I met Mr Brown and his brother in the waiting room.", "Ich traf Herrn Braun und seinen Bruder."),
        ("Rose was angry with Ivy because of the money.", "Rose war wegen des Geldes wütend auf Efeu."),
        ("My sister named her twins Felicity and Rupert.", "My sister nannte her Felicity and Rupert."),
    ],
    "numbers": [
        ("Seventeen children are waiting for the bus.", "Siebzig Kinder warten auf den Bus."),
        ("We need one and a half litres of milk.", "Wir brauchen einen halben Liter Milch."),
        ("Sixty thousand fans filled the stadium.", "60 Fans füllten das Stadion."),
        ("Two million visitors came last year.", "Letztes Jahr kamen 2,5 Millionen Besucher."),
        ("The government will spend five billion euros on schools.", "Fünf Billionen Euro für Schulen."),
    ],
    "times": [
        ("The film starts at half past three.", "Der Film fängt um halb drei an."),
        ("The film starts at half past three.", "Der Film beginnt um 13:30 Uhr."),
        ("It was ten to six when the lights went out.", "Es war zehn nach sechs."),
        ("I will call you the day after tomorrow.", "Ich rufe dich morgen an."),
        ("Please return the books by Thursday.", "Bitte geben Sie die Bücher am Donnerstag zurück."),
        ("The doctor comes every other day.", "Der Arzt kommt jeden anderen Tag."),
    ],
    "negation": [
        ("None of the passengers was hurt.", "Einige der Fahrgäste wurden verletzt."),
        ("You must not open this box.", "Du musst diese Kiste nicht öffnen."),
        ("Not every student passed the exam.", "Kein Schüler bestand die Prüfung."),
        ("You needn't bring anything to eat.", "Du darfst nichts zu essen mitbringen."),
        ("The parcel has already arrived.", "Das Paket ist noch nicht angekommen."),
    ],
    "questions": [
        ("Who did she give the flowers to?", "Wer hat ihr die Blumen gegeben?"),
        ("Is the water in the lake warm enough?", "Das Wasser im See ist warm genug."),
        ("Is the water in the lake warm enough?", "Das Wasser im See ist warm genug?"),
        ("Why are the shops closed today?", "Sind die Geschäfte heute geschlossen?"),
        ("Tell me what you have bought.", "Was hast du gekauft?"),
    ],
    "imperative": [
        ("Close the gate behind you.", "Sie schließen das Tor hinter sich."),
        ("Close the gate behind you.", "Das Tor schließt hinter dir."),
        ("Close the gate behind you.", "Jetzt müssen Sie das Tor hinter sich schließen."),
        ("Close the gate behind you.", "Schließen Sie das Tor hinter sich?"),
        ("Turn left after the bridge.", "Schalte nach der Brücke nach links."),
        ("Never leave a burning candle alone.", "Lassen Sie eine brennende Kerze allein."),
    ],
    "politeness": [
        ("You look tired today.", "Du siehst heute müde aus."),
        ("Are you allergic to nuts?", "Seid Ihr gegen Nüsse allergisch?"),
        ("Are you allergic to nuts?", "Ihr seid gegen Nüsse allergisch?"),
        (
            "Did you sleep well? Your breakfast is ready.",
            "Haben Sie gut geschlafen? Dein Frühstück ist fertig.",
        ),
    ],
    "words": [
        ("The judge put on his spectacles.", "Der Richter setzte seine Spectacles auf."),
        ("There is a spider in the bathtub.", "In der Badewanne ist ein Spider."),
        ("The tailor sewed a button on my shirt.", "Der Schneider nähte mir ein Hemd."),
    ],
    "letters": [
        ("Kind regards from the whole office,", "Art Grüße aus dem ganzen Büro"),
        ("Yours sincerely, Helen Marsh", "Aufrichtig deine Helen Marsh"),
        ("Dear Mr Carter,", "Teurer Mr. Carter,"),
        ("Many happy returns of the day!", "Viele glückliche Rückkehr des Tages!"),
        ("My wife sends her love.", "Meine Frau schickt ihre Liebe."),
    ],
    "idioms": [
        ("The exam was a piece of cake.", "Die Prüfung war ein Stück Kuchen."),
        ("Take a coat, it's raining cats and dogs out there.", "Es regnet stark Katzen und Hunde."),
        ("Break a leg tonight!", "Brich heute Abend ein Bein!"),
        ("That jacket cost me an arm and a leg.", "Diese Jacke kostete mich einen Arm und ein Bein."),
    ],
    "compounds": [
        ("Where have you put my toothbrush?", "Wo hast du meine Zahn Bürste?"),
        ("The cat is asleep under the kitchen table.", "Die Katze schläft unter dem küchentisch."),
        ("The bus driver waved to the children.", "Der Bus-Treiber winkte den Kindern."),
    ],
    "sentences": [
        ("The kitchen is small. It has no window.", "Die Küche ist klein und hat kein Fenster."),
        ("Anna plays the piano, her brother sings.", "Anna spielt Klavier. Ihr Bruder singt."),
        (
            "The flat has three rooms, a kitchen, a bathroom and a balcony that looks out over the river.",
            "Die Wohnung hat drei Zimmer.",
        ),
        (
            "Dr. Lewis will see you now.",
            "Dr. Lewis wird Sie jetzt jetzt jetzt jetzt jetzt jetzt jetzt jetzt sehen.",
        ),
    ],
}


def pairs(answers):
    """Sentences of each suite, with German translations."""
    assert list(answers) == list(SUITES)
    for name, texts in answers.items():
        assert {source for source, _ in texts} <= {one.source for one in SUITES[name].cases}
    return [pytest.param(*text, id=f"{name}: {text[1]}") for name, texts in answers.items() for text in texts]


@pytest.mark.parametrize(("source", "german"), pairs(RIGHT))
def test_good_german_is_judged_right(source, german):
    assert judging.faults(CASE_OF[source], german) == []


@pytest.mark.parametrize(("source", "german"), pairs(WRONG))
def test_bad_german_is_judged_wrong(source, german):
    assert judging.faults(CASE_OF[source], german)


# The judge: its parts.


def test_faults_are_described_in_words():
    verb = CASE_OF["Give me the hammer, please."]
    assert judging.faults(verb, "Der Hammer, bitte.") == ["lacks a request: gib|geb|reich|hol"]
    long = judging.case("Stop!", "Halt!", "a" * 100, never="stopp")
    assert judging.faults(long, "Stopp of!") == [f"lacks {'a' * 60}…", "has “Stopp”", "has “of”"]


def test_only_whole_words_and_whole_numbers_match():
    assert judging.expression("acht|8").search("um Acht Uhr")
    assert judging.expression("acht|8").search("8-mal")
    assert not judging.expression("acht|8").search("achtzehn, 18, 8,5, 1.8")
    assert judging.expression("Großmutter").search(judging.plain("Grossmutter"))


def test_kinds_of_spaces_hyphens_and_apostrophes_and_swiss_spelling_do_not_matter():
    assert (
        judging.plain("O’Connor  zahlt 5\u00a0€,\nU\u2011Bahn, Straße")
        == "O'Connor zahlt 5 €, U-Bahn, Strasse"
    )


def test_english_words_are_faults_in_every_suite():
    one = judging.case("The shop is open.", "Der Laden ist offen.", "Laden")
    assert judging.faults(one, "Der Laden is offen.") == ["has “is”"]
    assert judging.faults(one, "Die IT-Abteilung im Laden, he!") == ["has “he”"]
    assert judging.faults(one, "Die IT im Laden. Not und War, was er will.") == []


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("Guten Morgen", 1),
        ("Er kommt. Sie geht! Wer bleibt?", 3),
        ("Er kommt. Sie geht", 2),
        ("Dr. Braun wohnt in Nr. 7, z. B. Montag.", 1),
        ("Am 4. März kam er.", 1),
        ("Er ging um 8. Die Tür war zu.", 2),
        ("„Halt!“, rief er. „Wer da?“ Niemand.", 3),
        ("„Halt!“ rief er.", 1),
        ("Es kostet 14.90 Euro.", 1),
        ("Na ja … gut.", 1),
    ],
)
def test_sentences_are_counted(text, count):
    assert judging.count_sentences(text) == count


# The benchmark.


def some(name, count):
    return judging.Suite(name, SUITES[name].cases[:count])


def test_shares_and_table_by_hand():
    suites = [some("names", 2), some("sentences", 1)]
    right = [one.german for suite in suites for one in suite.cases]
    first = behaviour.judge("old [v2]", suites, ["Nichts.", right[1], right[2]])
    second = behaviour.judge("new", suites, right)
    assert first.shares() == [0.5, 1.0]
    assert second.shares() == [1.0, 1.0]
    console = Console(width=100, record=True, file=io.StringIO())
    behaviour.show([first, second], console)
    behaviour.show_failures(first, console)
    shown = console.export_text()
    assert "old [v2]" in shown
    assert re.search(r"names +│ +50.0% \(1 of 2\) │ 100.0% \(2 of 2\)", shown)
    assert re.search(r"mean +│ +75.0% │ +100.0%", shown)
    assert "lacks (?-i:Oliver" in shown
    assert shown.count("right: ") == 1


def test_the_model_in_the_package_is_measured():
    """A suite is reduced to two sentences."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(SUITES, "questions", some("questions", 2))
        [results] = behaviour.measure(behaviour.Options(suite=("questions", "questions")))
    assert results.model == "model in the package"
    assert [len(answers) for answers in results.suites.values()] == [2]
    assert all(one.german for one in results.suites["questions"])


def test_bad_input_is_a_clear_error(tmp_path):
    with pytest.raises(ConfigError, match="--model needs at least one folder"):
        behaviour.measure(behaviour.Options(model=()))
    with pytest.raises(ConfigError, match="--suite needs at least one name"):
        behaviour.measure(behaviour.Options(suite=()))
    with pytest.raises(CheckpointError, match=re.escape(str(tmp_path))):
        behaviour.measure(behaviour.Options(model=(tmp_path / "none",)))


def test_an_unknown_suite_is_refused_with_a_list_of_all_suites(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["behaviour.py", "--suite", "poems"])
    with pytest.raises(SystemExit) as stopped:
        behaviour.main()
    assert stopped.value.code == 2
    assert "politeness" in capsys.readouterr().err


def test_a_wrong_folder_is_a_one_line_error(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(sys, "argv", ["behaviour.py", "--model", str(tmp_path / "none")])
    assert behaviour.main() == 1
    assert capsys.readouterr().err.startswith("error: ")
