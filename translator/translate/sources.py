"""Split a text into the sentences that the model is given."""

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from translator.text import Span, normalise, split_long, split_sentences
from translator.text.casing import is_in_capitals, usual_case
from translator.text.formality import FORMALITIES, FormalityWish
from translator.text.lexicon import Hinting, Lexicon
from translator.text.normalisation import refuse_surrogates
from translator.text.protected import (
    Marks,
    NumberStyle,
    PlacedSpan,
    ProtectedSpan,
    find_protected,
    mark,
    piece_class,
    replaced,
    tag_pairs,
)
from translator.tokenizer import Tokenizer


@dataclass(frozen=True)
class Style:
    """How the German is to be written."""

    numbers: NumberStyle = "german"
    """Whether numbers, money, times and dates have their German form, or are kept as they are."""
    formality: FormalityWish = "formal"
    """Whether “you” is Sie or du; auto leaves it to the model."""


DEFAULT_STYLE = Style()
"""What is wanted where nobody says so."""
PLAIN = Style(formality="auto")
"""What every model can write."""

MAX_PIECE_TOKENS = 160
"""Sentences longer than this, with their end token, are cut into pieces: the model has hardly seen longer ones."""
_LONGEST_WITHOUT_BLANKS = 50
"""The longest run of tokens without whitespace that is translated. Longer ones are keys, addresses or encoded data, and
are copied."""


@dataclass(frozen=True)
class SourceSentence:
    """A sentence of a text, or a piece of one that is too long for the model."""

    text: str
    span: Span
    """Where it stands in the text."""
    tokens: tuple[int, ...]
    """Its pieces in the usual casing, without an end token; none where there is nothing to translate: then it is
    copied, but for its numbers."""
    is_part: bool
    """A piece of a sentence that is too long."""
    beginning: tuple[int, ...] = ()
    """The pieces that its translation is to begin with."""
    in_capitals: bool = False
    """The translation will be in capitals, too."""
    protected: tuple[ProtectedSpan, ...] = ()
    """What must come through, with offsets in the whole text."""
    placed: tuple[PlacedSpan, ...] = ()
    """Those of them for which reserved pieces stand in `tokens`."""
    style: Style = PLAIN


class SourceEncoder:
    """What a model reads of a sentence: its pieces, and hints beside its rare words if the model has a lexicon."""

    def __init__(self, tokenizer: Tokenizer, lexicon: Lexicon | None = None) -> None:
        self.tokenizer = tokenizer
        self.hinting = Hinting(lexicon, tokenizer.marks) if lexicon else None

    def encode(self, marked: str, style: Style) -> list[int]:
        """The pieces of a marked sentence in the usual casing; unless the formality is auto, the first one tells it."""
        text = normalise(usual_case(marked))
        if self.hinting:
            text = self.hinting.insert(text, self.hinting.hints(text))
        ids = self.tokenizer.encode_marked(text)
        if style.formality == "auto":
            return ids
        return [self.tokenizer.reserved["register"][FORMALITIES.index(style.formality)], *ids]


def read_sentences(
    text: str, encoder: SourceEncoder, max_tokens: int, style: Style = PLAIN
) -> list[SourceSentence]:
    """The sentences of a text, those of more than `max_tokens` tokens in pieces.

    Raises InputError on a lone surrogate.
    """
    reader = _Reader(text, encoder, max_tokens, style)
    found = []
    for sentence in map(reader.without_outer_markup, split_sentences(reader.masked)):
        parts = split_long(reader.masked, sentence, reader.count, max_tokens)
        found += [reader.sentence(span, is_part=len(parts) > 1) for span in parts]
    return found


