"""Unusual and missing apostrophes."""

import pytest

from translator.text.apostrophes import with_missing_apostrophes, with_usual_apostrophes


@pytest.mark.parametrize(
    ("text", "usual"),
    [
        ("I don´t know.", "I don't know."),
        ("I don`t know.", "I don't know."),
        ("Weʼll see, it´s late.", "We'll see, it's late."),
        ("THEY´RE HERE", "THEY'RE HERE"),
        (r"Don\'t stop, it\'s late.", "Don't stop, it's late."),
        (r"Say \'so\' once", r"Say \'so\' once"),
        ("Start `run`s twice.", "Start `run`s twice."),  # two backticks quote code
        ("a 5´s and caf´e", "a 5´s and caf´e"),
        ("ʻāina and Hawaiʻi", "ʻāina and Hawaiʻi"),
        ("It's fine, don’t worry.", "It's fine, don’t worry."),
    ],
)
def test_unusual_apostrophes(text, usual):
    assert with_usual_apostrophes(text) == usual


@pytest.mark.parametrize(
    ("text", "contracted"),
    [
        ("He wont come.", "He won't come."),
        ("We cant help, they wont.", "We can't help, they won't."),
        ("Dont go. It isnt safe.", "Don't go. It isn't safe."),
        ("youre sure theyve left", "you're sure they've left"),
        ("Ive seen it.", "I've seen it."),
        ("Whats that?", "What's that?"),
    ],
)
def test_missing_apostrophes(text, contracted):
    assert with_missing_apostrophes(text) == contracted


@pytest.mark.parametrize(
    "text",
    [
        "He has a cant.",
        "As is his wont, he left.",
        "She is well. They were ill. Its colour is red.",
        "We shed light; lets the shell go.",
        "the file dont.txt and my-dont or dont-panic",
        "I don't, he won’t.",
    ],
)
def test_words_without_an_apostrophe_are_left_alone(text):
    assert with_missing_apostrophes(text) == text


def test_long_texts_take_linear_time():
    for part in ("dont ", "I cant ", "x`s ", "´s", "I " * 3):
        with_missing_apostrophes(part * 100_000)
        with_usual_apostrophes(part * 100_000)
