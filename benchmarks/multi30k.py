"""Multi30k, English to German, text only: a published benchmark of 29,000 training pairs, trained and scored.

    python benchmarks/multi30k.py DATA OUT

DATA holds train, val, test2016, test2017 and testcoco2017, each as NAME.en and NAME.de. Several models train at once,
one on each core, by train.py. Together they translate the English of the training text, and each goes on with their
German beside the given one (distillation of an ensemble: Kim and Rush 2016, Freitag et al. 2017). They are scored
alone and as an ensemble. A run that was interrupted goes on when the same command is given again. benchmarks/README.md
tells what the scores mean and which settings were tried.
"""

import json
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import sacrebleu
import tyro
from rich.console import Console
from rich.table import Table
from sacremoses import MosesPunctNormalizer, MosesTokenizer

from translator.checkpoint import checkpoint_paths, load_model
from translator.errors import TranslatorError
from translator.evaluate import read_lines
from translator.search import SearchOptions
from translator.translate import Translator

ROOT = Path(__file__).parents[1]
SCORED = ("val", "test2016", "test2017", "testcoco2017")
"""Settings are chosen by the first, the others are the benchmark."""
PUBLISHED = {"test2016": 41.02}
"""Lower-cased tokenised BLEU of the "tiny" Transformer that was trained on the same text alone."""
RECIPE = (
    "--model.dropout 0.2 --batch-tokens 1024 --peak-learning-rate 4e-3 --warmup-steps 1000 "
    "--both-directions-epochs 9 --max-steps 20000 --max-minutes 41"
)
"""Options of train.py beside the preset "tiny" and the seed."""
DISTILLATION = (
    "--model.dropout 0.2 --batch-tokens 1024 --peak-learning-rate 1.5e-3 --warmup-steps 100 "
    "--max-steps 20000 --max-minutes 12"
)
"""Options of train.py where the models go on with their own German."""
SEARCH = SearchOptions(beam_size=5)


@dataclass(frozen=True)
class Options:
    """What to train on, and how often."""

    data: tyro.conf.Positional[Path]
    """Folder of the text files."""
    out: tyro.conf.Positional[Path]
    """Folder for prepared data and runs."""
    seeds: tuple[int, ...] = (1, 2, 3, 4, 5, 6)
    at_once: int = 2
    """Models that train at the same time, and translate together."""
    vocab_size: int = 10_000
    recipe: str = RECIPE
    """Options of train.py."""
    distillation: str = DISTILLATION
    """Options of train.py for the models' second part, with their own German; empty leaves it out."""


@dataclass(frozen=True)
class Result:
    """The scores of one model, or of an ensemble, on one test set."""

    tokenised: float
    """BLEU of lower-cased, Moses-tokenised text, as published."""
    cased: float
    """BLEU of the text as it is, sacreBLEU's 13a."""


def run(*commands: Sequence[str | Path]) -> None:
    """Run Python commands of this repository at the same time, with the output of the first shown.

    A training saves when it is interrupted, so a signal is handed on and waits. Raises TranslatorError when one fails.
    """
    processes: list[subprocess.Popen[bytes]] = []
    before = {
        signal.SIGTERM: signal.signal(signal.SIGTERM, lambda *_: [p.terminate() for p in processes]),
        signal.SIGINT: signal.signal(signal.SIGINT, lambda *_: None),  # the terminal sends it to all
    }
    for command in commands:
        output = subprocess.DEVNULL if processes else None
        processes.append(subprocess.Popen([sys.executable, *map(str, command)], cwd=ROOT, stdout=output))
    codes = [process.wait() for process in processes]
    for number, handler in before.items():
        signal.signal(number, handler)
    for command, code in zip(commands, codes, strict=True):
        if code:
            raise TranslatorError(
                f"{' '.join(map(str, command))} ended with exit code {code}; the benchmark goes on where it was "
                "when it is called again"
            )


