"""Accelerators: the sign before the letter that chooses an entry of a menu."""

import pytest

from tests.time_limit import cpu_limit
from translator.text.accelerators import find_accelerators


def without_signs(text: str) -> str:
    places = find_accelerators(text)
    return "".join(character for place, character in enumerate(text) if place not in places)


@pytest.mark.parametrize(
    ("label", "text"),
    [
        ("_File", "File"),
        ("_Open…", "Open…"),
        ("_Open...", "Open..."),
        ("Save _As…", "Save As…"),
        ("Match _case", "Match case"),
        ("_Don't save", "Don't save"),
        ("_OK", "OK"),
        ("_Delete %d files", "Delete %d files"),
        ("&Open the file", "Open the file"),
        ("Outer fade &up length:", "Outer fade up length:"),
        ("E&xit", "Exit"),
        ("Loca&te...", "Locate..."),
        ("Pre-ro&ll:", "Pre-roll:"),
        ("C_ancel", "Cancel"),
        ("Res&tart", "Restart"),
        ("~Print…", "Print…"),
        ("E&xit\tCtrl+Q\n_Save", "Exit\tCtrl+Q\nSave"),
    ],
)
def test_accelerators(label: str, text: str) -> None:
    assert without_signs(label) == text


@pytest.mark.parametrize(
    "text",
    [
        "Tom & Jerry, AT&T, R&D, R&b, drag&drop, up&down",
        "&copy; 2020",
        "See &user-ini; and &Anna.Bell.mail;",
        "max_value, _id, _MAX_SIZE, __init__, Max_value, X_axis",
        "The class is _Foo.",  # a sentence
        "The class is _Foo",
        "_Foo(1)",
        "_emphasis_ and _Emphasised text_",
        "Choose _File and then _Open…",  # which one?
        "?a=1&b=2",
        "~/Documents and ~Anna/notes",
        "~5 minutes",
        "Find && Replace",
        "&",
        "_",
    ],
)
def test_other_signs(text: str) -> None:
    assert find_accelerators(text) == []


def test_long_labels_take_no_quadratic_time() -> None:
    """Quadratic time would take minutes; linear time takes a second."""
    with cpu_limit(10):
        for run in ("&a", "_A", "a&", "&a ", "_A ", "a_b&", "&a;"):
            find_accelerators(run * 100_000)
