"""`translator translate --format`."""

import json

import pytest

from translator.translate import Hypothesis, Translator
from translator.translate.receipt import Check

PAGE = "<!doctype html>\r\n<h1>Good day</h1>\n<p>One <b>red</b>\n cat.</p>\n"
IN_CAPITALS = "<!doctype html>\r\n<h1>GOOD DAY</h1>\n<p>ONE <b>RED</b> CAT.</p>\n"


@pytest.fixture
def page(tmp_path, monkeypatch):
    """A page, of which everything is translated into capitals, without the cat."""

    def translate_sentences(self, sources, options, progress=None):
        lost = (Check("identifier", "lost", (8, 11), None),)
        return [
            (Hypothesis(one.text.upper(), -1.0, checks=lost if "cat" in one.text else ()),) for one in sources
        ]

    monkeypatch.setattr(Translator, "translate_sentences", translate_sentences)
    path = tmp_path / "page.html"
    path.write_bytes(PAGE.encode())
    return path


def test_a_page_is_translated_as_a_whole(run, page, model_folder):
    assert run("translate", page, "--format", "html", "--model", model_folder) == (
        0,
        IN_CAPITALS.encode(),
        "",
    )


def test_the_page_is_written_to_a_file(run, page, tmp_path, model_folder):
    out = tmp_path / "seite.html"
    code, _, _ = run("translate", page, "--format", "html", "--out", out, "--model", model_folder)
    assert (code, out.read_bytes()) == (0, IN_CAPITALS.encode())


def test_check_gives_the_line_of_a_sentence(run, page, model_folder):
    code, out, err = run("translate", page, "--format", "html", "--check", "--model", model_folder)
    assert (code, out) == (4, IN_CAPITALS.encode())
    assert err == "line 3\tidentifier lost: cat\tOne <b>red</b> cat.\tONE <b>RED</b> CAT.\n"


def test_json_has_places_in_the_page(run, page, model_folder):
    _, out, _ = run("translate", page, "--format", "html", "--json", "--model", model_folder)
    sentences = json.loads(out)["sentences"]
    assert [PAGE[one["start"] : one["end"]] for one in sentences] == ["Good day", "One <b>red</b>\n cat."]


@pytest.mark.parametrize("flag", [("--align", "--json"), ("--resume", "--out", "x"), ("--prefix", "x")])
def test_what_works_line_by_line_is_refused(run, page, flag):
    code, _, err = run("translate", page, "--format", "xml", *flag)
    assert code == 1
    assert f"{flag[0]} works line by line, but --format xml is for documents" in " ".join(err.split())


def test_a_page_in_another_encoding_is_refused(run, page):
    page.write_bytes(b"<p>\n\xe4</p>")
    code, _, err = run("translate", page, "--format", "html")
    assert code == 1
    assert "line 2 of" in err
