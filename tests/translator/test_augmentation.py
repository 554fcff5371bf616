import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from translator.config import AugmentationConfig
from translator.data.augmentation import (
    Changes,
    augment,
    misspell,
    sample_changes,
    with_typos,
    without_final_punctuation,
)
from translator.text.casing import lower_case, title_case, upper_case

KEY_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
COPIED = [
    "https://example.org/a-path?q=dog#top",
    "ftp://files.example.org",
    "www.example.org/readme",
    "example.org",
    "notes.final.txt",
    "anna.bell+post@mail.example.org",
    "{0}",
    "{userName}",
    "${folderName}",
    "{{ count }}",
    "%s",
    "%1$s",
    "%(owner)s",
    "%5.2f",
    "%appData%",
    "<b>",
    "</span>",
    '<a href="page" class="wide">',
    "&nbsp;",
    "\\name",
    "max_open_files",
]


def generator(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("copied", COPIED)
def test_what_is_copied_stays_as_it_is(copied):
    text = f"Take {copied} home"
    assert upper_case(text) == f"TAKE {copied} HOME"
    assert lower_case(text) == f"take {copied} home"
    assert title_case(text) == f"Take {copied} Home"
    for seed in range(20):
        assert f" {copied} " in with_typos(text, generator(seed))


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ("Wait here.", "Warte hier.", ("Wait here", "Warte hier")),
        ("Really?!", "Wirklich?", ("Really", "Wirklich")),
        ("Stop!!!", "Halt!", ("Stop", "Halt")),
        ("Well...", "Nun ...", None),
        ("Well…", "Nun…", None),
        ("Wait here.", "Warte hier", None),
        ("He left", "Er ging.", None),
        ("It cost 3.5.", "Es kostete 3,5.", ("It cost 3.5", "Es kostete 3,5")),
        ('"Stop."', "„Halt.“", None),
        (".", ".", None),
        ("", "", None),
    ],
)
def test_without_final_punctuation(source, target, expected):
    assert without_final_punctuation(source, target) == (expected or (source, target))


# --- typos


def beside(letter):
    """Neighbours on the keyboard, read off a picture of its rows: left, right, two above and two below."""
    row = next(index for index, keys in enumerate(KEY_ROWS) if letter in keys)
    place = KEY_ROWS[row].index(letter)
    places = [(row, place - 1), (row, place + 1), (row - 1, place), (row - 1, place + 1)]
    places += [(row + 1, place), (row + 1, place - 1)]
    return {
        KEY_ROWS[r][p] for r, p in places if 0 <= r < len(KEY_ROWS) and 0 <= p < len(KEY_ROWS[r])
    }  # fmt: skip


def test_all_the_misspellings_of_a_word():
    # Second letter on: swapped with the one before, dropped, doubled, or a key beside it.
    expected = {"aet", "eta"} | {"et", "ea"} | {"eaat", "eatt"}
    expected |= {f"e{key}t" for key in "qwsz"} | {f"ea{key}" for key in "ryfg"}
    assert beside("a") == set("qwsz")
    assert beside("t") == set("ryfg")
    assert {misspell("eat", generator(seed)) for seed in range(500)} == expected


def test_every_key_has_its_neighbours():
    for letter in "".join(KEY_ROWS):
        # "ü" is on no key: of "ü" and a letter, only replacing gives another letter and the same length.
        results = {misspell("ü" + letter, generator(seed)) for seed in range(400)}
        replaced = {word[1] for word in results if len(word) == 2 and word[0] == "ü"}
        assert replaced == beside(letter)


def test_a_swap_of_equal_letters_drops_one_so_that_something_always_changes():
    assert {misspell("oo", generator(seed)) for seed in range(300)} == {"o", "ooo"} | {
        "o" + k for k in "ipkl"
    }


@pytest.mark.parametrize(
    "text", ["", "He is in", "ANNA MET BERTA", "Anna met Berta", "b2bshop 12345", "naïve"]
)
def test_names_numbers_and_short_words_get_no_typos(text):
    assert {with_typos(text, generator(seed)) for seed in range(30)} == {text}


