"""Texts with tags, translated by the shipped model."""

import io
from collections import Counter
from collections.abc import Callable, Iterable

import docx
import openpyxl
import pytest

from tests.time_limit import cpu_limit
from translator.documents import read_document
from translator.documents.unit_xml import UNIT_MARKUP, units_of, xml_of
from translator.errors import InputError
from translator.markup import TEXT, MarkupOptions, UnitBuilder, read_markup
from translator.markup.html_tokens import html_tokens, text_of_html
from translator.search import SearchOptions
from translator.text.stand_ins import STAND_IN
from translator.translate import DEFAULT_STYLE, Style, Translation, Translator
from translator.translate.marked_up import read_sentences_of_markup

GREEDY = SearchOptions(beam_size=1)


@pytest.fixture(scope="module")
def shipped() -> Translator:
    return Translator.load()


def translate(
    shipped: Translator,
    markup: str,
    options: SearchOptions = GREEDY,
    how: MarkupOptions = MarkupOptions(),  # noqa: B008 (frozen)
    style: Style = DEFAULT_STYLE,
) -> Translation:
    """Translate a text with tags."""
    [found] = shipped.translate([markup], options, style=style, markup=how)
    return found


def translated(shipped: Translator, units: list[str]) -> list[str]:
    """Translate units as those of documents are."""
    xml = translate(shipped, xml_of(units), GREEDY, UNIT_MARKUP).text
    return units_of(xml)


def tags(markup: str) -> Counter[str]:
    return Counter(markup[one.start : one.end] for one in html_tokens(markup) if one.kind != "text")


def words(markup: str) -> list[str]:
    return text_of_html(markup.replace("<b>", "").replace("</b>", "")).split()


PAGES = [
    "<p>Click <b>here</b> to open the file.</p><ul><li>It costs <b>$5.00</b> per month.<li>Good <b>morning</b></ul>",
    "<p>The <b>old house</b> stands near the <b>river</b>. We <b>saw it. It</b> was <b>red</b>.</p>",
    "<div>Version <b>1,299.99</b> is <b>not</b> available in <b>2 countries</b> &amp; on <b>May 12, 2025</b>.</div>",
]


@pytest.mark.parametrize("page", PAGES)
def test_the_text_is_the_same_as_without_tags(shipped: Translator, page: str) -> None:
    found = translate(shipped, page, GREEDY).text
    assert tags(found) == tags(page)
    plain = page.replace("<b>", "").replace("</b>", "")
    assert words(found) == words(translate(shipped, plain, GREEDY).text)


@pytest.mark.parametrize("page", PAGES)
def test_wrapped_and_minified_pages_have_the_same_words(shipped: Translator, page: str) -> None:
    wrapped = page.replace(" ", "\n      ").replace("<li>", "\n  <li>\n").replace("</p>", "\n</p>\n")
    assert words(translate(shipped, wrapped, GREEDY).text) == words(translate(shipped, page, GREEDY).text)


@pytest.mark.parametrize(
    ("markup", "german"),
    [
        ("<td>$1,299.99</td><td>3:30 p.m.</td>", "<td>1.299,99 $</td><td>15:30 Uhr</td>"),
        ("<p>Good morning!</p>\n\n<pre>Good\n morning</pre>", "<p>Guten Morgen!</p>\n\n<pre>Good\n morning</pre>"),
        ('<p>Good <b>morning</b>! <a href="?a&amp;b">Good morning.</a>',
         '<p>Guten <b>Morgen</b>! <a href="?a&amp;b">Guten Morgen.</a>'),
        ("H<sub>2</sub>O", "H<sub>2</sub>O"),
        # The number of a note is no part of its word, and no text between sentences.
        ("<p>The house<sup>1</sup> is cold.<sup>2</sup> It is old.</p>",
         "<p>Das Haus<sup>1</sup> ist kalt.<sup>2</sup> Es ist alt.</p>"),
        # An empty pair at the end is no part of the plain sentence.
        ("<p>Good morning<b>.<i></i></b></p>", "<p>Guten Morgen<b>.<i></i></b></p>"),
        # The space between the sentences stays between them.
        ("Do you want to delete<b> the file? </b>Good morning.",
         "Möchten Sie<b> die Datei</b> löschen? Guten Morgen."),
        # Tags that overlap keep their order.
        ("The house is <b>old<i> and</b> cold</i>.", "Das Haus ist <b>alt<i> und</b> kalt</i>."),
        # Spaces that do not break stay between the same words, and keep their spelling.
        ("<td>10&nbsp;km</td><td>&nbsp;</td>", "<td>10&nbsp;km</td><td>&nbsp;</td>"),
        ("<p>The meeting is at 3&#160;p.m. on <b>May&#160;12</b>.&nbsp;Good&nbsp;morning!&nbsp;</p>",
         "<p>Die Besprechung ist um 15&#160;Uhr am <b>12.&#160;Mai</b>.&nbsp;Guten&nbsp;Morgen!&nbsp;</p>"),
        ("", ""),
        ("<p> </p>", "<p> </p>"),
    ],
)  # fmt: skip
def test_markup(shipped: Translator, markup: str, german: str) -> None:
    assert translate(shipped, markup).text == german


