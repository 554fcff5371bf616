"""Does pre-training on text in one language help if there are few pairs? Trains with and without it, with train.py.

    python benchmarks/pretraining.py --out runs/pretraining
    python benchmarks/pretraining.py --out runs/pretraining-small --size small --data pairs.tsv

5,000 pairs are for training. Of the corpus's other pairs, 500 are held out, and the two sides of the rest, shuffled
separately, are text to pre-train on. The Transformer learns to fill in masked spans, the decoder-only model to predict
the next token. Each is then trained on the pairs for as many operations as a model that starts at random. A third
model is trained on the pairs alone for the operations of both stages together.

Prints a table in Markdown. After an interruption, repeat the command: finished trainings are kept.
"""

import random
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import tyro
from comparison.training import begin, distinct_pairs, held_out, is_begun, prepare_parts, update_flops
from toy_grammar import generate_pairs

from translator.config import PRESETS, Objective, fit_to_vocabulary
from translator.config.declarations import require
from translator.data.corpus import CorpusSpec
from translator.data.monolingual import read_monolingual
from translator.data.objectives import source_maker
from translator.data.shards import PreparedData
from translator.errors import ConfigError, TranslatorError
from translator.evaluation.evaluate import score
from translator.model.architectures import build_network
from translator.search import SearchOptions
from translator.training.checkpoint import load_model
from translator.translate import Translator

ROOT = Path(__file__).parents[1]
PAIRS, HELD_OUT, TOY_SENTENCES = 5000, 500, 20_000
BATCH_TOKENS, LONGEST = 512, 64
VOCAB_SIZES = {"tiny": 1000, "small": 8000}
FLOPS = {"tiny": 4e11, "small": 2e13}
"""The default cost of the training on pairs."""
OBJECTIVES: dict[str, Objective] = {"": "span-denoising", "-decoder-only": "causal-lm"}
"""What follows the size in the name of the preset, and how the model is pre-trained."""


@dataclass(frozen=True)
class Options:
    """What to train."""

    out: Path
    """Folder for the data and the models."""
    size: Literal["tiny", "small"] = "tiny"
    """The presets to train."""
    data: str | None = None
    """Corpus of pairs, as for `translator prepare --corpus`; by default a toy grammar."""
    flops: float | None = None
    """Operations of the training on pairs; by default 4e11 for tiny and 2e13 for small."""
    pretraining_flops: float | None = None
    """Operations of the pre-training; by default twice those of the training on pairs."""
    seed: int = 1
    """Random seed of the models and their training."""

    def __post_init__(self) -> None:
        for name in ("flops", "pretraining_flops"):
            value = getattr(self, name)
            require(value is None or value > 0, f"{name} is {value}; give more than 0")

    @property
    def on_pairs(self) -> float:
        """The operations of the training on pairs."""
        return self.flops or FLOPS[self.size]

    @property
    def on_texts(self) -> float:
        """The operations of the pre-training."""
        return self.pretraining_flops or 2 * self.on_pairs

    @property
    def texts(self) -> list[Path]:
        """The files to pre-train on."""
        return [self.out / "english.txt", self.out / "german.txt"]


def prepare_data(options: Options) -> None:
    """Divide the corpus; raises ConfigError if it is too small, or if the folder holds another comparison."""
    settings = {"size": options.size, "data": options.data}
    if is_begun(options.out, settings):
        return
    if options.data is None:
        pairs = generate_pairs(TOY_SENTENCES, seed=1)
    else:
        pairs = distinct_pairs(CorpusSpec.parse(options.data))
    if len(pairs) < 2 * (PAIRS + HELD_OUT):
        raise ConfigError(
            f"{options.data} has {len(pairs):,} different clean pairs; give at least {2 * (PAIRS + HELD_OUT):,}"
        )
    shuffled = random.Random(1)
    shuffled.shuffle(pairs)
    unseen, training, rest = pairs[:HELD_OUT], pairs[HELD_OUT : HELD_OUT + PAIRS], pairs[HELD_OUT + PAIRS :]
    prepare_parts(options.out, training, unseen, VOCAB_SIZES[options.size])
    for path, lines in zip(options.texts, zip(*rest, strict=True), strict=True):
        path.write_text("".join(f"{line}\n" for line in shuffled.sample(lines, len(lines))), encoding="utf-8")
    begin(options.out, settings)


