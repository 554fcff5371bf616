"""Small tokenizers of the kinds that published weights have, trained here, and lines of every kind to try them on."""

import io
import itertools
import json
import random
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache

import sentencepiece

from translator.data.tokenizer.moses import MosesText

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
"""So many pieces of each vocabulary are left out of the other one."""


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
    """Train the files of a Marian tokenizer."""
    models = [_train_sentencepiece(list(lines(900, seed))) for seed in (2, 3)]
    processors = [sentencepiece.SentencePieceProcessor(model_proto=model) for model in models]
    pieces = {one.id_to_piece(number): None for one in processors for number in range(one.vocab_size())}
    ids = {
        piece: number
        for number, piece in enumerate(dict.fromkeys(["</s>", "<unk>", *sorted(pieces.keys() - {"<s>"})]))
    }
    for piece in [one for one in ids if len(one) > 1][-3:]:  # pieces that the vocabulary lacks
        ids[f"lost {piece}"] = ids.pop(piece)
    return {
        "source.spm": models[0],
        "target.spm": models[1],
        "vocab.json": json.dumps({**ids, "<pad>": len(ids)}).encode(),
    }


@cache
def moses_bpe_files() -> dict[str, bytes]:
    """Train the files of a Moses and BPE tokenizer."""
    moses = MosesText("en")
    counts = Counter(itertools.chain.from_iterable(map(moses.tokens, lines(900, 4))))
    words = {(*word[:-1], f"{word[-1]}</w>"): count for word, count in counts.items()}
    merges = list[tuple[str, str]]()
    for _ in range(_MERGES):
        pairs = Counter[tuple[str, str]]()
        for word, count in words.items():
            for pair in itertools.pairwise(word):
                pairs[pair] += count
        merges.append(max(pairs, key=lambda pair: (pairs[pair], pair)))
        words = {tuple(merged(word, merges[-1])): count for word, count in words.items()}
    pieces = sorted({piece for word in words for piece in word})
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    return {
        "vocab-src.json": _numbered([*special, *pieces[:-_LOST]]),
        "vocab-tgt.json": _numbered([*special, *pieces[_LOST:]]),
        "merges.txt": "".join(f"{first} {second}\n" for first, second in merges).encode(),
    }


def merged(word: Iterable[str], pair: tuple[str, str]) -> list[str]:
    """Merge all occurrences of a pair of pieces, from left to right."""
    pieces = list[str]()
    waiting = list(word)
    while waiting:
        piece = waiting.pop(0)
        if waiting and (piece, waiting[0]) == pair:
            piece += waiting.pop(0)
        pieces.append(piece)
    return pieces


def _train_sentencepiece(text: list[str]) -> bytes:
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([line for line in text if line.strip()]),
        model_writer=model,
        vocab_size=400,
        hard_vocab_limit=False,
        character_coverage=0.99,
        num_threads=1,
        minloglevel=2,
    )
    return model.getvalue()


def _numbered(pieces: Iterable[str]) -> bytes:
    return json.dumps({piece: number for number, piece in enumerate(pieces)}).encode()
