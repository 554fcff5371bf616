"""Learn a lexicon from parallel text: rare words by word alignment, and terms from dictionary entries."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from translator.data.corpus import (
    CleaningRules,
    CorpusSpec,
    Deduplicator,
    DropCounts,
    clean_pairs,
    read_pairs,
)
from translator.data.lexicon_learning.terms import Terms
from translator.data.lexicon_learning.word_alignment import Translations, translations
from translator.data.lexicon_learning.words import ParallelWords
from translator.errors import DataError
from translator.text.lexicon import MAX_GERMAN, Entry, Lexicon

RARER_THAN = 200
"""Words that occur at least this often per epoch, in any casing, get no entry."""
_LEAST_SCORE = 0.06
_SEEN_TWICE, _SURE = 1.4, 0.3
_SEEN_AS_NAME = 10


def learn_lexicon(
    corpora: Sequence[CorpusSpec], report: Callable[[str, int], None] = lambda stage, pairs: None
) -> Lexicon:
    """Learn the likely German of all rare words and terms of the corpora.

    A term is a pair of a few English words in lower case and one German noun, such as "nuclear power plant". The
    weights of the corpora determine how rare a word is, as in `prepare`.
    `report` is called with the current stage and the number of pairs read.
    Raises `DataError` if a corpus cannot be read, or if no word is rare.
    """
    text, terms = ParallelWords(), Terms()
    seen, counts = Deduplicator(), DropCounts()
    for spec in corpora:
        for pair in clean_pairs(read_pairs(spec, counts), CleaningRules(), seen, counts):
            text.add(*pair, spec.weight)
            terms.add(*pair)
            if counts.read % 1000 == 0:
                report(f"reading {spec.name}", counts.read)
    if not text.pairs:
        raise DataError("the corpora have no pairs to learn a lexicon from")
    text.use_casing_within_sentences()
    found = translations(text.without_common_words(), lambda stage: report(stage, counts.read))
    lexicon = Lexicon.of([*_entries(found, text), *terms.entries(text)])
    if not len(lexicon):
        raise DataError(f"no word of the corpora is rare and has a translation: {text.pairs} pairs")
    return lexicon


def _entries(found: Translations, text: ParallelWords) -> list[Entry]:
    """Return the best translations of each rare word, scored in both directions."""
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
        english = words[number]
        # "BTCore" is not "BTCore-Entwickler".
        german = [
            word
            for row in rows_R[begin:end]
            if (word := germans[found.german_R[row]]).count("-") <= english.count("-")
        ]
        if german:
            entries[english] = Entry(english, int(count_W[number]), tuple(german[:MAX_GERMAN]))
    return [one for one in entries.values() if _is_needed(one, entries.get(one.english.lower()))]


def _is_needed(entry: Entry, lower: Entry | None) -> bool:
    """Return whether to keep an entry; `lower` is the entry of the same word in lower case.

    A name that is its own translation ("Mr Carpenter") must not be looked up as a common word. Other capitalised words
    are mostly common words in a title.
    """
    is_copy = entry.german[0].lower() == entry.english.lower()
    if lower is None or lower is entry:
        return not is_copy
    return (is_copy and entry.count >= _SEEN_AS_NAME) or entry.count > lower.count
