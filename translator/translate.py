"""Strings in, German out, in the same order: split, encode, search in batches of similar length, rejoin."""

import itertools
import math
import reprlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Self

import torch

from translator.checkpoint import load_model
from translator.device import choose_device, has_fast_bf16
from translator.errors import InputError
from translator.model import Transformer
from translator.search import Constraints, ScoredTokens, SearchOptions, SpecialTokens, search
from translator.text import Span, normalise, rejoin, split_long, split_sentences
from translator.tokenizer import BOS_ID, EOS_ID, PAD_ID, Tokenizer

MAX_PIECE_TOKENS = 160
"""Sentences longer than this, with their end token, are cut into pieces: the model has hardly seen longer ones."""
BATCH_ROWS_TOKENS = 4096
"""Padded source tokens times beam width that are decoded together."""

ProgressCallback = Callable[[int, int], None]
"""Called after each batch with the number of sentences done, and of how many."""


@dataclass(frozen=True)
class Hypothesis:
    """One German version of a sentence."""

    text: str
    score: float
    """Log-probability (natural) over the length penalty; 0 for what is copied."""


@dataclass(frozen=True)
class SentenceTranslation:
    """A sentence, or a piece of an over-long one, and its translations."""

    source: str
    start: int
    """Offset of its first character in the text."""
    end: int
    hypotheses: tuple[Hypothesis, ...]
    """Best first."""

    @property
    def text(self) -> str:
        """The best translation."""
        return self.hypotheses[0].text

    @property
    def score(self) -> float:
        """The score of the best translation."""
        return self.hypotheses[0].score


@dataclass(frozen=True)
class Translation:
    """A translated text: its sentences, and their translations between the original whitespace."""

    text: str
    sentences: tuple[SentenceTranslation, ...]

    @property
    def score(self) -> float:
        """The mean score of the sentences; 0 for a text without any."""
        return sum(sentence.score for sentence in self.sentences) / max(1, len(self.sentences))


