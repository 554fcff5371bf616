"""Parallel data: read and filter it, remove duplicates, and count what was dropped and why.

You name a corpus with a string, `[NAME=]WHERE[:WEIGHT][#LICENCE]`. WHERE is one of

    data/x.tsv                  lines of English<TAB>German
    data/x.jsonl                lines of {"en", "de"}, {"source", "target"} or {"translation": {"en", "de"}}
    data/x                      two parallel text files, data/x.en and data/x.de
    data/a.txt,data/b.txt       two parallel text files, English first
    data/folder                 a folder that the `datasets` library can read, with a column `translation`
    hub:wmt/wmt14:de-en:train   such a data set on the Hugging Face hub: name, configuration, split
    hub:data/folder::test       a split of a folder other than `train`

Any text file may be compressed (.gz, .xz, .zst). WEIGHT is the number of times each pair appears per epoch.

The default split is `train`. A folder written by `save_to_disk` from a single data set has no splits and is
read whole. In a folder of plain files, `datasets` infers the split of a file from its name or folder
(train.jsonl, test/part1.jsonl); if the names say nothing, all files are `train`.

Everything is streamed. Only the 64-bit hashes for finding duplicates stay in memory, about 150 bytes per pair.
"""

from translator.data.corpus.cleaning import CleaningRules, Deduplicator, clean_pairs, drop_reason
from translator.data.corpus.counts import REASONS, DropCounts, DropReport
from translator.data.corpus.lines import COMPRESSIONS
from translator.data.corpus.reading import check_readable, read_pairs
from translator.data.corpus.spec import CorpusSpec, Pair

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
