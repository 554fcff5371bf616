"""Train a model until it has cost a given number of operations, and measure it on the way."""

import itertools
import json
import math
import os
import random
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

import torch

from comparison.variants import VARIANTS
from translator.config import PRESETS, Config, TrainingConfig
from translator.config.declarations import require
from translator.data.batching import TokenBudgetBatches
from translator.data.corpus import (
    CleaningRules,
    CorpusSpec,
    Deduplicator,
    DropCounts,
    Pair,
    clean_pairs,
    read_pairs,
)
from translator.data.prepare import prepare
from translator.data.shards import PreparedData
from translator.errors import ConfigError
from translator.evaluation.attention_maps import END_LABEL, look_at
from translator.evaluation.evaluate import score
from translator.files.durable import replace_file
from translator.machine.device import set_up_processor
from translator.model.interface import TranslationModel
from translator.search import SearchOptions
from translator.training import Trainer
from translator.training.card import training_flops
from translator.training.stop_signal import StopSignal
from translator.training.validation import make_validator
from translator.translate import Translator

HELD_OUT = 500
MOST_WORDS = 80
"""Longer pairs are left out: the decoder-only model has too few positions for them."""
BATCH_TOKENS = 512
"""Far fewer than in the presets, so that the operations are enough for many updates."""
VALIDATIONS = 8
"""At most, evenly spaced, and the last one at the end."""
COSTED_BATCHES = 200
MOST_ATTENTION_WORDS = 9
"""The attention is drawn for the first held-out sentence with this many words: longer maps are too small to read."""


@dataclass(frozen=True)
class Task:
    """One training of the comparison."""

    variant: str
    seed: int
    size: str
    flops: float
    folder: Path

    @property
    def result_file(self) -> Path:
        """Where the result goes."""
        return self.folder / f"{self.variant.replace('/', '-').replace(' ', '-')}-{self.seed}.json"


@dataclass
class Point:
    """What was measured after some updates."""

    flops: float
    seconds: float
    """Of training alone, without validation."""
    loss: float
    bleu: float


@dataclass
class AttentionPicture:
    """The attention of one head from a translation to its sentence."""

    title: str
    source: list[str]
    target: list[str]
    weights: list[list[float]]


@dataclass
class Result:
    """A finished training."""

    variant: str
    seed: int
    parameters: int
    updates: int
    flops: float
    """What the training cost: as on a model card, without the products of attention."""
    seconds: float
    loss: float
    bleu: float
    signature: str
    exact: int
    """Held-out sentences whose translation equals the reference."""
    translations: list[str]
    curve: list[Point] = field(default_factory=list)
    attention: AttentionPicture | None = None

    @classmethod
    def read(cls, path: Path) -> "Result":
        """Read a result from its file."""
        values = json.loads(path.read_text(encoding="utf-8"))
        values["curve"] = [Point(**point) for point in values["curve"]]
        values["attention"] = values["attention"] and AttentionPicture(**values["attention"])
        return cls(**values)


def distinct_pairs(corpus: CorpusSpec) -> list[Pair]:
    """Read the clean pairs of a corpus, one for each English sentence, so that no sentence is in two parts of it.

    Raises DataError if the corpus cannot be read.
    """
    rules, counts = CleaningRules(max_words=MOST_WORDS), DropCounts()
    pairs = clean_pairs(read_pairs(corpus, counts), rules, Deduplicator(), counts)
    return list({english: (english, german) for english, german in pairs}.values())


def prepare_pairs(corpus: CorpusSpec, folder: Path, vocab_size: int) -> None:
    """Hold out some pairs of a corpus, and prepare the others in `folder`.

    Raises DataError if the corpus cannot be read, and ConfigError if it is too small.
    """
    pairs = distinct_pairs(corpus)
    random.Random(1).shuffle(pairs)
    if len(pairs) < 10 * HELD_OUT:
        raise ConfigError(
            f"{corpus.where} has {len(pairs):,} different clean pairs; give at least {10 * HELD_OUT:,}"
        )
    prepare_parts(folder, pairs[HELD_OUT:], pairs[:HELD_OUT], vocab_size)


