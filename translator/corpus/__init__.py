"""Parallel data: read, filter, remove duplicates, count what was dropped and why.

A corpus is named by a string, `[NAME=]WHERE[:WEIGHT][#LICENCE]`, where WHERE is one of

    data/x.tsv                  lines of English<TAB>German
    data/x.jsonl                lines of {"en", "de"}, {"source", "target"} or {"translation": {"en", "de"}}
    data/x                      two parallel text files, data/x.en and data/x.de
    data/a.txt,data/b.txt       two parallel text files, English first
    data/folder                 a folder that the `datasets` library reads, with a column `translation`
    hub:wmt/wmt14:de-en:train   such a data set of the Hugging Face hub: name, configuration, split
    hub:data/folder::test       a split of a folder other than `train`

Each text file may be compressed (.gz, .xz, .zst). WEIGHT is how often an epoch sees the corpus.

A split that is not named is `train`. In a folder that `save_to_disk` wrote, a single data set is taken whole
and has no splits. In a folder of plain files, `datasets` tells the split of a file by its name or folder
(train.jsonl, test/part1.jsonl); files whose names say nothing are all `train`.

All is streamed: only the 64-bit hashes that find duplicates stay in memory, some 80 bytes a pair.
"""

from translator.corpus.cleaning import CleaningRules, Deduplicator, clean_pairs, drop_reason
from translator.corpus.counts import REASONS, DropCounts, DropReport
from translator.corpus.lines import COMPRESSIONS
from translator.corpus.reading import check_readable, read_pairs
from translator.corpus.spec import CorpusSpec, Pair

__all__ = [
    "COMPRESSIONS",
    "REASONS",
    "CleaningRules",
    "CorpusSpec",
    "Deduplicator",
    "DropCounts",
    "DropReport",
    "Pair",
    "check_readable",
    "clean_pairs",
    "drop_reason",
    "read_pairs",
]
