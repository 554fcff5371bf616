"""The one-minute proof, shortened: it learns, it shows that it does, and it knows what it does not know."""

import dataclasses
import io
import re

from rich.console import Console

from translator import demo


def test_the_demo_learns_and_shows_it(tmp_path, monkeypatch):
    brief = dataclasses.replace(demo.TRAINING, max_steps=60, validate_every_steps=30, warmup_steps=20)
    monkeypatch.setattr(demo, "TRAINING", brief)
    monkeypatch.setattr(demo, "TEST_PAIRS", 40)
    output = io.StringIO()
    demo.run_demo(tmp_path, Console(file=output, width=200), prompt=False)
    shown = [float(loss) for loss in re.findall(r"loss (\d+\.\d+)", output.getvalue())]
    assert len(shown) == 3
    assert shown[-1] < shown[0] - 1
    assert len(re.findall(r"BLEU on unseen sentences +\d", output.getvalue())) == 2
    assert re.search(r"\d+ of 40 unseen sentences right to the letter", output.getvalue())


def test_unknown_words_are_named():
    assert demo.unknown_words("The dog eats quarks.") == ["quarks"]
    assert demo.unknown_words("the DOG sleeps") == []
