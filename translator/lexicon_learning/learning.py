"""Learn a lexicon from parallel text: rare words by aligning sentences, and terms as dictionaries have them."""

from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import numpy as np

from translator.corpus import CleaningRules, CorpusSpec, Deduplicator, DropCounts, clean_pairs, read_pairs
from translator.errors import DataError
from translator.lexicon_learning.word_alignment import Translations, WordPairs, translations
from translator.text.lexicon import MAX_TERM_WORDS, WORD, Entry, Lexicon
from translator.text.spelling import spelt_as_today

RARER_THAN = 200
"""Words that an epoch has at least this often, in any casing, need no hint."""
MAX_GERMAN = 3
"""Translations of a word that are kept."""
MAX_WORDS = 45
"""Sentences with more words on a side are left out: they say little, and cost the square of their length."""
COMMON_WORDS = 100
"""The most frequent words of either language are left out: they stand in every sentence."""
_LEAST_SCORE = 0.06
_SEEN_TWICE, _SURE = 1.4, 0.3


def learn_lexicon(
    corpora: Sequence[CorpusSpec], tell: Callable[[str, int], None] = lambda stage, pairs: None
) -> Lexicon:
    """The likely German of every rare word of the corpora, and of terms.

    A pair of a few English words in lower case and one German noun is a term, such as "nuclear power plant". The
    weights of the corpora say how rare a word is, as `prepare` understands them.
    `tell` is called with what is being done and how many pairs are done.
    Raises `DataError` when a corpus cannot be read, or when no word is rare.
    """
    text, counts = _ParallelWords(), DropCounts()
    seen = Deduplicator()
    for spec in corpora:
        for pair in clean_pairs(read_pairs(spec, counts), CleaningRules(), seen, counts):
            text.add(*pair, spec.weight)
            if counts.read % 1000 == 0:
                tell(f"reading {spec.name}", counts.read)
    if not text.pairs:
        raise DataError("the corpora have no pairs to learn a lexicon from")
    text.use_casing_within_sentences()
    found = translations(text.without_common_words(), lambda stage: tell(stage, counts.read))
    lexicon = Lexicon.of([*_entries(found, text), *text.terms()])
    if not len(lexicon):
        raise DataError(f"no word of the corpora is rare and has a translation: {text.pairs} pairs")
    return lexicon


class _ParallelWords:
    """The words of parallel sentences as numbers, and the terms among them."""

    def __init__(self) -> None:
        self.english, self.german = _Words(), _Words()
        self._lengths = array("i")
        self._weights = array("f")
        self._terms: dict[str, Counter[str]] = {}

    @property
    def pairs(self) -> int:
        """How many there are."""
        return len(self._weights)

    def add(self, source: str, target: str, weight: float) -> None:
        """A pair, unless a side has no words or too many."""
        english, german = WORD.findall(source.replace("’", "'")), WORD.findall(spelt_as_today(target))
        if not all(0 < len(side) <= MAX_WORDS for side in (english, german)):
            return
        self.english.add(english)
        self.german.add(german)
        self._lengths.extend((len(english), len(german)))
        self._weights.append(weight)
        is_term = 1 < len(english) <= MAX_TERM_WORDS and source == " ".join(english).lower()
        if is_term and len(german) == 1 and german[0][0].isupper():
            self._terms.setdefault(source, Counter())[german[0]] += 1

    @property
    def lengths_P2(self) -> np.ndarray:
        """Words of either side of each pair."""
        return np.array(self._lengths, np.int32).reshape(-1, 2)

    def use_casing_within_sentences(self) -> None:
        """Write the first words of sentences in lower case if they mostly are elsewhere."""
        for side, words in enumerate((self.english, self.german)):
            words.use_casing_within_sentences(self.lengths_P2[:, side])

    def english_counts(self) -> tuple[np.ndarray, np.ndarray]:
        """How often the corpora have each English word, and how often an epoch has it in any casing."""
        ids_N, words = self.english.ids_N, list(self.english.number)
        weight_N = np.repeat(np.array(self._weights, np.float32), self.lengths_P2[:, 0])
        epoch_W = np.bincount(ids_N, weights=weight_N, minlength=len(words))
        lower_W = np.array([self.english.number.get(word.lower(), place) for place, word in enumerate(words)])
        all_W = np.bincount(lower_W, weights=epoch_W, minlength=len(words))[lower_W]
        return np.bincount(ids_N, minlength=len(words)), all_W

    def without_common_words(self) -> WordPairs:
        """All words but the most frequent ones."""
        kept, lengths_P2 = list[np.ndarray](), self.lengths_P2
        rest_P2 = np.empty_like(lengths_P2)
        for side, words in enumerate((self.english, self.german)):
            is_kept_N = ~np.isin(words.ids_N, words.most_common())
            kept.append(words.ids_N[is_kept_N])
            pair_N = np.repeat(np.arange(len(lengths_P2)), lengths_P2[:, side])
            rest_P2[:, side] = np.bincount(pair_N[is_kept_N], minlength=len(lengths_P2))
        return WordPairs(kept[0], kept[1], rest_P2)

    def terms(self) -> Iterator[Entry]:
        """Terms that neither begin nor end with one of the most frequent words."""
        words = list(self.english.number)
        common = {words[number] for number in self.english.most_common().tolist()}
        for term, german in self._terms.items():
            first, *_, last = term.split(" ")
            if first not in common and last not in common:
                best = tuple(word for word, _ in german.most_common(MAX_GERMAN))
                yield Entry(term, german.total(), best)


