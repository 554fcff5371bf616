"""What the model reads in place of words that it gets wrong."""

import pytest

from translator.text.paraphrases import paraphrased
from translator.text.paraphrases.deadlines import with_until
from translator.text.paraphrases.phrases import with_plain_phrases
from translator.text.paraphrases.unless import without_unless

YEAR, AMOUNT, TIME, DATE, NUMBER = "\U000f0020", "\U000f0028", "\U000f0038", "\U000f0040", "\U000f0010"
MARKS = {"year": f"{YEAR}\U000f0021", "amount": AMOUNT, "time": TIME, "date": DATE, "number": NUMBER}


@pytest.mark.parametrize(
    "text",
    [
        "Send it by Friday.",
        "Send it by next Friday, please.",
        "It must be done by early May.",
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
        "If you do not pay by Friday, it ends.",
        "I can't come by noon.",
        "Nobody answered by Friday.",
        "What do you mean by this term?",
        "Will you be by tomorrow?",
        "The text proposed by May was new.",
        "It was followed by Wednesday.",
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


@pytest.mark.parametrize(
    ("text", "read"),
    [
        # auxiliaries
        ("Don't call unless it is late.", "Don't call if it is not late."),
        ("Unless there are seats, we stand.", "If there are not seats, we stand."),
        ("Stay unless you can swim.", "Stay if you cannot swim."),
        ("Unless you're ill, come.", "If you're not ill, come."),
        ("unless we've met", "if we have not met"),
        ("unless the new boss is here", "if the new boss is not here"),
        ("unless this option is set", "if this option is not set"),
        ("unless a price was given", "if a price was not given"),
        ("unless the rent has been paid", "if the rent has not been paid"),
        ("unless you have received it", "if you have not received it"),
        # verbs
        ("Unless you pay, we close.", "If you do not pay, we close."),
        ("unless it rains", "if it does not rain"),
        ("unless she tries", "if she does not try"),
        ("unless he finishes it", "if he does not finish it"),
        ("unless you really want to", "if you do not really want to"),
        ("unless you have unlimited data", "if you do not have unlimited data"),
        ("unless you have children", "if you do not have children"),
        ("unless it has wheels", "if it does not have wheels"),
        ("unless you have a ticket", "if you do not have a ticket"),
        ("unless the guest pays cash", "if the guest does not pay cash"),
        ("unless the heirs agree", "if the heirs do not agree"),
        ("unless James comes", "if James does not come"),
        ("unless the file already exists", "if the file does not already exist"),
        # no subject
        ("Unless otherwise stated, it is free.", "If not otherwise stated, it is free."),
        ("unless required by law", "if not required by law"),
        ("Don't ask unless necessary.", "Don't ask if not necessary."),
    ],
)
def test_unless_is_read_as_if_not(text: str, read: str) -> None:
    assert without_unless(text) == read


@pytest.mark.parametrize(
    "text",
    [
        "unless it is not late",
        "unless you do not want to",
        "unless they paid",
        "unless he went",
        "unless the team members agree",
        "unless the owner of the car agrees",
        "unless prices rise",
        "unless we both agree",
        "unless you are ill or have a pass",
        "unless the pump is off and the lamp is on",
        "unless it rains or snows",
        "unless the server you are using supports it",
        "unless the version that is here works",
        "unless the user’s browser supports it",
        "unless someone's life is at risk",
        "unless someone objects",
        "unless any changes are needed",
        "unless you must leave",
        "unless you cannot come",
        "unless it is only a draft",
        "unless you have nothing to hide",
        "unless it isn't here",
        "unless you and your doctor agree",
        "unless you people stop",
        "unless I misunderstood",
        "unless they built it",
        "unless all agree",
        "unless you",
        "Nonetheless it is late.",
        "Unlesser it is",
    ],
)
def test_other_clauses_stay(text: str) -> None:
    assert without_unless(text) == text


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Twice a week, once an hour", "Twice per week, once per hour"),
        ("We met three times a day.", "We met three times per day."),
        ("It costs five dollars an hour.", "It costs five dollars per hour."),
        (f"It costs {AMOUNT} a night.", f"It costs {AMOUNT} per night."),
        ("Once a year has passed, and once a weekend", "Once a year has passed, and once a weekend"),
        ("Once a week ends, once a second server is up", "Once a week ends, once a second server is up"),
        (
            f"It was {AMOUNT} a year ago, {AMOUNT} a month earlier",
            f"It was {AMOUNT} a year ago, {AMOUNT} a month earlier",
        ),
        ("I lent him 50 euros a week ago.", "I lent him 50 euros a week ago."),
        ("He was fined 200 euros a second time.", "He was fined 200 euros a second time."),
        (f"{AMOUNT}/month, or {AMOUNT}/user.", f"{AMOUNT} per month, or {AMOUNT} per user."),
        (f"{AMOUNT}/hour/person, {AMOUNT}/monthly", f"{AMOUNT}/hour/person, {AMOUNT}/monthly"),
        ("per day/night, 5/week", "per day/night, 5/week"),
        ("Every other day, every other Monday", "Every second day, every second Monday"),
        ("Every other guest", "Every other guest"),
        ("Every other secondary school", "Every other secondary school"),
        ("It was hotter than every other year.", "It was hotter than every other year."),
        ("Neither of them, neither of the two", "None of them, none of the two"),
        ("Neither answer, either of them", "Neither answer, either of them"),
        ("Hardly anyone saw hardly anybody.", "Almost nobody saw almost nobody."),
        ("We had been waiting for two hours.", "We had been waiting two hours."),
        (f"He has been waiting for over {NUMBER} years.", f"He has been waiting over {NUMBER} years."),
        ("We have been waiting for hours.", "We have been waiting hours."),
        ("I have been waiting for a bus.", "I have been waiting for a bus."),
        ("I have been waiting for you for hours.", "I have been waiting for you for hours."),
        (
            "I have been waiting for the day when you return.",
            "I have been waiting for the day when you return.",
        ),
        ("The fair was called off.", "The fair was cancelled."),
        ("They called off the fair.", "They cancelled the fair."),
        ("He was called off the bench.", "He was called off the bench."),
        ("She passed away in June.", "She died in June."),
        ("He passed away from it", "He passed away from it"),
        ("It laid off 30 men, and they were laid off.", "It dismissed 30 men, and they were dismissed."),
        ("The boat laid off the coast.", "The boat laid off the coast."),
        ("I turned down his kind offer.", "I rejected his kind offer."),
        ("I turned down the music.", "I turned down the music."),
        ("We ran out of milk.", "We had no more milk."),
        ("We never ran out of milk.", "We never ran out of milk."),
        ("It ran out of control.", "It ran out of control."),
    ],
)
def test_phrases_are_read_as_plainer_ones(text: str, read: str) -> None:
    assert with_plain_phrases(text, MARKS) == read


def test_a_sentence_may_need_several() -> None:
    assert (
        paraphrased("Unless you write twice a week by Friday, it ends.", MARKS)
        == "If you do not write twice per week by Friday, it ends."
    )


def test_long_texts_take_linear_time() -> None:
    for part in (
        "by ",
        "by the end of ",
        "by next ",
        "By early ",
        "unless ",
        "unless the a ",
        "twice a ",
        "waiting for ",
    ):
        assert paraphrased(part * 100_000, MARKS) == part * 100_000
