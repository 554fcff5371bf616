"""How fast we train, beside other people's Transformers of the same architecture on the same batches.

    python benchmarks/train_speed.py --size small --threads 2

benchmarks/README.md tells how to get the peers and what the columns mean.
"""

import dataclasses
import importlib
import itertools
import json
import math
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
import tyro
from peers import CLIP_NORM, LABEL_SMOOTHING, Setup, System
from rich.console import Console
from rich.table import Table
from torch import Tensor

from translator.config import Config, ModelConfig, TrainingConfig
from translator.data.batching import Batch, TokenBudgetBatches
from translator.data.shards import PreparedCorpus, PreparedData
from translator.data.tokenizer import EOS_ID
from translator.errors import ConfigError, TranslatorError
from translator.machine.device import choose_device, describe_device, set_up_processor
from translator.model.transformer import Transformer
from translator.training import Trainer
from translator.training.batch_loss import training_precision
from translator.training.card import training_flops
from translator.training.stream import Update

PEERS = {"hf": ("peers.marian", "transformers"), "joeynmt": ("peers.joey", "joeynmt")}
"""Module and package of each peer."""
SEED = 1
PAIRS = 200_000
"""Pairs that the batches are made of: enough for each batch to find sentences of like length."""
MEAN_SOURCE_TOKENS = 27
LENGTH_SPREAD = 0.6
"""Standard deviation of the logarithm of the source lengths."""
RATIO_SPREAD = 0.2
"""Standard deviation of the logarithm of target length / source length."""
MAX_TOKENS_PER_SIDE = 256
WARM_UP_STEPS = {"eager": 4, "compiled": 20}
"""Updates that do not count; a compiled model meets the kinds of shapes in them that it compiles anew for."""
PEAK_SIDE = {"cpu": 2048, "cuda": 8192}
"""Rows and columns of the matrices whose product gives the peak."""
PEAK_SECONDS = 3.0


@dataclass(frozen=True)
class Size:
    """An architecture, and the padded tokens of a batch on each device."""

    model: ModelConfig
    batch_tokens: dict[str, int]
    paper_updates: int | None = None
    """With which the paper trained it (section 5.2)."""


SIZES = {
    "small": Size(
        ModelConfig(vocab_size=8000, d_model=256, heads=4, d_ff=1024, encoder_layers=3, decoder_layers=3),
        {"cpu": 4096, "cuda": 4096},
    ),
    "base": Size(ModelConfig(vocab_size=32_000), {"cpu": 4096, "cuda": 25_000}, paper_updates=100_000),
    "big": Size(
        ModelConfig(vocab_size=32_000, d_model=1024, heads=16, d_ff=4096, dropout=0.3),
        {"cpu": 2048, "cuda": 25_000},
        paper_updates=300_000,
    ),
}
PAPER_TARGET_TOKENS = 25_000
"""Of an update (Vaswani et al. 2017, section 5.1)."""


@dataclass(frozen=True)
class Options:
    """What to measure."""

    size: Literal["small", "base", "big"] = "small"
    """small: 3 + 3 layers of width 256, 8,000 pieces; base and big: the paper's, 32,000 pieces."""
    precision: Literal["auto", "bf16", "fp32"] = "auto"
    """Of all systems; auto: what train.py would choose."""
    threads: int = 0
    """CPU threads; 0 leaves PyTorch's choice."""
    device: Literal["cpu", "cuda"] = "cpu"
    rounds: int = 5
    steps_per_round: int = 10
    """Updates of each system in a round."""
    peers: tuple[Literal["hf", "joeynmt"], ...] = ("hf", "joeynmt")
    compile: bool = False
    """torch.compile all systems (meant for a GPU)."""
    json: Path | None = None
    """Also write all figures to this file."""

    def __post_init__(self) -> None:
        for name in ("rounds", "steps_per_round"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} is {getattr(self, name)}; give 1 or more")
        if self.threads < 0:
            raise ConfigError(f"threads is {self.threads}; give 0 (PyTorch's choice) or more")


