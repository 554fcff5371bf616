"""HTML and XML as documents."""

from collections import Counter
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from tests.markup_samples import HOSTILE, MARKUP
from tests.time_limit import cpu_limit
from translator.errors import InputError
from translator.markup import MarkedUp, MarkupOptions, read_markup, read_text
from translator.markup.html_tokens import html_tokens
from translator.text.stand_ins import STAND_IN, closing, lone, opening, pair_of

XML = MarkupOptions("xml")


def shown(document: MarkedUp) -> list[str]:
    """The units, with `[0` and `]0` for pairs and `*` for words."""

    def show(stand_in: str) -> str:
        pair = pair_of(stand_in)
        return f"{']' if pair[1] else '['}{pair[0]}" if pair else "*"

    return [STAND_IN.sub(lambda match: show(match[0]), unit) for unit in document.units]


def in_capitals(document: MarkedUp) -> str:
    return document.write([unit.upper() for unit in document.units])


@pytest.mark.parametrize(
    ("markup", "units"),
    [
        ("<p>Good <b>day</b>.</p>", ["Good [0day]0."]),
        ("<p>One\n  two</p>\n<p>Three<br>four", ["One two", "Three", "four"]),
        ("foo <b> bar </b> baz", ["foo [0bar ]0baz"]),
        ("<ul><li>One<li>Two</ul>Three", ["One", "Two", "Three"]),
        ("<td>A</td> <th>B</th>12<p> – <br>", ["A", "B", "12"]),
        ("See <code>x<b>y</b></code>, <kbd>F1</kbd>.", ["See *, *."]),
        ("<pre>a</pre>b<script>c<p>d</script><style>e</style><textarea>f</textarea>", ["b"]),
        ('<p translate="no">a</p>b <i class="x notranslate">c <i>d</i></i> e', ["b * e"]),
        ("a <!-- c --> b<wbr>c", ["a [0]0b[1]1c"]),
        ("See <img src=x> here <img>there", ["See * here [0]0there"]),
        ("a <i class=icon></i> b", ["a * b"]),
        (
            "Here.<sup>1</sup> The <b>house</b><a href=x><sup>[2]</sup></a> is",
            ["Here.[0]0 The [1house]1[2]2 is"],
        ),
        ("“No”<sup>a</sup>, it says<sup>†</sup>", ["“No”[0]0, it says[1]1"]),
        ("5 m<sup>2</sup> of sin<sup>2</sup>", ["5 m[02]0 of sin[12]1"]),
        ("the 5<sup>th</sup> page <a href=x>1</a>", ["the 5[0th]0 page [11]1"]),
        ("<p><span><sup><a>1</a></sup>Once</span> a day</p>", ["[0[1]1Once]0 a day"]),
        ("<p><sup>14</sup>C is old, <b><sup>2</sup>Or</b></p>", ["[014]0C is old, [1[22]2Or]1"]),
        ("more<sup>see this</sup> x.<sup>1<br>2</sup>", ["more[0see this]0 x.[1]11", "2[0]0"]),
        ("<b>a <i>b</b> c</i>", ["[0a [1]1b]0 c[2]2"]),
        ("a &lt; b &amp; c &copy; &nbsp; &nosuch;", ["a < b & c ©\xa0&nosuch;"]),
        ("a &nbsp; b&nbsp;&nbsp;c&nbsp; d &nbsp;e &nbsp;", ["a\xa0b\xa0c\xa0d\xa0e\xa0"]),
        ("<title>a</title>b", ["b"]),
        (f"a{lone(0)}b{opening(5)}", ["a*b*"]),
        ("<a href=x>a", ["[0]0a"]),
        ("a<b", ["a[0]0"]),
        ("It is **fresh**, ||and *&lt;so*||", ["It is [0fresh]0, [1and [2<so]2]1"]),
        ("**a <b>b** c</b>", ["**a [0b** c]0"]),
        ("E&amp;xit <i>&amp;File</i>", ["E[0]0xit [1[2]2File]1"]),
        ("x&lt;b>y&lt;/b>&lt;p>", ["x[0y]0<p>"]),
        ("a <b>", ["a [0]0"]),
    ],
)
def test_units_of_html(markup: str, units: list[str]) -> None:
    document = read_markup(markup)
    assert shown(document) == units
    assert document.write(document.units) == markup


@pytest.mark.parametrize(
    ("markup", "units"),
    [
        ("You have <x id='7'></x> new <g>mails<br/></g>.", ["You have * new [0mails[1]1]0."]),
        ("<d><t>A <b>b</b></t>\n<t>B\n c</t></d>", ["A [0b]0", "B\n c"]),
        ("<d><t><b>A</b></t></d>", ["A"]),
        ("<b>A</b> c <i><u>B</u></i>", ["[0A]0 c [1[2B]2]1"]),
        ("a &nbsp; &foo; b<![CDATA[<x>]]>", ["a \xa0 * b[0]0"]),
        ("AT&T <b", ["AT&T [0]0"]),
        ("<br>a <b>c</b>", ["[0]0a [1c]1"]),
        ("<code>a</code> <p>b</p>", ["a", "b"]),
        ("a <x translate='no'>b</x>", ["a *"]),
    ],
)
def test_units_of_xml(markup: str, units: list[str]) -> None:
    document = read_markup(markup, XML)
    assert shown(document) == units
    assert document.write(document.units) == markup


@pytest.mark.parametrize(
    ("markup", "options", "units"),
    [
        ("<a>x</a> y", MarkupOptions("xml", splitting=frozenset("a")), ["x", " y"]),
        ("<a>x</a><b>y</b>", MarkupOptions("xml", non_splitting=frozenset("b")), ["x", "[0y]0"]),
        ("<a>x</a><b>y</b>", MarkupOptions("xml", finds_structure=False), ["[0x]0[1y]1"]),
        ("x <a>y</a>", MarkupOptions("xml", ignored=frozenset("a")), ["x *"]),
        ("<A>x</A> <a>y</a> z", MarkupOptions("xml", ignored=frozenset("a")), ["[0x]0 * z"]),
        ("x<br>y<p>z", MarkupOptions(non_splitting=frozenset(("br", "p"))), ["x[0]0y[1]1z"]),
        ("x <b>y</b> z", MarkupOptions(splitting=frozenset("b")), ["x", "y", "z"]),
        ("x <b>y</b> z", MarkupOptions(ignored=frozenset("b")), ["x * z"]),
    ],
)
def test_options(markup: str, options: MarkupOptions, units: list[str]) -> None:
    assert shown(read_markup(markup, options)) == units


def test_text_is_escaped() -> None:
    document = read_markup("<p>A <b>&amp;</b> b</p>")
    [unit] = document.units
    assert document.write([f"<{unit}> & &lt; \xa0"]) == "<p>&lt;A <b>&amp;</b> b&gt; &amp; &amp;lt; \xa0</p>"


@pytest.mark.parametrize(
    "entity", ["&nbsp;", "&copy;", "&#169;", "&lt;", "&amp;", "&mdash;", "&quot;", "&#x20AC;"]
)
def test_entities_stay_entities(entity: str) -> None:
    assert in_capitals(read_markup(f"<p>a {entity} b{entity}</p>")) == f"<p>A {entity} B{entity}</p>"


def test_a_character_that_is_more_frequent_than_its_entity() -> None:
    document = read_markup("a&nbsp;b")
    assert document.write(["\xa0x\xa0"]) == "&nbsp;x\xa0"


@pytest.mark.parametrize("text", ["AT&T", "a & b", "R&D", "a < b", "1<2", "a > b"])
def test_characters_that_need_no_escape_stay_as_they_are(text: str) -> None:
    assert in_capitals(read_markup(f"<p>{text}</p>")) == f"<p>{text.upper()}</p>"


@pytest.mark.parametrize(("text", "translation", "written"), [
    ("x & copy", "x &copy", "x &amp;copy"), ("a < b", "a <b", "a &lt;b"), ("a & b", "b &lt; a", "b &amp;lt; a"),
])  # fmt: skip
def test_characters_that_would_become_markup_are_escaped(text: str, translation: str, written: str) -> None:
    assert read_markup(text).write([translation]) == written


def test_the_markup_of_a_part() -> None:
    markup = "<p>A &amp; <b>b</b>\n c</p>"
    [part] = read_markup(markup).parts
    assert part.text == f"A & {opening(0)}b{closing(0)} c"
    assert markup[slice(*part.place(2, 7))] == "&amp; <b>b</b>"
    written = part.written(f"{opening(0)}x{closing(0)}&", 2, 7)
    assert written.text == "<b>x</b>&amp;"
    assert written.place(1, 2) == (3, 4)
    assert written.place(3, 4) == (8, 13)
    unchanged = part.written(part.text[2:7], 2, 7)
    assert unchanged.text == "&amp; <b>b</b>"
    assert unchanged.place(0, 1) == (0, 5)


def test_a_lone_surrogate_is_refused() -> None:
    with pytest.raises(InputError, match="surrogate"):
        read_markup("<p>\ud800</p>")


@given(MARKUP, st.sampled_from(["html", "xml"]))
def test_an_echo_is_the_identity(markup: str, format: str) -> None:
    document = read_markup(markup, MarkupOptions(format))
    assert document.write(document.units) == markup


def tags(markup: str) -> Counter[str]:
    return Counter(
        markup[one.start : one.end] for one in html_tokens(markup) if one.kind in ("start", "end", "other")
    )


