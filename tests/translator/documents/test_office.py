"""Word, PowerPoint and Excel: read back by python-docx, python-pptx and openpyxl."""

import io
import zipfile
from collections.abc import Callable, Iterable
from typing import Any

import docx
import openpyxl
import pptx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from lxml import etree
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.formatting.rule import FormulaRule
from openpyxl.styles import Font
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.table import Table
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE

from translator.documents import read_document
from translator.errors import InputError, InputTooLong
from translator.text.stand_ins import closing, lone, opening

O0, C0, O1, C1, W0 = opening(0), closing(0), opening(1), closing(1), lone(0)


def saved(document: Any) -> bytes:
    content = io.BytesIO()
    document.save(content)
    return content.getvalue()


def parts(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def with_parts(content: bytes, changed: dict[str, bytes]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in (parts(content) | changed).items():
            archive.writestr(name, part)
    return written.getvalue()


def paragraph(content: str) -> bytes:
    """A Word document with one paragraph of this XML."""
    document = docx.Document()
    document.element.body.insert(
        0, parse_xml(f"<w:p {nsdecls('w', 'r')}><w:pPr><w:jc w:val='left'/></w:pPr>{content}</w:p>")
    )
    return saved(document)


def run(text: str, *properties: str) -> str:
    looks = f"<w:rPr>{''.join(f'<w:{one}/>' for one in properties)}</w:rPr>" if properties else ""
    return f"<w:r w:rsidR='00A'>{looks}<w:t xml:space='preserve'>{text}</w:t></w:r>"


def translated(name: str, content: bytes, german: Iterable[str]) -> bytes:
    """Translate a document; without a change, all parts must stay as they are."""
    document = read_document(name, content)
    assert parts(document.write(document.units)) == parts(content)
    assert document.write(document.units) == document.write(document.units)  # reading again gives the same
    return document.write(list(german))


def plain(content: bytes) -> list[tuple[str, bool]]:
    """The runs of the first paragraph, and whether each is bold."""
    return [(run.text, bool(run.bold)) for run in docx.Document(io.BytesIO(content)).paragraphs[0].runs]


@pytest.mark.parametrize(
    ("xml", "unit", "german", "runs"),
    [
        (run("One") + run(" two"), "One two", "Eins zwei", [("Eins zwei", False)]),
        (
            run("Read ") + run("th", "b") + "<w:proofErr w:type='gramEnd'/>" + run("is", "b", "noProof") + run(" now"),
            f"Read {O0}this{C0} now",
            f"Jetzt {O0}dies{C0} lesen",
            [("Jetzt ", False), ("dies", True), (" lesen", False)],
        ),
        (run("A", "b") + run(" long text"), f"{O0}A{C0} long text", f"Text {O0}B{C0}", [("Text ", False), ("B", True)]),
        ("<w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t></w:r>", "a\tb\nc", "x\ty\nz", [("x\ty\nz", False)]),
        (
            run("See page ") + "<w:fldSimple w:instr='PAGE'><w:r><w:t>3</w:t></w:r></w:fldSimple>" + run(" of it"),
            f"See page {W0} of it",
            f"{W0} ist die Seite",
            [(" ist die Seite", False)],
        ),
        (
            "<w:bookmarkStart w:id='1' w:name='b'/>" + run("a") + "<w:bookmarkEnd w:id='1'/>" + run("b c"),
            f"a{O0}{C0}b c",
            f"x{O0}{C0}y z",
            [("x", False), ("y z", False)],
        ),
    ],
)  # fmt: skip
def test_runs_are_inline_tags(xml, unit, german, runs):
    content = paragraph(xml)
    assert read_document("a.docx", content).units == [unit]
    assert plain(translated("a.docx", content, [german])) == runs


def document_xml(content: bytes) -> etree._Element:
    return etree.fromstring(parts(content)["word/document.xml"])


def test_links_and_fields_enclose_their_words():
    link = f"<w:hyperlink r:id='rId9'>{run('here')}</w:hyperlink>"
    field = (
        "<w:r><w:fldChar w:fldCharType='begin'/></w:r><w:r><w:instrText> HYPERLINK \"x\" </w:instrText></w:r>"
        f"<w:r><w:fldChar w:fldCharType='separate'/></w:r>{run('there')}<w:r><w:fldChar w:fldCharType='end'/></w:r>"
    )
    content = paragraph(run("Click ") + link + run(" or ") + field + run("."))
    unit = f"Click {O0}here{C0} or {O1}there{C1}."
    assert read_document("a.docx", content).units == [unit]
    written = document_xml(translated("a.docx", content, [f"{O1}Dort{C1} oder {O0}hier{C0} klicken."]))
    names = [
        etree.QName(one).localname
        for one in written.find("{*}body/{*}p").iter()
        if one.tag is not etree.Comment
    ]
    expected = [
        "p", "pPr", "jc", "r", "fldChar", "r", "instrText", "r", "fldChar", "r", "t", "r", "fldChar", "r", "t",
        "hyperlink", "r", "t", "r", "t",
    ]  # fmt: skip
    assert names == expected
    assert "".join(written.find("{*}body/{*}p").itertext("{*}t")) == "Dort oder hier klicken."
    assert written.findtext("{*}body/{*}p/{*}hyperlink/{*}r/{*}t") == "hier"


def test_all_texts_of_a_word_document_are_units():
    document = docx.Document()
    document.add_heading("Title", 1)
    document.add_paragraph("Item", style="List Bullet")
    table = document.add_table(1, 2)
    table.cell(0, 0).text, table.cell(0, 1).text = "Cell", "12.5"
    document.sections[0].header.paragraphs[0].text = "Head"
    document.sections[0].footer.paragraphs[0].text = "Foot"
    commented = document.add_paragraph("Remarked")
    document.add_comment(commented.runs, "Remark", author="A")
    content = saved(document)
    german = {
        "Title": "Titel", "Item": "Punkt", "Cell": "Zelle", "12.5": "12,5", "Remarked": "Angemerkt", "Head": "Kopf",
        "Foot": "Fuß", "Remark": "Anmerkung",
    }  # fmt: skip
    units = read_document("a.docx", content).units
    assert sorted(units) == sorted(german)
    written = docx.Document(io.BytesIO(translated("a.docx", content, [german[unit] for unit in units])))
    assert [one.text for one in written.paragraphs] == ["Titel", "Punkt", "Angemerkt"]
    assert [one.style.name for one in written.paragraphs] == ["Heading 1", "List Bullet", "Normal"]
    assert [cell.text for cell in written.tables[0].rows[0].cells] == ["Zelle", "12,5"]
    assert written.sections[0].header.paragraphs[0].text == "Kopf"
    assert [comment.text for comment in written.comments] == ["Anmerkung"]


def languages(element: etree._Element) -> list[str | None]:
    return [one.get(f"{{{element.nsmap['w']}}}val") for one in element.iter("{*}lang")]


def test_a_translated_word_document_is_marked_as_german():
    content = paragraph(
        "<w:r><w:rPr><w:lang w:val='en-GB'/></w:rPr><w:t>One </w:t></w:r>"
        "<w:r><w:rPr><w:lang w:val='fr-FR'/></w:rPr><w:t>deux</w:t></w:r>"
        "<w:r><w:rPr><w:i/><w:lang w:val='fr-FR'/></w:rPr><w:t> trois</w:t></w:r>"
    )
    styles = etree.fromstring(parts(content)["word/styles.xml"])
    assert languages(styles) == ["en-US"]  # python-docx's template
    written = translated("a.docx", content, [f"Eins zwei {O0}trois{C0}"])  # an echo changes no mark either
    assert languages(document_xml(written)) == ["de-DE", "fr-FR"]
    assert languages(etree.fromstring(parts(written)["word/styles.xml"])) == ["de-DE"]


def test_a_translated_presentation_is_marked_as_german():
    presentation = pptx.Presentation()
    for text, language in (("One", "en-US"), ("Deux", "fr-FR")):
        slide = presentation.slides.add_slide(presentation.slide_layouts[5])
        slide.shapes.title.text = text
        slide.shapes.title.text_frame.paragraphs[0].runs[0]._r.get_or_add_rPr().set("lang", language)
    content = saved(presentation)
    assert b'lang="en-US"' in parts(content)["ppt/presentation.xml"]  # python-pptx's template
    written = parts(translated("a.pptx", content, ["Eins", "Deux"]))
    assert b'lang="en-US"' not in written["ppt/presentation.xml"]
    assert b'lang="de-DE"' in written["ppt/slides/slide1.xml"]
    assert written["ppt/slides/slide2.xml"] == parts(content)["ppt/slides/slide2.xml"]


def test_text_boxes_stay_in_their_paragraphs():
    box = f"<w:pict><w:txbxContent><w:p>{run('Inner text')}</w:p></w:txbxContent></w:pict>"
    content = paragraph(run("Before ") + f"<w:r>{box}</w:r>" + run("after"))
    units = read_document("a.docx", content).units
    assert units == [f"Before {O0}{C0}after", "Inner text"]
    written = document_xml(translated("a.docx", content, [f"Davor {O0}{C0}danach", "Innerer Text"]))
    assert [one.text for one in written.iter("{*}t")] == ["Davor ", "Innerer Text", "danach"]
    assert written.findtext("{*}body/{*}p/{*}r/{*}pict/{*}txbxContent/{*}p/{*}r/{*}t") == "Innerer Text"


def test_deleted_text_stays_and_inserted_text_is_translated():
    content = paragraph(
        f"<w:del w:id='1' w:author='A'><w:r><w:delText>Old</w:delText></w:r></w:del>{run('Good ')}"
        f"<w:ins w:id='2' w:author='A'>{run('new text')}</w:ins>"
    )
    assert read_document("a.docx", content).units == [f"Good {O0}new text{C0}"]
    written = document_xml(translated("a.docx", content, [f"Guter {O0}neuer Text{C0}"]))
    assert written.findtext("{*}body/{*}p/{*}del/{*}r/{*}delText") == "Old"
    assert written.findtext("{*}body/{*}p/{*}ins/{*}r/{*}t") == "neuer Text"


def test_slides_and_notes():
    presentation = pptx.Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[1])
    slide.shapes.title.text = "First\vsecond"
    frame = slide.placeholders[1].text_frame
    for text, is_italic in (("It is ", False), ("very", True), (" good", False)):
        added = frame.paragraphs[0].add_run()
        added.text, added.font.italic = text, is_italic
    slide.notes_slide.notes_text_frame.text = "Note"
    table = slide.shapes.add_table(1, 1, 0, 0, 1, 1).table
    table.cell(0, 0).text = "Cell"
    content = saved(presentation)
    units = read_document("a.pptx", content).units
    assert units == ["First\nsecond", f"It is {O0}very{C0} good", "Cell", "Note"]
    german = ["Erste\nzweite", f"{O0}Sehr{C0} gut ist es", "Zelle", "Notiz"]
    written = pptx.Presentation(io.BytesIO(translated("a.pptx", content, german))).slides[0]
    assert written.shapes.title.text == "Erste\vzweite"
    runs = written.placeholders[1].text_frame.paragraphs[0].runs
    assert [(one.text, bool(one.font.italic)) for one in runs] == [("Sehr", True), (" gut ist es", False)]
    assert written.shapes[2].table.cell(0, 0).text == "Zelle"
    assert written.notes_slide.notes_text_frame.text == "Notiz"


def workbook() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["Fruit", "Price", "Sum"])
    sheet.append(["Red apples", 1.5, "=B2*2"])
    sheet.append([" two\nlines ", '=IF(A2="x",1,2)', "12.5"])
    sheet["A2"].font = Font(bold=True)
    sheet["A2"].comment = Comment("Remark", "A")
    sheet["E1"], sheet["E2"] = "Heading", "Body"
    sheet.add_table(Table(displayName="T", ref="E1:E2"))
    chart = BarChart()
    chart.title = "Chart title"
    chart.add_data(Reference(sheet, min_col=2, min_row=1, max_row=3))
    sheet.add_chart(chart, "G1")
    return saved(book)