def prepare_parts(folder: Path, training: Sequence[Pair], unseen: Sequence[Pair], vocab_size: int) -> None:
    """Write both parts to `folder` and prepare them; `held_out` reads the second again."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, some in (("unseen", unseen), ("training", training)):
        lines = "".join(f"{english}\t{german}\n" for english, german in some)
        (folder / f"{name}.tsv").write_text(lines, encoding="utf-8")
    prepare(
        [CorpusSpec.parse(str(folder / "training.tsv"))],
        folder / "prepared",
        vocab_size=vocab_size,
        dev=[CorpusSpec.parse(str(folder / "unseen.tsv"))],
        rules=CleaningRules(),
        seed=1,
    )


def is_begun(folder: Path, settings: dict[str, Any]) -> bool:
    """Whether the folder holds the data of a comparison; raises ConfigError if it has other settings."""
    record = folder / "settings.json"
    if not record.exists():
        return False
    if (before := json.loads(record.read_text(encoding="utf-8"))) != settings:
        raise ConfigError(
            f"{folder} holds a comparison with {before}, not {settings}; remove it, or choose another --out"
        )
    return True


def begin(folder: Path, settings: dict[str, Any]) -> None:
    """Record that the data for these settings are complete."""
    replace_file(folder / "settings.json", json.dumps(settings).encode())


def held_out(folder: Path) -> tuple[list[str], list[str]]:
    """The held-out sentences and their references."""
    lines = (folder / "unseen.tsv").read_text(encoding="utf-8").splitlines()
    sources, references = zip(*(line.split("\t") for line in lines), strict=True)
    return list(sources), list(references)


def train(task: Task) -> Result:
    """Train a model on one core, and write its result; returns the result of an earlier call if it has finished."""
    if task.result_file.exists():
        return Result.read(task.result_file)
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    set_up_processor(threads=1)
    data = PreparedData.open(task.folder / "prepared")
    torch.manual_seed(task.seed)
    model = VARIANTS[task.variant].build(task.size, data.tokenizer.vocab_size)
    config, flops_per_update = _plan(task, model, data)
    watch = _Watch(task, flops_per_update, make_validator(data))
    out = task.folder / task.result_file.stem
    shutil.rmtree(out, ignore_errors=True)  # of an interrupted training, whose measurements are lost
    trainer = Trainer(model, data, config, out, validate=watch)
    watch.trainer = trainer
    trainer.run.start_afresh()
    trainer.run.stop = _NoSignals()
    trainer.train()
    result = _measure(task, trainer, data, watch.curve)
    replace_file(task.result_file, json.dumps(asdict(result), ensure_ascii=False).encode())
    return result


class _NoSignals(StopSignal):
    """Leaves signals as they are: an interrupted training starts again, so it need not be saved."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        pass


def _plan(task: Task, model: TranslationModel, data: PreparedData) -> tuple[Config, float]:
    """The settings with which the training costs `task.flops`, and the mean cost of an update.

    Raises ConfigError if that is less than an update for each validation.
    """
    preset = PRESETS[task.size]().training
    longest = 64 if task.size == "tiny" else preset.max_tokens_per_side
    flops_per_update = update_flops(model, data, BATCH_TOKENS, longest)
    updates = round(task.flops / flops_per_update)
    require(
        updates >= VALIDATIONS,
        f"flops is {task.flops:.1e}, but {VALIDATIONS} updates of {task.variant} take "
        f"{VALIDATIONS * flops_per_update:.1e}; give at least that",
    )
    tuned = VARIANTS[task.variant].tiny_rate if task.size == "tiny" else None
    training = TrainingConfig(
        batch_tokens=BATCH_TOKENS, max_tokens_per_side=longest, schedule="linear", warmup_steps=preset.warmup_steps,
        peak_learning_rate=tuned or preset.peak_learning_rate, max_steps=updates, seed=task.seed, threads=1,
        validate_every_steps=math.ceil(updates / VALIDATIONS), save_every_steps=updates, log_every_steps=updates,
        keep_checkpoints=1,
    )  # fmt: skip
    return Config(model.config, training), flops_per_update


