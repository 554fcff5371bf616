"""The translator: load a model folder, split texts into sentences, search, and put the texts back together."""

import itertools
import logging
import reprlib
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from translator.config import ModelConfig
from translator.data.tokenizer import Tokenizer
from translator.engines.ensemble import Ensemble
from translator.engines.native.engine import NativeEngine
from translator.engines.protocol import Engine, has_fast_engine
from translator.errors import ConfigError, InputError, TranslatorError
from translator.files.model_folder import ModelFiles, read_model
from translator.machine.memory import release_free_memory
from translator.machine.processor import usable_cores
from translator.markup import TEXT, MarkupOptions
from translator.markup.attributes import Edited, read_attributes
from translator.options import RequestedPrecision
from translator.search import (
    ScoredTokens,
    SearchOptions,
    Step,
    Task,
    search,
    search_feed,
)
from translator.search.feed import Awaited, Feed, Listed, feed_of
from translator.text.casing import begins_with_capital, upper_case
from translator.text.doubled_quotes import with_doubled_quotes
from translator.text.lexicon import Lexicon
from translator.text.protected import in_capitals, restore, with_final_marks
from translator.translate.answers import (
    Hypothesis,
    Translation,
    assemble,
    check_of,
    copied,
    has_fault,
    is_plausible,
)
from translator.translate.ladder import Ladder
from translator.translate.marked_up import as_sent, read_sentences_of_markup, written
from translator.translate.precision import Precision, build_model, resolve_precision, shipped_model
from translator.translate.rules import force_prefix
from translator.translate.searches import Searches, special_tokens
from translator.translate.sources import (
    DEFAULT_STYLE,
    MAX_PIECE_TOKENS,
    SourceEncoder,
    SourceSentence,
    Style,
    read_sentences,
)

if TYPE_CHECKING:
    from translator.model.interface import TranslationModel

logger = logging.getLogger(__name__)

Protection = Literal["pieces", "parts"]
"""How links, numbers and markup come through: reserved pieces stand for them; or the model reads them as text, and a
sentence that loses one is translated in parts (`translator.translate.ladder`)."""

ProgressCallback = Callable[[int, int], None]
"""Called after each sentence with the number of sentences done and the total."""


_AwaitedSentence = Awaited[SourceSentence, tuple[Hypothesis, ...]]


class _SearchedSentence:
    """A sentence in the search. Passes its hypotheses on, or keeps them for the ladder if the best one fails."""

    def __init__(
        self,
        awaited: _AwaitedSentence,
        task: Task,
        to_texts: Callable[[list[ScoredTokens], SourceSentence], tuple[Hypothesis, ...]],
        failed: list[tuple[_AwaitedSentence, tuple[Hypothesis, ...]]],
    ) -> None:
        self.item, self.is_wanted = task, awaited.is_wanted
        self._awaited, self._to_texts, self._failed = awaited, to_texts, failed

    def finish(self, found: list[ScoredTokens]) -> None:
        hypotheses = self._to_texts(found, self._awaited.item)
        if has_fault(hypotheses[0]):
            self._failed.append((self._awaited, hypotheses))
        else:
            self._awaited.finish(hypotheses)


class _Counted(Listed[Task, list[ScoredTokens]]):
    """A sentence that reports when it is done; several threads share the work."""

    def __init__(self, task: Task, report: Callable[[], None]) -> None:
        super().__init__(task)
        self._report = report

    def finish(self, result: list[ScoredTokens]) -> None:
        super().finish(result)
        self._report()


