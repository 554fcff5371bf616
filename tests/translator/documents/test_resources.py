"""XLIFF, TMX, RESX, properties, strings and YAML; read back by the libraries of their fields."""

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from translate.storage import properties, resx, tmx, xliff

from translator.documents import read_document
from translator.errors import InputError
from translator.text.stand_ins import closing, lone, opening

O0, C0, W0, W1 = opening(0), closing(0), lone(0), lone(1)

XLIFF = """<?xml version="1.0" encoding="UTF-8"?>
<xliff version='1.2' xmlns="urn:oasis:names:tc:xliff:document:1.2">
  <file source-language="en" target-language="de" datatype="plaintext" original="a.txt"><body>
    <trans-unit id="1">
      <source>Salt &amp; <g id="1">pepper</g></source>
      <note>Source</note>
    </trans-unit>
    <trans-unit id="2"><source>Open <x id="7"/> <bpt id="2">&lt;b></bpt>it</source><target  state="new"/></trans-unit>
    <trans-unit id="3"><source>Old</source><target>Alt</target></trans-unit>
    <trans-unit id="4"><source>Copy</source><target>Copy</target></trans-unit>
    <trans-unit id="5" translate="no"><source>Never</source></trans-unit>
  </body></file>
</xliff>
"""


def test_segments_of_xliff_without_a_target_get_one():
    document = read_document("a.xlf", XLIFF.encode())
    assert document.units == [f"Salt & {O0}pepper{C0}", f"Open {W0} {W1}it", "Copy"]
    written = document.write([f"{O0}Pfeffer{C0} & <Salz>", f"{W1}Es {W0} öffnen", "Kopie"]).decode()
    expected = (
        XLIFF.replace(
            "</g></source>\n",
            '</g></source>\n      <target><g id="1">Pfeffer</g> &amp; &lt;Salz&gt;</target>\n',
        )
        .replace(
            '<target  state="new"/>',
            '<target  state="new"><bpt id="2">&lt;b></bpt>Es <x id="7"/> öffnen</target>',
        )
        .replace("<target>Copy</target>", "<target>Kopie</target>")
    )
    assert written == expected
    units = xliff.xlifffile.parsestring(written.encode()).units
    assert [str(unit.target) for unit in units if unit.target][2:4] == ["Alt", "Kopie"]


@pytest.mark.parametrize(
    ("attributes", "written"),
    [
        ('source-language="en"', 'target-language="de" source-language="en"'),
        ('source-language="en" target-language="de-AT"', 'source-language="en" target-language="de-AT"'),
        ('datatype="html"', 'datatype="html"'),
    ],
)
def test_xliff_gets_its_target_language(attributes, written):
    text = f"<xliff><file {attributes}><trans-unit><source>Hi</source>{{}}</trans-unit></file></xliff>"
    document = read_document("a.xlf", text.format("").encode())
    expected = text.replace(attributes, written).format("<target>Hallo</target>")
    assert document.write(["Hallo"]).decode() == expected
    # Nothing to fill in, nothing to declare.
    done = text.format("<target>Hallo</target>").encode()
    assert read_document("a.xlf", done).write([]) == done


def test_xliff_2_and_prefixes():
    text = '<x:xliff srcLang="en" xmlns:x="urn:oasis:names:tc:xliff:document:2.0">'
    text += "<x:unit><x:segment><x:source>Hi</x:source></x:segment></x:unit></x:xliff>"
    document = read_document("a.xliff", text.encode())
    assert document.units == ["Hi"]
    expected = text.replace("</x:source>", "</x:source><x:target>Hallo</x:target>")
    assert document.write(["Hallo"]).decode() == expected.replace(" srcLang", ' trgLang="de" srcLang')


def test_units_of_tmx_without_german_get_it():
    text = """<?xml version="1.0"?>
<tmx version="1.4"><header/><body>
  <tu><tuv xml:lang="en-US"><seg>Hello</seg></tuv></tu>
  <tu><tuv xml:lang="EN"><seg>Yes</seg></tuv><tuv xml:lang="de"><seg>Ja</seg></tuv></tu>
  <tu><tuv xml:lang="fr"><seg>Non</seg></tuv></tu>
</body></tmx>"""
    document = read_document("a.tmx", text.encode())
    assert document.units == ["Hello"]
    written = document.write(["Hallo"])
    assert written.decode() == text.replace(
        "<seg>Hello</seg></tuv>", '<seg>Hello</seg></tuv><tuv xml:lang="de"><seg>Hallo</seg></tuv>'
    )
    assert str(tmx.tmxfile.parsestring(written).units[0].gettarget("de")) == "Hallo"