class Ours:
    """The update that train.py makes, on batches given from outside."""

    name = "translator"
    version = version("en-de-translator")

    def __init__(self, setup: Setup, batch_tokens: int, threads: int, data: PreparedData) -> None:
        training = TrainingConfig(
            batch_tokens=batch_tokens,
            max_tokens_per_side=MAX_TOKENS_PER_SIDE,
            label_smoothing=LABEL_SMOOTHING,
            clip_norm=CLIP_NORM,
            precision="bf16" if setup.is_bf16 else "fp32",
            compile="on" if setup.should_compile else "off",
            threads=threads,
            max_steps=1_000_000,
        )
        self.model = Transformer(setup.model).to(setup.device).train()
        never_written = Path("unused")  # single updates neither log nor save
        self._trainer = Trainer(self.model, data, Config(setup.model, training), never_written)

    def prepare(self, batch: Batch) -> Batch:
        """Nothing to do."""
        return batch

    def step(self, prepared: Batch) -> Tensor:
        """One update as `Trainer.train` makes it."""
        self._trainer.step(iter([Update([prepared], next_epoch=0, next_batch=0)]))
        return self._trainer.run.window.sums[-1][0] / prepared.target_tokens


@dataclass
class Result:
    """What was measured of one system."""

    name: str
    version: str
    parameters: int
    first_loss: float = math.nan
    tokens_per_second: list[float] = dataclasses.field(default_factory=list)
    """Target tokens without padding, in each round."""
    peak_shares: list[float] = dataclasses.field(default_factory=list)
    """Floating-point operations a second ÷ the peak, in each round."""


@dataclass
class Report:
    """All figures of one run."""

    options: dict[str, Any]
    device: str
    torch: str
    peak: float
    """Floating-point operations a second of a large matrix product, in the precision of the options."""
    attention_biases: int
    """Parameters that the peers have and we, as the paper, do not."""
    results: list[Result]
    missing: dict[str, str]
    """Peers that could not be imported, and why."""

    def best_peer(self) -> Result | None:
        """The peer with the highest median speed."""
        return max(self.results[1:], key=lambda r: statistics.median(r.tokens_per_second), default=None)

    def ratios(self) -> list[float]:
        """Our speed over the best peer's, round by round."""
        best = self.best_peer()
        pairs = zip(self.results[0].tokens_per_second, best.tokens_per_second, strict=True) if best else ()
        return [ours / theirs for ours, theirs in pairs]


def measure(options: Options, size: Size, console: Console) -> Report:
    """Build the systems, then let them train in turns."""
    set_up_processor(options.threads)  # as train.py does; the peers share it
    device = choose_device(options.device)
    precision = training_precision(TrainingConfig(precision=options.precision, max_steps=1), device)
    console.print(
        f"{describe_device(device)}, PyTorch {torch.__version__}: measuring the matrix-product peak"
    )
    peak = matrix_peak(device, torch.bfloat16 if precision == "bf16" else torch.float32)
    setup = Setup(size.model, device, precision == "bf16", options.compile)
    data = synthetic_data(size.model.vocab_size)
    batch_tokens = size.batch_tokens[device.type]
    torch.manual_seed(SEED)
    ours = Ours(setup, batch_tokens, options.threads, data)
    peers, missing = load_peers(options.peers, setup)
    for reason in missing.values():
        console.print(f"[bold yellow]{reason}")
    systems: list[System] = [ours, *peers]
    biases = check_parameters(systems, size.model)
    results = [Result(system.name, system.version, parameters(system)) for system in systems]
    batches = endless_batches(data, batch_tokens)
    warm_up(systems, results, batches, WARM_UP_STEPS["compiled" if options.compile else "eager"])
    for number in range(options.rounds):
        console.print(f"round {number + 1} of {options.rounds}")
        run_round(number, systems, results, list(itertools.islice(batches, options.steps_per_round)), ours.model,
                  peak, device)  # fmt: skip
    chosen = {
        **dataclasses.asdict(options), "precision": precision, "json": None, "batch_tokens": batch_tokens,
    }  # fmt: skip
    return Report(chosen, describe_device(device), torch.__version__, peak, biases, results, missing)


