"""`translator translate` on documents."""

import json

import docx
import pytest

from translator.documents.unit_xml import units_of, xml_of
from translator.text.stand_ins import closing, lone, opening
from translator.translate import Hypothesis, SentenceTranslation, Translation, Translator
from translator.translate.receipt import Check


def test_units_survive_as_xml():
    units = [
        "a < b & c > d &amp;",
        "",
        f"Click {opening(0)}here{closing(0)}{lone(12)}.",
        "two\nlines\t<u>x</u>",
    ]
    assert units_of(xml_of(units)) == units
    assert xml_of([f"{opening(3)}a{closing(3)}&", f"{lone(0)}"]) == "<u><g3>a</g3>&amp;</u><u><x0/></u>"


def letter(path, *texts):
    document = docx.Document()
    for text in texts:
        document.add_paragraph().add_run(text).bold = True
    document.save(path)
    return path


def test_a_document_is_translated_beside_the_source(run, model_folder, tmp_path, monkeypatch):
    monkeypatch.setattr("translator.commands.document._WINDOW_CHARACTERS", 10)
    source = letter(tmp_path / "letter.docx", "the cat sees a dog", "12", "a dog sees the cat")
    code, out, err = run("translate", "--model", model_folder, source)
    assert (code, out, err.strip()) == (0, b"", f"{tmp_path / 'letter.de.docx'}: 3 texts translated")
    written = docx.Document(tmp_path / "letter.de.docx").paragraphs
    assert written[1].text == "12"
    for paragraph, text in ((written[0], "the cat sees a dog"), (written[2], "a dog sees the cat")):
        assert paragraph.runs[0].bold
        (tmp_path / "line.txt").write_text(text)
        assert paragraph.text.encode() == run("translate", "--model", model_folder, tmp_path / "line.txt")[1]


def test_processes_share_a_document(run, model_folder, tmp_path, monkeypatch):
    monkeypatch.setattr("translator.commands.document._WINDOW_CHARACTERS", 10)
    source = tmp_path / "a.json"
    source.write_text('{"a": "the cat", "b": ["a dog", "the cat"]}')
    outputs = []
    for processes in (1, 2):
        out = tmp_path / f"{processes}.json"
        assert (
            run("translate", "--model", model_folder, "--processes", processes, "--out", out, source)[0] == 0
        )
        outputs.append(json.loads(out.read_text()))
    assert outputs[0] == outputs[1]
    assert outputs[0]["a"] == outputs[0]["b"][1] != "the cat"


def test_check_lists_the_texts_with_faults(run, model_folder, tmp_path, monkeypatch):
    def loses_a_link(self, texts, *_, **__):
        [xml] = texts
        start = xml.index("see")
        lost = Check("link", "lost", (4, 8), None)
        sentence = SentenceTranslation(
            "see b.de", start, start + 8, (Hypothesis("sieh", 0.0, checks=(lost,)),)
        )
        return [Translation(xml.replace("see b.de", "sieh"), (sentence,))]

    monkeypatch.setattr(Translator, "translate", loses_a_link)
    source = letter(tmp_path / "a.docx", "the cat", "see b.de")
    code, _, err = run("translate", "--model", model_folder, "--check", source)
    assert (code, err.splitlines()[0]) == (4, "line 2\tlink lost: b.de\tsee b.de\tsieh")
    assert docx.Document(tmp_path / "a.de.docx").paragraphs[1].text == "sieh"


@pytest.mark.parametrize(
    ("name", "content", "options", "message"),
    [
        ("a.pdf", b"%PDF", [], "a PDF has no paragraphs"),
        ("a.doc", b"", [], "save it as .docx first"),
        ("a.docx", b"Hello", [], "a.docx: the file is no Word file"),
        ("a.json", b"{", [], "a.json: the file is not JSON"),
        ("a.md", b"Hello", ["--json"], "--json works line by line, but"),
        ("a.md", b"Hello", ["--out", "a.md"], "a.md already exists; choose another name with --out"),
        ("a.docx", b"", [], "a.docx: the file is empty, but a Word file never is; save it again"),
        (
            "a.md",
            b"Hello",
            ["--out", "none/a.md"],
            "--out is none/a.md, but there is no folder none; create it first",
        ),
        (
            "a.txt",
            b"Hello",
            ["--out", "a.txt/b.txt"],
            "--out is a.txt/b.txt, but there is no folder a.txt; create it",
        ),
    ],
)
def test_errors_name_the_file(run, model_folder, tmp_path, monkeypatch, name, content, options, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_bytes(content)
    code, _, err = run("translate", "--model", model_folder, *options, name)
    assert code == 1
    assert err.startswith("error: ")
    assert message in err
    assert err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_plain_text_stays_line_by_line(run, model_folder, tmp_path):
    (tmp_path / "a.txt").write_text("the cat\n\n  a dog\n")
    code, out, _ = run("translate", "--model", model_folder, tmp_path / "a.txt")
    assert (code, out.count(b"\n")) == (0, 3)
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
