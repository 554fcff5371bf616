"""Multi30k, English to German, text only: a published benchmark of 29,000 training pairs, trained and scored.

    python benchmarks/multi30k.py DATA OUT

DATA holds train, val, test2016, test2017 and testcoco2017, each as NAME.en and NAME.de. Every seed is a run of
train.py in OUT; a run that was interrupted goes on when the same command is given again. benchmarks/README.md
tells what the scores mean and which settings were tried.
"""

import json
import signal
import statistics
import subprocess
import sys
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
TEST_SETS = ("test2016", "test2017", "testcoco2017")
PUBLISHED = {"test2016": 41.02}
"""Lower-cased tokenised BLEU of the "tiny" Transformer that was trained on the same text alone."""
RECIPE = (
    "--model.dropout 0.25 --batch-tokens 1024 --peak-learning-rate 4e-3 --warmup-steps 1000 --max-minutes 59"
)
"""Options of train.py beside the preset "tiny", the seed and the number of steps."""
SEARCH = SearchOptions(beam_size=5)


@dataclass(frozen=True)
class Options:
    """What to train on, and how often."""

    data: tyro.conf.Positional[Path]
    """Folder of the text files."""
    out: tyro.conf.Positional[Path]
    """Folder for prepared data and runs."""
    seeds: tuple[int, ...] = (1, 2, 3)
    vocab_size: int = 6000
    max_steps: int = 17_000
    recipe: str = RECIPE
    """Options of train.py."""
    processes: int = 2
    """That train one model together, each with batches of its own (torchrun)."""
    threads: int = 1
    """CPU threads of each process; 0 leaves PyTorch's choice."""


@dataclass(frozen=True)
class Result:
    """The scores on one test set."""

    test_set: str
    tokenised: float
    """BLEU of lower-cased, Moses-tokenised text, as published."""
    cased: float
    """BLEU of the text as it is, sacreBLEU's 13a."""


def run(*command: str | Path) -> None:
    """Run a Python command of this repository with its output shown; raises TranslatorError when it fails.

    A training saves when it is interrupted, so a signal waits for it.
    """
    with subprocess.Popen([sys.executable, *map(str, command)], cwd=ROOT) as process:
        before = {
            signal.SIGTERM: signal.signal(signal.SIGTERM, lambda *_: process.terminate()),
            signal.SIGINT: signal.signal(signal.SIGINT, lambda *_: None),  # the terminal sends it to both
        }
        code = process.wait()
        for number, handler in before.items():
            signal.signal(number, handler)
    if code:
        raise TranslatorError(
            f"{command[0]} ended with exit code {code}; the same command goes on where it was"
        )


def check_settings(options: Options) -> None:
    """Raise TranslatorError where the runs in OUT were begun with other settings: their scores would pass for ours."""
    record = options.out / "settings.json"
    settings = {
        "vocab_size": options.vocab_size,
        "max_steps": options.max_steps,
        "recipe": options.recipe,
        "processes": options.processes,
    }
    if not record.exists():
        options.out.mkdir(parents=True, exist_ok=True)
        record.write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
    elif (before := json.loads(record.read_text(encoding="utf-8"))) != settings:
        raise TranslatorError(
            f"{options.out} was begun with {before}, and not with {settings}; choose another folder"
        )


def prepare(data: Path, out: Path, vocab_size: int) -> Path:
    """Prepare the training text, unless that is done."""
    prepared = out / "prepared"
    if not prepared.exists():
        run(
            "-m", "translator", "prepare", "--corpus", data / "train", "--dev", f"val={data / 'val'}",
            "--out", prepared, "--vocab-size", str(vocab_size),
        )  # fmt: skip
    return prepared


def train(prepared: Path, folder: Path, seed: int, options: Options) -> Path:
    """Train one model, or go on with it, unless that is done; returns the model's folder."""
    model = folder / "model"
    if not model.exists():
        resume = ("--resume",) if checkpoint_paths(folder / "checkpoints") else ()
        launcher = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(options.processes))
        run(
            *(launcher if options.processes > 1 else ()),
            "train.py", "tiny", "--data", prepared, "--out", folder, "--name", f"multi30k-{seed}",
            "--seed", str(seed), "--max-steps", str(options.max_steps), "--threads", str(options.threads),
            "--validate-every-steps", "1500", "--save-every-steps", "500", *options.recipe.split(), *resume,
        )  # fmt: skip
    return model


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
    """Translate every test set, with several models as an ensemble, and score it in both ways."""
    # In float32, as published figures know no int8.
    translator = Translator.load(models[0], ensemble_with=models[1:], precision="fp32")
    results = []
    for name in TEST_SETS:
        sources, references = (read_lines(data / f"{name}.{language}") for language in ("en", "de"))
        hypotheses = [translation.text for translation in translator.translate(sources, SEARCH)]
        cased = sacrebleu.corpus_bleu(hypotheses, [references]).score
        results.append(Result(name, tokenised_bleu(hypotheses, references), cased))
    return results


def show(by_seed: Mapping[int, list[Result]], together: list[Result], console: Console) -> None:
    """A row for each test set: every seed's scores, their mean, the published figure, and the ensemble of the seeds."""
    for kind, title in (("tokenised", "lower-cased, tokenised"), ("cased", "cased, sacreBLEU 13a")):
        table = Table(title=f"Multi30k en→de, BLEU, beam {SEARCH.beam_size}: {title}")
        table.add_column("test set")
        for heading in (*(f"seed {seed}" for seed in by_seed), "mean", "published", "ensemble"):
            table.add_column(heading, justify="right")
        for row, name in enumerate(TEST_SETS):
            values = [getattr(results[row], kind) for results in by_seed.values()]
            published = PUBLISHED.get(name) if kind == "tokenised" else None
            table.add_row(
                name,
                *(f"{value:.2f}" for value in values),
                f"{statistics.mean(values):.2f}",
                f"{published:.2f}" if published else "",
                f"{getattr(together[row], kind):.2f}",
            )
        console.print(table)


def main() -> int:
    """Exit code: 0 when scored, 1 on an error."""
    console = Console(width=None if sys.stdout.isatty() else 100)
    try:
        options = tyro.cli(Options, description=__doc__)
        # The commands run in the repository's folder.
        data, out = options.data.resolve(), options.out.resolve()
        for name in ("train", "val", *TEST_SETS):
            for language in ("en", "de"):
                read_lines(data / f"{name}.{language}")
        check_settings(options)
        prepared = prepare(data, out, options.vocab_size)
        models = {seed: train(prepared, out / f"seed-{seed}", seed, options) for seed in options.seeds}
        by_seed = {seed: score([model], data) for seed, model in models.items()}
        together = score(list(models.values()), data)
    except TranslatorError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    console.print(f"{options.vocab_size} pieces, {options.max_steps} steps, {options.recipe}")
    show(by_seed, together, console)
    minutes = (f"{load_model(model).card['training']['hours'] * 60:.0f}" for model in models.values())
    console.print(f"minutes of training: {', '.join(minutes)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
