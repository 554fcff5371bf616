"""Whether the memory of `translator translate` grows with the number of lines.

    python benchmarks/corpus_memory.py
    python benchmarks/corpus_memory.py --lines 100000 --processes 2

A network that has learnt nothing and is tiny translates short lines of its own; so the lines go by fast, through all
that a real run goes through. Printed is the median of the memory in each quarter of the lines. It fails where the
last quarter's is more than 20 MB above the third one's: 4 kB for each of the 5,000 lines between them.
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

import torch
import tyro

from translator.checkpoint import load_model, save_model
from translator.config import ModelConfig
from translator.errors import TranslatorError
from translator.model import Transformer
from translator.toy_grammar import generate_pairs
from translator.translate import shipped_model

ROOT = Path(__file__).parents[1]
SEED = 1
MOST_GROWTH = 20_000_000
"""Bytes."""
SECONDS_BETWEEN_LOOKS = 0.05


@dataclass(frozen=True)
class Options:
    """What to translate."""

    lines: int = 20_000
    processes: int = 1


def write_model(path: Path) -> None:
    """Random weights, with the tokenizer of the model that comes with the package."""
    tokenizer = load_model(shipped_model()).tokenizer
    config = ModelConfig(
        vocab_size=tokenizer.vocab_size, d_model=16, heads=2, d_ff=32, encoder_layers=1, decoder_layers=1
    )
    torch.manual_seed(SEED)
    card = {"name": "tiny", "scores": []}
    save_model(path, config, Transformer(config).state_dict(), tokenizer, card)


def write_lines(path: Path, number: int) -> None:
    """Words of the toy grammar, 2 to 12 on a line."""
    chance = random.Random(SEED)
    words = [word for english, _ in generate_pairs(2000, seed=SEED) for word in english.split()]
    lines = (" ".join(chance.choices(words, k=chance.randint(2, 12))) for _ in range(number))
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def resident_bytes(process_id: int) -> int:
    """Of a process and those that it has started; raises FileNotFoundError where one has just ended."""
    pages = int(Path(f"/proc/{process_id}/statm").read_text().split()[1])
    children = Path(f"/proc/{process_id}/task/{process_id}/children").read_text().split()
    return pages * os.sysconf("SC_PAGE_SIZE") + sum(resident_bytes(int(child)) for child in children)


def measure(options: Options, folder: Path) -> list[float]:
    """The median of the memory in each quarter of the lines."""
    write_model(folder / "model")
    write_lines(folder / "in.en", options.lines)
    command = (
        *(sys.executable, "-m", "translator", "translate", folder / "in.en", "--out", folder / "out.de"),
        *("--model", folder / "model", "--device", "cpu", "--processes", str(options.processes)),
        *("--beam", "1", "--max-length-factor", "0.1"),
    )
    found: list[list[int]] = [[], [], [], []]
    with subprocess.Popen(command, cwd=ROOT) as process:
        while process.poll() is None:
            time.sleep(SECONDS_BETWEEN_LOOKS)
            try:
                done = (folder / "out.de.part").read_bytes().count(b"\n")
                found[min(3, 4 * done // options.lines)].append(resident_bytes(process.pid))
            except (
                FileNotFoundError
            ):  # a process has ended, or the output is not there yet or has got its name
                continue
    if process.returncode != 0 or not all(found):
        raise TranslatorError("the command failed, or was too fast to be looked at; give more --lines")
    return [statistics.median(part) for part in found]


def main() -> int:
    """Exit code: 0 when the memory does not grow, 1 when it does or on an error."""
    options = tyro.cli(Options, description=__doc__)
    try:
        with tempfile.TemporaryDirectory() as folder:
            quarters = measure(options, Path(folder))
    except TranslatorError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    growth = quarters[3] - quarters[2]
    print(f"{options.lines} lines, quarters: {', '.join(f'{size / 1e6:.0f} MB' for size in quarters)}")
    print(f"growth over the last two: {growth / 1e6:.1f} MB, the limit: {MOST_GROWTH / 1e6:.0f} MB")
    return 0 if growth < MOST_GROWTH else 1


if __name__ == "__main__":
    sys.exit(main())