def update_flops(model: TranslationModel, data: PreparedData, batch_tokens: int, longest: int) -> float:
    """The mean cost of an update, estimated from the first batches."""
    batches = TokenBudgetBatches(
        data, batch_tokens=batch_tokens, max_tokens_per_side=longest, seed=1, is_logged=False
    )
    sizes = [
        (one.source_tokens, one.target_tokens) for one in itertools.islice(batches.batches(0), COSTED_BATCHES)
    ]
    source_tokens, target_tokens = map(sum, zip(*sizes, strict=True))
    return training_flops(model, source_tokens, target_tokens) / len(sizes)


class _Watch:
    """Validates during the training, and keeps what it finds with the cost so far."""

    def __init__(
        self,
        task: Task,
        flops_per_update: float,
        validate: Callable[[TranslationModel], dict[str, Any]] | None,
    ) -> None:
        assert validate is not None
        self._task, self._flops_per_update, self._validate = task, flops_per_update, validate
        self._validating = 0.0
        self.curve: list[Point] = []
        self.trainer: Trainer

    def __call__(self, model: TranslationModel) -> dict[str, Any]:
        started, progress = time.monotonic(), self.trainer.run.progress
        figures = self._validate(model)
        point = Point(
            progress.step * self._flops_per_update,
            progress.seconds - self._validating,
            figures["unseen loss"],
            figures["unseen BLEU"],
        )
        self.curve.append(point)
        self._validating += time.monotonic() - started
        print(
            f"{self._task.variant}, seed {self._task.seed}: {point.flops / self._task.flops:4.0%} of the cost, "
            f"{point.seconds:.0f} s, loss {point.loss:.3f}, BLEU {point.bleu:.1f}",
            flush=True,
        )
        return figures


def _measure(task: Task, trainer: Trainer, data: PreparedData, curve: list[Point]) -> Result:
    """Translate all held-out sentences."""
    model, progress = trainer.model, trainer.run.progress
    sources, references = held_out(task.folder)
    translator = Translator.of_model(model.eval(), data.tokenizer, {"name": task.variant})
    options = SearchOptions(beam_size=1)
    translations = [one.text for one in translator.translate(sources, options)]
    bleu = score(translations, references)[0]
    words = [len(source.split()) for source in sources]
    drawn = min(range(len(sources)), key=lambda index: abs(words[index] - MOST_ATTENTION_WORDS))
    return Result(
        task.variant, task.seed, sum(p.numel() for p in model.parameters()), progress.step,
        training_flops(model, progress.source_tokens, progress.target_tokens), curve[-1].seconds, curve[-1].loss,
        bleu.value, bleu.signature, sum(map(str.__eq__, translations, references)), translations, curve,
        _attention(translator, sources[drawn], references[drawn]),
    )  # fmt: skip


def _attention(translator: Translator, sentence: str, reference: str) -> AttentionPicture:
    """The attention from the reference to the sentence, of the head with the clearest choices."""
    model, best, found = translator.model, -1.0, None
    for layer, drawn in zip(
        model.attention_layers, look_at(translator, sentence, reference).layers, strict=True
    ):
        if layer.module not in model.alignment_modules:
            continue
        sources = drawn.columns.index(END_LABEL) + 1  # a decoder-only model has the target behind the source
        targets = len(drawn.rows) - (sources if layer.queries == "both" else 0)
        for head, weights_LM in enumerate(drawn.weights_HLM, start=1):
            weights_TS = weights_LM[-targets:, :sources]
            clearness = float(weights_TS[:-1, :-1].amax(dim=1).mean())
            if clearness > best:
                best = clearness
                found = AttentionPicture(
                    f"{layer.title}, head {head}", list(drawn.columns[:sources]), list(drawn.rows[-targets:]),
                    weights_TS.tolist(),
                )  # fmt: skip
    assert found is not None
    return found
