"""How fast we decode, beside CTranslate2 and MarianMT with the same weights.

    make bench-decode SENTENCES=some.en
    python benchmarks/decode_speed.py --weights base --threads 1 --count 64 --count-alone 8 --systems int8
    python benchmarks/decode_speed.py --weights base --device cuda

With random weights and sources (`base`, `small`) every system writes exactly as many tokens as it is told; the model
that comes with the package (`shipped`) translates real sentences, each system until it ends by itself. The table is
printed row by row, in Markdown; benchmarks/README.md explains its columns.
"""

import dataclasses
import functools
import itertools
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
import tyro
from decoders import (
    ROWS_AT_ONCE,
    CTranslate2,
    MarianMT,
    Ours,
    System,
    Work,
    is_intel,
    peer_process,
)

from translator.checkpoint import ModelFolder, load_model
from translator.config import base, fit_to_vocabulary, small
from translator.device import choose_device, describe_device, has_fast_bf16, set_up_processor
from translator.engines.native.build import build_program
from translator.engines.native.engine import NativeEngine
from translator.engines.protocol import Rows, mask_width
from translator.errors import ConfigError, TranslatorError
from translator.evaluate import read_lines
from translator.export import export_ctranslate2
from translator.model import Transformer
from translator.text import normalise
from translator.tokenizer import BOS_ID, EOS_ID, PAD_ID
from translator.translate import shipped_model

Weights = Literal["base", "small", "shipped"]

SEED = 1
SPECIAL_PIECES = ("<pad>", "<unk>", "<s>", "</s>")
VOCABULARY = {"small": 8_000, "base": 32_000}
MEDIAN_TOKENS, LONGEST_TOKENS = 22, 100
SPREAD = 0.8
"""Of the lengths of random sentences, which are log-normal: two thirds lie within so many doublings of the median."""
BATCHES = {"cpu": (1, 32), "cuda": (1, 4096)}
"""Sentences that a system is given at once."""
BEAM_SIZES = (1, 4)
COUNTS = {"base": (320, 64), "small": (1024, 256), "shipped": (1024, 256)}
"""Sentences in large batches, and one by one: the whole table takes some 50 minutes of two cores, all peers taking
part."""
COUNTS_ON_GPU = (4096, 64)
PRECISIONS = ("fp32", "bf16", "int8")
SYSTEMS = {
    "cpu": (
        "fp32",
        "bf16",
        "int8",
        "ctranslate2-int8",
        "ctranslate2-float32",
        "marian-int8",
        "marian-float32",
    ),
    "cuda": (
        "fp32",
        "bf16",
        "ctranslate2-float16",
        "ctranslate2-int8_float16",
        "marian-float32",
    ),
}
ALONE_IN_TRIALS = 3
"""Sentences that a setting of CTranslate2 is tried on where they come one by one; else a batch."""
_LIMITS_OF_LIBRARIES = (
    "CT2_FORCE_CPU_ISA", "ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA", "MKL_ENABLE_INSTRUCTIONS",
)  # fmt: skip
"""Environment variables by which CTranslate2 and what it is built on are kept from newer instructions."""
REST_SECONDS = 0.25
"""Between two systems: threads of OpenMP look for work that long before they sleep."""


