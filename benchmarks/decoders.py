"""The systems that `decode_speed.py` compares: our decoder, CTranslate2 and MarianMT, all with the same weights."""

import copy
import functools
import gc
import itertools
import math
import multiprocessing
import os
import queue
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch.nn.utils.rnn import pad_sequence

from translator.engines.cuda.engine import CudaEngine
from translator.engines.native.engine import NativeEngine
from translator.engines.protocol import Engine
from translator.engines.reference import ReferenceEngine
from translator.errors import ConfigError
from translator.model.interface import TranslationModel
from translator.model.transformer import Transformer
from translator.search import RunningSearch, SearchOptions, SpecialTokens, Task, new_search, search
from translator.training.checkpoint import ModelFolder
from translator.translate.precision import Precision
from translator.translate.searches import special_tokens

ROWS_AT_ONCE = 1024
"""Limit for one search, in sentences times beam size. Larger batches are split."""

HOPELESS = 5
"""CTranslate2's time with one of its libraries, as a multiple of its time with the other, from which it is not tried
further. On a processor that is not from Intel, MKL can take a second for each int8 token of a large model."""


@dataclass(frozen=True)
class Work:
    """A batch of source sentences, the shortest first."""

    sources: list[list[int]]
    forced_lengths: list[int] | None
    """Target tokens to write for each sentence. None lets the model stop by itself."""

    def parts(self, most: int) -> Iterator["Work"]:
        """Split the batch into parts of at most `most` sentences."""
        for first in range(0, len(self.sources), most):
            some = slice(first, first + most)
            yield Work(self.sources[some], self.forced_lengths[some] if self.forced_lengths else None)

    def of_one_length(self) -> Iterator["Work"]:
        """Split the batch by prescribed length, because the peers accept only one length for a whole batch."""
        if self.forced_lengths is None:
            yield self
            return
        first = 0
        for length, group in itertools.groupby(self.forced_lengths):
            many = len(list(group))
            yield Work(self.sources[first : first + many], [length] * many)
            first += many


class System(Protocol):
    """A decoder to measure."""

    name: str
    steps_after_forced: int
    """Decoding steps after the last token of a translation whose length is prescribed."""

    def prepare(self, trial: list[Work], beam_size: int, threads: int) -> None:
        """Warm up and find the fastest settings, using the trial batches."""

    def decode(self, works: list[Work], beam_size: int, threads: int) -> list[list[int]]:
        """Return the ids of the best translation of each sentence, without EOS, for a length penalty of 0."""


def search_options(beam_size: int) -> SearchOptions:
    """Return options without a length penalty, because each system defines that penalty differently."""
    return SearchOptions(beam_size=beam_size, length_penalty=0.0)


def padded(sources: list[list[int]], end: int, pad: int) -> torch.Tensor:
    """Append the end token to each source and pad them to a tensor of shape (B, S)."""
    with_ends = [torch.tensor([*source, end]) for source in sources]
    return pad_sequence(with_ends, batch_first=True, padding_value=pad)


class Ours:
    """Our decoder: `translator.search` with one of our engines."""

    steps_after_forced = 1  # the step that decodes EOS

    def __init__(self, precision: Precision, folder: ModelFolder, device: torch.device) -> None:
        self.name = f"translator {precision}"
        special = special_tokens(folder.tokenizer)
        forbidden = (*special.forbidden, *special.reserved)
        self._special = SpecialTokens(special.begin, special.end, forbidden)
        if precision == "int8":
            tensors = {name: weight.numpy() for name, weight in folder.model.state_dict().items()}
            native = NativeEngine(tensors, folder.model.config, forbidden)
            self._engine: Engine = native
            self.name += f", {native.kernel}"
        else:
            make_engine = CudaEngine if device.type == "cuda" else ReferenceEngine
            self._engine = make_engine(_copied(folder.model, precision, device), forbidden)
        self._idle: queue.SimpleQueue[tuple[int, RunningSearch]] = queue.SimpleQueue()

    def prepare(self, trial: list[Work], beam_size: int, threads: int) -> None:
        """Create a search for each thread and warm up. Like the service, exempt the model from garbage collection."""
        gc.collect()
        gc.freeze()
        self._idle = queue.SimpleQueue()
        for _ in range(threads):
            self._idle.put((beam_size, new_search(self._engine, self._special, search_options(beam_size))))
        self.decode(trial, beam_size, threads)

    def decode(self, works: list[Work], beam_size: int, threads: int) -> list[list[int]]:
        """Divide each batch among the threads."""
        options, found = search_options(beam_size), list[list[int]]()
        with ThreadPoolExecutor(threads) as pool:
            for work in works:
                parts = list(work.parts(math.ceil(len(work.sources) / threads)))
                for some in pool.map(lambda part: self._search(part, options), parts):
                    found += some
        return found

    def _search(self, work: Work, options: SearchOptions) -> list[list[int]]:
        width, running = self._idle.get()
        assert width == options.beam_size
        try:
            results = search(running, list(tasks_of(work, self._special.end, options)), options)
        finally:
            self._idle.put((width, running))
        return [hypotheses[0].tokens for hypotheses in results]


