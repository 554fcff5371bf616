"""OpenDocument and EPUB."""

import io
import zipfile

import pytest
from lxml import etree

from translator.documents import read_document
from translator.errors import InputError
from translator.text.stand_ins import closing, lone, opening

O0, C0, O1, C1, W0 = opening(0), closing(0), opening(1), closing(1), lone(0)
NAMESPACES = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:draw="urn:draw"'
)


def archive(parts: dict[str, str]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as file:
        for name, part in parts.items():
            file.writestr(name, part)
    return written.getvalue()


def parts(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        return {name: file.read(name) for name in file.namelist()}


def odt(body: str) -> bytes:
    mimetype = {"mimetype": "application/vnd.oasis.opendocument.text"}
    return archive(mimetype | {"content.xml": f"<office:text {NAMESPACES}>{body}</office:text>"})


@pytest.mark.parametrize(
    ("body", "unit", "german", "expected"),
    [
        ("<text:p>£120</text:p>", "£120", "120 £", "<text:p>120 £</text:p>"),
        ("<text:p>One  \n two</text:p>", "One two", "Eins zwei", "<text:p>Eins zwei</text:p>"),
        (
            '<text:h>Read <text:span text:style-name="T1">this</text:span> now</text:h>',
            f"Read {O0}this{C0} now",
            f"Jetzt {O0}dies{C0} lesen",
            '<text:h>Jetzt <text:span text:style-name="T1">dies</text:span> lesen</text:h>',
        ),
        (
            "<text:p>a<text:tab/>b <text:s/>c<text:line-break/>d</text:p>",
            "a\tb  c\nd",
            "w\tx  y\nz",
            '<text:p>w<text:tab/>x <text:s text:c="1"/>y<text:line-break/>z</text:p>',
        ),
        (
            "<text:p>Page <text:page-number>3</text:page-number> of<text:bookmark/> it</text:p>",
            f"Page {W0} of{O0}{C0} it",
            f"Von ihm{O0}{C0} Seite {W0}",
            "<text:p>Von ihm<text:bookmark/> Seite <text:page-number>3</text:page-number></text:p>",
        ),
        (
            "<text:p>a <text:a><text:span>b</text:span> c</text:a></text:p>",
            f"a {O0}{O1}b{C1} c{C0}",
            f"{O0}c {O1}b{C1}{C0} a",
            "<text:p><text:a>c <text:span>b</text:span></text:a> a</text:p>",
        ),
    ],
)
def test_paragraphs(body, unit, german, expected):
    content = odt(body)
    document = read_document("a.odt", content)
    assert document.units == [unit]
    assert parts(document.write(document.units)) == parts(content)
    written = parts(document.write([german]))
    assert list(written) == ["mimetype", "content.xml"]
    wanted = etree.fromstring(f"<office:text {NAMESPACES}>{expected}</office:text>")
    assert etree.tostring(etree.fromstring(written["content.xml"]), method="c14n") == etree.tostring(
        wanted, method="c14n"
    )


@pytest.mark.parametrize(
    ("marks", "german"),
    [
        ('fo:language="en" fo:country="US"', 'fo:language="de" fo:country="DE"'),
        ('fo:language="en" fo:country="none"', 'fo:language="de" fo:country="none"'),
        (
            'fo:language="en" fo:country="GB" s:rfc-language-tag="en-GB-oxendict"',
            'fo:language="de" fo:country="DE"',
        ),
        ('fo:language="fr" fo:country="FR"', 'fo:language="fr" fo:country="FR"'),
    ],
)
def test_a_translated_text_is_marked_as_german(marks, german):
    namespaces = (
        'xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0" '
        'xmlns:s="urn:oasis:names:tc:opendocument:xmlns:style:1.0"'
    )
    styles = f"<office:styles {NAMESPACES} {namespaces}><s:text-properties {{}}/></office:styles>"
    body = f"<office:text {NAMESPACES}><text:p>One</text:p></office:text>"
    content = archive({"content.xml": body, "styles.xml": styles.format(marks)})
    document = read_document("a.odt", content)
    assert parts(document.write(["One"])) == parts(content)
    written = etree.fromstring(parts(document.write(["Eins"]))["styles.xml"])
    assert etree.tostring(written).decode() == styles.format(german)


def test_notes_are_units_and_stay_in_place():
    content = odt(
        "<text:p>Text<text:note><text:note-body><text:p>Note</text:p></text:note-body></text:note>.</text:p>"
    )
    document = read_document("a.odt", content)
    assert document.units == [f"Text{O0}{C0}.", "Note"]
    written = etree.fromstring(parts(document.write([f"Wort{O0}{C0}.", "Fußnote"]))["content.xml"])
    assert "".join(written.itertext()) == "WortFußnote."


def test_runs_of_spaces_are_bounded():
    [unit] = read_document("a.odt", odt('<text:p>a<text:s text:c="1000000000"/>b</text:p>')).units
    assert len(unit) == 1002
    with pytest.raises(InputError, match="cannot be read"):
        read_document("a.odt", odt('<text:p>a<text:s text:c="many"/>b</text:p>'))


def test_more_tags_than_there_are_stand_ins_are_refused():
    with pytest.raises(InputError, match="cannot be read: tag 16384"):
        read_document("a.odt", odt(f"<text:p>a{'<text:bookmark/>' * 16_385}</text:p>"))


def test_protected_documents_are_refused():
    content = archive({"content.xml": "x", "META-INF/manifest.xml": "<m:encryption-data/>"})
    with pytest.raises(InputError, match="password"):
        read_document("a.odt", content)
    with pytest.raises(InputError, match=r"no part content\.xml"):
        read_document("a.odt", archive({"a": "b"}))


def test_chapters_of_a_book():
    page = '<html xmlns="http://www.w3.org/1999/xhtml"><body><p>One <i>two</i><br/></p></body></html>'
    chapter = f'<?xml version="1.0"?>\n{page}'
    content = archive(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": "<c/>",
            "b.xhtml": chapter,
            "c.css": "p {}",
        }
    )
    document = read_document("a.epub", content)
    [unit] = document.units
    assert parts(document.write(document.units)) == parts(content)
    written = parts(document.write([unit.replace("One", "Eins").replace("two", "zwei")]))
    expected = chapter.replace("One", "Eins").replace("two", "zwei")
    assert written == parts(content) | {"b.xhtml": expected.encode()}
    with pytest.raises(InputError, match="no part META-INF"):
        read_document("a.epub", archive({"b.xhtml": chapter}))


def book(**changed: str) -> bytes:
    package = (
        '<?xml version="1.0"?>\n<package xmlns="http://www.idpf.org/2007/opf" xml:lang="en-US">\n'
        '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title id="t">Red &amp; blue</dc:title>'
        "<dc:creator>May Green</dc:creator><dc:description>A book of 1,000 days</dc:description>"
        "<dc:language>en-GB</dc:language><dc:language>fr</dc:language></metadata></package>"
    )
    contents = (
        '<?xml version="1.0"?>\n<!DOCTYPE ncx PUBLIC "-//NISO//DTD ncx 2005-1//EN" "http://x.org/ncx.dtd">\n'
        '<ncx xml:lang="en"><docTitle><text>Red &amp; blue</text></docTitle>'
        "<docAuthor><text>May Green</text></docAuthor>"
        '<navMap><navPoint id="a"><navLabel><text>Sea</text></navLabel>'
        '<content src="a.xhtml"/></navPoint></navMap></ncx>'
    )
    nav = '<html lang="en"><head><title>Red</title></head><body><nav><ol><li><a href="a.xhtml">Sea</a></li></ol></nav>'
    named = {"META-INF/container.xml": "<c/>", "a.opf": package, "toc.ncx": contents, "nav.xhtml": nav}
    return archive(named | changed)


def test_titles_and_tables_of_contents_of_a_book():
    content = book()
    document = read_document("a.epub", content)
    assert document.units == [
        "Red & blue", "A book of 1,000 days", "Red & blue", "Sea", "Red", f"{O0}Sea{C0}",
    ]  # fmt: skip
    # Without a new text, the book is not marked as German.
    assert parts(document.write(document.units)) == parts(content)
    german = ["Rot & <Blau>", "Ein Buch von 1.000 Tagen", "Rot & Blau", "Meer", "Rot", f"{O0}Meer{C0}"]
    written = {name: part.decode() for name, part in parts(document.write(german)).items()}
    old = {name: part.decode() for name, part in parts(content).items()}
    assert written["a.opf"] == (
        old["a.opf"]
        .replace('xml:lang="en-US"', 'xml:lang="de"')
        .replace("Red &amp; blue", "Rot &amp; &lt;Blau&gt;")
        .replace("A book of 1,000 days", "Ein Buch von 1.000 Tagen")
        .replace(">en-GB<", ">de<")
    )
    assert written["toc.ncx"] == (
        old["toc.ncx"]
        .replace('xml:lang="en"', 'xml:lang="de"')
        .replace("Red &amp; blue", "Rot &amp; Blau")
        .replace("Sea", "Meer")
    )
    assert written["nav.xhtml"] == (
        old["nav.xhtml"].replace('lang="en"', 'lang="de"').replace("Red", "Rot").replace("Sea", "Meer")
    )


def test_a_book_is_marked_as_german_if_only_a_chapter_changes():
    document = read_document("a.epub", book())
    german = [*document.units[:-1], f"{O0}Meer{C0}"]
    written = parts(document.write(german))
    assert b"<dc:language>de</dc:language>" in written["a.opf"]
    assert b"Red &amp; blue" in written["a.opf"]


def test_a_damaged_part_of_a_book_is_named():
    with pytest.raises(InputError, match=r"toc\.ncx in the book: the file is not well-formed XML"):
        read_document("a.epub", book(**{"toc.ncx": "<ncx>"}))
