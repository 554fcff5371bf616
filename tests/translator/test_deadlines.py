"""“By” before a deadline is read as “until”."""

import pytest

from translator.text.deadlines import with_until

MARKS = {"year": "\U000f0020\U000f0021", "time": "\U000f0038", "date": "\U000f0040", "number": "\U000f0010"}
YEAR, TIME, DATE, NUMBER = "\U000f0020", "\U000f0038", "\U000f0040", "\U000f0010"


@pytest.mark.parametrize(
    "text",
    [
        "Send it by Friday.",
        "Send it by next Friday, please.",
        "Send it by this Friday!",
        "By Monday morning the snow had melted.",
        "We need it by tomorrow",
        "It opens by June.",
        "It opens by late May.",
        "It opens by mid-June.",
        f"It opens by {YEAR}.",
        f"It opens by early {YEAR}.",
        f"By {TIME}, all had left.",
        f"Pay by {DATE} at the latest.",
        "It is done by next week.",
        "It is done by the end of the month.",
        "By the end of this year, it is done.",
        f"It is done by the end of {YEAR}.",
        "It is done by the middle of June.",
        "Be home by midnight.",
        "Do it on Monday, or finish by then.",
        f"Prices rise by {NUMBER} percent by Friday.",
    ],
)
def test_by_before_a_deadline_is_read_as_until(text: str) -> None:
    by = text.rfind("by ") if "by " in text else 0
    until = "Until" if text[by] == "B" else "until"
    assert with_until(text, MARKS) == text[:by] + until + text[by + 2 :]


@pytest.mark.parametrize(
    "text",
    [
        "A book by Jane",
        "They were surprised by Friday's storm.",
        "They were surprised by June’s figures.",
        "She was helped by April Jones.",
        "Come by tomorrow, or stop by Friday.",
        f"It was divided by {YEAR}.",
        f"It rose by {NUMBER} percent.",
        f"It fell by {YEAR} points.",
        "By then it was too late.",
        "By the end he was tired.",
        "By the end of the film he was tired.",
        "Day by day and year by year",
        "They work by day and by night.",
        "By Mondaylike days",
        "A stand-by Monday",
        "nearby Monday",
        "By now and by far",
    ],
)
def test_any_other_by_stays(text: str) -> None:
    assert with_until(text, MARKS) == text


def test_long_texts_take_linear_time() -> None:
    for part in ("by ", "by the end of ", "by next ", "By early "):
        assert with_until(part * 100_000, MARKS) == part * 100_000
