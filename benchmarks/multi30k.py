"""Train and score models on Multi30k, English to German, text only: a published benchmark with 29,000 training pairs.

    python benchmarks/multi30k.py DATA OUT

DATA holds train, val, test2016, test2017 and testcoco2017, each as NAME.en and NAME.de. Several models train at the
same time, each on one core. As an ensemble, they translate the English side of the training text. Each model then
continues to train on the original pairs and on these translations (ensemble distillation: Kim and Rush 2016, Freitag et
al. 2017). They are scored one by one and as an ensemble. To resume an interrupted run, repeat the same command.
benchmarks/README.md explains the scores, and docs/experiments.md lists the settings that were tried.
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

from translator.errors import TranslatorError
from translator.evaluation.evaluate import read_lines
from translator.search import SearchOptions
from translator.training.checkpoint import checkpoint_paths, load_model
from translator.translate import Translator

ROOT = Path(__file__).parents[1]
SCORED = ("val", "test2016", "test2017", "testcoco2017")
"""The validation set, on which settings were chosen, and the test sets of the benchmark."""
PUBLISHED = {"test2016": 41.02}
"""Lower-cased tokenised BLEU of the published "tiny" Transformer, trained on the same text and nothing else."""
RECIPE = (
    "--model.dropout 0.2 --batch-tokens 1024 --peak-learning-rate 4e-3 --warmup-steps 1000 "
    "--both-directions-epochs 9 --max-steps 20000 --max-minutes 41"
)
"""Options of train.py, in addition to the preset "tiny" and the seed."""
DISTILLATION = (
    "--model.dropout 0.2 --batch-tokens 1024 --peak-learning-rate 1.5e-3 --warmup-steps 100 "
    "--max-steps 20000 --max-minutes 12"
)
"""Options of train.py for the distillation stage."""
SEARCH = SearchOptions(beam_size=5)


@dataclass(frozen=True)
class Options:
    """What to train on, and how."""

    data: tyro.conf.Positional[Path]
    """Folder of the text files."""
    out: tyro.conf.Positional[Path]
    """Folder for prepared data and training runs."""
    seeds: tuple[int, ...] = (1, 2, 3, 4, 5, 6)
    """One model is trained for each seed."""
    at_once: int = 2
    """Models that train at the same time and form an ensemble."""
    vocab_size: int = 10_000
    recipe: str = RECIPE
    """Options of train.py."""
    distillation: str = DISTILLATION
    """Options of train.py for the distillation stage. An empty text skips the stage."""


@dataclass(frozen=True)
class Result:
    """The scores of a model or an ensemble on one test set."""

    tokenised: float
    """BLEU of lower-cased, Moses-tokenised text, as in published results."""
    cased: float
    """BLEU of the unchanged text with sacreBLEU's 13a tokeniser."""


def run(*commands: Sequence[str | Path]) -> None:
    """Run Python commands of this repository at the same time. Only the output of the first one is shown.

    A termination signal is passed on to the commands and then waits for them, because an interrupted training saves a
    checkpoint. Raises TranslatorError if a command fails.
    """
    processes: list[subprocess.Popen[bytes]] = []

    def terminate(*_: object) -> None:
        for process in processes:
            process.terminate()

    before = {
        signal.SIGTERM: signal.signal(signal.SIGTERM, terminate),
        signal.SIGINT: signal.signal(signal.SIGINT, lambda *_: None),  # Ctrl-C reaches all of them anyway
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
                f"{' '.join(map(str, command))} failed with exit code {code}; "
                "repeat the benchmark's command to resume it"
            )


def check_settings(options: Options) -> None:
    """Raise TranslatorError if the runs in OUT were started with other settings, which would give misleading scores."""
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
            f"{options.out} was started with {before}, but the settings are now {settings}; choose another folder"
        )


def prepare(out: Path, data: Path, *options: str | Path) -> Path:
    """Prepare the training text, unless it has been prepared before."""
    if not out.exists():
        run((
            "-m", "translator", "prepare", "--corpus", data / "train", "--dev", f"val={data / 'val'}",
            "--out", out, *options,
        ))  # fmt: skip
    return out


def train(prepared: Path, folders: Mapping[int, Path], recipe: str, init_from: Mapping[int, Path]) -> None:
    """Train a model for each seed, all at the same time. Resumes interrupted runs and skips finished ones."""
    commands = []
    for seed, folder in folders.items():
        if not (folder / "model").exists():
            start: tuple[str | Path, ...] = ("--init-from", init_from[seed]) if init_from else ()
            if checkpoint_paths(folder / "checkpoints"):
                start = ("--resume",)
            commands.append((
                "train.py", "tiny", "--data", prepared, "--out", folder, "--name", f"multi30k-{seed}",
                "--seed", str(seed), "--threads", "1", "--validate-every-steps", "2000", *recipe.split(), *start,
            ))  # fmt: skip
    run(*commands)