class Translator:
    """A trained model, or an ensemble of models with the same vocabulary, ready to translate."""

    def __init__(
        self,
        engine: Engine,
        config: ModelConfig,
        tokenizer: Tokenizer,
        card: dict[str, Any],
        make_model: Callable[[], "TranslationModel"],
        device: str = "cpu",
        precision: Precision = "fp32",
        threads: int = 1,
        lexicon: Lexicon | None = None,
    ) -> None:
        """`make_model` returns the PyTorch network; it is called only when `model` is read."""
        self.engine = engine
        self.config = config
        """The architecture of the model; of the first one in an ensemble."""
        self.tokenizer = tokenizer
        self.source_encoder = SourceEncoder(tokenizer, lexicon)
        """Encodes source sentences as pieces."""
        self._searches = Searches(engine, tokenizer)
        self.special = self._searches.special
        self.card = card
        self._make_model = make_model
        self.device = device
        """The device that it runs on, such as "cpu" or "cuda:0"."""
        self.precision = precision
        """The precision of matrix products."""
        self.threads = threads
        """Number of searches that run at the same time, each on its own core."""
        self._pool = ThreadPoolExecutor(threads, "decoding") if threads > 1 else None
        self._piece = lru_cache(maxsize=None)(tokenizer.target.piece)

    @classmethod
    def of_model(
        cls,
        model: "TranslationModel",
        tokenizer: Tokenizer,
        card: dict[str, Any] | None = None,
        others: Sequence["TranslationModel"] = (),
        threads: int = 1,
        lexicon: Lexicon | None = None,
    ) -> Self:
        """Wrap PyTorch models that are already in memory; they keep their device and precision."""
        from translator.engines.reference import ReferenceEngine  # noqa: PLC0415 (loads PyTorch)

        forbidden = special_tokens(tokenizer).forbidden
        engines = [ReferenceEngine(one, forbidden) for one in (model, *others)]
        engine: Engine = Ensemble(engines) if others else engines[0]
        precision: Precision = "bf16" if model.output_VD.element_size() == 2 else "fp32"
        return cls(
            engine,
            model.config,
            tokenizer,
            card or {},
            lambda: model,
            str(model.device),
            precision,
            threads,
            lexicon,
        )

    @classmethod
    def load(
        cls,
        path: Path | str | None = None,
        device: str = "auto",
        ensemble_with: Sequence[Path | str] = (),
        precision: RequestedPrecision = "auto",
    ) -> Self:
        """Load a model folder; without a path, load the model that ships with the package.

        `device` is "auto" (a GPU if there is one), "cpu", "cuda" or "cuda:1". The models in `ensemble_with` form an
        ensemble with it. `precision` is that of matrix products: "int8" (auto on a CPU) needs no PyTorch, while "bf16"
        (auto on a GPU where it is fast) and "fp32" do. On a CPU, every core that the process may use decodes its own
        sentences.
        Raises CheckpointError on a missing or damaged folder, and ConfigError on a missing device, on models with
        different vocabularies or lexicons, and on a precision that is not available.
        """
        paths = [Path(path) if path is not None else shipped_model(), *map(Path, ensemble_with)]
        files = [read_model(one) for one in paths]
        for other, other_path in zip(files[1:], paths[1:], strict=True):
            if other.tokenizer.sha256 != files[0].tokenizer.sha256:
                raise ConfigError(
                    f"{other_path} and {paths[0]} have different vocabularies; "
                    "give models that were trained with the same tokenizer"
                )
            if other.lexicon != files[0].lexicon:
                raise ConfigError(
                    f"{other_path} and {paths[0]} have different lexicons; give models that read the same hints"
                )
        chosen_precision, chosen_device = resolve_precision(precision, device, [one.config for one in files])
        # `model` reads the weights again. Keeping them would cost memory even if `model` is never used.
        translator = cls._of_files(
            files, chosen_precision, chosen_device, lambda: build_model(read_model(paths[0]))
        )
        del files
        release_free_memory()
        if translator.protection == "parts":
            logger.info(
                "the vocabulary of %s has no reserved pieces: the model reads links, numbers and markup as text, and "
                "sentences that lose one are translated in parts",
                paths[0],
            )
        return translator

    @classmethod
    def _of_files(
        cls,
        files: Sequence[ModelFiles],
        precision: Precision,
        device: str,
        make_model: Callable[[], "TranslationModel"],
    ) -> Self:
        first, threads = files[0], usable_cores() if device == "cpu" else 1
        forbidden = special_tokens(first.tokenizer).forbidden
        engines: list[Engine]
        if precision == "int8":
            engines = [NativeEngine(one.weights, one.config, forbidden) for one in files]
        else:
            models = [build_model(one, device, precision) for one in files]
            if device == "cpu" or not all(has_fast_engine(one.config) for one in files):
                return cls.of_model(
                    models[0], first.tokenizer, first.card, models[1:], threads, first.lexicon
                )
            from translator.engines.cuda.engine import CudaEngine  # noqa: PLC0415 (loads PyTorch)

            engines = [CudaEngine(one, forbidden) for one in models]
            make_model = partial(models.__getitem__, 0)
        engine = Ensemble(engines) if len(engines) > 1 else engines[0]
        return cls(
            engine,
            first.config,
            first.tokenizer,
            first.card,
            make_model,
            device,
            precision,
            threads,
            first.lexicon,
        )

    @cached_property
    def model(self) -> "TranslationModel":
        """The PyTorch network; that of the first model in an ensemble. Needs PyTorch."""
        return self._make_model()

    @property
    def protection(self) -> Protection:
        """How links, numbers and markup come through."""
        return "pieces" if self.tokenizer.marks else "parts"

    @property
    def name(self) -> str:
        """The model's name, from its card."""
        return str(self.card.get("name", "unnamed"))

    def translate(
        self,
        texts: Iterable[str],
        options: SearchOptions = SearchOptions(),  # noqa: B008 (frozen, so safe to share)
        progress: ProgressCallback | None = None,
        prefixes: Sequence[str] | None = None,
        style: Style = DEFAULT_STYLE,
        markup: MarkupOptions = TEXT,
    ) -> list[Translation]:
        """Translate texts of any length, in order; whitespace, line breaks and tags are preserved.

        `style` chooses the form of numbers, dates and the like, and whether "you" is Sie or du. `markup` tells whether
        the texts are plain, HTML or XML. All offsets in a translation are those of its text with the tags.

        `prefixes` gives for each text the German with which the translation of its first sentence starts, or "". The
        model continues from there, even within a word: "Haus" may become "Hausboot". Text that is copied ahead of the
        first sentence with words stays ahead of the prefix. A sentence with a prefix is checked but not repaired.
        Raises InputError if `texts` is not a list of strings, if a text has a lone surrogate, if there is not one
        prefix per text, or if a prefix is for a text without anything to translate or is too long for the model.
        """
        texts = _checked_texts(texts)
        if prefixes is not None and len(prefixes) != len(texts):
            raise InputError(f"got {len(prefixes)} prefixes for {len(texts)} texts; give one for each text")
        if markup.with_attributes:
            return self._translate_with_attributes(texts, options, progress, prefixes, style, markup)
        parts = [
            read_sentences_of_markup(text, markup, self.sentences, style, prefix)
            for text, prefix in zip(texts, prefixes or itertools.repeat(""), strict=False)
        ]
        sources = list(itertools.chain.from_iterable(parts))
        found = self.translate_sentences(sources, options, progress)
        translated = iter(written(self, sources, found))
        return [
            assemble(text, some, list(itertools.islice(translated, len(some))))
            for text, some in zip(texts, parts, strict=True)
        ]

    def _translate_with_attributes(
        self,
        texts: Sequence[str],
        options: SearchOptions,
        progress: ProgressCallback | None,
        prefixes: Sequence[str] | None,
        style: Style,
        markup: MarkupOptions,
    ) -> list[Translation]:
        """Translate the attributes of HTML first, and then the text around them."""
        attributes = [read_attributes(text, markup) for text in texts]
        values = [one.text for some in attributes for one in some]
        german = iter(self.translate(values, options, style=style))
        edited = [
            Edited(text, some, [next(german).text for _ in some])
            for text, some in zip(texts, attributes, strict=True)
        ]
        found = self.translate(
            [one.markup for one in edited],
            options,
            progress,
            prefixes,
            style,
            replace(markup, with_attributes=False),
        )
        return list(map(as_sent, found, edited))

    def sentences(
        self,
        text: str,
        prefix: str = "",
        style: Style = DEFAULT_STYLE,
    ) -> list[SourceSentence]:
        """Split plain text into sentences, and sentences that are too long for the model into parts.

        The translation of the first one starts with `prefix`. Raises InputError as `translate` does.
        """
        if not self.card.get("formality"):
            if style.formality == "informal":
                raise InputError(
                    f"formality is informal, but the model {self.name} was not trained to choose a formality; "
                    "give formal or auto, or use a model trained on data from `translator prepare`"
                )
            style = replace(style, formality="auto")
        found = read_sentences(text, self.source_encoder, self._max_source_tokens, style)
        return force_prefix(prefix, text, found, self.tokenizer, self.engine.positions) if prefix else found

    def translate_feed(
        self, feed: Feed[SourceSentence, tuple[Hypothesis, ...]], options: SearchOptions
    ) -> None:
        """Translate sentences that have tokens, on this thread, while new ones arrive and finished ones leave.

        Sentences that fail their check are repaired before the next step, while the others wait.
        """
        failed: list[tuple[_AwaitedSentence, tuple[Hypothesis, ...]]] = []
        ladder = self._ladder(options, lambda some, without: self._search_one_batch(some, options, without))

        def to_texts(found: list[ScoredTokens], source: SourceSentence) -> tuple[Hypothesis, ...]:
            return self._to_texts(found, source, options.n_best)

        def take(room: int) -> list[_SearchedSentence]:
            if failed:
                wanted = [(one, found) for one, found in failed if one.is_wanted()]
                failed.clear()
                repaired = ladder.climb([one.item for one, _ in wanted], [found for _, found in wanted])
                for (one, _), hypotheses in zip(wanted, repaired, strict=True):
                    one.finish(hypotheses)
            return [
                _SearchedSentence(
                    one, self._searches.task(one.item.tokens, one.item.prefix, options), to_texts, failed
                )
                for one in feed(room)
            ]

        with self._searches.borrow(options) as running:
            search_feed(running, take, options, with_spares=True)

    def _search_one_batch(
        self, sentences: Sequence[SourceSentence], options: SearchOptions, without_digits: bool
    ) -> list[tuple[Hypothesis, ...]]:
        """Search some sentences on this thread; returns their hypotheses."""
        ids = [sentence.tokens for sentence in sentences]
        found = self.search(
            ids, options, _prefixes_of(sentences), with_spares=True, without_digits=without_digits
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
        return Ladder(self.source_encoder, self._max_source_tokens, search)

    @property
    def _max_source_tokens(self) -> int:
        """Maximum tokens of a source sentence, excluding its end token."""
        return min(MAX_PIECE_TOKENS, self.engine.positions or MAX_PIECE_TOKENS) - 1

    def translate_sentences(
        self,
        sources: Sequence[SourceSentence],
        options: SearchOptions,
        progress: ProgressCallback | None = None,
    ) -> list[tuple[Hypothesis, ...]]:
        """Translate the sentences of texts; returns the hypotheses of each, best first."""
        found: list[tuple[Hypothesis, ...]] = [
            () if source.tokens else (copied(source),) for source in sources
        ]
        wanted = [index for index, source in enumerate(sources) if source.tokens]

        def report(done: int) -> None:
            if progress is not None:
                progress(len(sources) - len(wanted) + done, len(sources))

        searched = self._search_all([sources[index] for index in wanted], options, False, report)
        for index, hypotheses in zip(wanted, searched, strict=True):
            found[index] = hypotheses
        ladder = self._ladder(options, lambda some, without: self._search_all(some, options, without))
        return ladder.climb(sources, found)

    def _search_all(
        self,
        sources: Sequence[SourceSentence],
        options: SearchOptions,
        without_digits: bool,
        report: Callable[[int], None] = lambda done: None,
    ) -> list[tuple[Hypothesis, ...]]:
        """Search any number of sentences that have tokens; returns their hypotheses in order."""
        lock, done = threading.Lock(), itertools.count(1)

        def report_one() -> None:
            with lock:
                report(next(done))

        tasks = [
            _Counted(self._searches.task(source.tokens, source.prefix, options), report_one)
            for source in sources
        ]

        def search_some(some: Sequence[_Counted]) -> None:
            with self._searches.borrow(options, without_digits) as running:
                search_feed(running, feed_of(some), options, with_spares=True)

        # Each thread gets sentences of all lengths, and starts with the longest ones.
        order = sorted(tasks, key=lambda one: -len(one.item.source))
        shares = [order[first :: self.threads] for first in range(min(self.threads, len(order)))]
        deque((self._pool.map if self._pool else map)(search_some, shares), maxlen=0)
        return [
            self._to_texts(one.result or [], source, options.n_best)
            for one, source in zip(tasks, sources, strict=True)
        ]

    def search(
        self,
        sentences: Sequence[Sequence[int]],
        options: SearchOptions,
        prefixes: Sequence[Sequence[int]] | None = None,
        observe: Callable[[Step], None] | None = None,
        with_spares: bool = False,
        without_digits: bool = False,
    ) -> list[list[ScoredTokens]]:
        """Translate sentences given as piece ids, on this thread; returns the n best hypotheses of each.

        `with_spares` adds the other finished hypotheses. `without_digits` forbids all pieces that contain a digit.
        """
        tasks = [
            self._searches.task(sentence, prefix, options)
            for sentence, prefix in zip(sentences, prefixes or itertools.repeat(()), strict=False)
        ]
        with self._searches.borrow(options, without_digits) as running:
            return search(running, tasks, options, observe, with_spares)

    def _to_texts(
        self, found: list[ScoredTokens], source: SourceSentence, n_best: int
    ) -> tuple[Hypothesis, ...]:
        """The n best hypotheses, those that pass their check first; each text only once, even in different pieces.

        An empty one is no alternative. Raises TranslatorError if nothing was found, as happens with a model that has
        diverged.
        """
        if not found:
            raise TranslatorError(
                "the model's probabilities are not finite, so there is no translation; "
                "use weights from before the training diverged"
            )
        hypotheses: dict[str, Hypothesis] = {}
        for rank, one in enumerate(found):
            if rank >= n_best and not has_fault(next(iter(hypotheses.values()))):
                break  # the rest are spares
            hypothesis = self._to_text(one, source)
            hypotheses.setdefault(hypothesis.text, hypothesis)
            if rank >= n_best and not has_fault(hypothesis):
                break
        best = next(iter(hypotheses.values()))
        first, *rest = sorted(
            hypotheses.values(), key=lambda one: has_fault(one) or not is_plausible(one, best)
        )
        if first is not best:
            first = replace(first, rung="next")
        return (first, *(one for one in rest if one.text))[:n_best]

    def text_of(self, tokens: Sequence[int], source: SourceSentence) -> str:
        """Decode the pieces found for a sentence to German, with its protected spans put back."""
        marked, placed = self.tokenizer.decode_marked(tokens), source.placed
        if source.in_capitals:
            marked, placed = upper_case(marked), tuple(map(in_capitals, placed))
        marked = with_doubled_quotes(source.text, marked)
        has_capital = begins_with_capital(source.text)
        text = restore(marked, placed, source.style.numbers, has_capital=has_capital)
        return with_final_marks(source.text, text)

    def _to_text(self, one: ScoredTokens, source: SourceSentence) -> Hypothesis:
        text = self.text_of(one.tokens, source)
        pieces = tuple(map(self._piece, (*one.tokens, self.special.end)))
        each = tuple(one.token_log_probabilities)
        return Hypothesis(text, one.score, sum(each) / len(each), pieces, each, check_of(source, text))


def _prefixes_of(sentences: Sequence[SourceSentence]) -> list[tuple[int, ...]]:
    """The forced prefix of each sentence, in pieces."""
    return [sentence.prefix for sentence in sentences]


def _checked_texts(texts: Iterable[Any]) -> list[str]:
    if isinstance(texts, str):
        raise InputError("texts is a single string, but translate takes a list; write [text]")
    checked = list(texts)
    for place, text in enumerate(checked):
        if not isinstance(text, str):
            raise InputError(
                f"texts[{place}] is {reprlib.repr(text)}, of type {type(text).__name__}; give strings only"
            )
    return checked