def train_once(
    options: Options, name: str, preset: str, objective: Objective, flops: float, *further: object
) -> Path:
    """Run train.py until it has cost this many operations; returns the model's folder. Skips what is finished."""
    out = options.out / f"{name}-{options.seed}-{flops:g}"
    if not (out / "model").exists():
        shutil.rmtree(out, ignore_errors=True)  # of an interrupted training
        updates = _updates(options, preset, objective, flops)
        print(f"{name}: {updates} updates")
        command = (
            "train.py", preset, "--data", options.out / "prepared", "--out", out, "--name", name,
            "--objective", objective, "--model.dropout", "0", "--batch-tokens", BATCH_TOKENS,
            "--max-tokens-per-side", LONGEST, "--max-minutes", "None", "--max-steps", updates,
            "--validate-every-steps", updates, "--save-every-steps", updates,
            "--log-every-steps", max(1, updates // 10), "--seed", options.seed, *further,
        )  # fmt: skip
        code = subprocess.run([sys.executable, *map(str, command)], cwd=ROOT, check=False).returncode
        if code:
            raise TranslatorError(f"train.py failed with exit code {code}; repeat the command to go on")
    return out / "model"


def _updates(options: Options, preset: str, objective: Objective, flops: float) -> int:
    data = PreparedData.open(options.out / "prepared")
    model = build_network(fit_to_vocabulary(PRESETS[preset]().model, data.tokenizer.vocab_size))
    if make_source := source_maker(objective, data.tokenizer):
        data = read_monolingual(options.texts, data.tokenizer, make_source, LONGEST)
    return round(flops / update_flops(model, data, BATCH_TOKENS, LONGEST))


def measure(options: Options, model: Path) -> tuple[str, ...]:
    """Translate the held-out sentences; returns the cells of the table that follow the names."""
    sources, references = held_out(options.out)
    translator = Translator.load(model, device="cpu", precision="fp32")
    translations = [one.text for one in translator.translate(sources, SearchOptions(beam_size=1))]
    card = load_model(model).card
    origin: dict[str, Any] | None = card["began_with"]
    bleu = score(translations, references)[0]
    right = sum(map(str.__eq__, translations, references))
    return (
        f"{origin['training']['flops']:.1e}" if origin else "–",
        f"{card['training']['flops']:.1e}", f"{card['training']['steps']:,}",
        f"{card['training']['complete_epochs']}", f"{bleu.value:.1f}", f"{right} of {len(sources)}",
    )  # fmt: skip


def compare(options: Options) -> str:
    """Train all models; returns the table."""
    prepare_data(options)
    heads = (
        *("model", "pre-training", "its FLOPs", "FLOPs on pairs", "updates", "complete epochs"),
        *("BLEU", "exactly right"),
    )
    rows = [heads, ("---", "---", *["---:"] * (len(heads) - 2))]
    for suffix, objective in OBJECTIVES.items():
        preset = options.size + suffix
        texts = [part for path in options.texts for part in ("--monolingual", path)]
        pretrained = train_once(options, f"{preset}-texts", preset, objective, options.on_texts, *texts)
        begun = ("--init-from", pretrained)
        for names, flops, further in (
            (("none", "alone"), options.on_pairs, ()),
            ((objective, f"tuned-{options.on_texts:g}"), options.on_pairs, begun),
            (("none", "alone"), options.on_pairs + options.on_texts, ()),
        ):
            model = train_once(options, f"{preset}-{names[1]}", preset, "translation", flops, *further)
            rows.append((preset, names[0], *measure(options, model)))
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def main() -> int:
    """Train and print the table; returns 0 on success, 1 after reporting an error, and 130 after Ctrl-C."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # on the way out, subprocess.run ends train.py
    try:
        options = tyro.cli(Options, description=__doc__)
        print(compare(replace(options, out=options.out.resolve())))
    except TranslatorError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; repeat the command to go on", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