class _Reader:
    """Reads parts of a text whose protected spans are known."""

    def __init__(self, text: str, encoder: SourceEncoder, max_tokens: int, style: Style) -> None:
        refuse_surrogates(text)
        self._text, self._encoder, self._max_tokens, self._style = text, encoder, max_tokens, style
        self._marks = encoder.tokenizer.marks
        spans = find_protected(text)
        has_pieces = bool(self._marks)
        self._spans = [
            span for span in spans if span.kind != "emoji" or (has_pieces and _is_inside(text, span))
        ]
        self._starts = [span.start for span in self._spans]
        hidden = [span for span in self._spans if not span.is_word]
        self.masked = replaced(
            text,
            [(span.start, span.end) for span in hidden],
            ["x" * (span.end - span.start) for span in hidden],
        )
        """The text with letters in the places of protected spans, in which no sentence may end."""

    def without_outer_markup(self, sentence: Span) -> Span:
        """The sentence without the tags and signs around it, which stay where they are, unless nothing else is left.

        A tag belongs to the inside if its counterpart is there.
        """
        inner = self._inner(sentence.start, sentence.end)
        closing = tag_pairs(inner)
        opening = {second: first for first, second in closing.items()}
        first, last = 0, len(inner) - 1
        start, end = sentence.start, sentence.end
        while first <= last:
            begins, ends = inner[first].start == start, inner[last].end == end
            if begins and ends and closing.get(first) == last:
                start, end = inner[first].end, inner[last].start
                first, last = first + 1, last - 1
            elif begins and _is_outer(inner[first]) and first not in closing:
                start, first = inner[first].end, first + 1
            elif ends and _is_outer(inner[last]) and last not in opening:
                end, last = inner[last].start, last - 1
            else:
                break
            start, end = self._stripped(start, end)
        return Span(start, end) if start < end else sentence

    def _stripped(self, start: int, end: int) -> tuple[int, int]:
        while start < end and self._text[start].isspace():
            start += 1
        while start < end and self._text[end - 1].isspace():
            end -= 1
        return start, end

    def sentence(self, span: Span, is_part: bool) -> SourceSentence:
        """A sentence of the text as the model is given it."""
        source = self._text[span.start : span.end]
        marked, placed, inner = self._mark(span.start, span.end)
        tokens = self._encode(marked) if _has_words(source, span.start, inner) else []
        if len(tokens) > _LONGEST_WITHOUT_BLANKS and not any(map(str.isspace, source)):
            tokens = []
        return SourceSentence(
            source,
            span,
            tuple(tokens),
            is_part,
            in_capitals=is_in_capitals(marked),
            protected=tuple(inner),
            placed=tuple(placed),
            style=self._style,
        )

    def count(self, start: int, end: int) -> int:
        """The tokens of a part of the text; over the limit if a class has more spans than marks."""
        marked, _, inner = self._mark(start, end)
        tokens = len(self._encode(marked))
        if not self._marks:
            return tokens
        return max(tokens, math.ceil(self._max_tokens * _fullness(inner, self._marks)))

    def _inner(self, start: int, end: int) -> list[ProtectedSpan]:
        """The spans that lie between two offsets."""
        first, last = bisect_left(self._starts, start), bisect_left(self._starts, end)
        return [span for span in self._spans[first:last] if span.end <= end]

    def _mark(self, start: int, end: int) -> tuple[str, list[PlacedSpan], list[ProtectedSpan]]:
        inner = self._inner(start, end)
        if not self._marks:
            return self._text[start:end], [], inner
        marked, placed = mark(self._text[start:end], inner, Marks(self._marks), start)
        return marked, placed, inner

    def _encode(self, marked: str) -> list[int]:
        return self._encoder.encode(marked, self._style)


def _has_words(source: str, start: int, spans: Sequence[ProtectedSpan]) -> bool:
    """Whether there are letters outside of protected spans.

    Numbers, links, punctuation and emoji alone are not given to the model: there is nothing to translate, and plenty to
    get wrong.
    """
    places = [(span.start - start, span.end - start) for span in spans]
    return any(map(str.isalpha, replaced(source, places, [""] * len(places))))


def _fullness(spans: Sequence[ProtectedSpan], marks: Mapping[str, str]) -> float:
    """The highest share of its marks that any class uses; above 1 if they run out."""
    numbers = Counter(piece_class(span) for span in spans if not span.is_word)
    return max((number / len(marks[kind]) for kind, number in numbers.items()), default=0)


def _is_outer(span: ProtectedSpan) -> bool:
    """Whether a span at either end of a sentence need not pass through the model: it stands there in German, too."""
    return span.kind in ("tag", "sign")


def _is_inside(text: str, span: ProtectedSpan) -> bool:
    """Whether emoji stand between the words of a sentence; others are cut off, and copied."""
    before = text[max(0, span.start - 2) : span.start].rstrip(" ")[-1:]
    after = text[span.end : span.end + 2].lstrip(" ")[:1]
    return (before.isalnum() or before == ",") and after.isalnum()
