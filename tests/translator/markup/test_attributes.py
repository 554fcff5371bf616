"""Attributes of HTML that people read."""

import pytest
from hypothesis import given

from tests.markup_samples import HOSTILE, MARKUP
from tests.time_limit import cpu_limit
from translator.markup import MarkupOptions, read_markup
from translator.markup.attributes import Edited, read_attributes

ALL = MarkupOptions(with_attributes=True)


def in_capitals(markup: str) -> str:
    attributes = read_attributes(markup, ALL)
    return Edited(markup, attributes, [one.text.upper() for one in attributes]).markup


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ('<img alt="A &amp; b" src="a">', '<img alt="A &amp; B" src="a">'),
        ("<IMG ALT='it&#39;s \"x\"'/>", "<IMG ALT='IT&#39;S \"X\"'/>"),
        ("<input placeholder=name type=text>", '<input placeholder="NAME" type=text>'),
        ("<input placeholder=name>", '<input placeholder="NAME">'),
        ("<p title = 'a' aria-label=\"b\" title='c'>d", "<p title = 'A' aria-label=\"B\" title='c'>d"),
        ('<meta name="Description" content="a"><meta name=generator content="b">',
         '<meta name="Description" content="A"><meta name=generator content="b">'),
        ('<meta property="og:title" content="a">', '<meta property="og:title" content="A">'),
        ('<textarea placeholder="a" title="">b</textarea>', '<textarea placeholder="A" title="">b</textarea>'),
        ('<b translate="no" title="a"><i title="b"></i></b>', '<b translate="no" title="a"><i title="b"></i></b>'),
        ('<code title="a"><i title="b"></i></code><i title="c">',
         '<code title="A"><i title="b"></i></code><i title="C">'),
        ('<p title="1.5"><p title="">', '<p title="1.5"><p title="">'),
        ('<p title="a', '<p title="a'),
    ],
)  # fmt: skip
def test_attributes(markup: str, expected: str) -> None:
    assert in_capitals(markup) == expected


def test_a_very_long_value_stays() -> None:
    markup = f'<p title="{"a " * 2_001}">'
    assert in_capitals(markup) == markup


def test_amounts_have_a_german_form_too() -> None:
    assert [one.text for one in read_attributes('<p title="$1.50"><p title="-">', ALL)] == ["$1.50"]


def test_the_title_is_a_unit_on_request() -> None:
    assert read_markup("<title>a</title>b", ALL).units == ["a", "b"]


def test_xml_has_no_such_attributes() -> None:
    assert read_attributes("<p title='a'/>", MarkupOptions("xml", with_attributes=True)) == []


def test_places_in_the_markup_as_it_was_sent() -> None:
    sent = '<p title="a">b <img alt=c> d'
    edited = Edited(sent, read_attributes(sent, ALL), ["long one", ""])
    assert edited.markup == '<p title="long one">b <img alt=""> d'
    for text in ("<p", "b ", "b <img", "<img", "> d", "d"):
        start = edited.markup.index(text)
        first, last = edited.sent_place(start, start + len(text))
        assert sent[first:last] == text


@given(MARKUP)
def test_an_echo_is_the_identity(markup: str) -> None:
    attributes = read_attributes(markup, ALL)
    assert Edited(markup, attributes, [one.text for one in attributes]).markup == markup


@pytest.mark.slow
@pytest.mark.parametrize("markup", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_input_takes_bounded_time(markup: str) -> None:
    with cpu_limit(5):
        assert in_capitals(markup) == markup