def _copied(model: TranslationModel, precision: Precision, device: torch.device) -> TranslationModel:
    """Copy the model to a device, in a precision."""
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    return copy.deepcopy(model).to(device=device, dtype=dtype)


def tasks_of(work: Work, end: int, options: SearchOptions) -> Iterator[Task]:
    """Yield a search task for each sentence, with its length limit or its prescribed length."""
    for place, source in enumerate(work.sources):
        length = work.forced_lengths[place] if work.forced_lengths else 0
        most = length + 1 if work.forced_lengths else options.max_target_tokens(len(source))
        yield Task([*source, end], most, length)


@dataclass(frozen=True)
class Setting:
    """Settings of a peer that affect its speed."""

    inter_threads: int = 1
    """Batches decoded in parallel."""
    intra_threads: int = 1
    """Threads per batch."""
    with_mkl: bool = False
    """Force CTranslate2 to use Intel MKL. By default it does so only on Intel processors."""


class Peer(ABC):
    """Another project's decoder, with the fastest settings for each batch size, beam size and number of threads."""

    steps_after_forced = 0
    _best = Setting()

    def prepare(self, trial: list[Work], beam_size: int, threads: int) -> None:
        """Try all settings and keep the fastest."""
        self._best = min(
            self._settings(threads),
            key=lambda setting: best_seconds(lambda: self._run(setting, trial, beam_size), times=2),
        )

    def decode(self, works: list[Work], beam_size: int, threads: int) -> list[list[int]]:
        """Decode with the settings that `prepare` has chosen."""
        return self._run(self._best, works, beam_size)

    @abstractmethod
    def _settings(self, threads: int) -> list[Setting]:
        """Return the settings to try."""

    @abstractmethod
    def _run(self, setting: Setting, works: list[Work], beam_size: int) -> list[list[int]]:
        """Decode with these settings. Returns the translations of all sentences, in order."""


