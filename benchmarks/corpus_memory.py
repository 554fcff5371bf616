"""Check that the memory of `translator translate` does not grow with the number of lines.

    python benchmarks/corpus_memory.py
    python benchmarks/corpus_memory.py --lines 100000 --processes 2
    python benchmarks/corpus_memory.py --lines 200000 --processes 2 --engine ray

A tiny model with random weights translates short lines, so that many lines pass quickly through the same code as in a
real run. The program prints the median resident memory during each quarter of the lines. It fails if the last quarter
needs over 20 MB more than the third. With the default 20,000 lines, that is 4 kB per line.
"""

import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
import tyro
from toy_grammar import generate_pairs

from translator.config import ModelConfig
from translator.errors import TranslatorError
from translator.model.transformer import Transformer
from translator.training.checkpoint import load_model, save_model
from translator.translate import shipped_model

ROOT = Path(__file__).parents[1]
SEED = 1
MAX_GROWTH_BYTES = 20_000_000
SAMPLING_SECONDS = 0.05


@dataclass(frozen=True)
class Options:
    """What to translate."""

    lines: int = 20_000
    """Lines to translate."""
    processes: int = 1
    """Processes that translate them."""
    engine: Literal["local", "ray"] = "local"
    """Whether Ray runs the processes; its own memory counts, too."""


def write_model(path: Path) -> None:
    """Save a tiny model with random weights and the tokenizer of the model in the package."""
    tokenizer = load_model(shipped_model()).tokenizer
    config = ModelConfig(
        vocab_size=tokenizer.vocab_size, d_model=16, heads=2, d_ff=32, encoder_layers=1, decoder_layers=1
    )
    torch.manual_seed(SEED)
    card = {"name": "tiny", "scores": []}
    save_model(path, config, Transformer(config).state_dict(), tokenizer, card)


def write_lines(path: Path, number: int) -> None:
    """Write lines of 2 to 12 random words from the toy grammar."""
    generator = random.Random(SEED)
    words = [word for english, _ in generate_pairs(2000, seed=SEED) for word in english.split()]
    lines = (" ".join(generator.choices(words, k=generator.randint(2, 12))) for _ in range(number))
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def resident_bytes(process_id: int) -> int:
    """Return the memory of a process and its descendants. Raises FileNotFoundError if one has just ended."""
    pages = int(Path(f"/proc/{process_id}/statm").read_text().split()[1])
    children = Path(f"/proc/{process_id}/task/{process_id}/children").read_text().split()
    return pages * os.sysconf("SC_PAGE_SIZE") + sum(resident_bytes(int(child)) for child in children)


def lines_done(folder: Path) -> int:
    """Return the number of lines written. Raises FileNotFoundError if there is no output yet."""
    if (folder / "out").is_dir():
        return 1000 * sum(1 for _ in (folder / "out/progress").iterdir())
    return (folder / "out.part").read_bytes().count(b"\n")


def measure(options: Options, folder: Path) -> list[float]:
    """Return the median resident memory, in bytes, during each quarter of the lines."""
    write_model(folder / "model")
    write_lines(folder / "in.en", options.lines)
    command = (
        *(sys.executable, "-m", "translator", "translate", folder / "in.en", "--out", folder / "out"),
        *("--model", folder / "model", "--device", "cpu", "--processes", str(options.processes)),
        *("--beam", "1", "--max-length-factor", "0.1", "--engine", options.engine),
    )
    quarters: list[list[int]] = [[], [], [], []]
    with subprocess.Popen(command, cwd=ROOT) as process:
        while process.poll() is None:
            time.sleep(SAMPLING_SECONDS)
            try:
                done = lines_done(folder)
                quarters[min(3, 4 * done // options.lines)].append(resident_bytes(process.pid))
            except FileNotFoundError:
                # A process has ended, or the output file does not exist yet or has got its final name.
                continue
    if process.returncode != 0:
        raise TranslatorError(f"translator translate failed with exit code {process.returncode}")
    if not all(quarters):
        raise TranslatorError("the translation was too fast to measure each quarter; increase --lines")
    return [statistics.median(samples) for samples in quarters]


def main() -> int:
    """Measure and print. Returns 0 if the memory does not grow, and 1 if it does or on an error."""
    options = tyro.cli(Options, description=__doc__)
    try:
        with tempfile.TemporaryDirectory() as folder:
            quarters = measure(options, Path(folder))
    except TranslatorError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    growth = quarters[3] - quarters[2]
    sizes = ", ".join(f"{size / 1e6:.0f} MB" for size in quarters)
    print(f"Median memory in each quarter of {options.lines} lines: {sizes}")
    print(f"Growth in the last quarter: {growth / 1e6:.1f} MB (limit {MAX_GROWTH_BYTES / 1e6:.0f} MB)")
    return 0 if growth < MAX_GROWTH_BYTES else 1


if __name__ == "__main__":
    sys.exit(main())
