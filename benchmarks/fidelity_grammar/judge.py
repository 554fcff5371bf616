"""Whether the German has what it must have, a given number of times."""

from dataclasses import dataclass
from typing import Literal

from fidelity_grammar.items import RUN, Item
from fidelity_grammar.sentences import Sentence
from fidelity_grammar.surroundings import Fault, faults_around

Outcome = Literal["right", "kept", "lost", "doubled"]
"""In the German form; in another form that reads the same; not there, or less often; more often than in the English."""

_BLANKS = dict.fromkeys(map(ord, "\u00a0\u2007\u2009\u200a\u202f"), " ") | {
    ord("\u2011"): "-",
    ord("\u2010"): "-",
}
_MASK = "\ue000"
"""A character of private use, in place of what has been found."""


@dataclass(frozen=True)
class Judgement:
    """What was found of a sentence in its German."""

    outcomes: tuple[Outcome, ...]
    """In the order of the sentence's spans."""
    digits_from_nowhere: tuple[str, ...]
    """Runs of digits that no span explains: neither one that was found, nor one that was lost."""
    has_broken_characters: bool
    """U+FFFD is there."""
    faults_around: tuple[Fault, ...] = ()
    """What is wrong with the words around the spans."""

    @property
    def is_faithful(self) -> bool:
        """Nothing is lost, nothing is doubled, nothing was added."""
        kept = all(outcome in ("right", "kept") for outcome in self.outcomes)
        return kept and not self.digits_from_nowhere and not self.has_broken_characters


def judge(sentence: Sentence, german: str) -> Judgement:
    """Look for each span of a sentence in its German.

    Copied values are looked for first, and what they cover is no place for another. Kinds of blanks and of hyphens
    count only in copied values.
    """
    left, unexplained = german, german.translate(_BLANKS)
    outcomes: dict[int, Outcome] = {}
    explained: set[str] = set()
    order = sorted(range(len(sentence.spans)), key=lambda place: not sentence.spans[place].item.is_literal)
    for place in order:
        item, wanted = sentence.spans[place].item, len(sentence.spans[place].places)
        text = left if item.is_literal else left.translate(_BLANKS)
        outcomes[place], found = _outcome(item, text, wanted)
        if outcomes[place] in ("lost", "doubled"):
            explained |= item.digits
        unexplained = _masked(unexplained, found)
        left = _masked(left, found) if item.is_literal else left
    places = [place for span in sentence.spans for place in span.places]
    around = faults_around(_masked(sentence.text, places), unexplained)
    return Judgement(
        tuple(outcomes[place] for place in range(len(sentence.spans))),
        tuple(run for run in RUN.findall(unexplained) if (run.lstrip("0") or "0") not in explained),
        "\ufffd" in german,
        around,
    )


def _outcome(item: Item, german: str, wanted: int) -> tuple[Outcome, list[tuple[int, int]]]:
    """What became of an item, and where its forms are."""
    found = [match.span() for match in item.kept.finditer(german)]
    if len(found) < wanted:
        return "lost", found
    if len(found) > wanted and not item.is_common:
        return "doubled", found
    is_right = sum(1 for _ in item.right.finditer(german)) >= wanted
    return ("right" if is_right else "kept"), found


def _masked(text: str, places: list[tuple[int, int]]) -> str:
    for start, end in places:
        text = text[:start] + _MASK * (end - start) + text[end:]
    return text
