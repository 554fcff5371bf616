"""The service with an echo in the model's place, to measure the service alone.

Arguments are those of `python -m service`. Where the environment has ECHO_LEAK_BYTES it keeps so many bytes for each
sentence: a leak, which the measurement must find.
"""

import os
import sys
import time
from collections.abc import Iterator, Sequence

import service.engine
from service.__main__ import main
from translator.analysis.alignment import Link
from translator.analysis.scoring import SentenceScore, TokenScore
from translator.feed import Feed
from translator.search import SearchOptions
from translator.text import Span
from translator.translate import DEFAULT_STYLE, Hypothesis, SourceSentence, Style, Translator

LEAK_BYTES = int(os.environ.get("ECHO_LEAK_BYTES", "0"))
SECONDS_FOR_A_BATCH = 0.002
MOST_SENTENCES = 256


class Echo:
    """Answers "DE:" and the text, which is one sentence."""

    name, device, precision, threads = "echo", "cpu", "fp32", 2

    def __init__(self) -> None:
        self.card: dict[str, object] = {}
        self.leaked: list[bytes] = []

    def sentences(self, text: str, prefix: str = "", style: Style = DEFAULT_STYLE) -> list[SourceSentence]:
        """The text as one sentence."""
        return [SourceSentence(text, Span(0, len(text)), tuple(map(ord, text)), False)] if text else []

    def count_tokens(self, text: str) -> int:
        """A character is a token."""
        return len(text)

    def translate_feed(
        self, feed: Feed[SourceSentence, tuple[Hypothesis, ...]], options: SearchOptions
    ) -> None:
        """Echo each sentence."""
        while sentences := feed(MOST_SENTENCES):
            time.sleep(SECONDS_FOR_A_BATCH)
            for one in sentences:
                if LEAK_BYTES:
                    self.leaked.append(os.urandom(LEAK_BYTES))
                if one.is_wanted():
                    one.finish((Hypothesis(f"DE:{one.item.text}", 0.0),))


def align(_: object, pairs: Sequence[tuple[str, str]]) -> list[list[Link]]:
    """All of a sentence became all of its translation."""
    return [[Link((0, len(source)), (0, len(target)), 1.0)] for source, target in pairs]


def score(_: object, pairs: Sequence[tuple[str, str]], exponent: float) -> Iterator[SentenceScore]:
    """All are as likely."""
    return (SentenceScore((TokenScore("</s>", -exponent),), -exponent) for _ in pairs)


if __name__ == "__main__":
    # mypy lets no function and no method be another one, which is the point here.
    service.engine.align, service.engine.score = align, score  # type: ignore[assignment]
    Translator.load = lambda *_, **__: Echo()  # type: ignore[assignment,method-assign]
    sys.exit(main())
