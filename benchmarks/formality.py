"""Measure how often the German keeps the form of address that was asked for, on 200 sentences.

    python benchmarks/formality.py [--examples 20]

25 frames with eight endings each make the sentences. `Sie` and `du` count the sentences that have that form and not the
other, `both` those with both, and `neither` those without a pronoun that tells. `wrong and flagged` counts sentences in
the form that was not asked for, or in both, with the flag `formality_mismatch`; `wrong, no flag` those without it.
"""

from collections import Counter
from dataclasses import dataclass

import tyro
from rich.console import Console
from rich.table import Table

from translator.evaluation.quality import flags
from translator.text.formality import FORMALITIES, Formality, formalities_of
from translator.translate import Hypothesis, Style, Translator

FRAMES = (
    "You can find {} in the kitchen.", "Have you seen {}?", "Please give me {} when you leave.",
    "Your brother has bought {}.", "I will show you {} tomorrow.", "Why did you sell {}?", "You should not open {}.",
    "If you need {}, call your neighbour.", "Where do you keep {}?", "We thank you for {}.",
    "Could you send us {} by post?", "You have forgotten {} again.", "Your mother wants to see {}.",
    "When you are ready, we will look at {}.", "I have never told you about {}.", "Do you like {}?",
    "You must pay for {} yourself.", "Did your friends help you with {}?", "He asked you to clean {}.",
    "Without your help, we cannot repair {}.", "You were looking for {}, weren't you?", "Can I borrow {} from you?",
    "You will get {} on Monday.", "How much did you pay for {}?", "I saw you with {} yesterday.",
)  # fmt: skip
ENDINGS = (
    "the old bicycle", "your new phone", "the red book", "a big table",
    "the letter", "your keys", "the car", "two bottles of milk",
)  # fmt: skip


@dataclass(frozen=True)
class Options:
    """What to show."""

    examples: int = 0
    """Number of sentences in a wrong form to print."""


def main(options: Options) -> None:
    """Print the table."""
    translator = Translator.load()
    sentences = [frame.format(ending) for frame in FRAMES for ending in ENDINGS]
    heads = ("asked for", "Sie", "du", "both", "neither", "wrong and flagged", "wrong, no flag")
    table = Table(*heads, title=f"Form of address in {len(sentences)} sentences")
    for asked in FORMALITIES:
        found = [one.sentences[0] for one in translator.translate(sentences, style=Style(formality=asked))]
        counts = Counter[str]()
        for sentence in found:
            kind = _form(sentence.source, sentence.text)
            counts[kind] += 1
            if kind not in ("neither", asked):
                counts[
                    "flagged" if _is_flagged(sentence.source, sentence.hypotheses[0], asked) else "not"
                ] += 1
                if counts["flagged"] + counts["not"] <= options.examples:
                    print(f"{asked}\t{sentence.source}\t{sentence.text}")
        names = ("formal", "informal", "both", "neither", "flagged", "not")
        table.add_row(asked, *(str(counts[name]) for name in names))
    Console().print(table)


def _form(english: str, german: str) -> str:
    found = formalities_of(english, german)
    return "both" if len(found) > 1 else next(iter(found), "neither")


def _is_flagged(english: str, hypothesis: Hypothesis, asked: Formality) -> bool:
    return "formality_mismatch" in flags(english, hypothesis, is_part=False)


if __name__ == "__main__":
    main(tyro.cli(Options))
