"""Split a text into the sentences that are passed to the model."""

import math
import re
from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import NamedTuple

from translator.data.tokenizer import Tokenizer
from translator.markup.sentences import MarkedUpSentence
from translator.options import Lines, Numbers, RequestedFormality, SourceLanguage
from translator.text import Span, normalise, split_long, split_sentences
from translator.text.apostrophes import with_missing_apostrophes, with_usual_apostrophes
from translator.text.casing import is_in_capitals, usual_case
from translator.text.doubled_quotes import without_doubled_quotes
from translator.text.formality import FORMALITIES
from translator.text.glossary import Glossary, Term, TermUse
from translator.text.language import detect_language, may_be_english
from translator.text.lexicon import Hint, Hinting, Lexicon
from translator.text.lines import join_all, join_lines
from translator.text.list_marks import find_list_marks
from translator.text.normalisation import refuse_surrogates
from translator.text.paraphrases import paraphrased
from translator.text.places import Place
from translator.text.protected import (
    Marks,
    PlacedSpan,
    ProtectedSpan,
    find_protected,
    mark,
    piece_class,
    replaced,
    with_terms,
)
from translator.text.separators import find_separators
from translator.text.stand_ins import is_lone


@dataclass(frozen=True)
class Style:
    """How to write the German."""

    numbers: Numbers = "german"
    formality: RequestedFormality = "formal"
    source_language: SourceLanguage = "auto"
    lines: Lines = "keep"
    language_of_words: str = ""
    """The language (ISO 639) of texts that are too short to tell, as in a document; "" if they are on their own."""
    glossary: Glossary | None = None
    """German that the translation must use."""


DEFAULT_STYLE = Style()
"""The style of a translation unless the caller gives one."""
PLAIN = Style(formality="auto", source_language="en")
"""A style that every model supports, for English."""

MAX_PIECE_TOKENS = 160
"""Maximum tokens of a sentence, including its end token. Longer ones, which are rare in training, are split."""
_FEWEST_WORDS_TO_TELL = 3
"""Sentences of fewer words have the language of their text."""
_SYNTAX = frozenset('"{}')
"""Characters of signs that separate texts."""
_WORD = re.compile(r"[^\W\d_]['’-]?[^\W\d_]|(?<!\w)I(?!\w)|(?:[a-z] ){2}[a-z]")
"""Two letters of a word, “I”, or three small letters in a row, as in a made-up language."""
_INVERTED = ("¿", "¡")
"""Signs that begin questions and exclamations, not in English."""
_CLEAR = 50
"""Confidence in percent that a sentence is English, below which it has the language of its text."""
_LONGEST_WITHOUT_BLANKS = 50
"""The longest run of tokens without whitespace that is translated. Longer ones are keys, addresses or encoded data, and
are copied."""


@dataclass(frozen=True)
class SourceSentence:
    """A sentence of a text, or part of one that is too long for the model."""

    text: str
    span: Span
    """Its start and end in the text."""
    tokens: tuple[int, ...]
    """Its pieces in the usual casing, without an end token. Empty if there is nothing to translate; the sentence is
    then copied, and only its numbers are converted."""
    is_part: bool
    """Whether it is part of a sentence that is too long."""
    prefix: tuple[int, ...] = ()
    """The forced prefix of its translation, in pieces."""
    in_capitals: bool = False
    """Whether the sentence, and so its translation, is in capitals."""
    protected: tuple[ProtectedSpan, ...] = ()
    """The spans that must come through, with offsets in the whole text."""
    placed: tuple[PlacedSpan, ...] = ()
    """The protected spans that reserved pieces stand for in `tokens`."""
    has_german: bool = False
    """Whether the German of a glossary is in `tokens`, so that it could turn up too often."""
    style: Style = PLAIN
    language: str = "en"
    """Its language (ISO 639); a sentence in another one than English is copied."""
    markup: MarkedUpSentence | None = None
    """How it stands in a text with tags, if it is from one; all other fields are about the text without them."""

    @property
    def original(self) -> str:
        """The sentence as it stands in the text, with its tags."""
        return self.text if self.markup is None else self.markup.markup

    @property
    def original_span(self) -> Span:
        """The place of `original` in the text."""
        return self.span if self.markup is None else self.markup.span


def with_language(style: Style, text: str) -> Style:
    """Return a style for the parts of a text: the text tells the language of those that are too short to tell."""
    return (
        style
        if style.source_language != "auto"
        else replace(style, language_of_words=detect_language(text)[0])
    )


def place_in(source: SourceSentence, span: ProtectedSpan) -> Place:
    """The start and end of a span in the text of its sentence."""
    return span.start - source.span.start, span.end - source.span.start


