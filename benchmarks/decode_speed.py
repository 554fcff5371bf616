"""How fast we decode, beside CTranslate2 with the same weights.

    python benchmarks/decode_speed.py --size base --threads 1
    python benchmarks/decode_speed.py --sentences some.en --threads 2
    python benchmarks/decode_speed.py --size base --device cuda

Without --sentences: random weights and sources, and every system writes exactly as many tokens as it is told. With
them: the model that comes with the package on real sentences, each system until it ends by itself. Systems take
turns in each round; benchmarks/README.md explains the columns.
"""

import copy
import dataclasses
import itertools
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, Protocol

import torch
import tyro
from rich.console import Console
from rich.table import Table
from torch.nn.utils.rnn import pad_sequence

from translator.checkpoint import ModelFolder, load_model
from translator.config import base, fit_to_vocabulary, small
from translator.continuous import ContinuousSearch, Limits
from translator.device import choose_device, describe_device, set_up_processor
from translator.errors import ConfigError, TranslatorError
from translator.evaluate import read_lines
from translator.export import export_ctranslate2
from translator.inference import LINEAR, InferenceModel, Precision, can_use_int8
from translator.model import Transformer
from translator.search import Constraints, SearchOptions, SpecialTokens, StepwiseModel, search
from translator.text import normalise
from translator.tokenizer import BOS_ID, EOS_ID, PAD_ID
from translator.translate import shipped_model

SEED = 1
SPECIAL_PIECES = ("<pad>", "<unk>", "<s>", "</s>")
MEDIAN_TOKENS, LONGEST_TOKENS = 22, 100
BATCHES = {"cpu": (1, 32), "cuda": (1, 4096)}
"""Sentences that a system is given at once."""
ALONE = {"cpu": 4, "cuda": 64}
"""Sentences that it is given one by one."""
BEAM_SIZES = (1, 4)
SYSTEMS = {
    "cpu": ("fp32", "bf16", "int8", "ctranslate2-int8", "ctranslate2-float32"),
    "cuda": ("fp32", "bf16", "bf16-slots", "ctranslate2-float16"),
}
ALIKE = 32
"""Of sentences that are sorted by their lengths, so many write the same number of tokens."""
ROWS_AT_ONCE = 1024
"""Where a batch is too large for one search: its sentences times the width of the beam."""
VOCABULARY = {"small": 8_000, "base": 32_000}


