"""SubRip and WebVTT."""

import pytest

from translator.documents import read_document
from translator.errors import InputError
from translator.text.stand_ins import closing, lone, opening

TIMES = "00:00:01,000 --> 00:00:02,500"


def srt(*texts: str) -> str:
    return "".join(f"{number}\n{TIMES}\n{text}\n\n" for number, text in enumerate(texts, start=1))


def test_each_cue_is_a_unit(translate):
    german = {"Hello.": "Hallo.", "12": "12", "Good night!": "Gute Nacht!"}
    written = translate("a.srt", srt("Hello.", "12", "Good\nnight!"), german)
    assert written == srt("Hallo.", "12", "Gute\nNacht!")


def test_line_ends_and_settings_stay(translate):
    text = f"1\r\n{TIMES} X1:40 Y1:50\r\nOne two\r\nthree\r\n"
    written = translate("a.srt", text, {"One two three": "Eins zwei drei"})
    assert written == f"1\r\n{TIMES} X1:40 Y1:50\r\nEins zwei\r\ndrei\r\n"


def test_a_sentence_over_several_cues_is_translated_at_once(translate):
    text = srt("When the rain stopped,", "the children went out", "to play.", "Then it rained.")
    sentence = "When the rain stopped, the children went out to play."
    german = {
        sentence: "Als der Regen aufhörte, gingen die Kinder hinaus zum Spielen.",
        "Then it rained.": "Dann.",
    }
    written = translate("a.srt", text, german)
    assert written == srt("Als der Regen aufhörte,", "gingen die Kinder hinaus zum", "Spielen.", "Dann.")


def test_cues_are_never_left_empty(translate):
    assert translate("a.srt", srt("a", "b", "c."), {"a b c.": "x"}) == srt("x", "…", "…")


def test_speakers_are_units_of_their_own(translate):
    german = {"- Who is it?": "- Wer ist da?", "- It is me, your old friend.": "- Ich bin es."}
    assert translate("a.srt", srt("- Who is it?\n- It is me,\nyour old friend."), german) == srt(
        "- Wer ist da?\n- Ich\nbin es."
    )


def test_sounds_and_speakers_with_numbers_are_units_of_their_own(translate):
    source = srt(
        "[music playing]",
        "they are here\n[door slams]",
        "MAN 1: Hello.\nMRS. O'HARA: No,\nno.",
        "SAD: yes or\nno [sighs]",
    )
    german = {
        "[music playing]": "[Musik]", "they are here": "sie sind da", "[door slams]": "[Knall]",
        "MAN 1: Hello.": "MANN 1: Hallo.", "MRS. O'HARA: No, no.": "FRAU O'HARA: Nein.", "SAD: yes or no [sighs]": "ja",
    }  # fmt: skip
    assert translate("a.srt", source, german) == srt(
        "[Musik]", "sie sind da\n[Knall]", "MANN 1: Hallo.\nFRAU O'HARA:\nNein.", "ja"
    )


def test_tags(translate):
    source = srt("{\\an8}<i>Hi</i> <font color='red'>you</font>")
    point, italic = opening(0) + closing(0), (opening(1), closing(1))
    unit = f"{point}{italic[0]}Hi{italic[1]} {opening(2)}you{closing(2)}"
    german = f"{point}{opening(2)}Du{closing(2)} {italic[0]}da{italic[1]}"
    assert translate("a.srt", source, {unit: german}) == srt("{\\an8}<font color='red'>Du</font> <i>da</i>")


def test_webvtt(translate):
    head = (
        "WEBVTT - Words\n\nNOTE A comment\n\nSTYLE\n::cue { color: red }\n\n"
        "intro\n00:01.000 --> 00:02.000 align:start\n"
    )
    text = f"{head}<v Ann Lee>Salt &amp; pepper\n"
    unit = f"{opening(0)}{closing(0)}Salt {lone(0)} pepper"
    assert (
        translate("a.vtt", text, {unit: unit.replace("Salt", "Salz")})
        == f"{head}<v Ann Lee>Salz &amp; pepper\n"
    )


def test_long_lines_are_broken(translate):
    german = "Das ist ein ziemlich langer Satz, der nicht mehr in eine Zeile passt."
    written = translate("a.srt", srt("This sentence is short."), {"This sentence is short.": german})
    assert written == srt("Das ist ein ziemlich langer Satz,\nder nicht mehr in eine Zeile passt.")


def test_what_has_no_cues_is_refused():
    with pytest.raises(InputError, match="no subtitles"):
        read_document("a.srt", b"Hello")