def test_strings_of_a_workbook():
    content = workbook()
    german = {
        "Fruit": "Obst", "Price": "Preis", "Sum": "Summe", "Red apples": "Rote Äpfel", " two\nlines ": " zwei\nZeilen ",
        "Body": "Körper", "12.5": "12,5", "Remark": "Anmerkung", "Chart title": "Titel",
    }  # fmt: skip
    units = read_document("a.xlsx", content).units
    assert sorted(units) == sorted(german)
    changed = translated("a.xlsx", content, [german[unit] for unit in units])
    sheet = openpyxl.load_workbook(io.BytesIO(changed)).active
    assert [[cell.value for cell in row] for row in sheet["A1:C3"]] == [
        ["Obst", "Preis", "Summe"],
        ["Rote Äpfel", 1.5, "=B2*2"],
        [" zwei\nZeilen ", '=IF(A2="x",1,2)', "12,5"],
    ]
    assert [sheet["E1"].value, sheet["E2"].value] == ["Heading", "Körper"]
    assert sheet["A2"].font.bold
    assert sheet["A2"].comment.text == "Anmerkung"
    assert b"Titel" in parts(changed)["xl/charts/chart1.xml"]
    assert set(parts(changed)) == set(parts(content))


def test_cells_with_texts_that_formulas_quote_stay_but_comments_do_not():
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["Open", "closed ", "Red", "Big", "Blue", "Open door"])
    sheet.append(['=IF(A1="open","Yes, ""sir""","No")', 'Yes, "sir"', "no", "Tom", "Green", "Note"])
    choices = DataValidation(type="list", formula1='"Open,Closed"')
    choices.add("A1")
    sheet.add_data_validation(choices)
    sheet.conditional_formatting.add("C1", FormulaRule(formula=['C1="red"']))
    sheet.auto_filter.ref = "D1:D2"
    sheet.auto_filter.add_filter_column(0, ["Big"])
    other = book.create_sheet("Other")
    other.append(["Tom", "Anna"])
    other["A2"] = '=COUNTIF(Sheet!D2,"Tom")'
    other["B1"].comment = Comment("Open", "A")
    content = saved(book)
    assert read_document("a.xlsx", content).units == ["Blue", "Open door", "Green", "Note", "Anna", "Open"]