class Translator:
    """A trained model, ready to translate."""

    def __init__(
        self, model: Transformer, tokenizer: Tokenizer, card: dict[str, Any], device: torch.device
    ) -> None:
        self._model = model.to(device).eval()
        self._tokenizer = tokenizer
        self._device = device
        self._special = SpecialTokens(BOS_ID, EOS_ID, tokenizer.unprintable_ids)
        self._max_positions = model.config.max_positions if model.config.positions == "learned" else None
        self.card = card

    @classmethod
    def load(cls, path: Path | str | None = None, device: str = "auto") -> Self:
        """Load a model folder, or without a path the model that comes with the package.

        `device` is "auto" (a GPU if there is one), "cpu", "cuda" or "cuda:1".
        Raises CheckpointError on a missing or damaged folder, ConfigError on a device that is not there.
        """
        chosen = choose_device(device)
        folder = load_model(Path(path) if path is not None else shipped_model())
        # On a GPU bf16 halves the time; on a CPU float32 gives the same answer in every batch.
        is_bf16 = chosen.type == "cuda" and has_fast_bf16(chosen)
        model = folder.model.bfloat16() if is_bf16 else folder.model
        return cls(model, folder.tokenizer, folder.card, chosen)

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
        return len(self._tokenizer.encode(text))

    def translate(
        self,
        texts: Iterable[str],
        options: SearchOptions = SearchOptions(),  # noqa: B008 (frozen, so safe to share)
        progress: ProgressCallback | None = None,
    ) -> list[Translation]:
        """Translate texts of any length, in order; whitespace and line breaks come back as they were.

        Raises InputError on what is no list of strings, and on a text with a lone surrogate.
        """
        texts = _checked_texts(texts)
        spans = [self._split(text) for text in texts]
        sources = [
            text[span.start : span.end] for text, parts in zip(texts, spans, strict=True) for span in parts
        ]
        translated = iter(self._translate_sentences(sources, options, progress))
        return [
            _assemble(text, parts, list(itertools.islice(translated, len(parts))))
            for text, parts in zip(texts, spans, strict=True)
        ]

    def _split(self, text: str) -> list[Span]:
        def count(part: str) -> int:
            return self.count_tokens(normalise(part))

        limit = MAX_PIECE_TOKENS
        if self._max_positions is not None:
            limit = min(limit, self._max_positions)
        room_for_end = 1
        return [
            piece
            for span in split_sentences(text)
            for piece in split_long(text, span, count, limit - room_for_end)
        ]

    def _translate_sentences(
        self, sources: list[str], options: SearchOptions, progress: ProgressCallback | None
    ) -> list[tuple[Hypothesis, ...]]:
        found: list[tuple[Hypothesis, ...]] = [(Hypothesis(source, 0.0),) for source in sources]
        wanted = [index for index, source in enumerate(sources) if _has_words(source)]
        done = len(sources) - len(wanted)
        ids = self._tokenizer.encode_all([normalise(sources[index]) for index in wanted])
        for places in _batches([len(sentence) for sentence in ids], BATCH_ROWS_TOKENS // options.beam_size):
            results = self._search([ids[place] for place in places], options)
            for place, hypotheses in zip(places, results, strict=True):
                found[wanted[place]] = tuple(self._to_text(hypothesis) for hypothesis in hypotheses)
            done += len(places)
            if progress is not None:
                progress(done, len(sources))
        return found

    def _search(self, sentences: list[list[int]], options: SearchOptions) -> list[list[ScoredTokens]]:
        longest = max(map(len, sentences)) + 1
        source_BS = torch.full((len(sentences), longest), PAD_ID)
        for row, sentence in enumerate(sentences):
            source_BS[row, : len(sentence) + 1] = torch.tensor([*sentence, EOS_ID])
        source_BS = source_BS.to(self._device)
        constraints = self._constraints(list(map(len, sentences)), options)
        return search(self._model, source_BS, source_BS != PAD_ID, constraints, self._special, options)

    def _constraints(self, source_tokens: list[int], options: SearchOptions) -> Constraints:
        longest = self._max_positions if self._max_positions is not None else math.inf
        max_length = [min(options.max_target_tokens(tokens), longest) for tokens in source_tokens]
        min_length = [options.min_target_tokens(tokens) for tokens in source_tokens]
        return Constraints(
            torch.tensor(max_length, dtype=torch.long, device=self._device),
            torch.tensor(min_length, device=self._device) if any(min_length) else None,
            no_repeat_ngram=options.no_repeat_ngram,
        )

    def _to_text(self, hypothesis: ScoredTokens) -> Hypothesis:
        return Hypothesis(self._tokenizer.decode(hypothesis.tokens), hypothesis.score)


def shipped_model() -> Path:
    """The folder of the model that comes with the package."""
    return Path(str(resources.files("translator"))) / "pretrained" / "en-de"


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


def _has_words(source: str) -> bool:
    """Numbers, punctuation and emoji alone are copied: there is nothing to translate, and much to get wrong."""
    return any(character.isalpha() for character in source)


def _batches(lengths: Sequence[int], budget: int) -> Iterator[list[int]]:
    """Places of sentences of similar length, longest first, rows · longest ≤ budget."""
    batch: list[int] = []
    for place in sorted(range(len(lengths)), key=lambda place: (-lengths[place], place)):
        if batch and (len(batch) + 1) * (lengths[batch[0]] + 1) > budget:
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch


def _assemble(text: str, spans: list[Span], translated: list[tuple[Hypothesis, ...]]) -> Translation:
    sentences = tuple(
        SentenceTranslation(text[span.start : span.end], span.start, span.end, hypotheses)
        for span, hypotheses in zip(spans, translated, strict=True)
    )
    return Translation(rejoin(text, spans, [sentence.text for sentence in sentences]), sentences)
