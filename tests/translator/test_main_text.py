"""`translator translate` on text: encodings, lines that belong together, and names of files."""

import codecs
import json

import pytest

from translator.translate import Hypothesis, Translator
from translator.translate.receipt import Check

TEXT = "Good day.\nOne cät\r\n\nğ Ċ ਊ ok"  # their codes have bytes of line ends in UTF-16
UTF_16 = {
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
    "utf-32-le": codecs.BOM_UTF32_LE,
}


@pytest.fixture(autouse=True)
def capitals(monkeypatch, model_folder):
    """A translation into capitals, by the toy model's code; 'cat' is lost."""

    def translate_sentences(self, sources, options, progress=None):
        lost = (Check("identifier", "lost", (0, 3), None),)
        return [
            (
                Hypothesis(
                    " ".join(one.text.upper().split()),
                    -1.0,
                    checks=lost if one.text.startswith("cat") else (),
                ),
            )
            for one in sources
        ]

    monkeypatch.setattr(Translator, "translate_sentences", translate_sentences)
    monkeypatch.setattr("translator.translate.shipped_model", lambda: model_folder)


@pytest.mark.parametrize("encoding", UTF_16)
@pytest.mark.parametrize("way", ["file", "redirected", "out"])
def test_a_byte_order_mark_tells_the_encoding(run, tmp_path, monkeypatch, encoding, way):
    path, out = tmp_path / "in.txt", tmp_path / "out.txt"
    path.write_bytes(UTF_16[encoding] + TEXT.encode(encoding))
    command = ["translate", "--source-language", "en", "--processes", "1"]
    if way == "file":
        printed = run(*command, path)[1]
    elif way == "out":
        assert run(*command, path, "--out", out) == (0, b"", "")
        printed = out.read_bytes()
    else:
        with path.open("rb") as lines:
            monkeypatch.setattr("sys.stdin", type("Input", (), {"buffer": lines}))
            printed = run(*command)[1]
    assert printed == TEXT.upper().encode()


def test_text_in_a_damaged_encoding_is_refused(run, tmp_path):
    path = tmp_path / "in.txt"
    path.write_bytes(codecs.BOM_UTF16_LE + b"\x00\xd8\x00")
    code, out, err = run("translate", path)
    assert (code, out) == (1, b"")
    assert err.startswith(f"error: {path}: the file is not UTF-16-LE")


WRAPPED = "a long\nwrapped sen-\ntence\n- one\n- two\n\n\nthe cat\nsees\ncats"


def test_lines_are_joined_paragraph_by_paragraph(run, tmp_path, monkeypatch):
    # Windows of two lines end within paragraphs, which are translated as wholes all the same.
    monkeypatch.setattr("translator.commands.windows.WINDOW_LINES", 2)
    path = tmp_path / "in.txt"
    path.write_text(WRAPPED)
    command = ("translate", path, "--lines", "join", "--source-language", "en", "--processes", "1")
    code, out, err = run(*command)
    assert (code, out.decode(), err) == (
        0,
        "A LONG WRAPPED SEN- TENCE\n- ONE\n- TWO\n\n\nTHE CAT SEES CATS",
        "",
    )
    texts = [json.loads(line)["text"] for line in run(*command, "--json")[1].splitlines()]
    assert texts == ["A LONG WRAPPED SEN- TENCE\n- ONE\n- TWO", "THE CAT SEES CATS"]


def test_faults_in_joined_lines_have_the_line_where_the_sentence_starts(run, tmp_path):
    path = tmp_path / "in.txt"
    path.write_text("one\ntwo\n\n\ncats\nand dogs\n\ncat\n")
    code, _, err = run("translate", path, "--lines", "join", "--source-language", "en", "--check")
    assert (code, [line.split("\t")[0] for line in err.splitlines()]) == (4, ["line 5", "line 8"])


def test_a_whole_text_can_be_one_sentence(run, tmp_path):
    path = tmp_path / "in.txt"
    path.write_text("one. Two.\n\nThree\n")
    done = run("translate", path, "--lines", "single", "--source-language", "en")
    assert done == (0, b"ONE. TWO. THREE\n", "")


@pytest.mark.parametrize("flag", [("--resume", "--out", "x"), ("--prefix", "x")])
def test_what_works_line_by_line_is_refused_for_joined_lines(run, tmp_path, flag):
    code, _, err = run("translate", tmp_path / "in.txt", "--lines", "join", *flag)
    assert code == 1
    assert f"{flag[0]} works line by line, but --lines join makes one line of several" in " ".join(
        err.split()
    )


@pytest.mark.parametrize("name", ["a.xyz", "a.rst"])
def test_files_with_unknown_endings_are_read_as_text_and_that_is_said(run, tmp_path, name):
    path = tmp_path / name
    path.write_text("one\n")
    expected = f"{path}: unknown ending, read as plain text\n"
    assert run("translate", path, "--source-language", "en") == (0, b"ONE\n", expected)


@pytest.mark.parametrize("name", ["a.txt", "README", "newstest2014.en", "A.TXT"])
def test_plain_text_is_read_without_a_word(run, tmp_path, name):
    path = tmp_path / name
    path.write_text("one\n")
    assert run("translate", path, "--source-language", "en") == (0, b"ONE\n", "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("a.docx", "--out", "b.pptx"), "--out is b.pptx, but a translation has the format of its document, Word; "),
        (("a.docm", "--out", "b.docx"), "Word with macros; give a name that ends in .docm"),
        (("a.json", "--out", "b"), "JSON; give a name that ends in .json"),
        (("a.pdf", "--out", "b.docx"), "'.pdf' are not translated: a PDF has no paragraphs"),
        (("a.txt", "--out", "b.docx"), "--out is b.docx, but the translation of a.txt is text; give a name in .txt"),
        (("a.en", "--out", "b.pdf"), "the translation of a.en is text"),
        (("a.docx", "--format", "html"), "--format html is for text with tags, but a.docx is none; leave it out"),
        (("a.srt", "--lines", "join"), "--lines is for plain text, but a.srt is a document (SubRip); leave it out"),
        (("a.md", "--resume", "--out", "b.md"), "--resume works line by line, but a.md is a document; leave --resume"),
    ],
)  # fmt: skip
def test_names_and_options_that_do_not_suit_the_file_are_refused(
    run, tmp_path, monkeypatch, arguments, message
):
    monkeypatch.chdir(tmp_path)
    code, out, err = run("translate", *arguments)
    assert (code, out) == (1, b"")
    assert message in " ".join(err.split())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("source", "out"), [("a.yml", "b.yaml"), ("a.HTM", "b.html"), ("a.txt", "b.md")])
def test_other_endings_of_the_same_format_are_allowed(run, tmp_path, source, out):
    (tmp_path / source).write_text("one: two\n")
    command = ("translate", tmp_path / source, "--source-language", "en", "--out", tmp_path / out)
    assert run(*command)[0] == 0
    assert "TWO" in (tmp_path / out).read_text()
