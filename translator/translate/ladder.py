"""Repair translations that fail their check: other hypotheses, a second search, parts, and finally a copy.

The rungs, in the order in which they are tried:

- `first`: the best hypothesis passes its check, or nothing better was found.
- `next`: a later hypothesis of the same search passes.
- `forced`: a second search, in which reserved pieces also stand for small numbers and digits are forbidden. The German
  of a glossary replaces the terms that are lost, so that the model inflects it. If the search still loses terms, there
  is another one with reserved pieces for these, and one with reserved pieces for all terms.
  If the German mixes Sie and du, there is another search for Sie.
- `parts`: the text between the protected spans is translated separately and joined.
- `copied`: the source itself, with its numbers in German form.

A vocabulary without reserved pieces, as that of published weights, has no rung `forced`: lost small numbers and terms
of a glossary stay lost, and are flagged.

A translation with a forced prefix is checked but not repaired, because a repair would drop the prefix.
"""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from translator.text.glossary import Term
from translator.text.protected import Marks, mark, replaced
from translator.translate.answers import Hypothesis, check_of, copied, has_fault, is_plausible
from translator.translate.receipt import Check
from translator.translate.sources import SourceEncoder, SourceSentence, place_in, read_sentences, written_form

_WORDS = re.compile(r"\w(?:.*(?:\w|(?<=\w)[.!?…]))?", re.DOTALL)
"""Everything from the first to the last word, including a mark that ends the sentence."""


class Search(Protocol):
    """Translates sentences that have tokens; returns the hypotheses of each, best first."""

    def __call__(
        self, sources: Sequence[SourceSentence], without_digits: bool, /
    ) -> list[tuple[Hypothesis, ...]]:
        """`without_digits` forbids all pieces that contain a digit."""


class Ladder:
    """Repairs translations that lose or invent protected spans."""

    def __init__(self, encoder: SourceEncoder, max_tokens: int, search: Search) -> None:
        self._encoder, self._max_tokens, self._search = encoder, max_tokens, search

    def climb(
        self, sources: Sequence[SourceSentence], found: Sequence[tuple[Hypothesis, ...]]
    ) -> list[tuple[Hypothesis, ...]]:
        """Find better hypotheses for sentences whose best one fails its check; return the others unchanged."""
        repaired = list(found)
        if self._encoder.tokenizer.marks:
            self._repair(repaired, sources, has_fault, self._search_with_german)
            self._repair(repaired, sources, _lacks_term, self._search_forced)
            self._repair(repaired, sources, _lacks_term, self._search_all_forced)
            self._repair(repaired, sources, _mixes_forms, lambda some, _: self._search_formal(some))
        self._repair(repaired, sources, has_grave_fault, lambda some, _: self._in_parts(some))
        self._repair(
            repaired, sources, has_grave_fault, lambda some, _: [(copied(source),) for source in some]
        )
        return repaired

    def _repair(
        self,
        found: list[tuple[Hypothesis, ...]],
        sources: Sequence[SourceSentence],
        is_bad: Callable[[Hypothesis], bool],
        step: Callable[[Sequence[SourceSentence], Sequence[Hypothesis]], list[tuple[Hypothesis, ...]]],
    ) -> None:
        """Run a rung on the bad hypotheses, and keep its results that have fewer faults.

        `step` takes the sentences and their hypotheses so far.
        """
        bad = [
            place
            for place, (source, hypotheses) in enumerate(zip(sources, found, strict=True))
            if is_bad(hypotheses[0]) and not source.prefix
        ]
        if not bad:
            return
        steps = step([sources[place] for place in bad], [found[place][0] for place in bad])
        for place, new in zip(bad, steps, strict=True):
            if _badness(new[0]) < _badness(found[place][0]) and is_plausible(new[0], found[place][0]):
                found[place] = (new[0], *found[place][1:])

    def _search_with_german(
        self, sources: Sequence[SourceSentence], found: Sequence[Hypothesis]
    ) -> list[tuple[Hypothesis, ...]]:
        """Search with reserved pieces also for small numbers, and with German in place of terms that are lost."""
        pairs = zip(sources, found, strict=True)
        return self._search_again(
            [
                _with_marks(source, self._encoder, (), _lost_terms(source, hypothesis))
                for source, hypothesis in pairs
            ]
        )

    def _search_forced(
        self, sources: Sequence[SourceSentence], found: Sequence[Hypothesis]
    ) -> list[tuple[Hypothesis, ...]]:
        """Search with reserved pieces for the lost terms, too."""
        pairs = zip(sources, found, strict=True)
        return self._search_again(
            [
                _with_marks(source, self._encoder, _lost_terms(source, hypothesis))
                for source, hypothesis in pairs
            ]
        )

    def _search_all_forced(
        self, sources: Sequence[SourceSentence], _: Sequence[Hypothesis]
    ) -> list[tuple[Hypothesis, ...]]:
        """Search with reserved pieces for all terms."""
        return self._search_again([_with_marks(source, self._encoder, _terms(source)) for source in sources])

    def _search_formal(self, sources: Sequence[SourceSentence]) -> list[tuple[Hypothesis, ...]]:
        """Search for a translation with Sie, which the check compares with what was asked for."""
        formal = [replace(source, style=replace(source.style, formality="formal")) for source in sources]
        marked = [_with_marks(source, self._encoder, ()) for source in formal]
        found = self._search_again(marked)
        return [
            tuple(replace(one, checks=check_of(source, one.text)) for one in hypotheses)
            for source, hypotheses in zip(sources, found, strict=True)
        ]

    def _search_again(self, sources: Sequence[SourceSentence]) -> list[tuple[Hypothesis, ...]]:
        return [
            tuple(replace(one, rung="forced") for one in hypotheses)
            for hypotheses in self._search(sources, True)
        ]

    def _in_parts(self, sources: Sequence[SourceSentence]) -> list[tuple[Hypothesis, ...]]:
        cut = [list(self._cut(source)) for source in sources]
        wanted = [part.source for parts in cut for part in parts if part.source.tokens]
        translated = iter(self._search(wanted, False))
        return [
            (_joined(source, parts, [_first(translated, part.source) for part in parts]),)
            for source, parts in zip(sources, cut, strict=True)
        ]

    def _cut(self, source: SourceSentence) -> Iterator["_Part"]:
        """The text between the protected spans, split further where it is too long."""
        position, style = 0, replace(source.style, source_language="en")
        places = [place_in(source, span) for span in source.protected if not span.is_word]
        for start, end in (*places, (len(source.text), len(source.text))):
            # Punctuation next to a span belongs to it and is copied.
            words = _WORDS.search(source.text, position, start)
            inner = words.span() if words else (start, start)
            segment = source.text[slice(*inner)]
            for part in read_sentences(segment, self._encoder, self._max_tokens, style):
                in_capitals = replace(part, in_capitals=source.in_capitals)
                yield _Part(in_capitals, inner[0] + part.span.start, inner[0] + part.span.end)
            position = end


