"""A one-minute demo: train a tiny Transformer on a toy grammar, watch it learn, and try it out.

make demo
python benchmarks/demo.py --folder runs/demo
"""

import re
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
import tyro
from rich.console import Console
from rich.text import Text
from toy_grammar import VOCABULARY, Pair, demo_pairs

from translator.config import Config, TrainingConfig, fit_to_vocabulary, tiny
from translator.data.corpus import CleaningRules, CorpusSpec
from translator.data.prepare import prepare
from translator.data.shards import PreparedData
from translator.errors import DataError, TranslatorError
from translator.evaluation.evaluate import score
from translator.machine.device import set_up_processor
from translator.model.transformer import Transformer
from translator.training import Trainer
from translator.training.validation import make_validator
from translator.translate import Translator

TRAINING_PAIRS, TEST_PAIRS = 8000, 500
VOCAB_SIZE = 1100
TRAINING = TrainingConfig(
    batch_tokens=2048,
    max_tokens_per_side=64,
    schedule="linear",
    warmup_steps=60,
    peak_learning_rate=4e-3,
    max_steps=400,
    log_every_steps=20,
    validate_every_steps=80,
    save_every_steps=400,
)


def run_demo(folder: Path, console: Console, *, prompt: bool) -> None:
    """Train in `folder`, show translations of unseen sentences, and with `prompt`, translate what the user types.

    Raises DataError if `folder` cannot be created or is not empty.
    """
    _make_empty(folder)
    console.print(
        f"A small grammar generates {TRAINING_PAIRS} English sentences with German translations. A tiny Transformer "
        f"learns from them; {TEST_PAIRS} unseen sentences test what it has learnt."
    )
    unseen = write_corpus(folder)
    translator = train_demo(folder, TRAINING, console)
    _show_unseen(translator, unseen, console)
    if prompt:
        _answer_prompt(translator, console)


def write_corpus(folder: Path) -> list[Pair]:
    """Generate and prepare the training data in `folder`; return the held-out pairs."""
    training, unseen = demo_pairs(TRAINING_PAIRS, TEST_PAIRS, seed=1)
    _write_pairs(folder / "training.tsv", training)
    _write_pairs(folder / "unseen.tsv", unseen)
    prepare(
        [CorpusSpec.parse(str(folder / "training.tsv"))],
        folder / "prepared",
        vocab_size=VOCAB_SIZE,
        dev=[CorpusSpec.parse(str(folder / "unseen.tsv"))],
        rules=CleaningRules(),
        seed=1,
    )
    return unseen


def train_demo(folder: Path, training: TrainingConfig, console: Console) -> Translator:
    """Train the tiny preset on the data that `write_corpus` wrote to `folder`, and show the progress."""
    set_up_processor(training.threads)
    data = PreparedData.open(folder / "prepared")
    model_config = fit_to_vocabulary(replace(tiny().model, dropout=0.0), data.tokenizer.vocab_size)
    torch.manual_seed(training.seed)
    model = Transformer(model_config)
    trainer = Trainer(
        model,
        data,
        Config(model_config, training),
        folder / "run",
        validate=make_validator(data),
        report=lambda record: _show(record, console),
    )
    trainer.run.start_afresh()
    if not trainer.train():
        raise KeyboardInterrupt
    return Translator.of_model(model, data.tokenizer, {"name": "demo"})


def unknown_words(sentence: str) -> list[str]:
    """Return the words of a sentence that are not in the grammar, which the model cannot know."""
    return [word for word in re.findall(r"[^\W\d_]+", sentence.lower()) if word not in VOCABULARY]


def _make_empty(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        is_used = any(folder.iterdir())
    except OSError as error:
        raise DataError(
            f"cannot create the folder {folder}: {error.strerror}; choose another path"
        ) from error
    if is_used:
        raise DataError(
            f"{folder} is not empty, perhaps from an earlier demo; remove it or choose another folder"
        )


def _show_unseen(translator: Translator, unseen: list[Pair], console: Console) -> None:
    translations = [
        translation.text for translation in translator.translate([english for english, _ in unseen])
    ]
    references = [german for _, german in unseen]
    right = sum(ours == theirs for ours, theirs in zip(translations, references, strict=True))
    bleu = score(translations, references)[0]
    console.print(
        f"\n{right} of {len(unseen)} unseen sentences exactly right, BLEU {bleu.value:.1f} ({bleu.signature})"
    )
    for (english, german), ours in list(zip(unseen, translations, strict=True))[:8]:
        # Text, not strings: brackets in model output are not markup.
        difference = Text("" if ours == german else f"   not: {german}", "red")
        console.print(Text.assemble(f"  {english}\n  ", (ours, "green"), difference))


def _answer_prompt(translator: Translator, console: Console) -> None:
    console.print("\nType a sentence, or an empty line to quit.")
    while True:
        try:
            sentence = console.input("> ").strip()
        except EOFError:
            return
        if not sentence:
            return
        if unknown := unknown_words(sentence):
            console.print(
                f"  not in the grammar: {', '.join(unknown)}; the grammar knows: {' '.join(sorted(VOCABULARY))}"
            )
        console.print(Text.assemble("  ", (translator.translate([sentence])[0].text, "green")))


def _show(record: dict[str, Any], console: Console) -> None:
    if "loss" in record:
        console.print(
            f"step {record['step']:4}  loss {record['loss']:.3f}  {record['seconds_left']:4.0f} s left"
        )
    else:
        bleu = record["unseen BLEU"]
        console.print(
            f"step {record['step']:4}  BLEU on unseen sentences {bleu:5.1f}  [cyan]{'█' * round(bleu / 2.5)}[/]"
        )


def _write_pairs(path: Path, pairs: list[Pair]) -> None:
    path.write_text("".join(f"{english}\t{german}\n" for english, german in pairs), encoding="utf-8")


def main(*, folder: Path | None = None, prompt: bool = True) -> None:
    """Train a tiny model on a toy grammar in about a minute, then translate what you type.

    Args:
        folder: Folder to keep the data, the run and its log in; by default a temporary one.
        prompt: Prompt for sentences afterwards.
    """
    with tempfile.TemporaryDirectory() as temporary:
        try:
            run_demo(folder or Path(temporary), Console(), prompt=prompt and sys.stdin.isatty())
        except TranslatorError as error:
            sys.exit(f"error: {error}")


if __name__ == "__main__":
    tyro.cli(main)