@dataclass(frozen=True)
class Options:
    """What to measure."""

    size: Literal["small", "base"] = "base"
    """Of the random weights."""
    sentences: Path | None = None
    """English lines to translate with the model that comes with the package, instead of random ones."""
    device: Literal["cpu", "cuda"] = "cpu"
    count: int | None = None
    """How many sentences each system decodes in a round with large batches, by default one such batch."""
    count_alone: int | None = None
    """How many it decodes one by one, by default 4 on a processor and 64 on a GPU."""
    threads: int = 1
    rounds: int = 3
    systems: tuple[str, ...] = ()
    """By default all of the device."""
    json: Path | None = None
    """Also write all figures to this file."""

    def __post_init__(self) -> None:
        for name in ("count", "count_alone", "threads", "rounds"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ConfigError(f"{name} is {value}; give 1 or more")


@dataclass(frozen=True)
class Work:
    """Sentences that are decoded together, the shortest first."""

    sources: list[list[int]]
    forced_lengths: list[int] | None
    """Tokens to write for each; None lets the model end."""

    def parts(self, most: int) -> Iterator["Work"]:
        """Batches of at most so many, for whom these are too many at once."""
        for first in range(0, len(self.sources), most):
            some = slice(first, first + most)
            yield Work(self.sources[some], self.forced_lengths[some] if self.forced_lengths else None)


class System(Protocol):
    """Someone's decoder."""

    name: str

    def decode(self, work: Work, beam_size: int) -> list[list[int]]:
        """The best translation of each sentence, as ids without the end."""


class Ours:
    """`translator.search`, on a processor over an `InferenceModel`, on a GPU over the plain model."""

    def __init__(
        self, precision: Precision, folder: ModelFolder, device: torch.device, threads: int = 1
    ) -> None:
        self.name = f"translator {precision}"
        self._device, self._threads = device, threads
        self._pool = ThreadPoolExecutor(threads)
        self._model: StepwiseModel = (
            InferenceModel(folder.model, LINEAR[precision])
            if device.type == "cpu"
            else _on_gpu(folder.model, precision, device)
        )
        self._special = SpecialTokens(BOS_ID, EOS_ID, folder.tokenizer.unprintable_ids)

    def decode(self, work: Work, beam_size: int) -> list[list[int]]:
        """A part for each thread, none larger than what is searched together."""
        most = min(ROWS_AT_ONCE // beam_size, -(-len(work.sources) // self._threads))
        parts = self._pool.map(
            lambda part: self._search(part, SearchOptions(beam_size=beam_size)), work.parts(most)
        )
        return [tokens for part in parts for tokens in part]

    def _search(self, work: Work, options: SearchOptions) -> list[list[int]]:
        source_BS = pad_sequence(
            [torch.tensor([*source, EOS_ID]) for source in work.sources],
            batch_first=True,
            padding_value=PAD_ID,
        ).to(self._device)
        limits = [(limit.least, limit.most) for limit in limits_of(work, options)]
        least_B, most_B = torch.tensor(limits).T.to(self._device)
        constraints = Constraints(most_B, least_B if work.forced_lengths else None)
        results = search(self._model, source_BS, source_BS != PAD_ID, constraints, self._special, options)
        return [hypotheses[0].tokens for hypotheses in results]


class OursInSlots:
    """`translator.continuous` on a GPU."""

    def __init__(self, folder: ModelFolder, device: torch.device) -> None:
        self.name = "translator bf16, slots"
        special = SpecialTokens(BOS_ID, EOS_ID, folder.tokenizer.unprintable_ids)
        self._search = ContinuousSearch(_on_gpu(folder.model, "bf16", device), special)

    def decode(self, work: Work, beam_size: int) -> list[list[int]]:
        """All at once."""
        options = SearchOptions(beam_size=beam_size)
        sources = [[*source, EOS_ID] for source in work.sources]
        results = self._search.search(sources, limits_of(work, options), options)
        return [hypotheses[0].tokens for hypotheses in results]


def _on_gpu(model: Transformer, precision: Precision, device: torch.device) -> Transformer:
    """A copy there."""
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    return copy.deepcopy(model).to(device=device, dtype=dtype)


def limits_of(work: Work, options: SearchOptions) -> list[Limits]:
    """How long the translations may be, or must."""
    if work.forced_lengths:
        return [Limits(length, length + 1) for length in work.forced_lengths]
    return [Limits(0, options.max_target_tokens(len(source))) for source in work.sources]


class CTranslate2:
    """The exported model in its own engine, with the setting of threads that is the fastest for a batch."""

    def __init__(self, compute_type: str, folder: ModelFolder, exported: Path, options: Options) -> None:
        import ctranslate2  # noqa: PLC0415 (a peer that may not be there)

        self.name = f"CTranslate2 {ctranslate2.__version__} {compute_type}"
        self._pieces = [folder.tokenizer.piece(number) for number in range(folder.tokenizer.vocab_size)]
        self._ids = {piece: number for number, piece in enumerate(self._pieces)}
        threads = options.threads
        settings = {(1, threads), (threads, 1), (1, 1)} if options.device == "cpu" else {(1, threads)}
        try:
            self._engines = [
                ctranslate2.Translator(
                    str(exported),
                    options.device,
                    compute_type=compute_type,
                    inter_threads=inter,
                    intra_threads=intra,
                )
                for inter, intra in sorted(settings)
            ]
        except (RuntimeError, ValueError) as error:
            raise ConfigError(str(error)) from error
        self._fastest: dict[tuple[int, int], Any] = {}

    def decode(self, work: Work, beam_size: int) -> list[list[int]]:
        """One batch; the first one of each shape tries every setting."""
        shape = len(work.sources), beam_size
        if shape not in self._fastest:
            self._fastest[shape] = min(
                self._engines, key=lambda engine: _seconds(lambda: self._run(engine, work, beam_size), 3)
            )
        return self._run(self._fastest[shape], work, beam_size)

    def _run(self, engine: Any, work: Work, beam_size: int) -> list[list[int]]:
        found: list[list[int]] = []
        for part in work.parts(ALIKE if work.forced_lengths else len(work.sources)):
            longest = SearchOptions().max_target_tokens(max(map(len, part.sources)))
            share = -(-len(part.sources) // engine.num_translators)
            results = engine.translate_batch(
                [[self._pieces[number] for number in source] for source in part.sources],
                beam_size=beam_size,
                max_batch_size=min(share, ROWS_AT_ONCE // beam_size),
                max_decoding_length=part.forced_lengths[0] if part.forced_lengths else longest,
                min_decoding_length=part.forced_lengths[0] if part.forced_lengths else 1,
            )
            found += [[self._ids[piece] for piece in result.hypotheses[0]] for result in results]
        return found


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

    system: str
    batch: int
    beam_size: int
    tokens_per_second: list[float] = field(default_factory=list)
    """Of the target, in each round."""
    same: float = 0.0
    """Share of the translations that equal those of our fp32."""


def random_model(size: Literal["small", "base"]) -> ModelFolder:
    """A model that has learnt nothing."""
    torch.manual_seed(SEED)
    config = {"small": small, "base": base}[size]().model
    pieces = NumberedPieces(VOCABULARY[size])
    model = Transformer(fit_to_vocabulary(config, pieces.vocab_size)).eval().requires_grad_(False)
    return ModelFolder(model, pieces, {})  # type: ignore[arg-type]  # all that is asked of a tokenizer is there


def random_sources(count: int, vocab_size: int) -> list[list[int]]:
    """Sentences with lengths like those of real ones: log-normal."""
    chance = random.Random(SEED)
    lengths = [
        min(LONGEST_TOKENS, max(1, round(MEDIAN_TOKENS * 2 ** chance.gauss(0, 0.8)))) for _ in range(count)
    ]
    return [[chance.randrange(len(SPECIAL_PIECES), vocab_size) for _ in range(length)] for length in lengths]


def batches(sources: Sequence[list[int]], batch: int, is_forced: bool) -> Iterator[Work]:
    """Sentences of like length together; a forced length is that of the middle one of its neighbours."""
    whole = Work(sorted(sources, key=len), None)
    for work in whole.parts(batch):
        forced = [
            length
            for part in work.parts(ALIKE)
            for length in [len(part.sources[len(part.sources) // 2])] * len(part.sources)
        ]
        yield Work(work.sources, forced if is_forced else None)


def measure(options: Options, console: Console) -> list[Result]:
    """Let the systems decode the same batches in turns."""
    set_up_processor(threads=1)  # as `Translator.load` does: every thread decodes a batch of its own
    count = options.count or max(BATCHES[options.device])
    alone = options.count_alone or ALONE[options.device]
    if options.sentences is None:
        folder = random_model(options.size)
        sources = random_sources(count, folder.tokenizer.vocab_size)
    else:
        folder = load_model(shipped_model())
        folder.model.requires_grad_(False)
        lines = [normalise(line) for line in read_lines(options.sentences)[:count]]
        sources = [ids for ids in folder.tokenizer.encode_all(lines) if ids]
    with tempfile.TemporaryDirectory() as temporary:
        systems = list(load_systems(options, folder, Path(temporary) / "exported", console))
        results = []
        for batch, beam_size in itertools.product(BATCHES[options.device], BEAM_SIZES):
            chosen = sources if batch > 1 else sources[:: max(1, len(sources) // alone)]
            works = list(batches(chosen, batch, is_forced=options.sentences is None))
            results += measure_shape(systems, works, batch, beam_size, options.rounds)
            console.print(f"batches of {batch}, beam {beam_size}: done")
    return results


def load_systems(options: Options, folder: ModelFolder, exported: Path, console: Console) -> Iterator[System]:
    """Those that can run here; the reason for each other one is told."""
    device = choose_device(options.device)
    for name in dict.fromkeys(options.systems or SYSTEMS[options.device]):
        if name == "bf16-slots":
            yield OursInSlots(folder, device)
        elif name in LINEAR:
            if name == "int8" and not (device.type == "cpu" and can_use_int8()):
                console.print("[bold yellow]translator int8 is left out: no kernels for this processor")
            else:
                yield Ours(name, folder, device, options.threads if device.type == "cpu" else 1)
        elif name.startswith("ctranslate2-"):
            try:
                if not exported.exists():
                    export_ctranslate2(folder, exported)
                yield CTranslate2(name.removeprefix("ctranslate2-"), folder, exported, options)
            except ConfigError as error:
                console.print(f"[bold yellow]{name} is left out: {error}")
        else:
            raise ConfigError(f"systems has {name!r}; give {', '.join(SYSTEMS[options.device])}")


def measure_shape(
    systems: list[System], works: list[Work], batch: int, beam_size: int, rounds: int
) -> list[Result]:
    """All systems on all batches of one shape; a first round warms up, and shows whether they agree."""
    results = [Result(system.name, batch, beam_size) for system in systems]
    outputs = [[system.decode(work, beam_size) for work in works] for system in systems]
    written = [translation for work in outputs[0] for translation in work]
    for result, output in zip(results, outputs, strict=True):
        found = [translation for work in output for translation in work]
        result.same = sum(map(list.__eq__, found, written)) / len(written)
    for number in range(rounds):
        for place in range(len(systems)):
            index = (number + place) % len(systems)
            tokens, started = 0, time.perf_counter()
            for work in works:
                tokens += sum(len(found) + 1 for found in systems[index].decode(work, beam_size))
            results[index].tokens_per_second.append(tokens / (time.perf_counter() - started))
    return results


def _seconds(call: Callable[[], Any], times: int) -> float:
    """The fastest of some calls."""
    found = []
    for _ in range(times):
        started = time.perf_counter()
        call()
        found.append(time.perf_counter() - started)
    return min(found)


def show(results: list[Result], options: Options, console: Console) -> None:
    """A table for each shape of batches, and our best speed over the peer's best one under it."""
    what = options.sentences.name if options.sentences else f"{options.size}, random weights"
    for batch, beam_size in itertools.product(BATCHES[options.device], BEAM_SIZES):
        chosen = [one for one in results if (one.batch, one.beam_size) == (batch, beam_size)]
        where = "on a GPU" if options.device == "cuda" else f"{options.threads} threads"
        table = Table(title=f"Decoding, {what}, batches of {batch}, beam {beam_size}, {where}")
        table.add_column("system")
        for heading in ("target tokens/s", "range", "same as fp32"):
            table.add_column(heading, justify="right")
        for one in chosen:
            speeds = one.tokens_per_second
            table.add_row(
                one.system, f"{statistics.median(speeds):,.0f}", f"{min(speeds):,.0f} – {max(speeds):,.0f}",
                f"{one.same:.0%}",
            )  # fmt: skip
        console.print(table)
        ours, theirs = (best_median(chosen, is_ours=is_ours) for is_ours in (True, False))
        if ours and theirs:
            console.print(f"our best / the peer's best: {ours / theirs:.2f}\n")


def best_median(results: list[Result], *, is_ours: bool) -> float | None:
    """The speed of the fastest of our precisions, or of the peer's."""
    speeds = [one.tokens_per_second for one in results if one.system.startswith("translator") == is_ours]
    return max(map(statistics.median, speeds), default=None)


def main() -> int:
    """Exit code: 0 when measured, 1 on an error."""
    console = Console(width=None if sys.stdout.isatty() else 110)
    try:
        options = tyro.cli(Options, description=__doc__)
        device = describe_device(choose_device(options.device))
        console.print(f"{device}, PyTorch {torch.__version__}, translator {version('en-de-translator')}")
        results = measure(options, console)
    except TranslatorError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    show(results, options, console)
    if options.json:
        figures = {"device": device, "torch": torch.__version__, "threads": options.threads}
        figures["results"] = [dataclasses.asdict(one) for one in results]
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
