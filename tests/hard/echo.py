"""`python -m service` with an echo in the model's place, which does what its texts tell it: a program of its own.

A text is one sentence, and a character is a token. It is answered with "DE:" and the text, and every text that is
decoded is told on standard error. The first word says what happens before:

    hold PATH …    decoding lasts until there is a file PATH, or nobody wants it any more
    kill PATH …    the same, and then the worker dies
    read 0.5 …     splitting takes half a second
    fail …         decoding raises an error

Where the environment has ECHO_MOST_TOKENS, there is no memory for more in a batch.
"""

import os
import sys
import time
from pathlib import Path

from service.__main__ import main
from translator.search import SearchOptions
from translator.search.feed import Feed
from translator.text import Span
from translator.translate import DEFAULT_STYLE, Hypothesis, SourceSentence, Style, Translator

MOST_TOKENS = int(os.environ.get("ECHO_MOST_TOKENS", str(10**9)))
STEP_SECONDS = 0.01
MOST_SENTENCES = 256


class Echo:
    """In the translator's place."""

    name, device, precision, threads = "echo", "cpu", "fp32", 1

    def __init__(self) -> None:
        self.card: dict[str, object] = {}

    def sentences(self, text: str, prefix: str = "", style: Style = DEFAULT_STYLE) -> list[SourceSentence]:
        if text.startswith("read"):
            time.sleep(float(text.split()[1]))
        return [SourceSentence(text, Span(0, len(text)), tuple(map(ord, text)), False)] if text else []

    def translate_feed(
        self, feed: Feed[SourceSentence, tuple[Hypothesis, ...]], options: SearchOptions
    ) -> None:
        taken = feed(MOST_SENTENCES)
        texts = [one.item.text for one in taken]
        sys.stderr.write("".join(f"decoded: {text[:40]}\n" for text in texts))
        if sum(map(len, texts)) > MOST_TOKENS:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
        paths = [Path(text.split()[1]) for text in texts if text.startswith(("hold", "kill"))]
        while not all(path.exists() for path in paths) and any(one.is_wanted() for one in taken):
            time.sleep(STEP_SECONDS)
        if any(text.startswith("kill") for text in texts):
            sys.exit("killed by a text")
        if any(text.startswith("fail") for text in texts):
            raise ValueError("failed by a text")
        for one in taken:
            if one.is_wanted():
                one.finish((Hypothesis(f"DE:{one.item.text}", 0.0),))


if __name__ == "__main__":
    # mypy does not let a class's method be another one, which is the point here.
    Translator.load = lambda *_, **__: Echo()  # type: ignore[assignment]
    sys.exit(main())