def check_settings(options: Options) -> None:
    """Raise TranslatorError where the runs in OUT were begun with other settings: their scores would pass for ours."""
    record = options.out / "settings.json"
    settings = {
        "at_once": options.at_once,
        "vocab_size": options.vocab_size,
        "recipe": options.recipe,
        "distillation": options.distillation,
    }
    if not record.exists():
        options.out.mkdir(parents=True, exist_ok=True)
        record.write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
    elif (before := json.loads(record.read_text(encoding="utf-8"))) != settings:
        raise TranslatorError(
            f"{options.out} was begun with {before}, and not with {settings}; choose another folder"
        )


def prepare(out: Path, data: Path, *options: str | Path) -> Path:
    """Prepare the training text, unless that is done."""
    if not out.exists():
        run((
            "-m", "translator", "prepare", "--corpus", data / "train", "--dev", f"val={data / 'val'}",
            "--out", out, *options,
        ))  # fmt: skip
    return out


def train(prepared: Path, folders: Mapping[int, Path], recipe: str, begin_with: Mapping[int, Path]) -> None:
    """Train a model for each seed at the same time, in its folder, or go on with it, unless that is done."""
    commands = []
    for seed, folder in folders.items():
        if not (folder / "model").exists():
            begin: tuple[str | Path, ...] = ("--init-from", begin_with[seed]) if begin_with else ()
            if checkpoint_paths(folder / "checkpoints"):
                begin = ("--resume",)
            commands.append((
                "train.py", "tiny", "--data", prepared, "--out", folder, "--name", f"multi30k-{seed}",
                "--seed", str(seed), "--threads", "1", "--validate-every-steps", "2000", *recipe.split(), *begin,
            ))  # fmt: skip
    run(*commands)


def translate_training_text(models: Sequence[Path], data: Path, out: Path) -> None:
    """Translate the English of the training text with an ensemble, or go on with it, unless that is done.

    The file beside it tells how many minutes that took, as a part of the training.
    """
    if out.exists():
        return
    out.parent.mkdir(exist_ok=True)
    record = minutes_file(out)
    before = float(record.read_text(encoding="utf-8")) if record.exists() else 0.0
    started = time.monotonic()
    try:
        run((
            "-m", "translator", "translate", *(part for model in models for part in ("--model", model)),
            "--out", out, "--resume", data / "train.en",
        ))  # fmt: skip
    finally:
        record.write_text(f"{before + (time.monotonic() - started) / 60}\n", encoding="utf-8")


def minutes_file(translation: Path) -> Path:
    """Where it is written how long a translation took."""
    return translation.with_suffix(".minutes")


def train_group(seeds: Sequence[int], data: Path, options: Options) -> tuple[dict[int, Path], float]:
    """Train models at the same time and, as an ensemble, let them teach each other.

    Returns each seed's model, and the minutes that the longest took.
    """
    out = options.out.resolve()
    prepared = prepare(out / "prepared", data, "--vocab-size", str(options.vocab_size))
    folders = {seed: out / f"seed-{seed}" for seed in seeds}
    train(prepared, folders, options.recipe, begin_with={})
    models = {seed: folder / "model" for seed, folder in folders.items()}
    minutes = minutes_of_training(models)
    if options.distillation:
        lesson = out / f"distilled-{'-'.join(map(str, seeds))}"
        german = lesson / "train.de"
        translate_training_text(list(models.values()), data, german)
        both = prepare(
            lesson / "prepared", data, "--corpus", f"distilled={data / 'train.en'},{german}",
            "--tokenizer", prepared / "tokenizer.model",
        )  # fmt: skip
        folders = {seed: lesson / f"seed-{seed}" for seed in seeds}
        train(both, folders, options.distillation, begin_with=models)
        models = {seed: folder / "model" for seed, folder in folders.items()}
        minutes += minutes_of_training(models)
        minutes += float(minutes_file(german).read_text(encoding="utf-8"))
    return models, minutes


