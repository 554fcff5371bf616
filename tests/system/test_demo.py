"""The one-minute demo, shortened: it learns, shows its progress, and names unknown words."""

import dataclasses
import io
import re

import demo
import pytest
from rich.console import Console

from translator.errors import DataError
from translator.translate import Translation


def test_the_demo_learns_and_shows_it(tmp_path, monkeypatch):
    brief = dataclasses.replace(
        demo.TRAINING, max_steps=60, validate_every_steps=30, warmup_steps=20, batch_tokens=512
    )
    monkeypatch.setattr(demo, "TRAINING", brief)
    monkeypatch.setattr(demo, "TRAINING_PAIRS", 1000)
    monkeypatch.setattr(demo, "TEST_PAIRS", 10)
    output = io.StringIO()
    demo.run_demo(tmp_path, Console(file=output, width=200), prompt=False)
    shown = [float(loss) for loss in re.findall(r"loss (\d+\.\d+)", output.getvalue())]
    assert len(shown) == 1 + 3  # after the first update, and then every 20
    assert shown[-1] < shown[0] - 1
    assert len(re.findall(r"BLEU on unseen sentences +\d", output.getvalue())) == 2
    assert re.search(r"\d+ of 10 unseen sentences exactly right", output.getvalue())


class Parrot:
    """Stands in for a trained model and repeats its input."""

    def translate(self, texts):
        return [Translation(text, ()) for text in texts]


def test_typed_and_translated_text_is_not_markup(tmp_path, monkeypatch):
    monkeypatch.setattr(demo, "write_corpus", lambda _folder: [("[/] the dog", "[/] der Hund")])
    monkeypatch.setattr(demo, "train_demo", lambda *_arguments: Parrot())
    output = io.StringIO()
    console = Console(file=output, width=200)
    typed = iter(["[/]", "[bold]dog[/bold] :dog:", ""])
    monkeypatch.setattr(console, "input", lambda _prompt: next(typed))
    demo.run_demo(tmp_path, console, prompt=True)
    shown = output.getvalue().splitlines()
    assert shown[-1] == "  [bold]dog[/bold] :dog:"
    assert "  [/]" in shown
    assert "  [/] the dog   not: [/] der Hund" in shown


def test_a_folder_with_an_earlier_run_is_left_alone(tmp_path):
    (tmp_path / "training.tsv").write_text("mine")
    with pytest.raises(DataError, match="is not empty, perhaps from an earlier demo; remove it or choose"):
        demo.run_demo(tmp_path, Console(file=io.StringIO()), prompt=False)
    assert (tmp_path / "training.tsv").read_text() == "mine"


@pytest.mark.parametrize("name", ["file", "file/below"])
def test_a_folder_that_is_a_file_is_refused(tmp_path, name):
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match=f"cannot create the folder .*/{name}: "):
        demo.run_demo(tmp_path / name, Console(file=io.StringIO()), prompt=False)


def test_unknown_words_are_named():
    assert demo.unknown_words("The dog eats quarks.") == ["quarks"]
    assert demo.unknown_words("the DOG sleeps") == []