class CTranslate2(Peer):
    """CTranslate2 with the exported model.

    It runs in one process with MKL and one without, because CTranslate2 chooses its library once per process.
    """

    def __init__(
        self, compute_type: str, folder: ModelFolder, exported: Path, device: str, pools: dict[bool, Any]
    ) -> None:
        self.name = f"CTranslate2 {compute_type}"
        self._load = (str(exported), device, compute_type)
        self._pools = dict(pools)
        numbers = range(folder.tokenizer.vocab_size)
        self._pieces = list(map(folder.tokenizer.source.piece, numbers))
        self._ids = {folder.tokenizer.target.piece(number): number for number in numbers}
        try:
            self._drop_slow_library()
        except (RuntimeError, ValueError) as error:
            raise ConfigError(str(error)) from error

    def _drop_slow_library(self) -> None:
        """Keep only the libraries that are not HOPELESS times as slow as the other for two tokens."""
        probe = [Work([list(range(4, 10))], [2])]
        seconds = {
            mkl: best_seconds(functools.partial(self._run, Setting(with_mkl=mkl), probe, 1), times=1)
            for mkl in self._pools
        }
        for mkl, taken in seconds.items():
            if taken > HOPELESS * min(seconds.values()):
                del self._pools[mkl]

    def _settings(self, threads: int) -> list[Setting]:
        tried = layouts(self._load[1], threads)
        return [Setting(*layout, with_mkl=mkl) for mkl in self._pools for layout in tried]

    def _run(self, setting: Setting, works: list[Work], beam_size: int) -> list[list[int]]:
        calls = []
        for work in works:
            for part in work.of_one_length():
                longest = SearchOptions().max_target_tokens(max(map(len, part.sources)))
                share = math.ceil(len(part.sources) / setting.inter_threads)
                options = {
                    "beam_size": beam_size,
                    "length_penalty": 0.0,
                    "max_batch_size": min(share, ROWS_AT_ONCE // beam_size),
                    "max_decoding_length": part.forced_lengths[0] if part.forced_lengths else longest,
                    "min_decoding_length": part.forced_lengths[0] if part.forced_lengths else 0,
                }
                calls.append(([[self._pieces[id] for id in source] for source in part.sources], options))
        threads = setting.inter_threads, setting.intra_threads
        found = self._pools[setting.with_mkl].submit(_translate, (*self._load, *threads), calls).result()
        return [[self._ids[piece] for piece in pieces] for pieces in found]


def _translate(load: tuple[Any, ...], calls: list[tuple[list[list[str]], dict[str, Any]]]) -> list[list[str]]:
    """Run in a process of CTranslate2: return the best translation of each sentence of each call."""
    engine = _engine(*load)
    return [
        result.hypotheses[0]
        for pieces, options in calls
        for result in engine.translate_batch(pieces, **options)
    ]


@functools.cache
def _engine(folder: str, device: str, compute_type: str, inter_threads: int, intra_threads: int) -> Any:
    import ctranslate2  # noqa: PLC0415 (an optional peer)

    return ctranslate2.Translator(
        folder,
        device,
        compute_type=compute_type,
        inter_threads=inter_threads,
        intra_threads=intra_threads,
    )


class MarianMT(Peer):
    """Hugging Face's MarianMT with our weights, decoded with `generate`. Its network can also be that of FSMT."""

    def __init__(self, precision: str, folder: ModelFolder, device: torch.device) -> None:
        try:
            from peers.marian import special_ids, with_weights_of  # noqa: PLC0415 (an optional peer)
        except ImportError as error:
            raise ConfigError(
                "the package transformers is not installed; see benchmarks/README.md"
            ) from error
        assert isinstance(folder.model, Transformer)
        tokenizer = folder.tokenizer
        self._end, self._pad = tokenizer.end_id, tokenizer.pad_id
        model: Any = with_weights_of(
            folder.model,
            special_ids(tokenizer.begin_id, tokenizer.end_id, tokenizer.pad_id),
            tokenizer.unprintable_ids,
        )
        if precision == "int8" and device.type == "cpu":
            model = torch.ao.quantization.quantize_dynamic(model, {torch.nn.Linear}, torch.qint8)
        elif precision != "float32":
            raise ConfigError("MarianMT runs only in float32 and, on a CPU, in int8")
        self.name = f"HF MarianMT {precision}"
        self._device, self._model = device, model.to(device)

    def _settings(self, threads: int) -> list[Setting]:
        return [Setting(*layout) for layout in layouts(self._device.type, threads)]

    def _run(self, setting: Setting, works: list[Work], beam_size: int) -> list[list[int]]:
        parts: list[Work] = []
        for work in works:
            for part in work.of_one_length():
                share = math.ceil(len(part.sources) / setting.inter_threads)
                parts += part.parts(min(share, ROWS_AT_ONCE // beam_size))
        torch.set_num_threads(setting.intra_threads)
        try:
            with ThreadPoolExecutor(setting.inter_threads) as pool:
                found = pool.map(lambda part: self._generate(part, beam_size), parts)
                return [translation for some in found for translation in some]
        finally:
            torch.set_num_threads(1)  # our decoder expects this

    @torch.inference_mode()
    def _generate(self, work: Work, beam_size: int) -> list[list[int]]:
        source_BS = padded(work.sources, self._end, self._pad).to(self._device)
        beam: dict[str, Any] = {"length_penalty": 0.0, "early_stopping": True} if beam_size > 1 else {}
        if work.forced_lengths:
            lengths = {"min_new_tokens": work.forced_lengths[0], "max_new_tokens": work.forced_lengths[0]}
        else:
            lengths = {"max_new_tokens": SearchOptions().max_target_tokens(max(map(len, work.sources)))}
        output_BT = self._model.generate(
            input_ids=source_BS,
            attention_mask=(source_BS != self._pad).long(),
            num_beams=beam_size,
            do_sample=False,
            forced_eos_token_id=None,
            **lengths,
            **beam,
        )
        translations: list[list[int]] = output_BT[:, 1:].tolist()  # without the begin token
        if work.forced_lengths:
            return translations
        return [row[: row.index(self._end)] if self._end in row else row for row in translations]


def layouts(device_type: str, threads: int) -> list[tuple[int, int]]:
    """Return pairs to try: the number of parallel batches and the threads of each."""
    return sorted({(1, threads), (threads, 1), (1, 1)}) if device_type == "cpu" else [(1, 1)]


def _force_mkl(use: bool) -> None:
    """Make CTranslate2 use MKL. This must run before the process imports CTranslate2."""
    if use:
        os.environ["CT2_USE_MKL"] = "1"


def peer_process(with_mkl: bool) -> ProcessPoolExecutor:
    """Start a process that runs CTranslate2."""
    return ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), _force_mkl, (with_mkl,))


def is_intel() -> bool:
    """Whether this is an Intel processor, on which CTranslate2 uses MKL by default."""
    try:
        return "GenuineIntel" in Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return False


def best_seconds(call: Callable[[], Any], times: int) -> float:
    """Return the time of the fastest of `times` calls, after a warm-up call."""
    call()
    found = []
    for _ in range(times):
        started = time.perf_counter()
        call()
        found.append(time.perf_counter() - started)
    return min(found)
