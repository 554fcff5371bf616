"""The service with an echo in place of the model, to measure the service alone.

It takes the arguments of `python -m service`. If the environment variable ECHO_LEAK_BYTES is set, it leaks that many
bytes per sentence, to show that the measurement finds a leak.
"""

import os
import sys
import time
from collections.abc import Iterator, Sequence

import numpy as np

import service.engine
from service.__main__ import main
from translator.evaluation.scoring import EncodedPair, SentenceScore, TokenScore
from translator.search import SearchOptions
from translator.search.feed import Feed
from translator.text import Span
from translator.translate import DEFAULT_STYLE, Hypothesis, Protection, SourceSentence, Style, Translator
from translator.translate.alignment import AlignedPair, Link

LEAK_BYTES = int(os.environ.get("ECHO_LEAK_BYTES", "0"))
SECONDS_PER_BATCH = 0.002
MAX_BATCH_SENTENCES = 256


class Echo:
    """Stands in for a translator. It treats a text as one sentence and answers "DE:" and the text."""

    name, device, precision, threads = "echo", "cpu", "fp32", 2
    protection: Protection = "pieces"

    def __init__(self) -> None:
        self.card: dict[str, object] = {}
        self.leaked: list[bytes] = []

    def sentences(self, text: str, prefix: str = "", style: Style = DEFAULT_STYLE) -> list[SourceSentence]:
        """Return the text as one sentence, and nothing for an empty text."""
        return [SourceSentence(text, Span(0, len(text)), tuple(map(ord, text)), False)] if text else []

    def translate_feed(
        self, feed: Feed[SourceSentence, tuple[Hypothesis, ...]], options: SearchOptions
    ) -> None:
        """Echo each sentence."""
        while sentences := feed(MAX_BATCH_SENTENCES):
            time.sleep(SECONDS_PER_BATCH)
            for one in sentences:
                if LEAK_BYTES:
                    self.leaked.append(os.urandom(LEAK_BYTES))
                if one.is_wanted():
                    one.finish((Hypothesis(f"DE:{one.item.text}", 0.0),))


def align_words(_: object, pairs: Sequence[tuple[str, str]]) -> list[AlignedPair]:
    """Align the whole sentence with its whole translation."""
    places = [((0, len(source)), (0, len(target))) for source, target in pairs]
    weights_TS = np.ones((1, 1), dtype=np.float32)
    return [AlignedPair(weights_TS, [one], [other], [Link(one, other, 1.0)]) for one, other in places]


def encode_pair(_: object, pair: tuple[str, str], number: int) -> EncodedPair:
    """Count each character as a token."""
    source, target = (list(map(ord, text)) for text in pair)
    return EncodedPair(source, target)


def score_encoded(_: object, pairs: Sequence[EncodedPair], exponent: float) -> Iterator[SentenceScore]:
    """Give every pair the same score."""
    return (SentenceScore((TokenScore("</s>", -exponent),), -exponent) for _ in pairs)


if __name__ == "__main__":
    # mypy does not allow replacing functions and methods, which is what the echo does.
    service.engine.align_words = align_words  # type: ignore[assignment,attr-defined]
    service.engine.encode_pair = encode_pair  # type: ignore[assignment,attr-defined]
    service.engine.score_encoded = score_encoded  # type: ignore[assignment,attr-defined]
    Translator.load = lambda *_, **__: Echo()  # type: ignore[assignment,method-assign]
    sys.exit(main())
