"""Placeholders that stand for a number."""

import pytest

from translator.text.opaque.numeric import stands_for_number
from translator.text.protected import find_protected, piece_class
from translator.translate import Translator


@pytest.fixture(scope="module")
def shipped() -> Translator:
    return Translator.load(precision="int8")


@pytest.mark.parametrize(
    "placeholder",
    ["#", "%d", "%i", "%5d", "%1$d", "%(total)d", "%<n>d", "%zu", "%ld", "{count}", "{{count}}", "%{count}", "${count}",
     ":count", "{file_count}", "{fileCount}", "{page.total}", "{n}", "{n:d}", "{size, number}", "{n, number, integer}",
     "{minutes}", "[[count]]", "__COUNT__", "<%= count %>"],
)  # fmt: skip
def test_these_stand_for_numbers(placeholder: str) -> None:
    assert stands_for_number(placeholder)


@pytest.mark.parametrize(
    "placeholder",
    ["%s", "%1$s", "%@", "%%", "{name}", "{0}", "{country}", "{discount}", "{count_label}", "{{#if count}}", "{}",
     "{n, plural, one {"],
)  # fmt: skip
def test_these_may_stand_for_anything(placeholder: str) -> None:
    assert not stands_for_number(placeholder)


def test_the_model_reads_them_as_numbers() -> None:
    spans = find_protected("Delete %d files of {name} and :count items?")
    assert [(span.text, piece_class(span)) for span in spans] == [
        ("%d", "number"), ("{name}", "opaque"), (":count", "number")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("english", "placeholders"),
    [
        ("Delete %d items?", ["%d"]),
        ("%d of %d photos", ["%d"]),
        ("{count, plural, one {# photo} other {# photos}}", ["{count, plural, one {#", "} other {#", "}}"]),
        ("Added {count} users to {name}.", ["{count}", "{name}"]),
    ],
)
def test_the_words_after_them_are_no_part_of_a_compound(
    shipped: Translator, english: str, placeholders: list[str]
) -> None:
    german = shipped.translate([english])[0].text
    assert list(map(german.count, placeholders)) == list(map(english.count, placeholders))
    assert not any(f"{placeholder}-" in german for placeholder in placeholders)
