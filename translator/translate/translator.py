"""The translator itself: from a model folder to batches of similar length and their search."""

import itertools
import math
import reprlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property, lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, Literal, Self

import torch
from torch.nn.utils.rnn import pad_sequence

from translator.checkpoint import load_model
from translator.continuous import ContinuousSearch, Limits
from translator.coverage import rank_by_coverage
from translator.device import choose_device, has_fast_bf16, one_thread_for_each_batch, set_up_processor
from translator.ensemble import Ensemble
from translator.errors import ConfigError, InputError, TranslatorError
from translator.inference import LINEAR, InferenceModel, Precision, can_use_int8, has_fast_int8
from translator.model import Transformer
from translator.search import (
    BannedPhrases,
    Constraints,
    PieceTexts,
    ScoredTokens,
    SearchOptions,
    SpecialTokens,
    Step,
    StepwiseModel,
    search,
)
from translator.text import normalise
from translator.text.casing import upper_case
from translator.text.protected import NumberStyle, in_capitals, restore
from translator.tokenizer import BOS_ID, EOS_ID, PAD_ID, Tokenizer
from translator.translate.answers import Hypothesis, Translation, assemble
from translator.translate.ladder import Ladder, check_of, copied, has_fault
from translator.translate.rules import begin_with, piece_texts
from translator.translate.sources import MAX_PIECE_TOKENS, SourceSentence, read_sentences
from translator.watch import Converting, Watch

BATCH_ROWS_TOKENS = 4096
"""Padded source tokens times beam width that are decoded together."""

_KEPT_BANS = 8
"""Sets of banned phrases whose automata are kept for the next sentences."""

ProgressCallback = Callable[[int, int], None]
"""Called after each batch with the number of sentences done, and of how many."""


class _Unranked:
    """Watches a search whose results are ranked anew before anybody is told."""

    def __init__(self, watch: Watch[list[ScoredTokens]]) -> None:
        self.is_wanted = watch.is_wanted

    def finished(self, place: int, hypotheses: list[ScoredTokens]) -> None:
        pass


class _Passing:
    """Passes on the hypotheses of sentences whose first one passes its check, and keeps the others."""

    def __init__(
        self, watch: Watch[tuple[Hypothesis, ...]], failed: dict[int, tuple[Hypothesis, ...]]
    ) -> None:
        self.is_wanted, self._watch, self._failed = watch.is_wanted, watch, failed

    def finished(self, place: int, hypotheses: tuple[Hypothesis, ...]) -> None:
        if has_fault(hypotheses[0]):
            self._failed[place] = hypotheses
        else:
            self._watch.finished(place, hypotheses)


class _Count:
    """Tells how many sentences are done."""

    def __init__(self, tell: Callable[[int], None]) -> None:
        self._tell, self._done = tell, 0

    def is_wanted(self, place: int) -> bool:
        return True

    def finished(self, place: int, hypotheses: list[ScoredTokens]) -> None:
        self._done += 1
        self._tell(self._done)


