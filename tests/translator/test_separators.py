"""Signs between the items of a line."""

import pytest

from tests.time_limit import cpu_limit
from translator.text.glossary import Glossary
from translator.text.separators import find_separators
from translator.translate import Style, Translator


@pytest.fixture(scope="module")
def shipped() -> Translator:
    return Translator.load(precision="int8")


@pytest.mark.parametrize(
    ("text", "signs"),
    [
        ("Spring / Autumn / Winter", ["/", "/"]),
        ("Start / Stop", ["/"]),
        ("Shop › Garden tools › Rakes", ["›", "›"]),
        ("Imprint · Terms & Conditions", ["·"]),
        ("Shop > Garden > Rakes", [">", ">"]),
        ("English → German", ["→"]),
        ("- Spring / Autumn / Winter", ["/", "/"]),
        ("One.\n\tTea • Coffee \r\nTwo.", ["•"]),
        ("Level 2 / Level 3 / Level 4", ["/", "/"]),
        ("his / her old house", []),
        ("He / she / they went home.", []),
        ("The first one / the second one / the last one", ["/", "/"]),
        ("The very first one / the second / the third", []),
        ("A very old house · Tea", ["·"]),
        ("Some very old houses · Tea", []),
        ("Shop > Garden", []),
        ("Tea · Coffee / Milk", []),
        ("x → y → z", []),
        ("5 / 6 / 7", []),
        ("Tea/Coffee/Milk", []),
        ("Open {name} › Save", []),
        ("", []),
    ],
)
def test_signs_that_separate_all_items_of_a_line(text: str, signs: list[str]) -> None:
    assert [text[start:end] for start, end in find_separators(text)] == signs


@pytest.mark.parametrize(
    "text", ["tea / ", "tea · ", "tea > milk > ", "tea-", "a", " ", "- ", "tea / milk\n"]
)
def test_long_texts_take_linear_time(text: str) -> None:
    with cpu_limit(2):
        list(find_separators(text * 50_000 + " / "))


@pytest.mark.parametrize("sign", ["/", "·", "›", "→", ">"])
@pytest.mark.parametrize("mark", ["", "- ", "## "])
def test_items_are_translated_as_if_sent_alone(translator: Translator, mark: str, sign: str) -> None:
    style = Style(formality="auto", source_language="en")
    items = ["the cat", "a dog", "the house"]
    alone = [one.text for one in translator.translate(items, style=style)]
    together = translator.translate([mark + f" {sign} ".join(items)], style=style)[0].text
    assert together == mark + f" {sign} ".join(alone)


def test_a_term_may_hold_a_separator(translator: Translator) -> None:
    glossary = Glossary.of([("Sales / Marketing", "Vertrieb")])
    [found] = translator.translate(
        ["Sales / Marketing / Cats"], style=Style(formality="auto", source_language="en", glossary=glossary)
    )
    assert [one.source for one in found.sentences] == ["Sales / Marketing", "Cats"]


@pytest.mark.parametrize(
    ("english", "separator"),
    [
        ("Tuesday / Thursday / Saturday", " / "),
        ("Help · Contact · Settings", " · "),
        ("lunch / dinner", " / "),
    ],
)
def test_no_item_is_lost_or_joined(shipped: Translator, english: str, separator: str) -> None:
    items = shipped.translate([english])[0].text.split(separator)
    assert len(set(items)) == len(english.split(separator))
    assert all(item[:1].isalpha() and separator.strip() not in item for item in items)