def matrix_peak(device: torch.device, dtype: torch.dtype) -> float:
    """Operations a second of the fastest of some products of large square matrices."""
    side = PEAK_SIDE[device.type]
    left, right = (torch.randn(side, side, device=device).to(dtype) for _ in range(2))
    out = left @ right
    seconds: list[float] = []
    while len(seconds) < 3 or sum(seconds) < PEAK_SECONDS:
        synchronize(device)
        started = time.perf_counter()
        torch.matmul(left, right, out=out)
        synchronize(device)
        seconds.append(time.perf_counter() - started)
    return 2 * side**3 / min(seconds)


def synchronize(device: torch.device) -> None:
    """Wait until the device has finished what it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def synthetic_data(vocab_size: int) -> PreparedData:
    """Pairs with lengths like those of WMT's news and with few frequent and many rare pieces (Zipf's law)."""
    random = np.random.default_rng(SEED)
    centre = math.log(MEAN_SOURCE_TOKENS) - LENGTH_SPREAD**2 / 2  # so that the mean is right
    source_P = random.lognormal(centre, LENGTH_SPREAD, PAIRS)
    target_P = source_P * random.lognormal(0.0, RATIO_SPREAD, PAIRS)
    lengths_P2 = np.stack([source_P, target_P], axis=1).round().clip(1, MAX_TOKENS_PER_SIDE - 1)
    lengths_P2 = lengths_P2.astype(np.uint16)
    first_id = EOS_ID + 1
    rank_N = (vocab_size - first_id) ** random.random(int(lengths_P2.sum(dtype=np.int64)))
    tokens_N = (rank_N.astype(np.int64) - 1 + first_id).astype(np.uint16)
    corpus = PreparedCorpus("synthetic", tokens_N, lengths_P2)
    # Training on ids that are there needs no tokenizer.
    return PreparedData(None, [corpus], {}, sha256="")  # type: ignore[arg-type]


def endless_batches(data: PreparedData, batch_tokens: int) -> Iterator[Batch]:
    """Epoch after epoch."""
    batches = TokenBudgetBatches(
        data, batch_tokens=batch_tokens, max_tokens_per_side=MAX_TOKENS_PER_SIDE, seed=SEED
    )
    return itertools.chain.from_iterable(batches.batches(epoch) for epoch in itertools.count())


def load_peers(names: tuple[str, ...], setup: Setup) -> tuple[list[System], dict[str, str]]:
    """The peers that are installed, and for each other one what is missing and how to get it."""
    loaded, missing = [], {}
    for name in dict.fromkeys(names):
        module, package = PEERS[name]
        try:
            loaded.append(importlib.import_module(module).Peer(setup))
        except ImportError as error:
            missing[name] = (
                f"{package} is left out ({error}); "
                "benchmarks/README.md tells how to install the peers beside the translator"
            )
    return loaded, missing


def parameters(system: System) -> int:
    """How many numbers are trained."""
    return sum(p.numel() for p in system.model.parameters() if p.requires_grad)


def check_parameters(systems: list[System], model: ModelConfig) -> int:
    """The only difference allowed: biases of the peers' four attention projections, which we do not have."""
    biases = 4 * model.d_model * (model.encoder_layers + 2 * model.decoder_layers)
    ours, *peers = systems
    for peer in peers:
        difference = parameters(peer) - parameters(ours)
        if difference != biases:
            raise ConfigError(
                f"{peer.name} {peer.version} has {difference:+,} parameters beside ours, not {biases:+,}: it is "
                "another architecture; install the version in benchmarks/peers/requirements.txt"
            )
    return biases


