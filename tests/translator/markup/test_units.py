"""Units of text with inline tags."""

import pytest

from translator.markup import UnitBuilder
from translator.text.stand_ins import MOST_TAGS, closing, lone, opening


def test_tags_return_where_their_stand_ins_are() -> None:
    builder = UnitBuilder[str]()
    builder.add_text("Click ")
    number = builder.open("<b>")
    builder.add_text("here")
    builder.close(number, "</b>")
    builder.add_word("<img>")
    unit = builder.build()
    assert unit.text == f"Click {opening(0)}here{closing(0)}{lone(0)}"
    german = f"{opening(0)}Hier{closing(0)} klicken{lone(0)}!"
    assert list(unit.pieces(german)) == [("", "<b>"), ("Hier", "</b>"), (" klicken", "<img>"), ("!", None)]


def test_a_text_may_hold_characters_of_the_range_of_stand_ins() -> None:
    builder = UnitBuilder[str]()
    builder.add_word("<img>")
    builder.add_text(f"a{lone(0)}b{opening(3)}")
    unit = builder.build()
    assert unit.text == f"{lone(0)}a{lone(1)}b{lone(2)}"
    assert list(unit.pieces(unit.text)) == [("", "<img>"), (f"a{lone(0)}b{opening(3)}", None)]


def test_a_unit_without_tags() -> None:
    builder = UnitBuilder[str]()
    builder.add_text("Good")
    builder.add_text(" morning")
    assert builder.build().text == "Good morning"
    assert list(builder.build().pieces("Guten Morgen")) == [("Guten Morgen", None)]


def test_there_is_a_limit() -> None:
    builder = UnitBuilder[str]()
    for _ in range(MOST_TAGS):
        assert not builder.is_full
        builder.add_point("<!---->")
    assert builder.is_full
    with pytest.raises(ValueError, match="cut the text"):
        builder.add_point("<!---->")


def test_a_point_is_an_empty_pair() -> None:
    builder = UnitBuilder[str]()
    builder.add_text("Good")
    builder.add_point("<wbr>")
    unit = builder.build()
    assert unit.text == f"Good{opening(0)}{closing(0)}"
    assert list(unit.pieces(f"Gut{opening(0)}{closing(0)}er")) == [("Gut", "<wbr>"), ("er", None)]
