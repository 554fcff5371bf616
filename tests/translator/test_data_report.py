import dataclasses
import io
import random

import numpy as np
import pytest
from rich.console import Console
from toy_grammar import generate_pairs

from translator.config import TrainingConfig
from translator.data.shards import PreparedCorpus, PreparedData
from translator.data.tokenizer import SentencePieceTokenizer, train_tokenizer
from translator.errors import DataError
from translator.training.data_report import DataReport, inspect_data
from translator.training.data_report.alignment import Shift

pytestmark = pytest.mark.slow

TextPair = tuple[str, str]
TRAINING = TrainingConfig(max_tokens_per_side=64, max_steps=1)
PARAMETERS = 1000
PAIRS = generate_pairs(2400, seed=5)
TRAIN, DEV = PAIRS[:2000], PAIRS[2000:]


@pytest.fixture(scope="module")
def tokenizer() -> SentencePieceTokenizer:
    return train_tokenizer([text for pair in PAIRS for text in pair], 696, threads=1)


def corpus_of_ids(ids: list[tuple[list[int], list[int]]], name: str, weight: float = 1.0) -> PreparedCorpus:
    tokens_N = np.array([piece for pair in ids for side in pair for piece in side], np.uint16)
    lengths_P2 = np.array([[len(side) for side in pair] for pair in ids], np.uint16).reshape(-1, 2)
    return PreparedCorpus(name, tokens_N, lengths_P2, weight=weight)


def corpus(tokenizer: SentencePieceTokenizer, pairs: list[TextPair], name: str = "toy") -> PreparedCorpus:
    return corpus_of_ids(
        [(tokenizer.encode(source), tokenizer.encode(target)) for source, target in pairs], name
    )


def inspect(
    tokenizer: SentencePieceTokenizer,
    *corpora: list[TextPair],
    dev: list[TextPair] | None = DEV,
    **options: bool,
) -> DataReport:
    """Return the report on corpora named "toy 0", "toy 1", … and a development set named "unseen"."""
    trained = [corpus(tokenizer, pairs, f"toy {index}") for index, pairs in enumerate(corpora)]
    kept_back = {} if dev is None else {"unseen": corpus(tokenizer, dev, "unseen")}
    return inspect_data(PreparedData(tokenizer, trained, kept_back, ""), TRAINING, PARAMETERS, **options)


def only_warning(report: DataReport) -> str:
    (warning,) = report.warnings
    return warning


def shuffled(pairs: list[TextPair]) -> list[TextPair]:
    sources, targets = map(list, zip(*pairs, strict=True))
    random.Random(3).shuffle(targets)
    return list(zip(sources, targets, strict=True))


def shifted(pairs: list[TextPair], lines: int) -> list[TextPair]:
    """Pair each source with the target `lines` lines later; drop pairs without a counterpart."""
    sources, targets = zip(*pairs, strict=True)
    kept = len(pairs) - abs(lines)
    sources, targets = sources[max(0, -lines) :], targets[max(0, lines) :]
    return list(zip(sources[:kept], targets[:kept], strict=True))


def tokenised(text: str) -> str:
    return text.replace(".", " .").replace("?", " ?").replace(",", " ,")


# --- healthy data


def test_healthy_data_has_no_warnings(tokenizer: SentencePieceTokenizer) -> None:
    report = inspect(tokenizer, TRAIN[:1000], TRAIN[1000:])
    assert report.warnings == ()
    for figures in (*report.corpora, *report.dev):
        assert figures.length_correlation is not None
        assert figures.length_correlation > 0.8
        assert (figures.copied.share, figures.shift, figures.empty) == (0, None, 0)


def test_a_corpus_sorted_by_length_is_healthy(tokenizer: SentencePieceTokenizer) -> None:
    by_length = sorted(TRAIN, key=lambda pair: len(pair[0]))
    assert inspect(tokenizer, by_length).warnings == ()


def test_pairs_of_one_length_are_healthy_whatever_the_correlation(tokenizer: SentencePieceTokenizer) -> None:
    alike = [pair for pair in TRAIN if len(tokenizer.encode(pair[0])) in (11, 12)]
    assert len(alike) > 100
    report = inspect(tokenizer, TRAIN[:1000], alike, is_fine_tuning=True)
    assert not [warning for warning in report.warnings if "seem to match" in warning or "fit" in warning]


def test_figures_computed_by_hand(tokenizer: SentencePieceTokenizer) -> None:
    some = corpus_of_ids([([300], [301, 302]), ([303, 304, 305], [306, 307, 308, 309])], "some", weight=0.5)
    longer = corpus_of_ids([([310] * 4, [311] * 11), ([312] * 63, [313]), ([314], [315] * 64)], "longer")
    data = PreparedData(tokenizer, [some, longer], {"kept": corpus_of_ids([([300], [300])], "kept")}, "")
    report = inspect_data(data, TRAINING, 1)
    first, second = report.corpora
    assert (first.name, first.weight, first.pairs, first.left_out) == ("some", 0.5, 2, 0)
    assert (first.mean_lengths, first.percentile_99_lengths) == ((2.0, 3.0), (1, 2))
    # an epoch has 0.5 · (3 + 5) target tokens of the first, with EOS, and 12 + 2 of the second
    assert first.epoch_share == pytest.approx(4 / 18)
    assert second.epoch_share == pytest.approx(14 / 18)
    assert second.left_out == 1  # 64 tokens and EOS; 63 and EOS just fit
    assert first.length_correlation == pytest.approx(1.0)
    assert (report.dev[0].weight, report.dev[0].length_correlation) == (None, None)