@dataclass(frozen=True)
class Options:
    """What to measure."""

    weights: tuple[Weights, ...] = ("base", "shipped")
    """base and small are random, shipped is the model that comes with the package."""
    sentences: Path | None = None
    """English lines for the shipped model."""
    device: Literal["cpu", "cuda"] = "cpu"
    threads: tuple[int, ...] = (1, 2)
    """Of a processor."""
    count: int | None = None
    """How many sentences each system decodes in large batches, by default 320 with base, 1024 with the others."""
    count_alone: int | None = None
    """How many it decodes one by one, by default 64 with base, 256 with the others."""
    rounds: int = 4
    """In each one, the systems take turns at another part of the sentences."""
    systems: tuple[str, ...] = ()
    """By default all that can run here."""
    instructions: Literal["best", "avx2"] = "best"
    """avx2 keeps everybody from newer instructions of the processor."""
    json: Path | None = None
    """Also write all figures to this file."""

    def __post_init__(self) -> None:
        for name in ("count", "count_alone", "rounds"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ConfigError(f"{name} is {value}; give 1 or more")
        for name in self.systems:
            if name not in PRECISIONS and not name.startswith(("ctranslate2-", "marian-")):
                raise ConfigError(f"systems has {name!r}; give {', '.join(SYSTEMS[self.device])}")
        if not self.threads or min(self.threads) < 1:
            raise ConfigError(f"threads is {self.threads}; give 1 or more")
        if "shipped" in self.weights and self.sentences is None:
            raise ConfigError("the shipped model needs --sentences FILE; or leave it out by --weights base")
        if self.sentences is not None:
            read_lines(self.sentences)  # a mistake is told now, and not half an hour later

    def counts(self, weights: Weights) -> tuple[int, int]:
        """Sentences in large batches, and one by one."""
        together, alone = COUNTS[weights] if self.device == "cpu" else COUNTS_ON_GPU
        return self.count or together, self.count_alone or alone


@dataclass
class NumberedPieces:
    """A vocabulary without a tokenizer, for random weights."""

    vocab_size: int
    unprintable_ids: tuple[int, ...] = (PAD_ID, 1, BOS_ID)

    def piece(self, number: int) -> str:
        """A name for each id."""
        return SPECIAL_PIECES[number] if number < len(SPECIAL_PIECES) else f"p{number}"

    def save(self, path: Path) -> None:
        """Nothing to write."""


@dataclass
class Result:
    """What was measured of one system with one shape of batches."""

    weights: str
    threads: int
    batch: int
    beam_size: int
    system: str
    steps: list[int] = field(default_factory=list)
    """That its translations took, in each round: tokens, and the end where it was decoded."""
    seconds: list[float] = field(default_factory=list)
    same: float = 0.0
    """Share of the translations that equal those of the first system."""

    @property
    def speed(self) -> float:
        """Steps a second."""
        return sum(self.steps) / sum(self.seconds)

    @property
    def is_ours(self) -> bool:
        """Not a peer's."""
        return self.system.startswith("translator")


def random_model(size: Literal["small", "base"]) -> ModelFolder:
    """A model that has learnt nothing."""
    torch.manual_seed(SEED)
    config = {"small": small, "base": base}[size]().model
    pieces = NumberedPieces(VOCABULARY[size])
    model = Transformer(fit_to_vocabulary(config, pieces.vocab_size)).eval().requires_grad_(False)
    # Forced to end, ours counts the end's probability, CTranslate2 does not: so it should be the same for all.
    model.embedding.weight[EOS_ID] = 0
    return ModelFolder(model, pieces, {})  # type: ignore[arg-type]  # all that is asked of a tokenizer is there


def random_sources(count: int, vocab_size: int) -> list[list[int]]:
    """Sentences with lengths like those of real ones, log-normal up to the longest, which is among them."""
    chance, normal = random.Random(SEED), statistics.NormalDist(0, SPREAD)
    ranks = ((place + 0.5) / count for place in range(count - 1))
    lengths = [max(1, round(MEDIAN_TOKENS * 2 ** normal.inv_cdf(rank))) for rank in ranks]
    lengths = [*(min(length, LONGEST_TOKENS) for length in lengths), LONGEST_TOKENS]
    return [[chance.randrange(len(SPECIAL_PIECES), vocab_size) for _ in range(length)] for length in lengths]


def batches(sources: list[list[int]], batch: int, beam_size: int, is_forced: bool) -> list[Work]:
    """Sentences of like length together; a forced length is that of the middle one of those searched with it.

    The last ones write as much as the longest of them, so that lengths up to that occur.
    """
    whole = Work(sorted(sources, key=len), None)
    alike = min(batch, ROWS_AT_ONCE // beam_size)
    forced = [
        len(part.sources[len(part.sources) // 2]) for part in whole.parts(alike) for _ in part.sources
    ]  # fmt: skip
    last = (len(sources) - 1) % alike + 1
    forced[-last:] = [len(whole.sources[-1])] * last
    return list(Work(whole.sources, forced if is_forced else None).parts(batch))


def read_sources(options: Options, folder: ModelFolder, count: int) -> list[list[int]]:
    """Random ones, or of so many lines, taken from everywhere in the file."""
    if isinstance(folder.tokenizer, NumberedPieces):
        return random_sources(count, folder.tokenizer.vocab_size)
    assert options.sentences
    lines = [line for line in map(normalise, read_lines(options.sentences)) if line]
    return folder.tokenizer.encode_all(lines[:: max(1, len(lines) // count)][:count])


def measure(options: Options, say: Callable[[str], None]) -> list[Result]:
    """Let the systems decode the same batches in turns; a row of the table for each shape, as soon as it is known."""
    results, names = list[Result](), list[str]()
    for weights in options.weights:
        folder = load_model(shipped_model()) if weights == "shipped" else random_model(weights)
        folder.model.requires_grad_(False)
        with ExitStack() as stack:
            exported = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "exported"
            systems = list(load_systems(options, folder, exported, stack))
            if names != [system.name for system in systems]:  # not every peer can have every model
                names = [system.name for system in systems]
                say(heading(names))
            together, alone = (read_sources(options, folder, count) for count in options.counts(weights))
            threads = options.threads if options.device == "cpu" else (1,)
            for number, batch, beam_size in itertools.product(threads, BATCHES[options.device], BEAM_SIZES):
                sources = together if batch > 1 else alone
                works = batches(sources, batch, beam_size, is_forced=weights != "shipped")
                found = [Result(weights, number, batch, beam_size, system.name) for system in systems]
                measure_shape(found, systems, works, options.rounds)
                say(row(found))
                results += found
    return results


def load_systems(options: Options, folder: ModelFolder, exported: Path, stack: ExitStack) -> Iterator[System]:
    """Those that can run here; the reason for each other one is told."""
    device = choose_device(options.device)
    pools: dict[bool, Any] = {}
    for name in dict.fromkeys(options.systems or SYSTEMS[options.device]):
        try:
            if name in PRECISIONS:
                if name == "int8" and device.type != "cpu":
                    raise ConfigError("there is no engine for it on a GPU")
                if name == "bf16" and not options.systems and not has_fast_bf16(device):
                    raise ConfigError("this processor is not fast with it")
                yield Ours(name, folder, device)
            elif name.startswith("marian-"):
                yield MarianMT(name.removeprefix("marian-"), folder, device)
            else:
                if not exported.exists():
                    export_ctranslate2(folder, exported)
                    variants = (False,) if device.type == "cuda" or is_intel() else (False, True)
                    pools |= {variant: stack.enter_context(peer_process(variant)) for variant in variants}
                yield CTranslate2(name.removeprefix("ctranslate2-"), folder, exported, options.device, pools)
        except ConfigError as error:
            print(f"{name} is left out: {error}", file=sys.stderr)


def measure_shape(results: list[Result], systems: list[System], works: list[Work], rounds: int) -> None:
    """All systems on all batches of one shape, a part of them in each round."""
    first = results[0]
    middle = (len(works) - 1) // 2
    trial = works[middle : middle + (1 if first.batch > 1 else ALONE_IN_TRIALS)]
    for system in systems:
        system.prepare(trial, first.beam_size, first.threads)
    outputs: list[list[list[int]]] = [[] for _ in systems]
    for number in range(rounds):
        some = works[number::rounds] or works
        for place in range(len(systems)):
            index = (number + place) % len(systems)
            time.sleep(REST_SECONDS if first.threads > 1 else 0)
            started = time.perf_counter()
            found = systems[index].decode(some, first.beam_size, first.threads)
            results[index].seconds.append(time.perf_counter() - started)
            ends = systems[index].steps_after_forced if some[0].forced_lengths else 1
            results[index].steps.append(sum(len(tokens) + ends for tokens in found))
            outputs[index] += found
    for result, output in zip(results, outputs, strict=True):
        result.same = sum(map(list.__eq__, output, outputs[0])) / len(output)


def heading(names: list[str]) -> str:
    """The first two lines of a table."""
    columns = ["weights", "threads", "batch, beam", *names, "ours / best peer"]
    return f"\n| {' | '.join(columns)} |\n{'|---' * len(columns)}|"


def row(results: list[Result]) -> str:
    """A line of the table: speeds, in brackets the share of equal translations, and what our best is of their best."""
    first = results[0]
    speeds = [f"{one.speed:,.0f} ({one.same:.0%})" for one in results]
    shape = f"{first.batch}, {first.beam_size}"
    return f"| {' | '.join([first.weights, str(first.threads), shape, *speeds, ratio(results)])} |"


def ratio(results: list[Result]) -> str:
    """Our fastest system over the fastest of the peer's, with the least and the most of the rounds."""
    ours, theirs = (
        max((one for one in results if one.is_ours == is_ours), key=lambda one: one.speed, default=None)
        for is_ours in (True, False)
    )
    if ours is None or theirs is None:
        return ""
    rounds = [
        (steps / seconds) / (their_steps / their_seconds)
        for steps, seconds, their_steps, their_seconds in zip(
            ours.steps, ours.seconds, theirs.steps, theirs.seconds, strict=True
        )
    ]
    return f"{ours.speed / theirs.speed:.2f} ({min(rounds):.2f} – {max(rounds):.2f})"


def measure_limits() -> dict[str, tuple[float, float]]:
    """For each kernel here, on one thread: bytes of weights read and operations done a second, at best."""
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "kernel_speed"
        build_program(Path(__file__).with_name("kernel_speed.c"), program, "-O2")
        lines = subprocess.run([program], check=True, capture_output=True, text=True).stdout.splitlines()
    return {name: (float(read), float(done)) for name, read, done in map(str.split, lines)}


def profile(weights: Weights, limits: dict[str, tuple[float, float]]) -> list[str]:
    """One step of our decoder on one thread, without the search, beside the least that it could take."""
    model = (load_model(shipped_model()) if weights == "shipped" else random_model(weights)).model
    layers = torch.nn.ModuleList(model.decoder).named_parameters()
    matrices = [one for name, one in layers if one.dim() == 2 and "cross_attention.key_value" not in name]
    numbers = sum(one.numel() for one in (model.embedding.weight, *matrices))
    tensors, lines = {name: weight.detach().numpy() for name, weight in model.state_dict().items()}, []
    engine = NativeEngine(tensors, model.config)
    bandwidth, peak = limits[engine.kernel]
    masks = np.ones((1, mask_width(engine.vocabulary)), dtype=bool)
    for number, floor in ((1, numbers / bandwidth), (32, 2 * numbers * 32 / peak)):
        session = engine.session()
        first = session.admit([[len(SPECIAL_PIECES)] * MEDIAN_TOKENS] * number, 1)
        rows = Rows(first, first, np.full(number, len(SPECIAL_PIECES)), np.zeros(number, dtype=np.int32))
        seconds = []
        for _ in range(4 * MEDIAN_TOKENS):
            started = time.perf_counter()
            session.step(rows, masks, 1)
            seconds.append(time.perf_counter() - started)
        step = statistics.median(seconds[:MEDIAN_TOKENS])
        share = f"{floor / step:.0%}"
        lines.append(
            f"| {weights} | {engine.kernel} | {number} | {step * 1e6:,.0f} | {floor * 1e6:,.0f} | {share} |"
        )
    return lines


def show_profile(options: Options, say: Callable[[str], None]) -> None:
    """A table of the steps of all models."""
    limits = measure_limits()
    best = ", ".join(
        f"{name} {read / 1e9:.0f} GB/s and {done / 1e9:,.0f} GOP/s" for name, (read, done) in limits.items()
    )
    say(
        f"\nA step of the native decoder; the kernels at best: {best}.\n\n"
        "| weights | kernel | rows | µs a step | least µs | share |\n|---|---|---|---|---|---|"
    )
    for weights in options.weights:
        say("\n".join(profile(weights, limits)))


def describe(options: Options) -> str:
    """The machine and the programs."""
    instructions = {
        "VNNI": torch.cpu._is_vnni_supported, "AVX512-BF16": torch.cpu._is_avx512_bf16_supported,
        "AMX": torch.cpu._is_amx_tile_supported,
    }  # fmt: skip
    if options.instructions == "avx2":
        instructions = {}
    has = [name for name, is_there in instructions.items() if is_there()]
    parts = [describe_device(choose_device(options.device))]
    if options.device == "cpu":
        parts.append(f"with {', '.join(has)}" if has else "with AVX2 only")
    parts += [f"PyTorch {torch.__version__}", f"translator {version('en-de-translator')}"]
    for name, package in (("CTranslate2", "ctranslate2"), ("transformers", "transformers")):
        with suppress(PackageNotFoundError):
            parts.append(f"{name} {version(package)}")
    if options.sentences and "shipped" in options.weights:
        parts.append(f"sentences of {options.sentences.name}")
    return ", ".join(parts)


def main() -> int:
    """Exit code: 0 when measured, 1 on an error."""
    say = functools.partial(print, flush=True)
    try:
        options = tyro.cli(Options, description=__doc__)
        if options.instructions == "avx2":
            os.environ |= dict.fromkeys(_LIMITS_OF_LIBRARIES, "AVX2")
            os.environ |= {"TRANSLATOR_CPU": "avx2", "ATEN_CPU_CAPABILITY": "avx2"}
        machine = describe(options)
        say(f"{machine}\n\nTarget tokens a second (share of translations that equal the first system's):")
        set_up_processor(threads=1)  # every thread decodes a batch of its own
        results = measure(options, say)
        if options.device == "cpu":
            show_profile(options, say)
    except TranslatorError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    if options.json:
        figures = {"machine": machine, "results": [dataclasses.asdict(one) for one in results]}
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
