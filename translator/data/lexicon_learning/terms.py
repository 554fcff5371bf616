"""Terms of several words from dictionary entries, mostly compounds."""

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from translator.data.lexicon_learning.words import ParallelWords
from translator.text.lexicon import MAX_GERMAN, MAX_TERM_WORDS, WORD, Entry
from translator.text.spelling import spelt_as_today

_OFTEN, _LEAST_SHARE = 3, 0.25
"""A term found in at least `_OFTEN` sentences is kept if `_LEAST_SHARE` of them contain its German."""


class Terms:
    """Collects pairs of a few English words in lower case and one German noun."""

    def __init__(self) -> None:
        self._listed: dict[str, Counter[str]] = {}

    def add(self, source: str, target: str) -> None:
        """Count a pair if it lists a term."""
        words = source.split(" ")
        if not 1 < len(words) <= MAX_TERM_WORDS or source != source.lower() or " " in target:
            return
        german = spelt_as_today(target)
        if german[0].isupper() and all(map(WORD.fullmatch, (*words, german))):
            self._listed.setdefault(source.replace("’", "'"), Counter())[german] += 1

    def entries(self, text: ParallelWords) -> Iterator[Entry]:
        """Yield the terms whose German also occurs in sentences that contain them.

        Otherwise an "old man" would always be a "Greis". Terms that start or end with a very frequent word are
        left out.
        """
        words = list(text.english.number)
        common = {words[number] for number in text.english.most_common().tolist()}
        german_count = dict(zip(text.german.number, np.bincount(text.german.ids_N).tolist(), strict=True))
        seen = self._seen_in(text)
        for term, listed in self._listed.items():
            first, *_, last = term.split(" ")
            if first in common or last in common:
                continue
            times, together = seen.get(term, (0, Counter()))
            if times >= _OFTEN and together.total() < _LEAST_SHARE * times:
                continue
            best = sorted(
                listed, key=lambda word: (-listed[word] - together[word], -german_count.get(word, 0))
            )
            yield Entry(term, times + listed.total(), tuple(best[:MAX_GERMAN]))

    def _seen_in(self, text: ParallelWords) -> dict[str, tuple[int, Counter[str]]]:
        """Count the longer sentences with each term, and among them those with each of its German words."""
        german, ids_N, lengths_P = list(text.german.number), text.german.ids_N, text.lengths_P2[:, 1]
        starts_P = np.cumsum(lengths_P) - lengths_P
        seen: dict[str, tuple[int, Counter[str]]] = {}
        for size in range(2, MAX_TERM_WORDS + 1):
            for term, pair in self._occurrences(text, size):
                begin, length = starts_P[pair], lengths_P[pair]
                sentence = [german[number] for number in ids_N[begin : begin + length].tolist()]
                times, together = seen.get(term, (0, Counter()))
                together.update(word for word in self._listed[term] if _has_form(sentence, word))
                seen[term] = times + 1, together
        return seen

    def _occurrences(self, text: ParallelWords, size: int) -> Iterator[tuple[str, int]]:
        """Yield each occurrence of a term of `size` words in a longer sentence, with the index of the pair."""
        ids_N, lengths_P, number = text.english.ids_N, text.lengths_P2[:, 0], text.english.number
        pair_N, english = np.repeat(np.arange(len(lengths_P)), lengths_P), list(number)
        wanted = {
            tuple(number[word] for word in words)
            for words in (term.split(" ") for term in self._listed)
            if len(words) == size and all(word in number for word in words)
        }
        # One number encodes the first two words: this finds the few places worth a closer look.
        heads = np.unique(np.array([one[0] * len(english) + one[1] for one in wanted], np.int64))
        is_here_N = np.isin(ids_N[:-1].astype(np.int64) * len(english) + ids_N[1:], heads)
        for place in np.flatnonzero(is_here_N).tolist():
            ids, pair = tuple(ids_N[place : place + size].tolist()), int(pair_N[place])
            is_within = pair_N[place : place + size].tolist() == [pair] * size
            if is_within and lengths_P[pair] > MAX_TERM_WORDS and ids in wanted:
                yield " ".join(english[one] for one in ids), pair


def _has_form(sentence: Sequence[str], word: str) -> bool:
    """Return whether any word of the sentence contains the stem of `word`, as inflected forms and compounds do."""
    stem = word[: max(4, len(word) - 2)].lower()
    return any(stem in one.lower() for one in sentence)
