"""The marks at the start of a line: of lists, tasks, quotations and headings."""

import pytest

from translator.text.list_marks import find_list_marks
from translator.translate import Style, Translator


@pytest.mark.parametrize(
    ("text", "marks"),
    [
        ("- [ ] Buy milk", ["- [ ]"]),
        ("* [x] **Buy** milk", ["* [x]"]),
        ("1. [X] Buy milk", ["1. [X]"]),
        ("  [ ] 5 eggs", ["[ ]"]),
        ("- Buy milk", ["-"]),
        ("+ “Yes”", ["+"]),
        ("## The `x` axis", ["##"]),
        ("> > Quoted", ["> >"]),
        ("— Oscar Wilde", ["—"]),
        ("Buy:\n- milk\n\t- [x] bread\n", ["-", "- [x]"]),
        ("- (a) first", ["-"]),
        ("- **Bold** word", ["-"]),
        ("2.1. Results", ["2.1."]),
        ("2.1.13. Open it", ["2.1.13."]),
        ("A. Buy milk\nb. Buy bread\nC. buy", ["A.", "b."]),
        ("iv. Read it", ["iv."]),
        ("XII. The End", ["XII."]),
        ("J. Smith came", ["J."]),
        ("P. S. Army", []),
        ("P.S. Call me", []),
        ("Mr. Smith", []),
        ("E. coli", []),
        ("So did I. He came", []),
        ("2.5 million people", []),
        ("2.5. 3 people", []),
        ("See 2.1. We go", []),
        ("- 5 °C", []),
        ("+ 5 points", []),
        ("> 5 MB", []),
        ("* * *", []),
        ("*One* word", []),
        ("-Buy", []),
        ("[x]done", []),
        ("array[x] is full", []),
        ("A dash - here", []),
        ("#1 song", []),
        ("-", []),
        ("- [ ]", []),
        ("", []),
    ],
)
def test_marks_at_the_start_of_a_line(text: str, marks: list[str]) -> None:
    assert [text[start:end] for start, end in find_list_marks(text)] == marks


@pytest.mark.parametrize("mark", ["- ", "* [ ] ", "1. [x] ", "# ", "> ", "— ", "  - [X]  "])
def test_the_rest_is_translated_as_without_the_mark(translator: Translator, mark: str) -> None:
    style = Style(formality="auto", source_language="en")
    text = "the old cat sees a dog. a cat runs."
    plain, marked = translator.translate([text, mark + text], style=style)
    assert marked.text == mark + plain.text
    assert [one.source for one in marked.sentences] == [one.source for one in plain.sentences]
    assert [one.start for one in marked.sentences] == [one.start + len(mark) for one in plain.sentences]