def written_form(source: SourceSentence, span: ProtectedSpan) -> str:
    """How the translation writes a span: in the style of the sentence, in capitals if the rest is."""
    text = span.written(source.style.numbers)
    if span.start == source.span.start:
        text = span.at_start(text)
    return span.capitals(text) if source.in_capitals else text


class SourceEncoder:
    """Encodes a sentence as pieces, with hints next to its rare words if the model has a lexicon."""

    def __init__(self, tokenizer: Tokenizer, lexicon: Lexicon | None = None) -> None:
        self.tokenizer = tokenizer
        self.hinting = Hinting(lexicon, tokenizer.marks) if lexicon is not None else None

    def encode(self, marked: str, style: Style, in_german: Collection[Term] = ()) -> list[int]:
        """Encode a marked sentence in the usual casing. Unless the formality is auto, the first piece gives it.

        The German of a glossary replaces the terms `in_german`, and follows as a hint: a model that knows an English
        word well ignores a mere hint. Other terms stay, because the model translates English best.
        """
        usual = usual_case(marked)
        text = without_doubled_quotes(with_missing_apostrophes(with_usual_apostrophes(normalise(usual))))
        if self.tokenizer.marks:
            text = paraphrased(text, self.tokenizer.marks)
        if self.hinting:
            hints = self.hinting.hints(text)
            if style.glossary and in_german:
                uses = style.glossary.find(text, in_any_case=usual != marked)
                hints = _with_terms(hints, [use for use in uses if use.term in in_german], text)
            text = self.hinting.insert(text, hints)
        ids = self.tokenizer.source.encode_marked(text)
        if style.formality == "auto":
            return ids
        return [self.tokenizer.reserved["register"][FORMALITIES.index(style.formality)], *ids]


def _with_terms(hints: Sequence[Hint], uses: Sequence[TermUse], text: str) -> list[Hint]:
    """Add the German of a glossary's terms to the hints of the lexicon, before which it takes precedence.

    A plural whose German form is not known keeps its English, so that the model forms the German plural.
    """
    found, left = list[Hint](), list(reversed(hints))
    for use in uses:
        while left and left[-1].start < use.end:
            if (hint := left.pop()).end <= use.start:
                found.append(hint)
        english = text[use.start : use.end]
        possessive = "'s" if text.startswith("'s", use.end) else ""
        is_unknown = len(use.term.forms) == 1 and use.term.is_plural(english)
        instead = "" if is_unknown else use.german + possessive
        if use.german.lower() != english.lower():  # else the model copies it
            found.append(Hint(use.start, use.end + len(possessive), use.german, instead))
    return [*found, *reversed(left)]


def read_sentences(
    text: str, encoder: SourceEncoder, max_tokens: int, style: Style = PLAIN
) -> list[SourceSentence]:
    """Split a text into sentences, and sentences of more than `max_tokens` tokens into parts.

    Raises InputError on a lone surrogate.
    """
    reader = _Reader(text, encoder, max_tokens, style)
    found = []
    languages = _Languages(reader.words(Span(0, len(text))), style)
    for sentence in map(reader.without_outer_markup, reader.sentences()):
        language = languages.of(reader.words(sentence))
        if language != "en":
            found.append(
                SourceSentence(
                    text[sentence.start : sentence.end], sentence, (), False, style=style, language=language
                )
            )
            continue
        parts = split_long(reader.masked, sentence, reader.count, max_tokens)
        found += [reader.sentence(span, is_part=len(parts) > 1) for span in parts]
    return found


class _Encoded(NamedTuple):
    """A part of a text with marks for its protected spans, and its tokens."""

    marked: str
    placed: list[PlacedSpan]
    inner: list[ProtectedSpan]
    tokens: list[int]