@pytest.mark.parametrize(
    ("text", "german"),
    [
        ("<li>Good morning</li>\n<li>Good evening</li>", "<li>Guten Morgen</li>\n<li>Guten Abend</li>"),
        ("The <b>red</b> house is **very old**.", "Das <b>rote</b> Haus ist **sehr alt**."),
        (
            "<i>Good morning</i>!  It costs *$5.00*<br>Good evening",
            "<i>Guten Morgen</i>!  Es kostet *5,00 $*<br>Guten Abend",
        ),
    ],
)
def test_plain_text_with_tags(shipped: Translator, text: str, german: str) -> None:
    found = translate(shipped, text, how=TEXT)
    assert found.text == german
    assert [text[one.start : one.end] for one in found.sentences] == [one.source for one in found.sentences]


def test_sentences_have_places_in_the_markup(shipped: Translator) -> None:
    markup = "<h1>Good morning</h1> <p>It costs <b>$5.00</b>."
    found = translate(shipped, markup, SearchOptions(n_best=2))
    assert [markup[one.start : one.end] for one in found.sentences] == [
        "Good morning",
        "It costs <b>$5.00</b>.",
    ]
    sentence = found.sentences[1]
    assert [sentence.source[slice(*one.source)] for one in sentence.checks] == ["$5.00", "<b>", "</b>"]
    for one in sentence.hypotheses:
        assert [one.text[slice(*check.target)] for check in one.checks] == ["5,00 $", "<b>", "</b>"]


def test_units_of_any_document(shipped: Translator) -> None:
    builder = UnitBuilder[str]()
    builder.add_text("Good ")
    number = builder.open("bold")
    builder.add_text("morning")
    builder.close(number, "plain")
    builder.add_text("! It costs $5.00.")
    unit = builder.build()
    [german] = translated(shipped, [unit.text])
    assert list(unit.pieces(german)) == [
        ("Guten ", "bold"),
        ("Morgen", "plain"),
        ("! Es kostet 5,00 $.", None),
    ]


VALUES = {
    "£120": "120 £",
    "$1,234.50": "1.234,50 $",
    "12:30 p.m.": "12:30 Uhr",
    "May 12, 2024": "12. Mai 2024",
    "12.5": "12,5",
    "1234": "1234",
    "1.2.3": "1.2.3",
    "AB-1234": "AB-1234",
    "2024-05-12": "2024-05-12",
    "555-1234": "555-1234",
}
"""Texts without words, some of which German writes differently."""


def word_with(texts: Iterable[str]) -> bytes:
    document = docx.Document()
    for text in texts:
        document.add_table(1, 1).cell(0, 0).text = text
    content = io.BytesIO()
    document.save(content)
    return content.getvalue()


def texts_of_word(content: bytes) -> list[str]:
    return [table.cell(0, 0).text for table in docx.Document(io.BytesIO(content)).tables]


def workbook_with(texts: Iterable[str]) -> bytes:
    book = openpyxl.Workbook()
    assert book.active
    for text in texts:
        book.active.append([text, 1234.5])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def texts_of_workbook(content: bytes) -> list[str]:
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    assert sheet
    assert all(cell.value == 1234.5 for cell in sheet["B"])
    return [str(cell.value) for cell in sheet["A"]]


def lines_of(content: bytes) -> list[str]:
    return content.decode().split("\n\n")


@pytest.mark.parametrize(
    ("name", "write", "read"),
    [
        ("a.docx", word_with, texts_of_word),
        ("a.xlsx", workbook_with, texts_of_workbook),
        ("a.md", lambda texts: "\n\n".join(texts).encode(), lines_of),
    ],
)
def test_values_alone_are_written_the_german_way(
    shipped: Translator,
    name: str,
    write: Callable[[Iterable[str]], bytes],
    read: Callable[[bytes], list[str]],
) -> None:
    content = write(VALUES)
    assert read(content) == list(VALUES)
    document = read_document(name, content)
    assert read(document.write(document.units)) == list(VALUES)
    assert read(document.write(translated(shipped, list(document.units)))) == list(VALUES.values())