def test_strings_of_resx():
    text = """<?xml version="1.0" encoding="utf-8"?>
<root>
  <resheader name="version"><value>2.0</value></resheader>
  <data name="A" xml:space="preserve">
    <value>Tom &amp; Jerry</value>
    <comment>Names</comment>
  </data>
  <data name="B" type="System.Drawing.Point"><value>Middle</value></data>
  <data name="&gt;&gt;b.Name" xml:space="preserve"><value>button</value></data>
</root>
"""
    document = read_document("a.resx", text.encode())
    assert document.units == ["Tom & Jerry"]
    assert document.write(document.units) == text.encode()
    written = document.write(["Jerry & Tom"])
    assert written == text.replace("Tom &amp; Jerry", "Jerry &amp; Tom").encode()
    assert "Jerry & Tom" in [unit.source for unit in resx.RESXFile.parsestring(written).units]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.xlf", b"<xliff>", "not well-formed"),
        ("a.xlf", b"Hello", "root is missing, not xliff"),
        ("a.xlf", b"<root/>", "root is root, not xliff"),
        (
            "a.resx",
            b'<?xml version="1.0" encoding="latin-1"?><root/>',
            "in latin-1; save it as UTF-8",
        ),
        ("a.yaml", b"a: [", "not YAML"),
        ("a.yaml", b"[" * 5000, "not YAML"),
    ],
)
def test_what_cannot_be_read_is_refused(name, content, message):
    with pytest.raises(InputError, match=message):
        read_document(name, content)


def test_entities_are_neither_loaded_nor_expanded():
    text = '<!DOCTYPE r [<!ENTITY e SYSTEM "file:///etc/passwd"><!ENTITY f "long">]><xliff><trans-unit>'
    text += "<source>Hi &e;&f;</source></trans-unit></xliff>"
    assert read_document("a.xlf", text.encode()).units == [f"Hi {W0}{W1}"]


def test_properties(translate):
    text = (
        "# comment\n! other\nkey = Value one\nlong.key : A very long \\\n    value\n\nempty=\nnumber=5\n"
        "uni=caf\\u00e9\ntwo Two\n"
    )
    german = {"Value one": "Wert ä", "A very long value": "Ein langer", "café": "Café", "Two": "Zwei\nZeilen"}
    written = translate("a.properties", text, german)
    assert written == (
        "# comment\n! other\nkey = Wert \\u00e4\nlong.key : Ein langer\n\nempty=\nnumber=5\nuni=Caf\\u00e9\n"
        "two Zwei\\nZeilen\n"
    )
    units = properties.javafile.parsestring(written.encode()).units
    assert {unit.name: str(unit.source) for unit in units}["key"] == "Wert ä"


def test_properties_keep_their_encoding():
    for encoding in ("utf-8", "latin-1"):
        document = read_document("a.properties", "a=Café\n".encode(encoding))
        assert document.units == ["Café"]
        assert document.write(["Käse €"]) == (
            "a=Käse €\n".encode() if encoding == "utf-8" else b"a=K\\u00e4se \\u20ac\n"
        )


def test_apple_strings(translate):
    text = '/* "no" = "No"; */\n// "x" = "y";\n"key" = "Say \\"hi\\"\\n";\nplain = "One %@";\n'
    written = translate("a.strings", text, {'Say "hi"\n': 'Sag "hallo"\n', "One %@": "Ein %@"})
    assert written == text.replace("Say", "Sag").replace("hi", "hallo").replace("One", "Ein")


YAML = """# comment
en:
    title:   "Hello"   # trailing
    plain: Good day
    quoted: 'It''s'
    text: >
        Folded
        text

        and more
    code: |-
        Line one
        Line two
    list: [First, 2, true, null, "3"]
    anchor: &a Shared
    alias: *a
---
Second
"""


def test_strings_of_yaml(translate):
    german = {
        "Hello": "Hallo",
        "Good day": "Guten Tag: ja",
        "It's": "Es ist's",
        "Folded text\nand more": "Gefaltet\nund mehr",
        "Line one\nLine two": "Zeile eins\nZeile zwei",
        "First": "Erstens",
        "Shared": "yes",
        "Second": "Zweites",
    }
    written = translate("a.yaml", YAML, german)
    expected = YAML
    for before, after in {
        '"Hello"': '"Hallo"',
        "Good day": '"Guten Tag: ja"',
        "'It''s'": "'Es ist''s'",
        "Folded\n        text": "Gefaltet",
        "and more": "und mehr",
        "Line one": "Zeile eins",
        "Line two": "Zeile zwei",
        "First": "Erstens",
        "Shared": '"yes"',
        "Second": "Zweites",
    }.items():
        expected = expected.replace(before, after)
    assert written == expected
    first, second = yaml.safe_load_all(written)
    assert (first["en"]["alias"], first["en"]["plain"], second) == ("yes", "Guten Tag: ja", "Zweites")


TEXTS = st.text("ab:#-[]{}'\"\\\n ,&*!|>%@`äE1. \t", min_size=1, max_size=12)


@given(TEXTS)
@example("1\t1")
def test_any_translation_in_any_style_of_yaml_reads_as_itself(text):
    source = "a: Word\nb: 'Word'\nc: \"Word\"\nd: [Word, {e: Word}]\n"
    document = read_document("a.yaml", source.encode())
    found = yaml.safe_load(document.write([text] * len(document.units)).decode())
    assert found == {"a": text, "b": text, "c": text, "d": [text, {"e": text}]}


@given(TEXTS.filter(lambda text: any(map(str.isalpha, text))))
def test_any_translation_of_properties_reads_as_itself(text):
    written = read_document("a.properties", b"a=Word\nb=5\n").write([text])
    assert read_document("a.properties", written).units == [text]
    assert written.endswith(b"\nb=5\n")
    assert written.isascii()