class _Reader:
    """Reads parts of a text whose protected spans are known."""

    def __init__(self, text: str, encoder: SourceEncoder, max_tokens: int, style: Style) -> None:
        refuse_surrogates(text)
        self._text, self._encoder, self._max_tokens, self._style = text, encoder, max_tokens, style
        self._marks = encoder.tokenizer.marks
        self._latest: tuple[Place, _Encoded] | None = None
        self._read = _with_lines(text, style)
        spans = find_protected(self._read)
        if style.glossary:
            spans = with_terms(spans, style.glossary.find(self._read), self._read)
        # The model writes emoji itself if it has neither reserved pieces for them, nor a vocabulary without bytes.
        protects_emoji = bool(self._marks) or encoder.tokenizer.first_byte_id is None
        self._spans = [
            span
            for span in spans
            if span.kind != "emoji" or (protects_emoji and _is_inside(self._read, span))
        ]
        self._starts = [span.start for span in self._spans]
        self._list_marks = dict(find_list_marks(self._read))
        """The end of each mark of a list, a quotation or a heading by its start. It stays as it is."""
        hidden = [span for span in self._spans if not span.is_word or _may_end_sentence(span)]
        masked = replaced(
            self._read,
            [(span.start, span.end) for span in hidden],
            [("\n" if _breaks_line(self._read, span) else "x") * (span.end - span.start) for span in hidden],
        )
        places = dict.fromkeys(self._list_marks.items(), "x")
        places |= dict.fromkeys(filter(self._is_outside_terms, find_separators(self._read)), "\n")
        self.masked = replaced(
            masked, sorted(places), [by * (end - start) for (start, end), by in sorted(places.items())]
        )
        """The text with protected spans replaced by letters, so that no sentence ends within them, but at `\\n`."""

    def _is_outside_terms(self, place: Place) -> bool:
        before = bisect_left(self._starts, place[0]) - 1
        return before < 0 or self._spans[before].term is None or self._spans[before].end <= place[0]

    def sentences(self) -> list[Span]:
        """Split the text where it would be split without its tags; those between two sentences belong to the second."""
        if self._style.lines == "single":
            whole = Span(*self._stripped(0, len(self._text)))
            return [whole] if whole.start < whole.end else []
        tags = [span for span in self._spans if span.kind == "tag"]
        if not tags:
            return split_sentences(self.masked)
        found = list[Span]()
        plain = replaced(self.masked, [(tag.start, tag.end) for tag in tags], [""] * len(tags))
        number, removed = 0, 0
        for sentence in split_sentences(plain):
            start: int | None = None
            while number < len(tags) and tags[number].start - removed <= sentence.start:
                start = tags[number].start if start is None else start
                removed += tags[number].end - tags[number].start
                number += 1
            first = sentence.start + removed
            while number < len(tags) and tags[number].start - removed < sentence.end:
                removed += tags[number].end - tags[number].start
                number += 1
            found.append(Span(first if start is None else start, sentence.end + removed))
        if not found:  # nothing but tags
            return split_sentences(self.masked)
        if number < len(tags):
            found[-1] = Span(found[-1].start, tags[-1].end)
        return found

    def without_outer_markup(self, sentence: Span) -> Span:
        """Strip the tags and signs around a sentence, which stay in place, unless nothing else would be left."""
        start, end = self._stripped(self._list_marks.get(sentence.start, sentence.start), sentence.end)
        outer = deque(self._inner(start, end))
        while outer:
            if outer[0].start == start and _is_outer(outer[0]):
                start = outer.popleft().end
            elif outer[-1].end == end and _is_outer(outer[-1]) and not self._is_second(outer):
                end = outer.pop().start
            else:
                break
            start, end = self._stripped(start, end)
        return Span(start, end) if start < end else sentence

    def _is_second(self, spans: Sequence[ProtectedSpan]) -> bool:
        """Whether the last span stands for a word as one before it does, as in “Page ⟨1⟩ of ⟨2⟩”."""
        if not is_lone(spans[-1].text):
            return False
        before = islice(reversed(spans), 1, None)
        first = next((span for span in before if is_lone(span.text)), spans[-1])
        return any(map(str.isalpha, self._text[first.end : spans[-1].start]))

    def words(self, sentence: Span) -> str:
        """Return a sentence without the protected spans that are the same in all languages."""
        spans = [span for span in self._inner(sentence.start, sentence.end) if not _tells_language(span)]
        places = [(span.start - sentence.start, span.end - sentence.start) for span in spans]
        return replaced(self._text[sentence.start : sentence.end], places, [" "] * len(places))

    def _stripped(self, start: int, end: int) -> Place:
        while start < end and self._text[start].isspace():
            start += 1
        while start < end and self._text[end - 1].isspace():
            end -= 1
        return start, end

    def sentence(self, span: Span, is_part: bool) -> SourceSentence:
        """Prepare a sentence of the text for the model."""
        source = self._text[span.start : span.end]
        marked, placed, inner, tokens = self._encode(span.start, span.end)
        if not _has_words(source, span.start, inner):
            tokens = []
        if not any(map(str.isspace, source)):
            length = len(self._encoder.tokenizer.without_hints(tokens))
            tokens = tokens if length <= _LONGEST_WITHOUT_BLANKS else []
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
        """Count the tokens of a part of the text; the count exceeds the limit if a class has more spans than marks."""
        _, _, inner, tokens = self._encode(start, end)
        if not self._marks:
            return len(tokens)
        return max(len(tokens), math.ceil(self._max_tokens * _fullness(inner, self._marks)))

    def _inner(self, start: int, end: int) -> list[ProtectedSpan]:
        """The spans between two offsets."""
        first, last = bisect_left(self._starts, start), bisect_left(self._starts, end)
        return [span for span in self._spans[first:last] if span.end <= end]

    def _encode(self, start: int, end: int) -> _Encoded:
        """Mark and encode a part of the text. Keeps the latest one: a sentence is counted before it is translated."""
        if self._latest is None or self._latest[0] != (start, end):
            marked, placed, inner = self._read[start:end], list[PlacedSpan](), self._inner(start, end)
            if self._marks:
                marked, placed = mark(marked, inner, Marks(self._marks), start)
            tokens = self._encoder.encode(marked, self._style)
            self._latest = (start, end), _Encoded(marked, placed, inner, tokens)
        return self._latest[1]


