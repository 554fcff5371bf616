"""Measure the speed of decoding, compared with CTranslate2 and MarianMT with the same weights.

    make bench-decode SENTENCES=some.en
    python benchmarks/decode_speed.py --weights base --threads 1 --count 64 --count-alone 8 --systems int8
    python benchmarks/decode_speed.py --weights base --device cuda

With random weights (`base`, `small`, `opus`, `wmt19`), sources are random and every system writes a prescribed number
of tokens. The model in the package (`shipped`) or in a folder translates real sentences, and each system stops by
itself. The table is printed in Markdown, row by row. benchmarks/README.md explains its columns.
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

from translator.config import ModelConfig, base, fit_to_vocabulary, small
from translator.data.tokenizer import BOS_ID, EOS_ID, PAD_ID
from translator.engines.native.build import build_program
from translator.engines.native.engine import NativeEngine
from translator.engines.protocol import Rows, mask_width
from translator.errors import ConfigError, TranslatorError
from translator.evaluation.evaluate import read_lines
from translator.machine.device import choose_device, describe_device, has_fast_bf16, set_up_processor
from translator.model.transformer import Transformer
from translator.text import normalise
from translator.training.checkpoint import ModelFolder, load_model
from translator.training.export import export_ctranslate2
from translator.translate import shipped_model
from translator.translate.precision import Precision

SEED = 1
SPECIAL_PIECES = ("<pad>", "<unk>", "<s>", "</s>")
SHAPES = {
    "small": (8_000, small().model),
    "base": (32_000, base().model),
    "opus": (
        58_101,
        ModelConfig(
            d_model=512, heads=8, d_ff=2048, norm="post", activation="swish", attention_bias=True,
            sinusoids="marian", logits_bias=True,
        ),
    ),
    "wmt19": (
        42_024,
        ModelConfig(
            d_model=1024, heads=16, d_ff=8192, decoder_d_ff=4096, norm="post", attention_bias=True,
            sinusoids="fairseq", first_position=2, embeddings="output-tied",
        ),
    ),
}  # fmt: skip
"""The size of the vocabulary and the architecture of models with random weights. The last two are those of OPUS-MT and
of Facebook's model for WMT19."""
MEDIAN_TOKENS, LONGEST_TOKENS = 22, 100
SPREAD = 0.8
"""Standard deviation of the base-2 logarithm of the length of a random sentence. Lengths are log-normal."""
BATCHES = {"cpu": (1, 32), "cuda": (1, 4096)}
"""Batch sizes in sentences."""
BEAM_SIZES = (1, 4)
COUNTS = {
    "base": (320, 64),
    "small": (1024, 256),
    "opus": (320, 64),
    "wmt19": (64, 16),
    "shipped": (1024, 256),
}
"""Sentences to decode in large batches, and one by one. With all peers, the whole table takes about 50 minutes on two
cores."""
COUNTS_ON_GPU = (4096, 64)
PRECISIONS: dict[str, Precision] = {"fp32": "fp32", "bf16": "bf16", "int8": "int8"}
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
TRIAL_SENTENCES = 3
"""Sentences for choosing a peer's settings when sentences come one by one. Otherwise, one batch is used."""
_INSTRUCTION_LIMITS = (
    "CT2_FORCE_CPU_ISA", "ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA", "MKL_ENABLE_INSTRUCTIONS",
)  # fmt: skip
"""Environment variables that keep CTranslate2 and its libraries from using newer instructions."""
REST_SECONDS = 0.25
"""Pause between two systems. OpenMP's idle threads keep a core busy for that long before they sleep."""