def test_the_table_has_a_row_for_each_corpus(tokenizer: SentencePieceTokenizer) -> None:
    output = io.StringIO()
    Console(file=output, width=200).print(inspect(tokenizer, TRAIN[:1500], TRAIN[1500:]).table())
    rows = [line for line in output.getvalue().splitlines() if "toy" in line or "unseen" in line]
    assert [row.split("│")[1].strip() for row in rows] == ["toy 0", "toy 1", "dev unseen"]
    assert "1,500" in rows[0]


# --- misaligned sides


@pytest.mark.parametrize("lines", [1, -1, 2])
def test_shifted_targets(tokenizer: SentencePieceTokenizer, lines: int) -> None:
    report = inspect(tokenizer, shifted(TRAIN, lines))
    # source i is paired with target i + lines, so its own target is `lines` pairs earlier
    assert report.corpora[0].shift == Shift(-lines, 0)
    assert "toy 0: from about pair 0 on" in only_warning(report)
    assert f"{abs(lines)} pair(s) {'earlier' if lines > 0 else 'later'}" in only_warning(report)


def test_a_line_lost_in_the_middle(tokenizer: SentencePieceTokenizer) -> None:
    report = inspect(tokenizer, TRAIN[:1000] + shifted(TRAIN[1000:], 1))
    shift = report.corpora[0].shift
    assert shift is not None
    assert shift.pairs == -1
    assert 500 <= shift.first_pair <= 1500  # segments have about 500 pairs or more
    assert "one side has a line too few or too many" in only_warning(report)


def test_shuffled_targets(tokenizer: SentencePieceTokenizer) -> None:
    warning = only_warning(inspect(tokenizer, TRAIN[:500], shuffled(TRAIN[500:])))
    assert warning.startswith("toy 1: sources and targets do not seem to match: the correlation")
    assert TRAIN[500][0][:40] in warning


def test_a_shuffled_development_set(tokenizer: SentencePieceTokenizer) -> None:
    warning = only_warning(inspect(tokenizer, TRAIN, dev=shuffled(DEV)))
    assert warning.startswith("development set unseen: sources and targets do not seem to match")


def test_numbers_reveal_what_lengths_cannot(tokenizer: SentencePieceTokenizer) -> None:
    right = [(f"Room {number}", f"Raum {number}") for number in range(100, 200)]
    wrong = [(f"Room {number}", f"Raum {number + 300}") for number in range(100, 200)]
    assert inspect(tokenizer, TRAIN + right).warnings == ()
    assert inspect(tokenizer, TRAIN, right).warnings == ()
    warning = only_warning(inspect(tokenizer, TRAIN, wrong))
    assert "toy 1" in warning
    assert "only 0.0 % of the sources with numbers" in warning
    assert "Room 100" in warning


# --- text


def test_swapped_languages(tokenizer: SentencePieceTokenizer) -> None:
    warning = only_warning(inspect(tokenizer, [(german, english) for english, german in TRAIN]))
    assert "toy 0: the sources are German and the targets English" in warning


def test_one_side_in_the_wrong_language(tokenizer: SentencePieceTokenizer) -> None:
    rephrased = [(english, f"Well, {english}") for english, _ in TRAIN[:1000]] + TRAIN[1000:]
    warning = only_warning(inspect(tokenizer, rephrased))
    assert "function words on the target side are English" in warning
    assert "Well, " in warning


def test_copied_lines(tokenizer: SentencePieceTokenizer) -> None:
    copied = [(english, english.upper()) for english, _ in TRAIN[:200]]
    report = inspect(tokenizer, copied + TRAIN[200:])
    assert report.corpora[0].copied.share == pytest.approx(0.1, abs=0.03)
    assert "of the targets are copies of their source" in only_warning(report)
    assert TRAIN[report.corpora[0].copied.example or 0][0][:40] in only_warning(report)


def test_numbers_alone_are_not_copies(tokenizer: SentencePieceTokenizer) -> None:
    plain = [(str(number), str(number)) for number in range(1000, 1500)]
    report = inspect(tokenizer, TRAIN, plain)
    assert report.warnings == ()
    assert report.corpora[1].copied.share == 0


@pytest.mark.parametrize(("side", "name"), [(0, "sources"), (1, "targets")])
def test_tokenised_text(tokenizer: SentencePieceTokenizer, side: int, name: str) -> None:
    pairs = [
        (tokenised(source), target) if side == 0 else (source, tokenised(target)) for source, target in TRAIN
    ]
    warning = only_warning(inspect(tokenizer, pairs))
    assert f"of the {name} look tokenised" in warning