class _Languages:
    """Tells the languages of the sentences of a text. All texts are given without their protected spans."""

    def __init__(self, text: str, style: Style) -> None:
        self._is_known = style.source_language != "auto"
        self._detected: dict[str, tuple[str, float]] = {}
        self._of_text = "en" if self._is_known else (style.language_of_words or self._detect(text)[0])

    def of(self, sentence: str) -> str:
        """Return the language of a sentence: its own if it is long enough to tell, else that of the text."""
        is_short = len(sentence.split()) < _FEWEST_WORDS_TO_TELL and not sentence.startswith(_INVERTED)
        if self._is_known or is_short:
            return self._of_text
        language, confidence = self._detect(sentence)
        if language != "en" or confidence >= _CLEAR or self._of_text == "en":
            return language
        return "en" if may_be_english(sentence) else self._of_text

    def _detect(self, text: str) -> tuple[str, float]:
        """Detect the language of a text once, even if it is asked for again as its only sentence."""
        words = text.strip()
        if words not in self._detected:
            self._detected[words] = detect_language(words)
        return self._detected[words]


def _has_words(source: str, start: int, spans: Sequence[ProtectedSpan]) -> bool:
    """Whether there are words outside protected spans.

    A sentence of only numbers, links, single letters, punctuation and emoji is not passed to the model: there is
    nothing to translate, and plenty to get wrong. A single term of a glossary has its German.
    """
    if len(spans) > 1 or any(
        span.term and len(span.term.forms) == 1 and span.term.is_plural(span.text) for span in spans
    ):
        spans = [span for span in spans if not span.term]
    places = [(span.start - start, span.end - start) for span in spans]
    return _WORD.search(replaced(source, places, [" "] * len(places))) is not None


def _may_end_sentence(span: ProtectedSpan) -> bool:
    """Whether a term has punctuation inside, such as “Dr. Oetker”, at which no sentence ends."""
    return span.term is not None and any(mark in span.text[:-1] for mark in ".!?:")


def _fullness(spans: Sequence[ProtectedSpan], marks: Mapping[str, str]) -> float:
    """The largest share of its marks that any class uses; above 1 if a class runs out of marks."""
    numbers = Counter(piece_class(span) for span in spans if not span.is_word)
    return max((number / len(marks[kind]) for kind, number in numbers.items()), default=0)


def _with_lines(text: str, style: Style) -> str:
    """Return the text to read, which has the same length."""
    if style.lines == "single":
        return join_all(text)
    return join_lines(text) if style.lines == "join" else text


def _breaks_line(text: str, span: ProtectedSpan) -> bool:
    """Whether a span separates two texts.

    It may be the syntax of a line of data or of an ICU message, or the escape sequence of a line break or tab:
    “Done.\\nBye”, not “use \\n”.
    """
    if span.kind == "sign" and not _SYNTAX.isdisjoint(span.text):
        return True
    if span.text not in ("\\n", "\\r", "\\t"):
        return False
    before, after = text[span.start - 1 : span.start], text[span.end : span.end + 1]
    return before.isalnum() or before in tuple(".!?:;,)>…") or after.isalnum()


def _tells_language(span: ProtectedSpan) -> bool:
    """Whether a span is a word with letters that English does not have, or a sign such as “¿”."""
    return span.kind == "foreign" or span.text in _INVERTED


def _is_outer(span: ProtectedSpan) -> bool:
    """Whether a span at the edge of a sentence can skip the model, because it has the same place in German."""
    return span.kind in ("tag", "sign") and not _tells_language(span)


def _is_inside(text: str, span: ProtectedSpan) -> bool:
    """Whether an emoji span stands between words of a sentence. Other emoji are cut off and copied."""
    before = text[max(0, span.start - 2) : span.start].rstrip(" ")[-1:]
    after = text[span.end : span.end + 2].lstrip(" ")[:1]
    return (before.isalnum() or before == ",") and after.isalnum()