@dataclass(frozen=True)
class Options:
    """What to measure."""

    weights: tuple[str, ...] = ("base", "shipped")
    """Models: random weights of the presets base and small, or of the published models opus and wmt19; shipped, the
    model in the package; or the folder of a model."""
    sentences: Path | None = None
    """A file with an English sentence on each line, for models whose weights are not random."""
    device: Literal["cpu", "cuda"] = "cpu"
    threads: tuple[int, ...] = (1, 2)
    """Numbers of CPU threads to measure."""
    count: int | None = None
    """Sentences that each system decodes in large batches. The default depends on the size of the model."""
    count_alone: int | None = None
    """Sentences that each system decodes one by one. The default depends on the size of the model."""
    rounds: int = 4
    """The sentences are divided among the rounds. In each round, every system decodes the same ones."""
    systems: tuple[str, ...] = ()
    """Systems to compare, such as int8 and ctranslate2-int8. The default is all that can run here."""
    instructions: Literal["best", "avx2"] = "best"
    """avx2 keeps every system from using newer CPU instructions."""
    json: Path | None = None
    """Also write all figures to this file."""

    def __post_init__(self) -> None:
        for name in ("count", "count_alone", "rounds"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ConfigError(f"--{name.replace('_', '-')} is {value}, but must be 1 or more")
        for name in self.systems:
            if name not in PRECISIONS and not name.startswith(("ctranslate2-", "marian-")):
                choices = ", ".join(SYSTEMS[self.device])
                raise ConfigError(f"there is no system {name!r}; choose from {choices}")
        if not self.threads or min(self.threads) < 1:
            raise ConfigError(f"--threads is {self.threads}, but must be 1 or more")
        for name in self.weights:
            if name not in (*SHAPES, "shipped") and not Path(name).is_dir():
                choices = ", ".join([*SHAPES, "shipped"])
                raise ConfigError(
                    f"there is no folder {name}; --weights takes {choices} or the folder of a model"
                )
            if name not in SHAPES and self.sentences is None:
                raise ConfigError(f"the model {name} needs --sentences FILE; random weights need none")
        if self.sentences is not None:
            read_lines(self.sentences)  # report a bad file now and not in half an hour

    def counts(self, weights: str) -> tuple[int, int]:
        """Return the number of sentences to decode in large batches, and one by one."""
        together, alone = COUNTS.get(weights, COUNTS["base"]) if self.device == "cpu" else COUNTS_ON_GPU
        return self.count or together, self.count_alone or alone


@dataclass
class NumberedPieces:
    """A vocabulary of numbered pieces, which stands in for a tokenizer when weights are random."""

    vocab_size: int
    pad_id = PAD_ID
    unprintable_ids: tuple[int, ...] = (PAD_ID, 1, BOS_ID)
    first_byte_id: int | None = None
    reserved: dict[str, range] = field(default_factory=dict)
    span_ids: range = range(0)
    begin_id, end_id = BOS_ID, EOS_ID
    files: dict[str, bytes] = field(default_factory=dict)

    @property
    def source(self) -> "NumberedPieces":
        """The pieces of the source."""
        return self

    @property
    def target(self) -> "NumberedPieces":
        """The pieces of the target."""
        return self

    def piece(self, number: int) -> str:
        """Return the name of a piece."""
        return SPECIAL_PIECES[number] if number < len(SPECIAL_PIECES) else f"p{number}"


@dataclass
class Result:
    """The measurements of one system with one batch size, beam size and number of threads."""

    weights: str
    threads: int
    batch: int
    beam_size: int
    system: str
    steps: list[int] = field(default_factory=list)
    """Tokens decoded in each round, including the end-of-sentence token where it was decoded."""
    seconds: list[float] = field(default_factory=list)
    """Time of each round."""
    same: float = 0.0
    """Share of the translations that equal those of the first system, 0 to 1."""

    @property
    def speed(self) -> float:
        """Decoded tokens per second over all rounds."""
        return sum(self.steps) / sum(self.seconds)

    @property
    def is_ours(self) -> bool:
        """Whether the system is ours and not a peer."""
        return self.system.startswith("translator")


def load(weights: str) -> ModelFolder:
    """Load a model by its name or folder, or create one with random weights.

    Raises ConfigError for other architectures than the Transformer.
    """
    if weights in SHAPES:
        return random_model(weights)
    folder = load_model(shipped_model() if weights == "shipped" else Path(weights))
    if not isinstance(folder.model, Transformer):
        raise ConfigError(f"the model {weights} is not an encoder-decoder Transformer; give one that is")
    return folder


def random_model(size: str) -> ModelFolder:
    """Create a model with random weights."""
    torch.manual_seed(SEED)
    vocabulary, config = SHAPES[size]
    pieces = NumberedPieces(vocabulary)
    model = Transformer(fit_to_vocabulary(config, pieces.vocab_size)).eval().requires_grad_(False)
    # When the length is prescribed, our score includes the probability of the end-of-sentence token and CTranslate2's
    # does not. An embedding of zero makes it nearly the same for all hypotheses, so that both rank them alike.
    model.output_VD[EOS_ID] = 0
    return ModelFolder(model, pieces, {})  # type: ignore[arg-type]  # it has all that is needed of a tokenizer


def random_sources(count: int, vocab_size: int) -> list[list[int]]:
    """Return random sentences with realistic lengths: log-normal, and at least one of the maximum length."""
    generator, normal = random.Random(SEED), statistics.NormalDist(0, SPREAD)
    ranks = ((place + 0.5) / count for place in range(count - 1))
    lengths = [max(1, round(MEDIAN_TOKENS * 2 ** normal.inv_cdf(rank))) for rank in ranks]
    lengths = [*(min(length, LONGEST_TOKENS) for length in lengths), LONGEST_TOKENS]
    first_id = len(SPECIAL_PIECES)
    return [[generator.randrange(first_id, vocab_size) for _ in range(length)] for length in lengths]


def batches(sources: list[list[int]], batch: int, beam_size: int, is_forced: bool) -> list[Work]:
    """Put sentences of similar length into batches.

    With `is_forced`, the translations of sentences that are searched together all get the length of the middle source.
    In the last group they get the length of the longest source, so that long translations occur too.
    """
    whole = Work(sorted(sources, key=len), None)
    group = min(batch, ROWS_AT_ONCE // beam_size)
    forced = [
        len(part.sources[len(part.sources) // 2]) for part in whole.parts(group) for _ in part.sources
    ]  # fmt: skip
    last = (len(sources) - 1) % group + 1
    forced[-last:] = [len(whole.sources[-1])] * last
    return list(Work(whole.sources, forced if is_forced else None).parts(batch))


def read_sources(options: Options, folder: ModelFolder, count: int) -> list[list[int]]:
    """Return `count` sources: random ones, or lines evenly spaced in the file."""
    if isinstance(folder.tokenizer, NumberedPieces):
        return random_sources(count, folder.tokenizer.vocab_size)
    assert options.sentences
    lines = [line for line in map(normalise, read_lines(options.sentences)) if line]
    return list(map(folder.tokenizer.source.encode_marked, lines[:: max(1, len(lines) // count)][:count]))


def measure(options: Options, show: Callable[[str], None]) -> list[Result]:
    """Let all systems decode the same batches in turn. Shows a row of the table as soon as it has been measured."""
    results, names = list[Result](), list[str]()
    for weights in options.weights:
        folder = load(weights)
        folder.model.requires_grad_(False)
        with ExitStack() as stack:
            exported = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "exported"
            systems = list(load_systems(options, folder, exported, stack))
            if names != [system.name for system in systems]:  # not every peer can run every model
                names = [system.name for system in systems]
                show(heading(names))
            together, alone = (read_sources(options, folder, count) for count in options.counts(weights))
            threads = options.threads if options.device == "cpu" else (1,)
            for number, batch, beam_size in itertools.product(threads, BATCHES[options.device], BEAM_SIZES):
                sources = together if batch > 1 else alone
                works = batches(sources, batch, beam_size, is_forced=weights in SHAPES)
                found = [Result(weights, number, batch, beam_size, system.name) for system in systems]
                measure_shape(found, systems, works, options.rounds)
                show(row(found))
                results += found
    return results


def load_systems(options: Options, folder: ModelFolder, exported: Path, stack: ExitStack) -> Iterator[System]:
    """Load the systems that can run here. For each of the others, print why it is skipped."""
    device = choose_device(options.device)
    pools: dict[bool, Any] = {}
    for name in dict.fromkeys(options.systems or SYSTEMS[options.device]):
        try:
            if name in PRECISIONS:
                if name == "int8" and device.type != "cpu":
                    raise ConfigError("the int8 engine does not run on a GPU")
                if name == "bf16" and not options.systems and not has_fast_bf16(device):
                    raise ConfigError("this device has no fast bf16 instructions")
                yield Ours(PRECISIONS[name], folder, device)
            elif name.startswith("marian-"):
                yield MarianMT(name.removeprefix("marian-"), folder, device)
            else:
                if not exported.exists():
                    export_ctranslate2(folder, exported)
                    variants = (False,) if device.type == "cuda" or is_intel() else (False, True)
                    pools |= {variant: stack.enter_context(peer_process(variant)) for variant in variants}
                yield CTranslate2(name.removeprefix("ctranslate2-"), folder, exported, options.device, pools)
        except ConfigError as error:
            print(f"skipping {name}: {error}", file=sys.stderr)


def measure_shape(results: list[Result], systems: list[System], works: list[Work], rounds: int) -> None:
    """Measure all systems with one batch size, beam size and number of threads. Fills in `results`.

    Each round decodes another part of the batches, and begins with another system.
    """
    first = results[0]
    middle = (len(works) - 1) // 2
    trial = works[middle : middle + (1 if first.batch > 1 else TRIAL_SENTENCES)]
    for system in systems:
        system.prepare(trial, first.beam_size, first.threads)
    outputs: list[list[list[int]]] = [[] for _ in systems]
    for number in range(rounds):
        part = works[number::rounds] or works
        for turn in range(len(systems)):
            index = (number + turn) % len(systems)
            time.sleep(REST_SECONDS if first.threads > 1 else 0)
            started = time.perf_counter()
            found = systems[index].decode(part, first.beam_size, first.threads)
            results[index].seconds.append(time.perf_counter() - started)
            ends = systems[index].steps_after_forced if part[0].forced_lengths else 1
            results[index].steps.append(sum(len(tokens) + ends for tokens in found))
            outputs[index] += found
    for result, output in zip(results, outputs, strict=True):
        result.same = sum(map(list.__eq__, output, outputs[0])) / len(output)


def heading(names: list[str]) -> str:
    """Return the first two lines of a table in Markdown."""
    columns = ["weights", "threads", "batch, beam", *names, "ours / best peer"]
    return f"\n| {' | '.join(columns)} |\n{'|---' * len(columns)}|"


def row(results: list[Result]) -> str:
    """Return a line of the table: each speed with the share of equal translations, and the ratio to the best peer."""
    first = results[0]
    speeds = [f"{one.speed:,.0f} ({one.same:.0%})" for one in results]
    shape = f"{first.batch}, {first.beam_size}"
    return f"| {' | '.join([first.weights, str(first.threads), shape, *speeds, ratio(results)])} |"


def ratio(results: list[Result]) -> str:
    """Return the speed of our fastest system divided by that of the fastest peer, with the range over the rounds."""
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
    """Measure the peak speed of each kernel on one thread: bytes of weights read and operations per second."""
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "kernel_speed"
        build_program(Path(__file__).with_name("kernel_speed.c"), program)
        lines = subprocess.run([program], check=True, capture_output=True, text=True).stdout.splitlines()
    return {name: (float(read), float(done)) for name, read, done in map(str.split, lines)}


def profile(weights: str, limits: dict[str, tuple[float, float]]) -> list[str]:
    """Measure a decoding step on one thread, without the search, and compare it with the shortest possible time.

    Returns lines of a Markdown table: one for a single row, which is limited by reading the weights, and one for 32
    rows, limited by arithmetic.
    """
    model = load(weights).model
    assert isinstance(model, Transformer)
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


def show_profile(options: Options, show: Callable[[str], None]) -> None:
    """Show a table of decoding steps for all models."""
    limits = measure_limits()
    peaks = ", ".join(
        f"{name} {read / 1e9:.0f} GB/s and {done / 1e9:,.0f} GOP/s" for name, (read, done) in limits.items()
    )
    show(
        f"\nTime of a decoding step of the native engine. Peak speeds of its kernels: {peaks}.\n\n"
        "| weights | kernel | rows | µs per step | shortest possible µs | share of peak |\n|---|---|---|---|---|---|"
    )
    for weights in options.weights:
        show("\n".join(profile(weights, limits)))


def describe(options: Options) -> str:
    """Describe the machine and the versions of the programs."""
    instructions = {
        "VNNI": torch.cpu._is_vnni_supported, "AVX512-BF16": torch.cpu._is_avx512_bf16_supported,
        "AMX": torch.cpu._is_amx_tile_supported,
    }  # fmt: skip
    if options.instructions == "avx2":
        instructions = {}
    supported = [name for name, is_supported in instructions.items() if is_supported()]
    parts = [describe_device(choose_device(options.device))]
    if options.device == "cpu":
        parts.append(f"with {', '.join(supported)}" if supported else "with AVX2 only")
    parts += [f"PyTorch {torch.__version__}", f"translator {version('en-de-translator')}"]
    for name, package in (("CTranslate2", "ctranslate2"), ("transformers", "transformers")):
        with suppress(PackageNotFoundError):
            parts.append(f"{name} {version(package)}")
    if options.sentences and not set(options.weights) <= SHAPES.keys():
        parts.append(f"sentences from {options.sentences.name}")
    return ", ".join(parts)


def main() -> int:
    """Measure and print. Returns 0 on success and 1 after reporting an error."""
    show = functools.partial(print, flush=True)
    try:
        options = tyro.cli(Options, description=__doc__)
        if options.instructions == "avx2":
            os.environ |= dict.fromkeys(_INSTRUCTION_LIMITS, "AVX2")
            os.environ |= {"TRANSLATOR_CPU": "avx2", "ATEN_CPU_CAPABILITY": "avx2"}
        machine = describe(options)
        show(
            f"{machine}\n\nTarget tokens per second (in parentheses: translations equal to the first system's):"
        )
        set_up_processor(threads=1)  # every thread decodes a batch of its own
        results = measure(options, show)
        if options.device == "cpu":
            show_profile(options, show)
    except TranslatorError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    if options.json:
        figures = {"machine": machine, "results": [dataclasses.asdict(one) for one in results]}
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
