"""A program: `python -m service` with an echo in place of the model. Texts can tell the echo what to do.

A text is one sentence, and a character is a token. The translation is "DE:" and the text. Every decoded text is logged
to standard error. The first word of a text can change what happens:

    hold PATH …    decoding waits until the file PATH exists, or until no client waits for the text
    kill PATH …    the same, and then the worker dies
    read 0.5 …     splitting takes half a second
    fail …         decoding raises an error

If the environment variable ECHO_MAX_TOKENS is set, a batch of more tokens runs out of memory.
"""

import os
import sys
import time
from pathlib import Path

from service.__main__ import main
from translator.search import SearchOptions
from translator.search.feed import Feed
from translator.text import Span
from translator.translate import DEFAULT_STYLE, Hypothesis, Protection, SourceSentence, Style, Translator

MAX_TOKENS = int(os.environ.get("ECHO_MAX_TOKENS", str(10**9)))
STEP_SECONDS = 0.01
MAX_BATCH_SENTENCES = 256


class Echo:
    """Stands in for a translator."""

    name, device, precision, threads = "echo", "cpu", "fp32", 1
    protection: Protection = "pieces"

    def __init__(self) -> None:
        self.card: dict[str, object] = {}

    def sentences(self, text: str, prefix: str = "", style: Style = DEFAULT_STYLE) -> list[SourceSentence]:
        if text.startswith("read"):
            time.sleep(float(text.split()[1]))
        return [SourceSentence(text, Span(0, len(text)), tuple(map(ord, text)), False)] if text else []

    def translate_feed(
        self, feed: Feed[SourceSentence, tuple[Hypothesis, ...]], options: SearchOptions
    ) -> None:
        taken = feed(MAX_BATCH_SENTENCES)
        texts = [one.item.text for one in taken]
        sys.stderr.write("".join(f"decoded: {text[:40]}\n" for text in texts))
        if sum(map(len, texts)) > MAX_TOKENS:
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
    # mypy does not allow replacing a method, which is what the echo does.
    Translator.load = lambda *_, **__: Echo()  # type: ignore[assignment]
    sys.exit(main())