def minutes_of_training(models: Mapping[int, Path]) -> float:
    """Of the model that trained longest."""
    return max(float(load_model(model).card["training"]["hours"]) * 60 for model in models.values())


def tokenised_bleu(hypotheses: list[str], references: list[str]) -> float:
    """BLEU as multi-bleu.perl counts it, after Moses' normalisation and tokenisation, in lower case."""
    normalise, tokenise = MosesPunctNormalizer("de").normalize, MosesTokenizer("de").tokenize
    hypotheses, references = (
        [tokenise(normalise(line), escape=False, return_str=True).lower() for line in lines]
        for lines in (hypotheses, references)
    )
    bleu = sacrebleu.corpus_bleu(hypotheses, [references], smooth_method="none", tokenize="none", force=True)
    return bleu.score


def score(models: Sequence[Path], data: Path) -> list[Result]:
    """Translate every one of SCORED, with several models as an ensemble, and score it in both ways."""
    # In float32, as published figures know no int8.
    translator = Translator.load(models[0], ensemble_with=models[1:], precision="fp32")
    results = []
    for name in SCORED:
        sources, references = (read_lines(data / f"{name}.{language}") for language in ("en", "de"))
        hypotheses = [translation.text for translation in translator.translate(sources, SEARCH)]
        cased = sacrebleu.corpus_bleu(hypotheses, [references]).score
        results.append(Result(tokenised_bleu(hypotheses, references), cased))
    return results


def show(
    singles: Mapping[str, list[Result]], ensembles: Mapping[str, list[Result]], console: Console
) -> None:
    """A row for each model, each ensemble, their means, and the published figures; a column for each set."""
    for kind, title in (("tokenised", "lower-cased, tokenised"), ("cased", "cased, sacreBLEU 13a")):
        table = Table("", title=f"Multi30k en→de, BLEU, beam {SEARCH.beam_size}: {title}")
        for name in SCORED:
            table.add_column(name, justify="right")
        for what, rows in (("models", singles), ("ensembles", ensembles)):
            scores = {name: [getattr(result, kind) for result in results] for name, results in rows.items()}
            scores[f"mean of the {what}"] = list(map(statistics.mean, zip(*scores.values(), strict=True)))
            for name, values in scores.items():
                table.add_row(name, *(f"{value:.2f}" for value in values))
            table.add_section()
        if kind == "tokenised":
            table.add_row("published, one model", *(f"{PUBLISHED.get(name, '')}" for name in SCORED))
        console.print(table)


def main() -> int:
    """Exit code: 0 when scored, 1 on an error."""
    console = Console(width=None if sys.stdout.isatty() else 100)
    try:
        options = tyro.cli(Options, description=__doc__)
        # The commands run in the repository's folder.
        data = options.data.resolve()
        for name in ("train", *SCORED):
            for language in ("en", "de"):
                read_lines(data / f"{name}.{language}")
        if options.at_once < 1:
            raise TranslatorError(f"--at-once is {options.at_once}; give 1 or more")
        check_settings(options)
        groups = [
            options.seeds[start : start + options.at_once]
            for start in range(0, len(options.seeds), options.at_once)
        ]
        trained = [train_group(group, data, options) for group in groups]
        singles = {
            f"seed {seed}": score([model], data) for models, _ in trained for seed, model in models.items()
        }
        ensembles = {
            f"seeds {' + '.join(map(str, models))}": score(list(models.values()), data)
            for models, _ in trained
        }
    except TranslatorError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    console.print(
        f"{options.vocab_size} pieces; {options.recipe}; distillation: {options.distillation or 'none'}"
    )
    show(singles, ensembles, console)
    minutes = ", ".join(f"{minutes:.0f}" for _, minutes in trained)
    console.print(f"minutes of training and translating, {options.at_once} models at once: {minutes}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