class Translator:
    """A trained model, or several with one vocabulary that decide together, ready to translate."""

    def __init__(
        self,
        model: Transformer,
        tokenizer: Tokenizer,
        card: dict[str, Any],
        device: torch.device,
        others: Sequence[Transformer] = (),
        precision: Precision = "fp32",
        in_slots: bool = False,
        batches_at_once: int = 1,
    ) -> None:
        self.model = model.to(device).eval()
        """The model, the first one of an ensemble."""
        self.tokenizer = tokenizer
        self.special = SpecialTokens(
            BOS_ID,
            EOS_ID,
            tokenizer.unprintable_ids,
            tokenizer.first_byte_id,
            tokenizer.span_ids,
            tuple(zip(tokenizer.reserved.get("open", ()), tokenizer.reserved.get("close", ()), strict=True)),
        )
        self.card = card
        models = [self.model, *(other.to(device).eval() for other in others)]
        searched = [_searchable(one, device, precision) for one in models]
        self._searched = Ensemble(searched) if others else searched[0]
        self._continuous = ContinuousSearch(self.model, self.special) if in_slots else None
        self.batches_at_once = batches_at_once
        """How many batches the processor decodes best at the same time."""
        self._threads = ThreadPoolExecutor(batches_at_once, "decoding") if batches_at_once > 1 else None
        self.precision = precision
        """Of matrix products."""
        self._device = device
        tables = [one.config.max_positions for one in models if one.config.positions == "learned"]
        self._max_positions = min(tables, default=None)
        self._piece = lru_cache(maxsize=None)(tokenizer.piece)
        self._ban = lru_cache(maxsize=_KEPT_BANS)(BannedPhrases)

    @classmethod
    def load(
        cls,
        path: Path | str | None = None,
        device: str = "auto",
        ensemble_with: Sequence[Path | str] = (),
        precision: Precision | Literal["auto"] = "auto",
    ) -> Self:
        """Load a model folder, or without a path the model that comes with the package.

        `device` is "auto" (a GPU if there is one), "cpu", "cuda" or "cuda:1". The models `ensemble_with` decide
        about every token together with it. `precision` is that of matrix products: "int8" (auto on a CPU with VNNI),
        "bf16" (auto on a GPU that is fast with it) or "fp32". On a CPU, as many batches are decoded at once as PyTorch
        had threads, and PyTorch is set to one.
        Raises CheckpointError on a missing or damaged folder, ConfigError on a device that is not there and on
        models that do not have the same vocabulary, and on a precision that the processor does not have.
        """
        set_up_processor(threads=0)
        chosen = choose_device(device)
        paths = [Path(path) if path is not None else shipped_model(), *map(Path, ensemble_with)]
        first, *others = (load_model(one) for one in paths)
        for other, other_path in zip(others, paths[1:], strict=True):
            if other.tokenizer.sha256 != first.tokenizer.sha256:
                raise ConfigError(
                    f"{other_path} has another vocabulary than {paths[0]}; "
                    "models decide together only where they were trained with the same tokenizer"
                )
        settled = settle_precision(precision, chosen)
        if chosen.type == "cuda" and settled == "bf16":
            first, *others = (replace(one, model=one.model.bfloat16()) for one in (first, *others))
        rest = [one.model for one in others]
        in_slots = chosen.type == "cuda" and not rest
        at_once = one_thread_for_each_batch() if chosen.type == "cpu" else 1
        return cls(first.model, first.tokenizer, first.card, chosen, rest, settled, in_slots, at_once)

    @property
    def name(self) -> str:
        """The model's name, from its card."""
        return str(self.card.get("name", "unnamed"))

    @property
    def device(self) -> str:
        """Where it computes: "cpu", "cuda:0"."""
        return str(self._device)

    def count_tokens(self, text: str) -> int:
        """How many pieces a text has: the measure of the work it makes."""
        return len(self.tokenizer.encode(text))

    def translate(
        self,
        texts: Iterable[str],
        options: SearchOptions = SearchOptions(),  # noqa: B008 (frozen, so safe to share)
        progress: ProgressCallback | None = None,
        prefixes: Sequence[str] | None = None,
        numbers: NumberStyle = "german",
    ) -> list[Translation]:
        """Translate texts of any length, in order; whitespace and line breaks come back as they were.

        Numbers, money, times and dates are written as a German text has them, or kept as they are (`numbers`).

        `prefixes` has for each text the German that the translation of its first sentence begins with, or "". The
        model goes on from there, also within a word: after "Haus" may come "Hausboot". What is copied before the
        first sentence that has words stays before the prefix.
        Raises InputError on what is no list of strings, on a text with a lone surrogate, on other prefixes than one
        for each text, on a prefix for a text that has nothing to translate, and on one that is too long for the model.
        """
        texts = _checked_texts(texts)
        if prefixes is not None and len(prefixes) != len(texts):
            raise InputError(f"there are {len(prefixes)} prefixes for {len(texts)} texts; give one for each")
        parts = list(map(self.sentences, texts, prefixes or itertools.repeat(""), itertools.repeat(numbers)))
        sources = list(itertools.chain.from_iterable(parts))
        translated = iter(self._translate_sentences(sources, options, progress))
        return [
            assemble(text, some, list(itertools.islice(translated, len(some))))
            for text, some in zip(texts, parts, strict=True)
        ]

    def sentences(self, text: str, prefix: str = "", numbers: NumberStyle = "german") -> list[SourceSentence]:
        """The sentences of a text, and the pieces of those that are too long for the model.

        The translation of the first one begins with `prefix`; raises InputError as `translate` does.
        """
        found = read_sentences(text, self.tokenizer, self._max_source_tokens, numbers)
        return begin_with(prefix, text, found, self.tokenizer, self._max_positions) if prefix else found

    def translate_batch(
        self,
        sentences: Sequence[SourceSentence],
        options: SearchOptions,
        watch: Watch[tuple[Hypothesis, ...]],
    ) -> None:
        """Translate sentences that have tokens as one batch, on this thread, for one who waits for each of them.

        Those that fail their check are told last, when they have been repaired.
        """
        failed: dict[int, tuple[Hypothesis, ...]] = {}

        def to_texts(place: int, found: list[ScoredTokens]) -> tuple[Hypothesis, ...]:
            return self._to_texts(found, sentences[place], options.n_best)

        self._search_batch(sentences, options, Converting(_Passing(watch, failed), to_texts))
        wanted = [place for place in failed if watch.is_wanted(place)]
        ladder = self._ladder(options, lambda some, without: self._search_one_batch(some, options, without))
        repaired = ladder.climb([sentences[place] for place in wanted], [failed[place] for place in wanted])
        for place, hypotheses in zip(wanted, repaired, strict=True):
            watch.finished(place, hypotheses)

    def _search_batch(
        self,
        sentences: Sequence[SourceSentence],
        options: SearchOptions,
        watch: Watch[list[ScoredTokens]],
    ) -> None:
        ids = [list(sentence.tokens) for sentence in sentences]
        forced = _beginnings(sentences)
        if self._continuous is not None and self._can_search_continuously(ids, forced, options):
            self._search_continuously(self._continuous, ids, options, watch)
        else:
            self.search(ids, options, forced, watch=watch, with_spares=True)

    def _search_one_batch(
        self, sentences: Sequence[SourceSentence], options: SearchOptions, without_digits: bool
    ) -> list[tuple[Hypothesis, ...]]:
        """The hypotheses of some sentences, searched on this thread."""
        ids = [list(sentence.tokens) for sentence in sentences]
        found = self.search(
            ids, options, _beginnings(sentences), with_spares=True, without_digits=without_digits
        )
        return [
            self._to_texts(one, sentence, options.n_best)
            for one, sentence in zip(found, sentences, strict=True)
        ]

    def _ladder(
        self,
        options: SearchOptions,
        search: Callable[[Sequence[SourceSentence], bool], list[tuple[Hypothesis, ...]]],
    ) -> Ladder:
        return Ladder(self.tokenizer, self._max_source_tokens, search)

    @property
    def _max_source_tokens(self) -> int:
        """Of a sentence, its end token not counted."""
        most = MAX_PIECE_TOKENS if self._max_positions is None else min(MAX_PIECE_TOKENS, self._max_positions)
        return most - 1

    def _can_search_continuously(
        self, ids: Sequence[list[int]], forced: list[list[int]] | None, options: SearchOptions
    ) -> bool:
        return forced is None and ContinuousSearch.can_search(options) and not any(self._required(ids))

    def _required(self, sentences: Iterable[Sequence[int]]) -> list[Counter[int]]:
        """Of each sentence, the reserved pieces that its translation must have, and how often."""
        span_ids = self.special.reserved
        return [Counter(piece for piece in sentence if piece in span_ids) for sentence in sentences]

    def _translate_sentences(
        self, sources: list[SourceSentence], options: SearchOptions, progress: ProgressCallback | None
    ) -> list[tuple[Hypothesis, ...]]:
        found: list[tuple[Hypothesis, ...]] = [
            () if source.tokens else (copied(source),) for source in sources
        ]
        wanted = [index for index, source in enumerate(sources) if source.tokens]

        def tell(done: int) -> None:
            if progress is not None:
                progress(len(sources) - len(wanted) + done, len(sources))

        searched = self._search_all([sources[index] for index in wanted], options, False, tell)
        for index, hypotheses in zip(wanted, searched, strict=True):
            found[index] = hypotheses
        ladder = self._ladder(options, lambda some, without: self._search_all(some, options, without))
        return ladder.climb(sources, found)

    def _search_all(
        self,
        sources: Sequence[SourceSentence],
        options: SearchOptions,
        without_digits: bool,
        tell: Callable[[int], None] = lambda done: None,
    ) -> list[tuple[Hypothesis, ...]]:
        """The hypotheses of any number of sentences that have tokens, in their order."""
        ids = [list(source.tokens) for source in sources]
        forced = _beginnings(sources)
        found: list[tuple[Hypothesis, ...]] = [()] * len(sources)
        continuous = self._continuous if not without_digits else None
        if continuous is not None and self._can_search_continuously(ids, forced, options):
            searched = self._search_continuously(continuous, ids, options, _Count(tell))
            results: Iterator[tuple[int, list[ScoredTokens]]] = iter(enumerate(searched))
        else:
            results = self._search_in_batches(ids, forced, options, without_digits, tell)
        for place, hypotheses in results:
            found[place] = self._to_texts(hypotheses, sources[place], options.n_best)
        return found

    def _search_continuously(
        self,
        continuous: ContinuousSearch,
        sentences: list[list[int]],
        options: SearchOptions,
        watch: Watch[list[ScoredTokens]],
    ) -> list[list[ScoredTokens]]:
        limits = self._limits(sentences, None, options)
        with_ends = [[*sentence, EOS_ID] for sentence in sentences]
        return continuous.search(with_ends, limits, options, watch, with_spares=True)

    def _search_in_batches(
        self,
        sentences: list[list[int]],
        prefixes: list[list[int]] | None,
        options: SearchOptions,
        without_digits: bool,
        tell: Callable[[int], None],
    ) -> Iterator[tuple[int, list[ScoredTokens]]]:
        """The place of each sentence, in any order, with its hypotheses."""

        def search_some(places: list[int]) -> list[list[ScoredTokens]]:
            forced = [prefixes[place] for place in places] if prefixes is not None else None
            some = [sentences[place] for place in places]
            return self.search(some, options, forced, with_spares=True, without_digits=without_digits)

        share = math.ceil(len(sentences) / self.batches_at_once)
        batches = list(_batches(list(map(len, sentences)), BATCH_ROWS_TOKENS // options.beam_size, share))
        search_all = self._threads.map if self._threads else map
        done = 0
        for places, results in zip(batches, search_all(search_some, batches), strict=True):
            yield from zip(places, results, strict=True)
            done += len(places)
            tell(done)

    def search(
        self,
        sentences: Sequence[list[int]],
        options: SearchOptions,
        prefixes: list[list[int]] | None = None,
        look_on: Callable[[Step], None] | None = None,
        watch: Watch[list[ScoredTokens]] | None = None,
        with_spares: bool = False,
        without_digits: bool = False,
    ) -> list[list[ScoredTokens]]:
        """Translate one batch of sentences given as piece ids; for each its n best hypotheses.

        `with_spares` adds the other finished ones, and `without_digits` forbids all pieces that hold a digit.
        """
        source_BS = pad_sequence(
            [torch.tensor([*sentence, EOS_ID]) for sentence in sentences],
            batch_first=True,
            padding_value=PAD_ID,
        ).to(self._device)
        constraints = self._constraints(sentences, prefixes, options)
        special = self._special_without_digits if without_digits else self.special
        arguments = (self._searched, source_BS, source_BS != PAD_ID, constraints, special)
        if not options.coverage_penalty:
            return search(*arguments, options, look_on, watch, with_spares)
        unranked = _Unranked(watch) if watch is not None else None
        found = search(*arguments, replace(options, n_best=options.beam_size), look_on, unranked)
        beta = options.coverage_penalty
        ranked = rank_by_coverage(self.model, sentences, found, self.special, PAD_ID, beta)
        best = [hypotheses[: options.n_best] for hypotheses in ranked]
        if watch is not None:
            for place, hypotheses in enumerate(best):
                if hypotheses:
                    watch.finished(place, hypotheses)
        return best

    def _limits(
        self, sentences: Sequence[list[int]], prefixes: list[list[int]] | None, options: SearchOptions
    ) -> list[Limits]:
        """How long the translation of each sentence may be; what is forced upon it comes on top."""
        forced = list(map(len, prefixes)) if prefixes is not None else [0] * len(sentences)
        required = [pieces.total() for pieces in self._required(sentences)]
        least = [options.min_target_tokens(len(sentence)) for sentence in sentences]
        most = [
            max(options.max_target_tokens(len(sentence)), pieces + 1) + length
            for sentence, length, pieces in zip(sentences, forced, required, strict=True)
        ]
        if self._max_positions is not None:
            most = [min(length, self._max_positions) for length in most]
        return list(map(Limits, least, most))

    def _constraints(
        self, sentences: Sequence[list[int]], prefixes: list[list[int]] | None, options: SearchOptions
    ) -> Constraints:
        limits = self._limits(sentences, prefixes, options)
        least = [limit.least for limit in limits]
        banned = tuple(phrase for one in options.banned if (phrase := normalise(one)))
        required = self._required(sentences)
        return Constraints(
            torch.tensor([limit.most for limit in limits], dtype=torch.long, device=self._device),
            torch.tensor(least, device=self._device) if any(least) else None,
            prefixes,
            self._ban(self._piece_texts, banned) if banned else None,
            options.no_repeat_ngram,
            required if any(required) else None,
        )

    @cached_property
    def _special_without_digits(self) -> SpecialTokens:
        digits = (
            piece
            for piece in range(self.tokenizer.first_learnt_id, self.tokenizer.vocab_size)
            if any(map(str.isdigit, self.tokenizer.piece(piece)))
        )
        return replace(self.special, forbidden=(*self.special.forbidden, *digits))

    @cached_property
    def _piece_texts(self) -> PieceTexts:
        return piece_texts(self.tokenizer)

    def _to_texts(
        self, found: list[ScoredTokens], source: SourceSentence, n_best: int
    ) -> tuple[Hypothesis, ...]:
        """The n best that pass their check, then those that do not; the same text in other pieces only once.

        Raises TranslatorError where nothing was found, as by a model that has diverged.
        """
        if not found:
            raise TranslatorError(
                "the model's probabilities are no finite numbers, and there is no translation; take weights of before"
            )
        hypotheses: dict[str, Hypothesis] = {}
        for rank, one in enumerate(found):
            if rank >= n_best and not has_fault(next(iter(hypotheses.values()))):
                break  # the rest are spares
            hypothesis = self._to_text(one, source)
            hypotheses.setdefault(hypothesis.text, hypothesis)
            if rank >= n_best and not has_fault(hypothesis):
                break
        first, *rest = sorted(hypotheses.values(), key=has_fault)
        if has_fault(next(iter(hypotheses.values()))) and not has_fault(first):
            first = replace(first, rung="next")
        return (first, *rest)[:n_best]

    def text_of(self, tokens: Sequence[int], source: SourceSentence) -> str:
        """The German of pieces that were found for a sentence, its protected spans put back."""
        written, placed = self.tokenizer.decode_marked(tokens), source.placed
        if source.in_capitals:
            written, placed = upper_case(written), tuple(map(in_capitals, placed))
        return restore(written, placed, source.numbers)

    def _to_text(self, one: ScoredTokens, source: SourceSentence) -> Hypothesis:
        text = self.text_of(one.tokens, source)
        pieces = tuple(map(self._piece, (*one.tokens, EOS_ID)))
        each = tuple(one.token_log_probabilities)
        return Hypothesis(text, one.score, sum(each) / len(each), pieces, each, check_of(source, text))


def settle_precision(precision: Precision | Literal["auto"], device: torch.device) -> Precision:
    """The precision that is meant; raises ConfigError where the processor does not have it.

    It is chosen by what the device has, not by a trial: a trial can come out otherwise after each start, and so would
    the translations.
    """
    if precision == "auto" and device.type == "cpu":
        return "int8" if has_fast_int8() else "fp32"
    if precision == "auto":
        return "bf16" if has_fast_bf16(device) else "fp32"
    if precision == "int8" and not (device.type == "cpu" and can_use_int8()):
        raise ConfigError("precision is int8, which this device has no kernels for; give auto, fp32 or bf16")
    return precision


def _searchable(model: Transformer, device: torch.device, precision: Precision) -> StepwiseModel:
    """The model as it decodes fastest."""
    return InferenceModel(model, LINEAR[precision]) if device.type == "cpu" else model


def shipped_model() -> Path:
    """The folder of the model that comes with the package."""
    return Path(str(resources.files("translator"))) / "pretrained" / "en-de"


def _beginnings(sentences: Sequence[SourceSentence]) -> list[list[int]] | None:
    """The pieces that the translation of each begins with; None where nothing is forced upon any."""
    forced = [list(sentence.beginning) for sentence in sentences]
    return forced if any(forced) else None


def _checked_texts(texts: Iterable[Any]) -> list[str]:
    if isinstance(texts, str):
        raise InputError("translate takes a list of texts and was given a single string; write [text]")
    checked = list(texts)
    for place, text in enumerate(checked):
        if not isinstance(text, str):
            raise InputError(
                f"texts[{place}] is {reprlib.repr(text)}, of type {type(text).__name__}; give strings only"
            )
    return checked


def _batches(lengths: Sequence[int], budget: int, most: int) -> Iterator[list[int]]:
    """Places of sentences of similar length, longest first, rows · longest ≤ budget and rows ≤ most."""
    batch: list[int] = []
    for place in sorted(range(len(lengths)), key=lambda place: (-lengths[place], place)):
        if batch and (len(batch) == most or (len(batch) + 1) * (lengths[batch[0]] + 1) > budget):
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch
