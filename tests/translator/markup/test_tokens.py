"""Tokens of HTML and XML."""

from collections import Counter

import pytest
from hypothesis import given
from selectolax.lexbor import LexborHTMLParser

from tests.markup_samples import MARKUP
from translator.markup.html_tokens import html_tokens
from translator.markup.tokens import Token
from translator.markup.xml_tokens import xml_tokens


def shown(markup: str, tokens: list[Token]) -> list[tuple[str, str]]:
    return [(token.kind, markup[token.start : token.end]) for token in tokens]


@pytest.mark.parametrize(
    ("markup", "tokens"),
    [
        ("", []),
        ("a<b c='d>e'>f</b>", [("text", "a"), ("start", "<b c='d>e'>"), ("text", "f"), ("end", "</b>")]),
        ("<!-- > --><br/>", [("other", "<!-- > -->"), ("start", "<br/>")]),
        ("<!doctype html><?x y?>", [("other", "<!doctype html>"), ("other", "<?x y?>")]),
        ("a<b", [("text", "a"), ("other", "<b")]),
        ("a <3</>b", [("text", "a "), ("text", "<"), ("text", "3"), ("other", "</>"), ("text", "b")]),
        ("x&amp;y", [("text", "x"), ("text", "&amp;"), ("text", "y")]),
        ("<script>if (a<b) '</b>'</script>c", [
            ("start", "<script>"), ("text", "if (a"), ("text", "<"), ("text", "b) '"), ("text", "</"), ("text", "b>'"),
            ("end", "</script>"), ("text", "c"),
        ]),
        ("\r\n<p>\r\n", [("text", "\r\n"), ("start", "<p>"), ("text", "\r\n")]),
    ],
)  # fmt: skip
def test_tokens_of_html(markup: str, tokens: list[tuple[str, str]]) -> None:
    found = list(html_tokens(markup))
    assert "".join(markup[one.start : one.end] for one in found) == markup
    assert joined(shown(markup, found)) == joined(tokens)


def joined(tokens: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Join neighbouring texts."""
    found: list[tuple[str, str]] = []
    for kind, raw in tokens:
        if found and kind == found[-1][0] == "text":
            found[-1] = (kind, found[-1][1] + raw)
        else:
            found.append((kind, raw))
    return found


def test_tags_have_names_and_attributes() -> None:
    [token] = html_tokens("<IMG Alt='A &amp; B' src=x alt=y hidden/>")
    assert (token.value, dict(token.attributes)) == ("img", {"alt": "A & B", "src": "x", "hidden": ""})
    assert token.is_closed


def test_entities_are_decoded() -> None:
    values = [token.value for token in html_tokens("&lt;&eacute&#8364;&#x1F600;&nosuch;&nbsp;")]
    assert "".join(values) == "<é€😀&nosuch;\xa0"


@given(MARKUP)
def test_the_tokens_are_the_whole_text(markup: str) -> None:
    found = list(html_tokens(markup))
    assert "".join(markup[one.start : one.end] for one in found) == markup


@given(MARKUP)
def test_start_tags_are_those_that_another_parser_finds(markup: str) -> None:
    mine = Counter(
        one.value for one in html_tokens(markup) if one.kind == "start" and one.value in ("i", "x", "br")
    )
    nodes = LexborHTMLParser(f"<body>{markup}").body.traverse()
    theirs = Counter(node.tag for node in nodes if node.tag in ("x", "br"))
    # The parser adds and moves elements of formatting to make a tree, but none of these.
    assert {name: mine[name] for name in ("x", "br")} == {name: theirs[name] for name in ("x", "br")}


def test_tokens_of_xml() -> None:
    markup = "a &amp; &foo;&nbsp;é😀<b x='1&amp;2'/>c<i></i>\r\n<!--x--><![CDATA[<z>]]>"
    found = xml_tokens(markup)
    assert shown(markup, found) == [
        ("text", "a "), ("text", "&amp;"), ("text", " "), ("entity", "&foo;"), ("text", "&nbsp;"), ("text", "é😀"),
        ("start", "<b x='1&amp;2'/>"), ("text", "c"), ("start", "<i>"), ("end", "</i>"), ("text", "\r\n"),
        ("other", "<!--x-->"), ("other", "<![CDATA["), ("other", "<z>"), ("other", "]]>"),
    ]  # fmt: skip
    assert found[6].is_closed
    assert found[6].attributes == {"x": "1&2"}
    assert not found[8].is_closed
    assert "".join(one.value for one in found if one.kind == "text") == "a & \xa0é😀c\n"


@pytest.mark.parametrize("markup", ["<a>", "</root><root>", "a < b", "AT&T", "<a b=c/>", "\x01"])
def test_malformed_xml_is_left_to_the_tolerant_tokenizer(markup: str) -> None:
    assert xml_tokens(markup) is None


def test_a_document_of_xml_loads_nothing(tmp_path) -> None:
    (tmp_path / "secret").write_text("secret")
    markup = (
        f'<?xml version="1.0"?>\n<!DOCTYPE r [<!ENTITY foo "bar"><!ENTITY x SYSTEM "file://{tmp_path}/secret">]>\n'
        "<r>&foo; &x; é</r>\n"
    )
    found = xml_tokens(markup)
    assert "".join(markup[one.start : one.end] for one in found) == markup
    assert [one.value for one in found if one.kind in ("text", "entity")] == ["&foo;", " ", "&x;", " é"]


def test_entities_do_not_multiply() -> None:
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    markup = f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a0 "x">{entities}]><r b="&a11;">&a11;</r>'
    assert xml_tokens(markup) is None
