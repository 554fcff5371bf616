"""The syntax of lines of data."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translator.text.opaque import find_opaque
from translator.text.opaque.data_lines import find_data_syntax
from translator.translate import Translator


@pytest.mark.parametrize(
    ("line", "syntax"),
    [
        ('{"error": "File not found."}', ['{"error": "', '"}']),
        ('  "title": "Open a file",', ['  "title": "', '",']),
        ('{"a": 1, "b": "Two", "c": ["x y", "z"]}', ['{"a": 1, "b": "', '", "c": ["', '", "', '"]}']),
        (r'{"a": "Say \"yes\""}', ['{"a": "', '"}']),
        ('1042,"Blue shirt, large",19.99', ['1042,"', '",19.99']),
        ('"Red car",12,Blue house', ['"', '",12,']),
        ('"Save","Open ""it"" now",', ['"', '","', '",']),
        ('"He said ""no"" twice"', ['"', '"']),
        ('"The end of ""it"""', ['"', '"']),
        ('"He said no"', []),
        ('"""A docstring"""', []),
        ('"" "a"', []),
        ('"file.open" = "Open a file";', ['"file.open" = "', '";']),
        ('Set "a" = "b"; then go.', []),
        ('msgid "Save"', ['msgid "', '"']),
        ('"Yes," he said.', []),
        ('He said "yes","no" and "maybe".', []),
        ('She came, "saw", and won.', []),
        ('The key "a": "b" is set.', []),
        ('"Name": that is a thing', []),
        ('{"a": 1}', []),
        ('First\n{"a": "b c"}\nlast', ['{"a": "', '"}']),
    ],
)
def test_what_surrounds_the_texts(line: str, syntax: list[str]) -> None:
    assert [line[slice(*place)] for place in find_data_syntax(line)] == syntax
    if syntax:
        assert [line[one.start : one.end] for one in find_opaque(line) if one.kind == "sign"] == syntax


@given(st.text(alphabet='ab1",:{}[]\\ \n'))
def test_places_are_in_order_and_hold_no_letter_of_a_value(text: str) -> None:
    position = 0
    for start, end in find_data_syntax(text):
        assert position <= start < end <= len(text)
        assert "\n" not in text[start:end]
        position = end


def test_only_the_texts_are_translated() -> None:
    translator = Translator.load(precision="int8")
    line = '{"id": 1042, "title": "The door.", "tags": ["Red wine", "It is 5 km."]}'
    [translation] = translator.translate([line])
    assert [one.source for one in translation.sentences] == ["The door.", "Red wine", "It is 5 km."]
    assert translation.text.startswith('{"id": 1042, "title": "')
    assert translation.text.endswith('5 km."]}')
    assert translation.text.count('"') == line.count('"')
