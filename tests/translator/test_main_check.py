"""`translator translate --check` and `--numbers`, with canned translations."""

import json

import pytest

from translator.commands.window_job import WindowJob
from translator.search import SearchOptions
from translator.text import Span
from translator.text.glossary import Glossary
from translator.text.protected import find_protected
from translator.translate import Hypothesis, SourceSentence, Style, assemble
from translator.translate.answers import check_of

GERMAN = {
    "The fee is $1,299.99.": "Die Gebühr beträgt 4711.",
    "Ask {name} or call 101.": "Frag nach.",
    "It opens at 9 p.m. today.": "Es öffnet heute um 21 Uhr.",
}
LISTED = [
    "line 2\tmoney lost: $1,299.99; number extra: 4711\tThe fee is $1,299.99.\tDie Gebühr beträgt 4711.",
    "line 4\tplaceholder lost: {name}; number lost: 101\tAsk {name} or call 101.\tFrag nach.",
]


class CannedTranslator:
    """Replaces the translator: each line is one sentence, translated by looking it up in `GERMAN`."""

    asked_for: list[Style | None]
    """The style of each call of `translate`."""

    @classmethod
    def load(cls, path=None, device="auto", ensemble_with=(), precision="auto"):
        cls.asked_for = []
        return cls()

    def translate(self, texts, options, prefixes=None, style=None, markup=None):
        self.asked_for.append(style)
        return [self._translate(text, options.n_best) for text in texts]

    def _translate(self, text, n_best):
        line = text.rstrip("\n")
        if not line:
            return assemble(text, [], [])
        source = SourceSentence(line, Span(0, len(line)), (7,), False, protected=tuple(find_protected(line)))
        german = GERMAN.get(line, line)
        best = Hypothesis(german, -1.0, checks=check_of(source, german), rung="parts")
        return assemble(text, [source], [(best, Hypothesis("Anders", -2.0))[:n_best]])


@pytest.fixture
def text(tmp_path, monkeypatch):
    monkeypatch.setattr("translator.commands.window_job.Translator", CannedTranslator)
    monkeypatch.setattr("translator.commands.windows.WINDOW_LINES", 3)
    path = tmp_path / "in.txt"
    first, second, third = GERMAN
    path.write_text(f"{third}\n{first}\n\n{second}\n{third}\n", encoding="utf-8")
    return path


@pytest.fixture
def whole():
    first, second, third = GERMAN.values()
    return f"{third}\n{first}\n\n{second}\n{third}\n".encode()


def test_check_lists_what_is_wrong_and_writes_everything(run, text, whole):
    code, out, err = run("translate", text, "--check", "--processes", "1")
    assert (code, out) == (4, whole)
    assert err.splitlines() == LISTED


def test_check_lists_lines_of_standard_input_by_their_numbers(run, text, whole, monkeypatch):
    with text.open("rb") as lines:
        monkeypatch.setattr("sys.stdin", type("Input", (), {"buffer": lines}))
        code, out, err = run("translate", "--check")
    assert (code, out) == (4, whole)
    assert err.splitlines() == LISTED


def test_without_check_nothing_is_reported(run, text, whole):
    assert run("translate", text, "--processes", "1") == (0, whole, "")


def test_check_reports_nothing_if_nothing_is_wrong(run, text):
    source, german = list(GERMAN.items())[2]
    text.write_text(f"{source}\n\n{source}\n", encoding="utf-8")
    assert run("translate", text, "--check") == (0, f"{german}\n\n{german}\n".encode(), "")


def test_the_output_is_complete_whatever_check_finds(run, text, whole, tmp_path, model_folder):
    out = tmp_path / "out.de"
    command = ("translate", text, "--check", "--processes", "1", "--out", out, "--model", model_folder)
    code, printed, err = run(*command)
    assert (code, printed, out.read_bytes()) == (4, b"", whole)
    assert err.splitlines() == LISTED


