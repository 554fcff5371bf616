"""Learn a lexicon from parallel text: rare words by aligning sentences, and terms as dictionaries have them."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from translator.corpus import CleaningRules, CorpusSpec, Deduplicator, DropCounts, clean_pairs, read_pairs
from translator.errors import DataError
from translator.lexicon_learning.terms import Terms
from translator.lexicon_learning.word_alignment import Translations, translations
from translator.lexicon_learning.words import ParallelWords
from translator.text.lexicon import MAX_GERMAN, Entry, Lexicon

RARER_THAN = 200
"""Words that an epoch has at least this often, in any casing, need no hint."""
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
    text, terms = ParallelWords(), Terms()
    seen, counts = Deduplicator(), DropCounts()
    for spec in corpora:
        for pair in clean_pairs(read_pairs(spec, counts), CleaningRules(), seen, counts):
            text.add(*pair, spec.weight)
            terms.add(*pair)
            if counts.read % 1000 == 0:
                tell(f"reading {spec.name}", counts.read)
    if not text.pairs:
        raise DataError("the corpora have no pairs to learn a lexicon from")
    text.use_casing_within_sentences()
    found = translations(text.without_common_words(), lambda stage: tell(stage, counts.read))
    lexicon = Lexicon.of([*_entries(found, text), *terms.entries(text)])
    if not len(lexicon):
        raise DataError(f"no word of the corpora is rare and has a translation: {text.pairs} pairs")
    return lexicon


def _entries(found: Translations, text: ParallelWords) -> list[Entry]:
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
