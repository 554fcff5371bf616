"""Measure how well tags are placed: 300 sentences with tags, made from 75 that a person has aligned.

    python benchmarks/markup.py [--examples 20]

Each sentence has four forms: a tag around one word, around two, nested tags, and an empty or an outer one (by turns).
A tag is right if it encloses the German of what it encloses in the English; an empty one, if it stands before that
German. The text without tags is scored against a reference.
"""

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import tyro
from rich.console import Console
from rich.table import Table
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF

from translator.markup import TEXT, MarkupOptions
from translator.translate import Translator

SENTENCES = Path(__file__).parent / "markup_sentences.txt"
TAG = re.compile(r"</?[a-z][^>]*>")
KINDS = ("one", "two", "nested", "empty", "whole", "all")
Answers = tuple[str, ...]


@dataclass(frozen=True)
class Options:
    """What to show."""

    examples: int = 0
    """Number of sentences with a wrong tag to print."""


@dataclass(frozen=True)
class Case:
    """A sentence with tags."""

    kind: str
    source: str
    reference: str
    expected: dict[str, Answers]
    """For each tag name, the German that it may enclose; for an empty one, the German that it may precede."""
    empty: str = ""
    """The name of a tag that encloses nothing."""


def read_cases() -> list[Case]:
    """Make the cases."""
    cases: list[Case] = []
    lines = [line for line in SENTENCES.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    for number, line in enumerate(lines):
        english, german, listed = line.split(" | ")
        pairs = [phrase.split("=") for phrase in listed.split("; ")]
        one, two, outer = ((phrase, tuple(answers.split("/"))) for phrase, answers in pairs)
        inner = one if one[0] in outer[0] else two
        assert inner[0] in outer[0], line
        cases += [
            Case("one", around(english, one[0], "b"), german, {"b": one[1]}),
            Case("two", around(around(english, two[0], "i"), one[0], "b"), german, {"b": one[1], "i": two[1]}),
            Case(
                "nested", around(english, outer[0], "i").replace(outer[0], around(outer[0], inner[0], "b")),
                german, {"i": outer[1], "b": inner[1]},
            ),
            Case("empty", english.replace(two[0], f"<a></a>{two[0]}", 1), german, {"a": two[1]}, "a") if number % 2
            else Case("whole", f"<b>{around(english, two[0], 'i')}</b>", german, {"b": (), "i": two[1]}),
        ]  # fmt: skip
    return cases


def around(text: str, phrase: str, tag: str) -> str:
    """Put a tag around the first occurrence of a phrase as whole words."""
    return re.sub(
        rf"(?<!\w){re.escape(phrase)}(?!\w)", lambda match: f"<{tag}>{match[0]}</{tag}>", text, count=1
    )


def is_right(case: Case, tag: str, german: str) -> bool:
    """Whether a tag is where it should be."""
    enclosed = re.search(rf"<{tag}>(.*)</{tag}>", german)
    if enclosed is None:
        return False
    answers = case.expected[tag] or (TAG.sub("", german),)
    if tag == case.empty:
        behind = simple(german[enclosed.end() :])
        return not enclosed[1] and any(behind.startswith(simple(answer)) for answer in answers)
    return simple(enclosed[1]) in set(map(simple, answers))


def simple(text: str) -> str:
    """Return a text without tags, outer punctuation and case."""
    return TAG.sub("", text).strip(' .,:;!?„“"').casefold()


def measure(
    name: str, cases: Sequence[Case], translate: Callable[[list[str]], list[str]], examples: int
) -> list[str]:
    """Translate the cases; returns the row of the table."""
    started = time.process_time()
    germans = translate([case.source for case in cases])
    seconds = time.process_time() - started
    verdicts = [
        (case, tag, german, is_right(case, tag, german))
        for case, german in zip(cases, germans, strict=True)
        for tag in case.expected
    ]
    for case, tag, german, _ in [one for one in verdicts if not one[3]][:examples]:
        print(f"{name}\t<{tag}>\t{case.source}\t{german}")
    plain = [TAG.sub("", german) for german in germans]
    references = [[case.reference for case in cases]]
    shares = [
        [right for case, _, _, right in verdicts if case.kind in kinds]
        for kinds in (
            ("one",),
            ("two",),
            ("nested",),
            ("empty",),
            ("whole",),
            ("one", "two", "nested", "empty", "whole"),
        )
    ]
    return [
        name,
        *(f"{100 * sum(share) / len(share):.1f}" if "<" in "".join(germans) else "" for share in shares),
        f"{BLEU().corpus_score(plain, references).score:.2f}",
        f"{CHRF().corpus_score(plain, references).score:.2f}",
        f"{seconds:.1f}",
    ]


def main(options: Options) -> None:
    """Print the table."""
    translator, cases = Translator.load(), read_cases()

    def read_as(markup: MarkupOptions) -> Callable[[list[str]], list[str]]:
        return lambda texts: [one.text for one in translator.translate(texts, markup=markup)]

    table = Table(
        "tags",
        *KINDS,
        "BLEU",
        "chrF2",
        "CPU s",
        title=f"Tags in their right places, in percent; {len(cases)} sentences",
    )
    table.add_row(*measure("in HTML", cases, read_as(MarkupOptions()), options.examples))
    table.add_row(*measure("in plain text", cases, read_as(TEXT), options.examples))
    without = [replace(case, source=TAG.sub("", case.source)) for case in cases]
    table.add_row(*measure("none", without, read_as(TEXT), 0))
    Console().print(table)


if __name__ == "__main__":
    main(tyro.cli(Options))