def test_every_stand_in_of_a_hostile_unit_comes_back(shipped: Translator) -> None:
    [unit] = read_markup(
        "<i>" * 300 + "Good morning" + "</i>" * 300 + " my <b></b><u><s>friend</u></s>"
    ).units
    [german] = translated(shipped, [unit])
    assert Counter(STAND_IN.findall(german)) == Counter(STAND_IN.findall(unit))


def test_short_texts_have_the_language_of_the_document(shipped: Translator) -> None:
    markup = "<li>Start</li><p>Wir haben am Montag geschlossen, aber am Dienstag wieder geöffnet.</p>"
    assert translate(shipped, markup).text == markup
    english = translate(shipped, markup, style=Style(source_language="en"))
    assert english.text != markup


def test_the_prefix_begins_the_first_sentence_with_words(shipped: Translator) -> None:
    found = read_sentences_of_markup(
        "<p>5</p><p>Good <b>morning</b></p><p>Hello</p>", MarkupOptions(), shipped.sentences, prefix="Einen"
    )
    assert [bool(one.prefix) for one in found] == [False, True, False]
    with pytest.raises(InputError, match="nothing to translate in '<p>5</p>'"):
        read_sentences_of_markup("<p>5</p>", MarkupOptions(), shipped.sentences, prefix="Einen")


def test_attributes_on_request(shipped: Translator) -> None:
    markup = '<p title="Good morning">Good <b title="Good morning">morning</b>! It costs $5.00.</p>'
    found = translate(shipped, markup, how=MarkupOptions(with_attributes=True))
    assert (
        found.text
        == '<p title="Guten Morgen">Guten <b title="Guten Morgen">Morgen</b>! Es kostet 5,00 $.</p>'
    )
    first, second = found.sentences
    assert first.source == markup[first.start : first.end] == 'Good <b title="Good morning">morning</b>!'
    assert [first.source[slice(*one.source)] for one in first.checks] == ['<b title="Good morning">', "</b>"]
    assert second.source == markup[second.start : second.end] == "It costs $5.00."


@pytest.mark.parametrize(
    "markup",
    [
        "<p>Wir <b>haben</b> am Montag <i>geschlossen</i>, aber am Dienstag geöffnet.</p>",
        "<p>" + "xY7<b>Zq</b>" * 2_000 + "</p>",
        "<p>" + "Wir haben <b>am Montag</b> geschlossen " * 300 + "</p>",
    ],
)
def test_copied_text_keeps_its_tags_in_place(shipped: Translator, markup: str) -> None:
    with cpu_limit(20):
        assert translate(shipped, markup).text == markup
        document = read_markup(markup)
        assert document.write(translated(shipped, document.units)) == markup


@pytest.mark.parametrize(
    ("english", "german"),
    [
        ("_File", "_Datei"),
        ("E&xit", "&Beenden"),
        ("Show _toolbar", "_Werkzeugleiste anzeigen"),
        ("&Open the file", "&Öffnen Sie die Datei"),
        ("Click **here** and <b>there</b>.", "Klicken Sie **hier** und <b>dort</b>."),
        ("The result of *args and **kwargs is 2 ** 3.", "Das Ergebnis von *args und **kwargs ist 2 ** 3."),
    ],
)
def test_marks_of_plain_text_are_kept_in_text_and_in_documents(
    shipped: Translator, english: str, german: str
) -> None:
    assert translate(shipped, english, how=TEXT).text == german
    assert translated(shipped, [english]) == [german]


@pytest.mark.parametrize(
    ("markup", "german"),
    [
        ("<p>This is **fresh** bread.</p>", "<p>Das ist **frisch** Brot.</p>"),
        ("<p>The house &nbsp; is old.</p>", "<p>Das Haus &nbsp; ist alt.</p>"),
        ("<p>The house&nbsp; is&nbsp;&nbsp;old.</p>", "<p>Das Haus&nbsp; ist&nbsp;&nbsp;alt.</p>"),
        ("<p>&nbsp; Good morning &nbsp;</p>", "<p>&nbsp; Guten Morgen &nbsp;</p>"),
    ],
)
def test_marks_and_runs_of_spaces_in_html_are_kept(shipped: Translator, markup: str, german: str) -> None:
    assert translate(shipped, markup).text == german
