"""Small tokenizers of the kinds that published weights have, trained here, and lines of every kind to try them on."""

import itertools
import json
import random
from collections.abc import Iterator
from functools import cache

from published_stand_ins import marian_tokenizer, moses_bpe_tokenizer

_WORDS = r"""
the baker opens little shop seven heron stands in shallow water and The Baker We painted both doors green again
der Bäcker öffnet kleinen Laden grauer Reiher steht flachen Wasser Türen grün gestrichen Straße Übung
don't It's baker's o'clock I'll 'tis well-known and/or re-open state-of-the-art ALL CAPS NASA ÄRGER iPhone
1 7 42 1987 1,000 1.000,50 3.14 50% 50 % 1/2 -5 +7 10:30 2019-05-04 $5 €7.50 £3 5°C № 7th 1st
Dr. Mr. e.g. i.e. U.S.A. p.m. No. etc. z.B. x. a.b.c ... .... . . , ; : ! ? ?! !! -- --- x' 's n't 'S
“ ” „ ‘ ’ ‚ « » ‹ › " ' `` '' ` ´ – — ‑ … • · § © ® ™ ( ) [ ] { } < > <b> </b> <br/> &amp; & | \ / * _ ^ ~ # @
https://example.org/a_b?c=d&e=f#g www.example.org/ü ftp://x.y/z.txt user@example.org @name #tag C++ a_b {name} %s
🙂 ☕ 🇩🇪 日本語 中文，。 「引用」 １２３ ％ ～ Ελλάδα русский عربي ｆｕｌｌ ½ ² ﬁne naïve café São Łódź İstanbul ſ ẞ ﷺ
"""
WORDS = [
    *_WORDS.split(), "👩\u200d💻", "☕\ufe0f", "e\u0301", "o\u0308", "\u00a0", "\u2009", "\u200b", "\u00ad", "\t",
    "\u00a0%", "\u00a0:",
]  # fmt: skip
_MERGES = 150
_LOST = 12
"""The number of pieces of each vocabulary that the other one lacks."""


def lines(count: int, seed: int = 1) -> Iterator[str]:
    """Yield lines with quotes, dashes, links, emoji, umlauts, numbers and so on; some are empty or in capitals."""
    choose = random.Random(seed)
    for number in range(count):
        words = choose.choices(WORDS, k=number % 9)
        gaps = choose.choices(["", " ", "  "], [1, 8, 1], k=len(words))
        line = "".join(itertools.chain.from_iterable(zip(words, gaps, strict=True)))
        yield line.upper() if number % 11 == 0 else line


@cache
def marian_files() -> dict[str, bytes]:
    """Train the files of a Marian tokenizer, whose vocabulary lacks some pieces."""
    files = marian_tokenizer(lines(900, 2), lines(900, 3), 400, coverage=0.99)
    ids = json.loads(files["vocab.json"])
    for piece in [one for one in ids if len(one) > 1 and one != "<pad>"][-3:]:
        ids[f"lost {piece}"] = ids.pop(piece)
    return {**files, "vocab.json": json.dumps(ids).encode()}


@cache
def moses_bpe_files() -> dict[str, bytes]:
    """Train the files of a Moses and BPE tokenizer, whose vocabularies lack some pieces each."""
    files = moses_bpe_tokenizer(lines(900, 4), _MERGES)
    special, pieces = (list(json.loads(files["vocab-src.json"]))[part] for part in (slice(4), slice(4, None)))
    numbered = (
        {piece: number for number, piece in enumerate([*special, *some])}
        for some in (pieces[:-_LOST], pieces[_LOST:])
    )
    source, target = (json.dumps(one).encode() for one in numbered)
    return {**files, "vocab-src.json": source, "vocab-tgt.json": target}