def warm_up(systems: list[System], results: list[Result], batches: Iterator[Batch], steps: int) -> None:
    """Some updates that do not count; the first of them shows the loss of the random weights."""
    chosen = list(itertools.islice(batches, steps))
    for system, result in zip(systems, results, strict=True):
        losses = [system.step(system.prepare(batch)) for batch in chosen]
        result.first_loss = float(losses[0])


def run_round(
    number: int,
    systems: list[System],
    results: list[Result],
    batches: list[Batch],
    architecture: Transformer,
    peak: float,
    device: torch.device,
) -> None:
    """Each system trains on the same batches; another one begins in each round."""
    target_tokens = sum(batch.target_tokens for batch in batches)
    flops = training_flops(architecture, sum(batch.source_tokens for batch in batches), target_tokens)
    for place in range(len(systems)):
        index = (number + place) % len(systems)
        seconds = time_steps(systems[index], batches, device)
        results[index].tokens_per_second.append(target_tokens / seconds)
        results[index].peak_shares.append(flops / seconds / peak)


def time_steps(system: System, batches: list[Batch], device: torch.device) -> float:
    """Seconds for one update on each batch."""
    prepared = [system.prepare(batch) for batch in batches]
    synchronize(device)
    started = time.perf_counter()
    for batch in prepared:
        loss = system.step(batch)
    synchronize(device)
    seconds = time.perf_counter() - started
    if not math.isfinite(float(loss)):
        raise TranslatorError(
            f"{system.name} {system.version}: the loss is not finite; its speed means nothing"
        )
    return seconds


def show(report: Report, size: Size, console: Console) -> None:
    """The table, and the ratio under it."""
    options = report.options
    table = Table(
        title=f"Training, {options['size']}, {options['precision']}, batches of {options['batch_tokens']:,} tokens"
        f"{', compiled' if options['compile'] else ''}: {report.device}, PyTorch {report.torch}"
    )
    table.add_column("system")
    for heading in ("parameters", "first loss", "target tokens/s", "range", "share of peak"):
        table.add_column(heading, justify="right")
    for result in report.results:
        speeds = result.tokens_per_second
        table.add_row(
            f"{result.name} {result.version}",
            f"{result.parameters:,}",
            f"{result.first_loss:.2f}",
            f"{statistics.median(speeds):,.0f}",
            f"{min(speeds):,.0f} – {max(speeds):,.0f}",
            f"{statistics.median(result.peak_shares):.1%}",
        )
    console.print(table)
    console.print(
        f"matrix-product peak, TFLOP/s in {options['precision']}: {report.peak / 1e12:.3g}; "
        f"ln V = {math.log(size.model.vocab_size):.2f}"
    )
    console.print(f"biases of attention that the peers have and we do not: {report.attention_biases:,}")
    best, ratios = report.best_peer(), report.ratios()
    if best:
        console.print(
            f"ours / best peer ({best.name}): {statistics.median(ratios):.2f} "
            f"(rounds: {min(ratios):.2f} – {max(ratios):.2f})"
        )
    if size.paper_updates:
        speed = statistics.median(report.results[0].tokens_per_second)
        hours = size.paper_updates * PAPER_TARGET_TOKENS / speed / 3600
        console.print(
            f"estimate: the paper's {size.paper_updates:,} updates of {PAPER_TARGET_TOKENS:,} target tokens would take "
            f"{report.device} {hours:,.1f} hours at our speed"
        )
    for reason in report.missing.values():
        console.print(f"[bold yellow]{reason}")


def write_json(report: Report, path: Path) -> None:
    """All figures, round by round."""
    best = report.best_peer()
    figures = {**dataclasses.asdict(report), "best_peer": best and best.name, "ratios": report.ratios()}
    path.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def main() -> int:
    """Exit code: 0 when measured, 1 on an error."""
    console = Console(width=None if sys.stdout.isatty() else 140)
    try:
        options = tyro.cli(Options, description=__doc__)
        report = measure(options, SIZES[options.size], console)
    except TranslatorError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    show(report, SIZES[options.size], console)
    if options.json:
        write_json(report, options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
