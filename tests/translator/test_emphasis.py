"""Marks of emphasis: **bold**, *italic*, _italic_, ~~struck out~~, ==marked==, ||hidden||."""

import pytest

from tests.time_limit import cpu_limit
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
        (
            "||The owl did it.|| ==Now==, ||the ==red== owl||",
            ["||The owl did it.||", "==Now==", "==red==", "||the ==red== owl||"],
        ),
        ("a || b || c, a||b||c, a == b == c, a==b==c, | one | two |", []),
        ("a **bold*owl** here", ["**bold*owl**"]),
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


@pytest.mark.parametrize(
    "text",
    [
        *(
            run * (200_000 // len(run))
            for run in ("*", "*a", "*a ", "*a* ", "_a", "**a *b ", "`*", "~~a~~", "_")
        ),
        f"_{'1' * 200_000} x_",
    ],
    ids=lambda text: text[:8],
)
@pytest.mark.slow
def test_long_runs_take_no_quadratic_time(text: str) -> None:
    """Quadratic time would take minutes; linear time takes a second."""
    with cpu_limit(10):
        find_emphasis(text)