def test_a_chart_shows_german_categories_and_series():
    presentation = pptx.Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[6])
    data = CategoryChartData()
    data.categories = ["Chairs", "2024"]
    data.add_series("Last year", (1, 2))
    slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, 0, 0, 1, 1, data)
    content = saved(presentation)
    document = read_document("a.pptx", content)
    assert document.units == ["Last year", "Chairs"]
    written = translated("a.pptx", content, ["Letztes Jahr", "Stühle"])
    chart = pptx.Presentation(io.BytesIO(written)).slides[0].shapes[0].chart
    assert list(chart.plots[0].categories) == ["Stühle", "2024"]
    assert [(one.name, tuple(one.values)) for one in chart.plots[0].series] == [("Letztes Jahr", (1.0, 2.0))]


def test_rich_text_of_a_cell():
    strings = (
        '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><r><t>A </t></r><r><rPr><b/></rPr>'
        "<t>bold</t></r><r><t> word</t></r></si></sst>"
    )
    content = with_parts(workbook(), {"xl/sharedStrings.xml": strings.encode()})
    document = read_document("a.xlsx", content)
    place = document.units.index(f"A {O0}bold{C0} word")
    german = [
        f"{O0}Fettes{C0} Wort" if number == place else unit for number, unit in enumerate(document.units)
    ]
    written = etree.fromstring(parts(document.write(german))["xl/sharedStrings.xml"])
    assert [(one.findtext("{*}t"), one.find("{*}rPr") is not None) for one in written.iter("{*}r")] == [
        ("Fettes", True), (" Wort", False),
    ]  # fmt: skip


