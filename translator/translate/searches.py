"""The searches of a translator: what one sentence asks of a search, and idle searches for reuse."""

import threading
from collections import Counter, OrderedDict
from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property, lru_cache

from translator.data.tokenizer import Tokenizer
from translator.engines.protocol import Engine
from translator.search import (
    BannedPhrases,
    PieceTexts,
    RunningSearch,
    SearchOptions,
    SpecialTokens,
    Task,
    new_search,
)
from translator.text import normalise

_KEPT_OPTIONS = 8
"""Number of search options whose idle searches are kept for reuse."""
_KEPT_BANS = 8
"""Number of sets of banned phrases whose automata are cached."""


def special_tokens(tokenizer: Tokenizer) -> SpecialTokens:
    """The token ids that a search needs to know."""
    pairs = zip(tokenizer.reserved.get("open", ()), tokenizer.reserved.get("close", ()), strict=True)
    return SpecialTokens(
        tokenizer.begin_id,
        tokenizer.end_id,
        tokenizer.unprintable_ids,
        tokenizer.first_byte_id,
        tokenizer.span_ids,
        tuple(pairs),
    )


class Searches:
    """Makes the searches of an engine. Keeps idle ones for the same options, because they have built their masks."""

    def __init__(self, engine: Engine, tokenizer: Tokenizer) -> None:
        self._engine, self._tokenizer = engine, tokenizer
        self.special = special_tokens(tokenizer)
        self._ban = lru_cache(maxsize=_KEPT_BANS)(BannedPhrases)
        self._idle: OrderedDict[Hashable, list[RunningSearch]] = OrderedDict()
        self._lock = threading.Lock()

    @contextmanager
    def borrow(self, options: SearchOptions, without_digits: bool = False) -> Iterator[RunningSearch]:
        """Borrow a search for exclusive use. A search that fails is not reused."""
        # Length limits are set per task, so they need no separate search.
        key = replace(options, min_length_factor=0.0, max_length_factor=1.0), without_digits
        with self._lock:
            known = self._idle.setdefault(key, [])
            self._idle.move_to_end(key)
            running = known.pop() if known else None
        if running is None:
            running = self._begin(options, without_digits)
        yield running
        with self._lock:
            if not len(running) and key in self._idle:
                self._idle[key].append(running)
            while len(self._idle) > _KEPT_OPTIONS:
                self._idle.popitem(last=False)

    def _begin(self, options: SearchOptions, without_digits: bool) -> RunningSearch:
        banned = tuple(
            self._tokenizer.as_written(phrase) for one in options.banned if (phrase := normalise(one))
        )
        return new_search(
            self._engine,
            self.special,
            options,
            self._ban(self._piece_texts, banned) if banned else None,
            self._pieces_with_digits if without_digits else (),
        )

    def task(self, sentence: Sequence[int], prefix: Sequence[int], options: SearchOptions) -> Task:
        """Build the search task of a sentence. The length limit is extended to fit required pieces and the prefix."""
        required = Counter(piece for piece in sentence if piece in self.special.reserved)
        length = len(self._tokenizer.without_hints(sentence))
        most = max(options.max_target_tokens(length), required.total() + 1) + len(prefix)
        if self._engine.positions is not None:
            most = min(most, self._engine.positions)
        least = options.min_target_tokens(length)
        return Task([*sentence, self.special.end], most, least, tuple(prefix), required)

    @cached_property
    def _pieces_with_digits(self) -> tuple[int, ...]:
        first_byte = self._tokenizer.first_byte_id
        learnt = range(0 if first_byte is None else first_byte + 256, self._tokenizer.vocab_size)
        return tuple(piece for piece in learnt if any(map(str.isdigit, self._tokenizer.target.piece(piece))))

    @cached_property
    def _piece_texts(self) -> PieceTexts:
        return PieceTexts(self._tokenizer.written_texts)
