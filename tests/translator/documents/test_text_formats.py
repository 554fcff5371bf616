"""Plain text, tables, JSON, gettext, and how all of them are encoded."""

import csv
import io
import json

import pytest

from translator.documents import FORMATS, read_document, translated_name
from translator.errors import InputError
from translator.text.stand_ins import closing, opening


def test_lines_of_a_text_keep_their_places(translate):
    text = "One.\r\n\r\n  Two. \nThree"
    german = {"One.": "Eins.", "  Two. ": "  Zwei. ", "Three": "Drei"}
    assert translate("a.txt", text, german) == "Eins.\r\n\r\n  Zwei. \nDrei"


@pytest.mark.parametrize(
    ("mark", "encoding"), [(b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")]
)
def test_byte_order_marks_stay(mark, encoding):
    document = read_document("a.txt", mark + "Tea – hot\n".encode(encoding))
    assert document.units == ["Tea – hot"]
    assert document.write(["Tee – heiß"]) == mark + "Tee – heiß\n".encode(encoding)


@pytest.mark.parametrize("content", [b"caf\xe9", b"\xff\xfeA", b"PK\x00\x01"])
def test_what_is_no_text_is_refused(content):
    with pytest.raises(InputError, match=r"UTF-8|UTF-16-LE|null"):
        read_document("a.txt", content)


MAY_BE_EMPTY = [
    ending for ending, form in FORMATS.items() if not form.is_archive and form.name not in ("JSON", "ARB")
]


@pytest.mark.parametrize("ending", MAY_BE_EMPTY)
def test_empty_files_stay_empty(ending):
    document = read_document(f"a{ending}", b"")
    assert list(document.units) == []
    assert document.write([]) == b""


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("a.pdf", "convert it to .docx"),
        ("A.DOC", "save it as .docx"),
        ("a.xyz", ".docx, "),
        ("Makefile", "no ending"),
    ],
)
def test_other_formats_are_refused_with_a_hint(name, hint):
    with pytest.raises(InputError, match=hint):
        read_document(name, b"")


def test_the_name_of_a_translation():
    assert [translated_name(name) for name in ("letter.docx", "dir/a.b.JSON")] == [
        "letter.de.docx",
        "a.b.de.JSON",
    ]


def test_cells_keep_their_quotes_and_separators(translate):
    table = 'id;text;"quoted ""text"""\r\n1;Red;"a; b"\r\n2;12.5;\r\n'
    german = {"id": "Nr", "text": "Text", 'quoted "text"': 'Zitat "Text"', "Red": "Rot; hell", "a; b": "c; d"}
    written = translate("a.csv", table, german)
    assert written == 'Nr;Text;"Zitat ""Text"""\r\n1;"Rot; hell";"c; d"\r\n2;12.5;\r\n'
    assert list(csv.reader(io.StringIO(written), delimiter=";"))[1] == ["1", "Rot; hell", "c; d"]


@pytest.mark.parametrize(
    "number",
    ["12.5", "-3", "1,234.50", ">=2.0", "^1.2", "50%", "1.5e-3", " .5 ", "5" * 100_000, " " * 100_000 + "1"],
)
def test_bare_numbers_are_data(number):
    strings = {"one": number, "two": "$1,234.50", "three": "12:30 p.m."}
    texts = ["$1,234.50", "12:30 p.m."]
    for name, content in (
        ("a.json", json.dumps(strings)),
        ("a.tsv", "\t".join(strings.values())),
        ("a.yaml", f"one: '{number}'\ntwo: $1,234.50\nthree: 12:30 p.m.\n"),
        ("a.properties", f"one={number}\ntwo=$1,234.50\nthree=12:30 p.m.\n"),
    ):
        assert read_document(name, content.encode()).units == texts


def test_cells_of_tsv(translate):
    assert translate("a.tsv", 'a, b\t1\t"x\ny"\n', {"a, b": "c, d", "x\ny": "z"}) == 'c, d\t1\t"z"\n'


def test_strings_of_json_are_translated_and_keys_are_not(translate):
    text = '{ "title" : "Hello \\"you\\"",\n\t"list":["One", 2, null, "3", {"b": "T\\u00e9a"}], "e": "" }\n'
    german = {'Hello "you"': 'Hallo "du"', "One": "Eins ä", "Téa": "Tee ä"}
    written = translate("a.json", text, german)
    expected = (
        '{ "title" : "Hallo \\"du\\"",\n\t"list":["Eins ä", 2, null, "3", {"b": "Tee \\u00e4"}], "e": "" }\n'
    )
    assert written == expected
    assert json.loads(written)["list"][4] == {"b": "Tee ä"}


@pytest.mark.parametrize(
    ("locale", "german"), [("en", "de"), ("en_US", "de"), ("fr", "fr")]
)  # what is not English stays
def test_metadata_of_arb_stays_except_the_language(translate, locale, german):
    text = '{"@@locale": "%s", "hi": "Hello {name}", "@hi": {"description": "A greeting", "@@locale": "en"}}'
    written = translate("app_en.arb", text % locale, {"Hello {name}": "Hallo {name}"})
    assert written == text.replace("Hello", "Hallo") % german