@dataclass(frozen=True)
class _Part:
    """A part of a sentence, and its start and end there."""

    source: SourceSentence
    start: int
    end: int


def _first(translated: Iterator[tuple[Hypothesis, ...]], part: SourceSentence) -> Hypothesis:
    """The best translation of a part, or a copy of the part if the translation is empty."""
    best = next(translated)[0] if part.tokens else copied(part)
    return best if best.text.strip() else copied(part)


def _joined(source: SourceSentence, parts: Sequence[_Part], translated: Sequence[Hypothesis]) -> Hypothesis:
    """Join the translated parts and the spans in German form."""
    pieces = [(part.start, part.end, one.text) for part, one in zip(parts, translated, strict=True)]
    pieces += [
        (*place_in(source, span), written_form(source, span)) for span in source.protected if not span.is_word
    ]
    pieces.sort()
    text = replaced(
        source.text, [(start, end) for start, end, _ in pieces], [german for _, _, german in pieces]
    )
    each = tuple(one for hypothesis in translated for one in hypothesis.token_log_probabilities)
    return Hypothesis(
        text,
        sum(one.score for one in translated) / max(1, len(translated)),
        sum(each) / max(1, len(each)),
        tuple(piece for one in translated for piece in one.pieces),
        each,
        check_of(source, text),
        "parts",
    )


def _terms(source: SourceSentence) -> set[Term]:
    return {span.term for span in source.protected if span.term is not None}


def _lost_terms(source: SourceSentence, hypothesis: Hypothesis) -> set[Term]:
    """The terms that a translation lacks, or all of them if it repeats one."""
    checks = [one for one in hypothesis.checks if one.kind == "term"]
    if any(one.verdict == "extra" for one in checks):
        return _terms(source)
    lost = {one.source for one in checks if one.verdict == "lost"}
    return {
        span.term for span in source.protected if span.term is not None and place_in(source, span) in lost
    }


def _lacks_term(hypothesis: Hypothesis) -> bool:
    return any(one.kind == "term" and one.is_fault for one in hypothesis.checks)


def _mixes_forms(hypothesis: Hypothesis) -> bool:
    return sum(one.kind == "formality" for one in hypothesis.checks) > 1


def _with_marks(
    source: SourceSentence, encoder: SourceEncoder, forced: Collection[Term], in_german: Collection[Term] = ()
) -> SourceSentence:
    """Replace small numbers and the terms `forced` with reserved pieces, too, and the terms `in_german` with German."""
    marks, start = Marks(encoder.tokenizer.marks), source.span.start
    marked, placed = mark(
        source.text,
        source.protected,
        marks,
        start,
        words=lambda span: span.kind == "small" or span.term in forced,
    )
    tokens = encoder.encode(marked, source.style, in_german)
    has_german = bool(forced or in_german)
    return replace(source, tokens=tuple(tokens), placed=tuple(placed), has_german=has_german)


def has_grave_fault(hypothesis: Hypothesis) -> bool:
    """Whether a link, a number or the like is lost or misplaced, which justifies an awkward sentence."""
    return any(map(_is_grave, hypothesis.checks))


def _badness(hypothesis: Hypothesis) -> tuple[int, int, int]:
    faults = [one for one in hypothesis.checks if one.is_fault]
    repeated = sum(one.kind == "term" and one.verdict == "extra" for one in faults)
    return sum(map(_is_grave, faults)), len(faults) - repeated, repeated


def _is_grave(one: Check) -> bool:
    return one.verdict in ("lost", "misplaced") and one.kind not in ("small", "term", "formality")