def test_each_sentence_is_listed_on_one_line_whatever_is_in_the_text(run, text, monkeypatch):
    source = "Pay\t$5\u2028now [b]or[i] never."
    monkeypatch.setitem(GERMAN, source, "Zahle\r sofort.")
    text.write_text(source + "\n", encoding="utf-8")
    code, _, err = run("translate", text, "--check")
    assert code == 4
    sentences = "Pay $5 now [b]or[i] never.\tZahle sofort."
    assert err == f"line 1\tmoney lost: $5; character extra:\t{sentences}\n"


def test_check_and_resume_exclude_each_other(run, text, tmp_path):
    code, _, err = run("translate", text, "--check", "--resume", "--out", tmp_path / "out.de")
    assert code == 1
    assert "--check needs every line, but --resume translates only the rest; leave out one of them" in err


def test_the_help_names_the_exit_status(run):
    code, out, _ = run("translate", "--help")
    assert code == 0
    assert "Exit with status 4" in " ".join(out.decode().replace("│", " ").split())


def test_json_has_the_rung_and_the_checks_of_each_sentence(run, text):
    code, out, _ = run("translate", text, "--json", "--n-best", "2", "--processes", "1")
    assert code == 0
    time, fee, empty, *_ = (json.loads(line)["sentences"] for line in out.splitlines())
    assert [one["text"] for one in fee[0]["translations"]] == ["Die Gebühr beträgt 4711.", "Anders"]
    assert (time[0]["rung"], empty) == ("parts", [])
    assert time[0]["checks"] == [
        {"kind": "time", "verdict": "converted", "source": [12, 18], "target": [19, 25]}
    ]
    assert fee[0]["checks"] == [
        {"kind": "money", "verdict": "lost", "source": [11, 20], "target": None},
        {"kind": "number", "verdict": "extra", "source": None, "target": [19, 23]},
    ]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), Style("german", "formal")),
        (("--numbers", "german"), Style()),
        (("--numbers", "keep"), Style("keep")),
        (("--formality", "informal"), Style("german", "informal")),
        (("--formality", "auto"), Style("german", "auto")),
    ],
)
def test_the_style_reaches_the_translator(run, text, options, expected):
    assert run("translate", text, *options, "--processes", "1")[0] == 0
    assert CannedTranslator.asked_for == [expected, expected]  # there are two windows


def test_a_text_of_only_numbers_is_written_in_the_requested_style(run, model_folder, tmp_path):
    (tmp_path / "in.txt").write_text("$1,299.99\n")
    command = ("translate", tmp_path / "in.txt", "--model", model_folder)
    assert run(*command) == (0, b"1.299,99 $\n", "")
    assert run(*command, "--numbers", "keep", "--check") == (0, b"$1,299.99\n", "")


def test_the_style_decides_whether_a_file_can_be_resumed(model_folder):
    def job(*style):
        return WindowJob(
            (model_folder,), "cpu", "fp32", SearchOptions(), False, False, False, Style(*style)
        ).describe()

    assert job("german") != job("keep") == job("keep")
    assert job("german") == job("german", "formal") != job("german", "auto")


@pytest.mark.parametrize(("name", "separator"), [("terms.tsv", "\t"), ("terms.csv", ",")])
def test_a_glossary_is_passed_on(run, text, tmp_path, name, separator):
    (tmp_path / name).write_text(f"fee{separator}Entgelt\n", encoding="utf-8")
    command = "translate", str(text), "--glossary", str(tmp_path / name), "--processes", "1"
    assert run(*command)[0] == 0
    assert set(CannedTranslator.asked_for) == {Style(glossary=Glossary.of([("fee", "Entgelt")]))}


def test_a_wrong_glossary_is_named_before_anything_is_translated(run, text, tmp_path):
    (tmp_path / "terms.tsv").write_text("fee\tEntgelt\nhouse\n", encoding="utf-8")
    status, output, errors = run("translate", str(text), "--glossary", str(tmp_path / "terms.tsv"))
    assert (status, output) == (1, b"")
    assert "terms.tsv, line 2: there is no tab" in " ".join(errors.split())


def test_another_glossary_makes_another_output():
    def describe(*pairs):
        style = Style(glossary=Glossary.of(pairs)) if pairs else Style()
        return WindowJob((), "cpu", "auto", SearchOptions(), False, False, False, style).describe()

    assert describe(("a", "b")) == describe(("a", "b")) != describe(("a", "c")) != describe()