def translate_training_text(models: Sequence[Path], data: Path, out: Path) -> None:
    """Translate the English side of the training text with an ensemble, unless OUT exists.

    Resumes an interrupted translation. The time it takes counts as training time and is stored in `minutes_file(out)`.
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
    """Return the file that holds the time of a translation in minutes."""
    return translation.with_suffix(".minutes")


def train_group(seeds: Sequence[int], data: Path, options: Options) -> tuple[dict[int, Path], float]:
    """Train models at the same time, then distil their ensemble into each of them.

    Returns the model folder of each seed, and the training time of the slowest model in minutes.
    """
    out = options.out.resolve()
    prepared = prepare(out / "prepared", data, "--vocab-size", str(options.vocab_size))
    folders = {seed: out / f"seed-{seed}" for seed in seeds}
    train(prepared, folders, options.recipe, init_from={})
    models = {seed: folder / "model" for seed, folder in folders.items()}
    minutes = minutes_of_training(models)
    if options.distillation:
        stage = out / f"distilled-{'-'.join(map(str, seeds))}"
        german = stage / "train.de"
        translate_training_text(list(models.values()), data, german)
        both = prepare(
            stage / "prepared", data, "--corpus", f"distilled={data / 'train.en'},{german}",
            "--tokenizer", prepared / "tokenizer.model",
        )  # fmt: skip
        folders = {seed: stage / f"seed-{seed}" for seed in seeds}
        train(both, folders, options.distillation, init_from=models)
        models = {seed: folder / "model" for seed, folder in folders.items()}
        minutes += minutes_of_training(models)
        minutes += float(minutes_file(german).read_text(encoding="utf-8"))
    return models, minutes


def minutes_of_training(models: Mapping[int, Path]) -> float:
    """Return the training time of the slowest model."""
    return max(float(load_model(model).card["training"]["hours"]) * 60 for model in models.values())


def tokenised_bleu(hypotheses: list[str], references: list[str]) -> float:
    """Compute BLEU as multi-bleu.perl does, after Moses' punctuation normalisation and tokenisation, in lower case."""
    normalise, tokenise = MosesPunctNormalizer("de").normalize, MosesTokenizer("de").tokenize
    hypotheses, references = (
        [tokenise(normalise(line), escape=False, return_str=True).lower() for line in lines]
        for lines in (hypotheses, references)
    )
    bleu = sacrebleu.corpus_bleu(hypotheses, [references], smooth_method="none", tokenize="none", force=True)
    return bleu.score


def score(models: Sequence[Path], data: Path) -> list[Result]:
    """Translate each set of SCORED and return its scores. Several models translate as an ensemble."""
    # In float32, because published results do not use int8.
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
    """Print a row for each model, each ensemble, their means and the published result, and a column for each set."""
    for kind, title in (("tokenised", "lower-cased, tokenised"), ("cased", "cased, sacreBLEU 13a")):
        table = Table("", title=f"Multi30k en→de, BLEU, beam size {SEARCH.beam_size}: {title}")
        for name in SCORED:
            table.add_column(name, justify="right")
        for what, rows in (("models", singles), ("ensembles", ensembles)):
            scores = {name: [getattr(result, kind) for result in results] for name, results in rows.items()}
            scores[f"mean of the {what}"] = list(map(statistics.mean, zip(*scores.values(), strict=True)))
            for name, values in scores.items():
                table.add_row(name, *(f"{value:.2f}" for value in values))
            table.add_section()
        if kind == "tokenised":
            table.add_row("published (one model)", *(f"{PUBLISHED.get(name, '')}" for name in SCORED))
        console.print(table)


def main() -> int:
    """Train and score. Returns 0 on success and 1 after reporting an error."""
    console = Console(width=None if sys.stdout.isatty() else 100)
    try:
        options = tyro.cli(Options, description=__doc__)
        # Absolute, because the commands run in the repository's folder.
        data = options.data.resolve()
        for name in ("train", *SCORED):
            for language in ("en", "de"):
                read_lines(data / f"{name}.{language}")
        if options.at_once < 1:
            raise TranslatorError(f"--at-once is {options.at_once}, but must be 1 or more")
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
        f"Vocabulary: {options.vocab_size} pieces\nTraining: {options.recipe}\n"
        f"Distillation: {options.distillation or 'none'}"
    )
    show(singles, ensembles, console)
    minutes = ", ".join(f"{minutes:.0f}" for _, minutes in trained)
    console.print(f"Minutes of training and translating, {options.at_once} models at once: {minutes}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