def test_one_or_two_words_are_misspelt_about_equally_often():
    words = ["Anna", "watched", "seven", "herons", "near", "the", "shallow", "water", "1987", "times"]
    counts = []
    for seed in range(400):
        changed = with_typos(" ".join(words), generator(seed)).split(" ")
        differing = [before for before, after in zip(words, changed, strict=True) if before != after]
        assert not {"Anna", "the", "1987"} & set(differing)
        counts.append(len(differing))
    assert set(counts) == {1, 2}
    assert abs(counts.count(1) - 200) <= 50  # five standard deviations of a fair coin thrown 400 times


def test_typos_in_contractions_spare_what_follows_the_apostrophe():
    for seed in range(30):
        changed = with_typos("I wouldn't", generator(seed))
        assert changed != "I wouldn't"
        assert changed.startswith("I ")
        assert changed.endswith("'t")


# U+0345 is an accent whose capital is a letter, so that capitals of its capitals may differ.
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\u0345")), st.integers(0, 10))
def test_any_text_is_survived(text, seed):
    assert upper_case(upper_case(text)) == upper_case(text)
    title_case(text)
    lower_case(text)
    without_final_punctuation(text, text)
    changed = with_typos(text, generator(seed))
    assert abs(len(changed) - len(text)) <= 2
    assert [c for c in changed if not "a" <= c <= "z"] == [c for c in text if not "a" <= c <= "z"]


# --- pairs


def test_each_change_on_a_pair():
    pair = "Where is Anna's hat?", "Wo ist Annas Straßenhut?"
    expected = {
        Changes(): pair,
        Changes("upper_case"): ("WHERE IS ANNA'S HAT?", "WO IST ANNAS STRASSENHUT?"),
        Changes("title_case"): ("Where Is Anna's Hat?", pair[1]),
        Changes("lower_case"): ("where is anna's hat?", pair[1]),
        Changes(no_final_punctuation=True): ("Where is Anna's hat", "Wo ist Annas Straßenhut"),
        Changes("lower_case", no_final_punctuation=True): ("where is anna's hat", "Wo ist Annas Straßenhut"),
    }
    for changes, result in expected.items():
        assert augment(*pair, changes, generator()) == result


def test_typos_come_before_the_casing_and_spare_the_target():
    for seed in range(20):
        source, target = augment(
            "a little shop", "ein kleiner Laden", Changes("upper_case", typos=True), generator(seed)
        )
        assert source != "A LITTLE SHOP"
        assert source.isupper()
        assert target == "EIN KLEINER LADEN"


def test_the_rates_are_met():
    pairs = 4000
    rates = {
        "upper_case": 0.02,
        "title_case": 0.05,
        "lower_case": 0.2,
        "no_final_punctuation": 0.5,
        "typos": 0.1,
    }
    sampled = sample_changes(AugmentationConfig(**rates), pairs, generator(3))
    seen = dict.fromkeys(rates, 0)
    for changes in sampled.values():
        assert changes != Changes()
        if changes.casing:
            seen[changes.casing] += 1
        seen["no_final_punctuation"] += changes.no_final_punctuation
        seen["typos"] += changes.typos
    for name, rate in rates.items():
        five_deviations = 5 * (pairs * rate * (1 - rate)) ** 0.5
        assert abs(seen[name] - pairs * rate) <= five_deviations, name
    # the casing, the punctuation and the typos are sampled independently: all three together, 0.27 · 0.5 · 0.1 = 0.0135
    together = sum(bool(c.casing and c.no_final_punctuation and c.typos) for c in sampled.values())
    assert abs(together - 54) <= 5 * (pairs * 0.0135 * 0.9865) ** 0.5


def test_rates_of_nothing_and_of_everything():
    assert sample_changes(AugmentationConfig(), 1000, generator()) == {}
    everything = sample_changes(
        AugmentationConfig(title_case=1, no_final_punctuation=1, typos=1), 1000, generator()
    )
    assert everything == dict.fromkeys(range(1000), Changes("title_case", True, True))