def test_sides_without_text(tokenizer: SentencePieceTokenizer) -> None:
    empty = [(english, "") for english, _ in TRAIN[:10]]
    assert "toy 0: 10 of 2,000 pairs have an empty side" in only_warning(
        inspect(tokenizer, empty + TRAIN[10:])
    )


# --- too long, too often, too few


def test_many_pairs_are_too_long(tokenizer: SentencePieceTokenizer) -> None:
    long = [(" ".join([source] * 6), " ".join([target] * 6)) for source, target in TRAIN[:200]]
    tokens = [max(len(tokenizer.encode(text)) for text in pair) for pair in long]
    left_out = sum(length + 1 > 64 for length in tokens)
    assert left_out > 150
    warning = only_warning(inspect(tokenizer, [*long, *TRAIN[200:]]))
    assert f"toy 0: {left_out} of 2,000 pairs" in warning
    assert "max_tokens_per_side 64" in warning


def test_duplicate_pairs(tokenizer: SentencePieceTokenizer) -> None:
    warning = only_warning(inspect(tokenizer, TRAIN, TRAIN[40:240]))
    assert "toy 1: 200 of 200 pairs (100.0 %) are duplicates" in warning
    assert "pair 0 (counted from 0) is also pair 40 of toy 0" in warning


def test_pairs_that_share_one_side_are_not_duplicates(tokenizer: SentencePieceTokenizer) -> None:
    others = [(english, f"Ja, {german}") for english, german in TRAIN]
    assert inspect(tokenizer, TRAIN, others).warnings == ()


def test_development_pairs_in_the_training_data(tokenizer: SentencePieceTokenizer) -> None:
    warning = only_warning(inspect(tokenizer, TRAIN[:1000], TRAIN[1000:] + DEV[50:60]))
    assert "development set unseen: 10 of its 400 pairs (2.5 %) are also training pairs" in warning
    assert "pair 50 (counted from 0)" in warning
    assert "is in toy 1;" in warning


def test_one_development_pair_in_the_training_data_is_tolerated(tokenizer: SentencePieceTokenizer) -> None:
    assert inspect(tokenizer, TRAIN + DEV[50:51]).warnings == ()


def test_no_development_set(tokenizer: SentencePieceTokenizer) -> None:
    assert "there is no development set" in only_warning(inspect(tokenizer, TRAIN, dev=None))


def test_an_empty_development_set(tokenizer: SentencePieceTokenizer) -> None:
    assert "development set unseen is empty" in only_warning(inspect(tokenizer, TRAIN, dev=[]))


def test_too_little_for_the_model(tokenizer: SentencePieceTokenizer) -> None:
    data = PreparedData(tokenizer, [corpus(tokenizer, TRAIN)], {"kept": corpus(tokenizer, DEV)}, "")
    tokens = sum(len(tokenizer.encode(german)) + 1 for _, german in TRAIN)
    assert inspect_data(data, TRAINING, 19 * tokens).warnings == ()
    warning = only_warning(inspect_data(data, TRAINING, 21 * tokens))
    assert f"{tokens:,} target tokens are too few for {21 * tokens:,} parameters" in warning
    assert inspect_data(data, TRAINING, 21 * tokens, is_fine_tuning=True).warnings == ()


def test_a_vocabulary_for_other_text() -> None:
    other = [f"Quartz number {number} vexes jumpy wizards in box {number * 7}" for number in range(2000)]
    words = random.Random(1)
    other += ["".join(words.choices("bcdfghjklmnpqrstvwxz", k=4)) + " xylophone" for _ in range(2000)]
    foreign = train_tokenizer(other, 996, threads=1)
    warning = only_warning(inspect(foreign, [pair for pair in TRAIN if len(pair[1]) < 50]))
    assert "pieces of the vocabulary" in warning
    assert inspect(foreign, [pair for pair in TRAIN if len(pair[1]) < 50], is_fine_tuning=True).warnings == ()


def test_ids_outside_the_vocabulary(tokenizer: SentencePieceTokenizer) -> None:
    data = PreparedData(tokenizer, [corpus_of_ids([([300], [696])], "made")], {}, "")
    with pytest.raises(DataError, match=r"made: piece id 696 is outside the vocabulary, 0 to 695"):
        inspect_data(data, TRAINING, PARAMETERS)


def test_a_fixed_sample_of_pairs_is_read_as_text(tokenizer: SentencePieceTokenizer) -> None:
    first, second = inspect(tokenizer, TRAIN), inspect(tokenizer, TRAIN)
    assert dataclasses.asdict(first) == dataclasses.asdict(second)
    # a share of 1000 sampled pairs, not of all 2000
    copied = [(english, english) for english, _ in TRAIN[:333]] + TRAIN[333:]
    assert inspect(tokenizer, copied).corpora[0].copied.share * 1000 % 1 == pytest.approx(0, abs=1e-9)
