"""Marks of emphasis: **bold**, *italic*, _italic_, ~~struck out~~."""

import subprocess
import sys

import pytest

from translator.text.emphasis import find_emphasis


def emphasised(text: str) -> list[str]:
    """Return each emphasis with its marks, in order of its end."""
    return [text[opening[0] : closing[1]] for opening, closing in find_emphasis(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A **bold** and *red* owl, ~~not~~ ***now***", ["**bold**", "*red*", "~~not~~", "***now***"]),
        ("_not_ here, __two words__.", ["_not_", "__two words__"]),
        ("**a _red_ owl**", ["_red_", "**a _red_ owl**"]),
        ("(*sigh*), “*hm*”, *hm*!", ["*sigh*", "*hm*", "*hm*"]),
        ("It is _−5 °C_, __5 km__ and _$5_.", ["_−5 °C_", "__5 km__", "_$5_"]),
        ("2*3*4 and 2 * 3 * 4, a 5* hotel, price* and tax*", []),
        ("* one\n* two", []),
        ("**open\nclosed**", []),
        ("*args, **kwargs, _x1_, __init__, a_b_c", []),
        ("`*code*` and `_x y_`", []),
        ("https://heron.example/_a_b_ and C:\\_a b_", []),
        ("* a* and *b *", []),
        ("**** and __", []),
        ("*a **b* c**", ["*a **b*"]),  # crossing marks are no emphasis
    ],
)
def test_marks_of_emphasis(text: str, expected: list[str]) -> None:
    assert emphasised(text) == expected


@pytest.mark.parametrize("run", ["*", "*a", "*a ", "*a* ", "_a", "**a *b ", "`*", "~~a~~", "_"])
@pytest.mark.slow
def test_long_runs_take_no_quadratic_time(run: str) -> None:
    """Quadratic time would take many minutes; linear time takes a second or two."""
    script = (
        f"from translator.text.emphasis import find_emphasis; find_emphasis(({run!r} * 300_000)[:300_000])"
    )
    subprocess.run([sys.executable, "-c", script], timeout=60, check=True)
