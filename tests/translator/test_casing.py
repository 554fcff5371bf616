import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.time_limit import cpu_limit
from translator.text.casing import is_headline, is_in_capitals, lower_case, title_case, upper_case, usual_case


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The cat isn't here.", "THE CAT ISN'T HERE."),
        ("Die große Straße hört hier auf.", "DIE GROSSE STRASSE HÖRT HIER AUF."),
        ("„Über 3,5 km“, sagte er.", "„ÜBER 3,5 KM“, SAGTE ER."),
        ("Open https://example.org/a?b=c, please.", "OPEN https://example.org/a?b=c, PLEASE."),
        ("20% der Leute, 20%off", "20% DER LEUTE, 20%OFF"),
        ("{name} hat %d <b>Töpfe</b>", "{name} HAT %d <b>TÖPFE</b>"),
        ("z.B. heute, e.g. now", "Z.B. HEUTE, E.G. NOW"),
        ("", ""),
    ],
)
def test_upper_case(text, expected):
    assert upper_case(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the cat isn't here.", "The Cat Isn't Here."),
        ("a well-known iPhone by NASA", "A Well-Known iPhone By NASA"),
        ("he said \"no\" and 'yes' at 3pm", "He Said \"No\" And 'Yes' At 3pm"),
        ("the café of the élan", "The Café Of The Élan"),
        ("send it to anna@example.org for {reason}", "Send It To anna@example.org For {reason}"),
        ("it’s 5 o’clock", "It’s 5 O’clock"),
    ],
)
def test_title_case(text, expected):
    assert title_case(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Berlin and NASA, MÜLLER", "berlin and nasa, müller"),
        ("Read README.Txt at HTTP://Example.org/Dog.", "read README.Txt at HTTP://Example.org/Dog."),
        ("Hello {userName}, %S or %D", "hello {userName}, %S or %D"),
    ],
)
def test_lower_case(text, expected):
    assert lower_case(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("DID YOU KNOW?", True),
        ("WARNING!", True),
        ("I AM", True),
        ("PRESS {key} OR F5", True),
        ("OPEN https://example.org/a NOW", True),
        ("ÜBER UNS", True),
        ("Did you know?", False),
        ("DID YOU know?", False),
        ("NASA", False),
        ("ISO 9001", False),
        ("I", False),
        ("{userName}", False),
        ("MAX_OPEN_FILES", False),
        ("12 + 30 = 42", False),
        ("", False),
    ],
)
def test_text_in_capitals_is_recognised(text, expected):
    assert is_in_capitals(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Did You Know?", True),
        ("How to Water Your Plants", True),
        ("Anna Is My Friend.", True),
        ("Drop It At https://example.org/a Now", True),
        ("I Am The King", True),
        ("The University of Somewhere", False),  # may be a name
        ("Anna Bell Sings Today", False),
        ("As You", False),
        ("He lives in The Hague", False),
        ("Anna, The Bell, Somewhere", False),
        ("Press Ctrl+Shift+A", False),
        ("Bell, A., and Crow, B.", False),
        ('"Why did Anna do that?" "Do what?"', False),
        ("No. In Somewhere, Nowhere", False),
        ("Our IT Department and Anna", False),
        ("Did you know?", False),
        ("Anna Gave It to the dog", False),
        ("What I Said to Anna", False),
        ("", False),
    ],
)
def test_a_headline_is_recognised(text, expected):
    assert is_headline(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("DID YOU KNOW?", "Did you know?"),
        ("WHAT I THINK IS THAT I'M LATE.", "What I think is that I'm late."),
        ('"STOP!" 2 MEN', '"Stop!" 2 men'),
        ("PRESS {key} OR VISIT https://example.org/A", "Press {key} or visit https://example.org/A"),
        ("IT’S NOT WI-FI", "It’s not wi-fi"),
        ("Did You Know What I Saw?", "Did you know what I saw?"),
        ("NASA And I Like An iPhone, A Well-Known {Key}", "NASA and I like an iPhone, a well-known {Key}"),
        ("Where Anna lives, It Is cold.", "Where Anna lives, It Is cold."),
        ("NASA", "NASA"),
        ("...", "..."),
    ],
)
def test_usual_case(text, expected):
    assert usual_case(text) == expected


@pytest.mark.parametrize(
    ("beginning", "run"),
    [
        ("CROW ", "{"), ("CROW ", "${"), ("CROW ", "A-"), ("CROW %", "0"), ("CROW %", "9"), ("CROW %.", "0"),
        ("", "<A"), ("CROW &", "A"), ("", "A_"), ("", "AA."), ("", "A@"), ("www.", "!"), ("AA.AA/", "!"),
        ("Crow You Ar", "e"), ("", "A'"), ("", "You Are "), ("CROW %", "H"), ("CROW ", "%("), ("CROW ", "\\"),
        ("aa.aa/!", "aa.aa/!"),
    ],
)  # fmt: skip
@pytest.mark.slow
def test_long_runs_take_no_quadratic_time(beginning, run):
    """Quadratic time would take a minute, and anybody could send such a text; linear time takes half a second."""
    with cpu_limit(10):
        usual_case((beginning + run * 100_000)[:100_000])


@given(st.text(st.characters(exclude_categories=["Cs"])) | st.text(st.sampled_from("aBİßI' '{}")))
def test_usual_case_keeps_the_position_of_every_letter(text):
    for cased in (text, text.upper(), title_case(text)):
        usual = usual_case(cased)
        assert len(usual) == len(cased)
        assert all(new in (old, old.lower(), "I") for new, old in zip(usual, cased, strict=True))