@given(MARKUP)
def test_all_tags_are_kept(markup: str) -> None:
    assert tags(in_capitals(read_markup(markup))) == tags(markup)


WELL_FORMED = st.recursive(
    st.sampled_from(["Hello ", "we", " wait.", " &amp; ", "&lt;", "<br/>", "<!-- c -->", "é", '<x id="7"></x>', "\n"]),
    lambda inner: st.tuples(st.sampled_from(["b", "i", 'a href="?x&amp;y"', "p"]), st.lists(inner, max_size=4)).map(
        lambda one: f"<{one[0]}>{''.join(one[1])}</{one[0].split()[0]}>"
    ),
    max_leaves=20,
)  # fmt: skip


def elements(tree: ElementTree.Element) -> Counter[tuple[str, str]]:
    return Counter((one.tag, str(sorted(one.attrib.items()))) for one in tree.iter())


def text(tree: ElementTree.Element) -> str:
    return "".join(tree.itertext())


@given(WELL_FORMED)
def test_xml_stays_well_formed(markup: str) -> None:
    before = ElementTree.fromstring(f"<r>{markup}</r>")
    after = ElementTree.fromstring(f"<r>{in_capitals(read_markup(markup, XML))}</r>")
    assert elements(after) == elements(before)
    assert text(after) == text(before).upper()


@given(WELL_FORMED)
def test_html_has_the_same_elements(markup: str) -> None:
    def found(text: str) -> Counter[tuple[str, str]]:
        nodes = LexborHTMLParser(text).root.traverse()
        return Counter((node.tag, str(sorted(node.attributes.items()))) for node in nodes)

    assert found(in_capitals(read_markup(markup))) == found(markup)


@pytest.mark.slow
@pytest.mark.parametrize("markup", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("format", ["html", "xml"])
def test_hostile_input_takes_bounded_time(markup: str, format: str) -> None:
    with cpu_limit(5):
        document = read_markup(markup, MarkupOptions(format))
        assert document.write(document.units) == markup
        assert tags(in_capitals(document)) == tags(markup) or format == "xml"


def test_more_tags_than_stand_ins() -> None:
    markup = "<b>" * 20_000 + "x" + "</b>" * 20_000
    document = read_markup(markup)
    assert document.write(document.units) == markup
    assert in_capitals(document) == markup.replace("x", "X")


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("Good <b>day</b>.\n\n Good  night.", ["Good [0day]0.\n\n Good  night."]),
        ("This is **very _good_** and ~~old~~.", ["This is [0very [1good]1]0 and [2old]2."]),
        ("<p>One</p>\n<ul><li>Two <li>Three</ul>", ["One", "Two ", "Three"]),
        ("One<br>two<BR/>three", ["One", "two", "three"]),
        ("<b>Tom & Jerry</b> &amp; 2 < 3", ["[0Tom & Jerry]0 &amp; 2 < 3"]),
        ("<b>Hi</b> <name>, <i>x", ["[0Hi]0 <name>, <i>x"]),
        ("<b>One <i>two</b> three</i>", ["[0One <i>two]0 three</i>"]),
        ("<B>One</B> <code>x < y</code>", ["[0One]0 <code>x < y</code>"]),
    ],
)
def test_tags_in_plain_text(text: str, units: list[str]) -> None:
    document = read_text(text)
    assert document is not None
    assert shown(document) == units
    assert document.write(document.units) == text


def test_plain_text_is_written_without_entities() -> None:
    document = read_text("<b>One</b> & <two")
    assert document is not None
    [unit] = document.units
    assert document.write([unit.replace("One", "Q&A <1>")]) == "<b>Q&A <1></b> & <two"


@pytest.mark.parametrize(
    "text", ["", "One", "1 < 2", "2 * 3 * 4", "<name>", "</b>", "snake_case_name", "a &amp; b"]
)
def test_text_without_pairs_of_tags(text: str) -> None:
    assert read_text(text) is None


@given(st.text("ab <>/*_~&;\n.", max_size=40))
def test_any_text_comes_back_unchanged(text: str) -> None:
    document = read_text(text)
    assert document is None or document.write(document.units) == text


def test_emphasis_in_html() -> None:
    document = read_markup("<p>Buy **fresh** <i>milk</i>, 2*3 &amp; `**`")
    assert shown(document) == ["Buy [0fresh]0 [1milk]1, 2*3 & `**`"]
    assert document.write(document.units) == document.markup


def test_spaces_on_both_sides_of_what_has_no_width() -> None:
    document = read_markup("The <!--a--> house <![CDATA[b]]> is.", XML)
    assert shown(document) == ["The [0]0house [1]1is."]
    [unit] = document.units
    german = unit.replace("The", "Das").replace("house", "Haus").replace("is", "ist")
    assert document.write([german]) == "Das <!--a--> Haus <![CDATA[b]]> ist."