@pytest.mark.parametrize(
    ("header", "german"),
    [
        ('"Language: en\\n"', '"Language: de\\n"'),
        ('"Language:\\n"', '"Language: de\\n"'),
        ('"Language: \\n"', '"Language: de\\n"'),
        ('"X: y\\nLanguage: en_GB\\nZ: Language: en\\n"', '"X: y\\nLanguage: de\\nZ: Language: en\\n"'),
        ('"Language: fr\\n"', '"Language: fr\\n"'),
        ('"X-Language: en\\n"', '"X-Language: en\\n"'),
    ],
)
def test_the_header_of_a_catalogue_names_the_language_of_its_translations(translate, header, german):
    text = 'msgid ""\nmsgstr ""\n%s\n\nmsgid "Close"\nmsgstr "%s"\n'
    assert translate("de.po", text % (header, ""), {"Close": "Ende"}) == text % (german, "Ende")
    finished = (text % (header, "Ende")).encode()
    assert read_document("de.po", finished).write([]) == finished


@pytest.mark.parametrize("content", [b"{", b'{"a": "b}', b"[" * 100_000, b'"a" "b"'])
def test_broken_json_is_refused(content):
    with pytest.raises(InputError, match=r"not JSON|too deeply"):
        read_document("a.json", content)


CATALOGUE = """# A comment
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"

#. For the menu
#: src/a.c:12
#, c-format
msgid "Open %s"
msgstr ""

#, fuzzy
msgid "Close"
msgstr "Beenden"

msgctxt "size"
msgid "Small"
msgstr "Klein"


msgid ""
"Two "
"lines\\n"
msgstr ""

msgid "%d file"
msgid_plural "%d files"
msgstr[0] ""
msgstr[1] ""

#~ msgid "old"
#~ msgstr ""
"""


def test_empty_translations_of_a_catalogue_are_filled_in(translate):
    german = {
        "Open %s": '"%s" öffnen', "Two lines\n": "Zwei Zeilen\n", "%d file": "%d Datei", "%d files": "%d Dateien",
    }  # fmt: skip
    written = translate("de.po", CATALOGUE, german)
    expected = (
        CATALOGUE.replace('msgid "Open %s"\nmsgstr ""', 'msgid "Open %s"\nmsgstr "\\"%s\\" öffnen"')
        .replace('"lines\\n"\nmsgstr ""', '"lines\\n"\nmsgstr "Zwei Zeilen\\n"')
        .replace('msgstr[0] ""', 'msgstr[0] "%d Datei"')
        .replace('msgstr[1] ""', 'msgstr[1] "%d Dateien"')
    )
    assert written == expected


def test_another_program_reads_the_catalogue(translate):
    po = pytest.importorskip("translate.storage.po")
    long = "A long text " * 20 + 'with\ttabs, \\ and "quotes"\nand a second line'
    source = long.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    written = translate("a.po", f'msgid "{source}"\nmsgstr ""\n', {long: long.upper()})
    [unit] = po.pofile.parsestring(written.encode()).units
    assert (str(unit.source), str(unit.target)) == (long, long.upper())
    assert max(map(len, written.splitlines()[1:])) <= 80


@pytest.mark.parametrize("content", [b"Hello", b'"stray"', b'msgid "a', b'msgid "a"\nmsgstr "b" "c"'])
def test_what_is_no_catalogue_is_refused(content):
    with pytest.raises(InputError, match=r"line [12] is not one of a gettext catalogue"):
        read_document("a.po", content)


def test_a_catalogue_in_another_encoding_is_refused():
    with pytest.raises(InputError, match="in ISO-8859-1; convert it"):
        read_document("a.po", b'msgid ""\nmsgstr "Content-Type: text/plain; charset=ISO-8859-1\\n"\n')


def test_html(translate):
    page = '<p class="a">Click <b>here</b> &amp; wait.</p><script>let a = "b"</script>'
    document = read_document("a.html", page.encode())
    [unit] = document.units
    german = unit.replace("Click ", "Klick ").replace("here", "hier").replace("wait", "warte")
    written = document.write([german]).decode()
    assert written == page.replace("Click", "Klick").replace("here", "hier").replace("wait", "warte")


PAGE = """<!DOCTYPE html>
<html lang="en-US"><head><title>Tea &amp; cake</title>
<meta name="description" content="About tea"><meta name="author" content="May">
</head><body>
<p xml:lang='en'>Drink <a href="tea.html" title="More">tea</a>.</p><img src="a.png" alt="A cup">
<p lang="fr">Thé</p><p lang=en translate=no title="Name">Tea</p>
</body></html>
"""


def test_a_page_with_its_attributes(translate):
    german = {
        "About tea": 'Über "Tee"', "More": "Mehr", "A cup": "Eine Tasse",
        "Tea & cake": "Tee & Kuchen", f"Drink {opening(0)}tea{closing(0)}.": f"{opening(0)}Tee{closing(0)} trinken.",
        "Thé": "Thé",
    }  # fmt: skip
    assert (
        translate("a.html", PAGE, german)
        == """<!DOCTYPE html>
<html lang="de"><head><title>Tee &amp; Kuchen</title>
<meta name="description" content="Über &quot;Tee&quot;"><meta name="author" content="May">
</head><body>
<p xml:lang='de'><a href="tea.html" title="Mehr">Tee</a> trinken.</p><img src="a.png" alt="Eine Tasse">
<p lang="fr">Thé</p><p lang=en translate=no title="Name">Tea</p>
</body></html>
"""
    )