def test_macros_and_unknown_parts_stay():
    content = with_parts(
        paragraph(run("Hello")), {"word/vbaProject.bin": b"\0macro", "custom/x.bin": b"\xff"}
    )
    written = parts(translated("a.docm", content, ["Hallo"]))
    assert written["word/vbaProject.bin"] == b"\0macro"
    assert written["custom/x.bin"] == b"\xff"


def test_archives_keep_their_order_and_compression():
    content = paragraph(run("Hello"))
    before, after = (
        [
            (part.filename, part.compress_type, part.date_time)
            for part in zipfile.ZipFile(io.BytesIO(one)).infolist()
        ]
        for one in (content, translated("a.docx", content, ["Hallo"]))
    )
    assert before == after


XXE = b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><w:document xmlns:w="x"><w:p>&e;</w:p></w:document>'


@pytest.mark.parametrize(
    ("name", "make", "message"),
    [
        ("a.docx", lambda: b"", "the file is empty, but a Word file never is"),
        ("a.docx", lambda: b"Hello", "no Word file, or is damaged"),
        ("a.docx", workbook, "no part word/document.xml"),
        ("a.xlsx", lambda: paragraph(run("a")), "no part xl/workbook.xml"),
        ("a.pptx", workbook, "no part ppt/presentation.xml"),
        ("a.xlsx", lambda: bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600), "password"),
        ("a.docx", lambda: with_parts(paragraph(""), {"word/document.xml": XXE}), "document type"),
        ("a.docx", lambda: with_parts(paragraph(""), {"word/document.xml": b"<a>"}), "not valid XML"),
        ("a.docx", lambda: with_parts(paragraph(""), {"word/document.xml": b"<a>" * 300}), "not valid XML"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused(name: str, make: Callable[[], bytes], message: str):
    with pytest.raises(InputError, match=message):
        read_document(name, make())


@pytest.mark.parametrize(
    ("limit", "bytes_"), [("_MAX_BYTES", 50_000), ("_MAX_PART_BYTES", 1_000), ("_MAX_PARTS", 5)]
)
def test_bombs_are_refused_before_they_are_unpacked(limit, bytes_, monkeypatch):
    monkeypatch.setattr(f"translator.documents.package.{limit}", bytes_)
    content = with_parts(paragraph(run("Hello")), {"word/media/image.png": bytes(50_000)})
    with pytest.raises(InputTooLong, match=f"the limit is {bytes_}"):
        read_document("a.docx", content)


def test_damaged_files_raise_nothing_else():
    content = workbook()
    for place in range(0, len(content), 97):
        damaged = bytearray(content)
        damaged[place] ^= 0x55
        try:
            document = read_document("a.xlsx", bytes(damaged))
            document.write([unit.upper() for unit in document.units])
        except InputError:
            pass
