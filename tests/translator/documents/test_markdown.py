"""Markdown: what is translated, what stays, and that the structure is the same afterwards."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tests.time_limit import cpu_limit
from translator.documents import read_document
from translator.text.stand_ins import closing, lone, opening

O0, C0, O1, C1, W0, W1 = opening(0), closing(0), opening(1), closing(1), lone(0), lone(1)


def test_blocks_are_units_and_their_marks_stay(translate):
    text = (
        "---\ntitle: Hi\n---\n# Title #\n\nUnder\n=====\n\n1. One\n   - [x] Two\n\n"
        "```\ncode\n```\n    code\n<p>Hi</p>\n"
    )
    german = {"Title": "Titel", "Under": "Unter", "One": "Eins", "[x] Two": "[x] Zwei"}
    expected = text
    for english, translation in german.items():
        expected = expected.replace(english, translation)
    assert translate("a.md", text, german) == expected.replace("Titel: Hi", "title: Hi")


@pytest.mark.parametrize(
    ("source", "unit", "german", "expected"),
    [
        ("A *b* c", f"A {O0}b{C0} c", f"{O0}B{C0} von A", "*B* von A"),
        ("a **b** and __c__", f"a {O0}b{C0} and {O1}c{C1}", f"{O1}C{C1} und {O0}B{C0}", "__C__ und **B**"),
        ("***a***", f"{O0}{O1}a{C1}{C0}", f"{O0}{O1}x{C1}{C0}", "***x***"),
        ("see `a b` now", f"see {W0} now", f"nun {W0} sehen", "nun `a b` sehen"),
        ("[a](b.html '-') c", f"{O0}a{C0} c", f"c {O0}x{C0}", "c [x](b.html '-')"),
        ("a ![](c.png) d", f"a {W0} d", f"e {W0} f", "e ![](c.png) f"),
        ("a <http://b.de> d", f"a {W0} d", f"e {W0} f", "e <http://b.de> f"),
        ("2 * 3 \\* 4 &amp; \\[a\\]", "2 * 3 * 4 & [a]", "[x] & 2 * 3", "\\[x\\] &amp; 2 \\* 3"),
        ("snake_case * a", "snake_case * a", "snake_case * b", "snake_case * b"),
        ("a\nb", "a b", "lange Wörter, die nicht passen", "lange Wörter, die\nnicht passen"),
        ("> a\n> b", "a b", "lange Wörter, die nicht passen", "> lange Wörter, die\n> nicht passen"),
        ("- a\n  b", "a b", "lange Wörter, die da - so", "- lange Wörter, die da - so"),
        ("a  \nb", f"a {O0}{C0}b", f"x {O0}{C0}y", "x  \ny"),
        ("a\\\nb", f"a {O0}{C0}b", f"x {O0}{C0}y", "x\\\ny"),
        ("~~a~~ b", f"{O0}a{C0} b", f"c {O0}d{C0}", "c ~~d~~"),
    ],
)  # fmt: skip
def test_inline_tags(translate, source, unit, german, expected):
    assert translate("a.md", source, {unit: german}) == expected
    windows = translate("a.md", source.replace("\n", "\r\n"), {unit: german})
    assert windows.replace("\r\n", "\n") == expected
    assert windows.count("\n") == windows.count("\r\n")


def test_a_link_whose_text_is_its_label_keeps_its_target(translate):
    text = "[docs] and [more][] and [x][docs]\n\n[docs]: /a\n[more]: /b\n"
    O2, C2 = opening(2), closing(2)
    unit = f"{O0}docs{C0} and {O1}more{C1} and {O2}x{C2}"
    german = f"{O0}Doku{C0} und {O1}mehr{C1} und {O2}y{C2}"
    written = translate("a.md", text, {unit: german})
    assert written == "[Doku][docs] und [mehr][more] und [y][docs]\n\n[docs]: /a\n[more]: /b\n"


@pytest.mark.parametrize(
    ("source", "german", "expected"),
    [
        ("![A cup](c.png)", {"A cup": "Eine Tasse"}, "![Eine Tasse](c.png)"),
        ('![A cup](c.png "My \\"cup\\"")', {"A cup": "Eine Tasse", 'My "cup"': 'Die "Tasse"'},
         '![Eine Tasse](c.png "Die \\"Tasse\\"")'),
        ("See ![a *red* cup](<c d.png> 'It') now", {f"See {W0} now": f"Jetzt {W0}", f"a {O0}red{C0} cup":
         f"Tasse in {O0}Rot{C0}", "It": "Es's"}, "Jetzt ![Tasse in *Rot*](<c d.png> 'Es\\'s')"),
        ("[a](b.html (Two)) c", {f"{O0}a{C0} c": f"c {O0}a{C0}", "Two": "(Zwei)"}, "c [a](b.html (\\(Zwei\\)))"),
        ('Tea ` ![a](b "x y")', {f"Tea {W0} {W1}": f"Tee {W0} {W1}", "a": "`<b]", "x y": "`<b>&amp;\\*"},
         'Tee ` ![&#96;&lt;b\\]](b "&#96;&lt;b>&amp;amp;\\\\*")'),
        ("> ![A\n> cup](c.png 'My\n> cup')", {"A cup": "Tasse", "My cup": "Die Tasse"},
         "> ![Tasse](c.png 'Die Tasse')"),
        ("| ![a](b 'c') | d |\n|--|--|\n", {"a": "x|y", "c": "z|", "d": "d"},
         "| ![x\\|y](b 'z\\|') | d |\n|--|--|\n"),
        ("![Cup]\n\n[cup]: c.png 'My cup'\n", {"Cup": "Tasse", "My cup": "Die Tasse"},
         "![Tasse][Cup]\n\n[cup]: c.png 'Die Tasse'\n"),
        ("[![Cup](c.png)](d.html 'More')", {"Cup": "Tasse", "More": "Mehr"}, "[![Tasse](c.png)](d.html 'Mehr')"),
        ("[A][b]\n\n[b]:\n  /c\n  (One)\n[B]: /d 'Two'\n", {f"{O0}A{C0}": f"{O0}A{C0}", "One": "Eins"},
         "[A][b]\n\n[b]:\n  /c\n  (Eins)\n[B]: /d 'Two'\n"),
    ],
)  # fmt: skip
def test_descriptions_and_titles(translate, source, german, expected):
    assert translate("a.md", source, german) == expected


def test_cells_of_a_table(translate):
    text = "| a | b a | |\n|---|:-:|--|\n| a | `x` | b |\n| c \\| d `\\|` | e | f |\n"
    german = {"a": "x", "b a": "y", "b": "z", f"c | d {W0}": f"| v {W0}", "e": "e", "f": "w|"}
    document = read_document("a.md", text.encode())
    assert document.units == ["a", "b a", "a", "b", f"c | d {W0}", "e", "f"]
    written = document.write([german[unit] for unit in document.units]).decode()
    assert written == "| x | y | |\n|---|:-:|--|\n| x | `x` | z |\n| \\| v `\\|` | e | w\\| |\n"


def shape(text: str) -> list[object]:
    """The structure of a document: its blocks and inline elements, without the words."""
    found: list[object] = []
    for token in MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text):
        children = [one for one in token.children or () if one.type not in ("text", "softbreak")]
        for image in list(children):
            children += [one for one in image.children or () if one.type not in ("text", "softbreak")]
        content = token.content if token.type in ("fence", "code_block", "html_block") else ""
        found.append(
            (token.type, token.tag, content, sorted((one.type, str(one.attrs).lower()) for one in children))
        )
    return found


@pytest.mark.parametrize("mark", ["_a_ ", "[", "![", "*a", "~~a ", "<a"])
def test_paragraphs_of_nothing_but_marks_take_bounded_time(mark):
    with cpu_limit(5):
        read_document("a.md", (mark * 30_000).encode())


MARKS = [
    *"*_`[]()<>!\\&;#>|~- \n",
    "word ",
    "two ",
    "**",
    "\n\n",
    "  \n",
    "](u)",
    "![",
    "[",
    "](u 'word')",
    '](u "two")',
    "\n[word]: u (two)\n",
    "- ",
    "> ",
    "&amp;",
]


@given(st.lists(st.sampled_from(MARKS), max_size=40).map("".join))
@example("word *  \n_*")
@example("*****\\  \n](u)&amp;word ")
@example("\\\\\\  \nword ")
@example("[\n[word]: u (two)\n\\[](u 'word')")
@example("|word   \n*\n#;- ")
@example("word\\   \n-#*")
def test_any_markdown_comes_back_and_keeps_its_structure(text):
    document = read_document("a.md", text.encode())
    assert document.write(document.units) == text.encode()
    german = [re.sub("word|two", lambda word: word[0].title(), unit) for unit in document.units]
    assert shape(document.write(german).decode()) == shape(text)


def test_the_syntax_of_extensions_stays(translate):
    text = (
        'Term\n: What it\n  is.\n: Other *one*\n\n!!! note "Title"\n    Take\n    care.\n\n'
        '!!! tip inline end\n    Go.\n\n??? "More"\n\n???+ big tip "Less"\n\n!!! note ""\n\n'
        "!!! Attention, the road is closed.\n\n:::tip\nUse it.\n:::\n\n"
        "> :::: {.box}\n> In a box.\n\n: alone\n\nno: mark\n:not one\n"
    )
    german = {
        "Term": "Begriff", "What it is.": "Was es ist.", f"Other {O0}one{C0}": f"Das {O0}andere{C0}",
        "Title": "Titel", "Take care.": "Pass auf.", "Go.": "Geh.", "More": "Mehr", "Less": 'Sag "weniger"',
        "!!! Attention, the road is closed.": "!!! Achtung, gesperrt.",
        "Use it.": "Nimm es.", "In a box.": "Im Kasten.", "alone": "allein",
        "no: mark :not one": "kein: Zeichen",
    }  # fmt: skip
    assert translate("a.md", text, german) == (
        'Begriff\n: Was es ist.\n: Das *andere*\n\n!!! note "Titel"\n    Pass auf.\n\n'
        '!!! tip inline end\n    Geh.\n\n??? "Mehr"\n\n???+ big tip "Sag "weniger""\n\n!!! note ""\n\n'
        "!!! Achtung, gesperrt.\n\n:::tip\nNimm es.\n:::\n\n"
        "> :::: {.box}\n> Im Kasten.\n\n: allein\n\nkein: Zeichen\n"
    )