class _Words:
    """The words of one side as numbers."""

    def __init__(self) -> None:
        self.number: dict[str, int] = {}
        self._ids = array("i")

    def add(self, words: Sequence[str]) -> None:
        number = self.number
        self._ids.extend([number.setdefault(word, len(number)) for word in words])

    @property
    def ids_N(self) -> np.ndarray:
        return np.frombuffer(self._ids, np.int32)

    def most_common(self) -> np.ndarray:
        """The numbers of the most frequent words."""
        return np.argsort(-np.bincount(self.ids_N), kind="stable")[:COMMON_WORDS]

    def use_casing_within_sentences(self, lengths_P: np.ndarray) -> None:
        ids_N = self.ids_N.copy()
        first_P = (np.cumsum(lengths_P) - lengths_P)[lengths_P > 1]
        inside_W = np.bincount(np.delete(ids_N, first_P), minlength=len(self.number))
        usual_W = np.arange(len(self.number), dtype=np.int32)
        for word, number in self.number.items():
            lower = self.number.get(word[0].lower() + word[1:])
            if lower is not None and inside_W[lower] > inside_W[number]:
                usual_W[number] = lower
        ids_N[first_P] = usual_W[ids_N[first_P]]
        self._ids = array("i", ids_N.tobytes())


def _entries(found: Translations, text: _ParallelWords) -> list[Entry]:
    """The best few translations of each rare word, by how well they fit in both directions."""
    count_W, epoch_W = text.english_counts()
    score_R = found.probability_R * np.sqrt(found.back_R)
    is_good_R = (epoch_W[found.english_R] < RARER_THAN) & (score_R >= _LEAST_SCORE)
    is_good_R &= (found.count_R >= _SEEN_TWICE) | (found.probability_R >= _SURE)
    rows_R = np.flatnonzero(is_good_R)
    rows_R = rows_R[np.lexsort((-score_R[rows_R], found.english_R[rows_R]))]
    first_E = np.flatnonzero(np.diff(found.english_R[rows_R], prepend=-1))
    words, germans = list(text.english.number), list(text.german.number)
    entries: dict[str, Entry] = {}
    for begin, end in pairwise([*first_E.tolist(), len(rows_R)]):
        number = found.english_R[rows_R[begin]]
        german = tuple(germans[found.german_R[row]] for row in rows_R[begin : min(end, begin + MAX_GERMAN)])
        entries[words[number]] = Entry(words[number], int(count_W[number]), german)
    return [one for one in entries.values() if _is_needed(one, entries)]


def _is_needed(entry: Entry, entries: dict[str, Entry]) -> bool:
    """A name that is its own translation is needed where a common word would be found in its place."""
    lower = entry.english.lower()
    return entry.german[0].lower() != lower or (entry.english != lower and lower in entries)
