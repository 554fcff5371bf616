import logging
from collections import Counter
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from translator.config import AugmentationConfig
from translator.data.batching import Batch, TokenBudgetBatches
from translator.data.shards import PreparedCorpus, PreparedData
from translator.data.tokenizer import BOS_ID, EOS_ID, PAD_ID, SentencePieceTokenizer, train_tokenizer
from translator.errors import ConfigError, DataError
from translator.model.transformer import Transformer
from translator.text.casing import lower_case, title_case, upper_case
from translator.training.validation import make_validator

FIRST_ID = 36
IdPair = tuple[tuple[int, ...], tuple[int, ...]]


def corpus(pairs: list[IdPair], weight: float = 1.0, name: str = "corpus") -> PreparedCorpus:
    ids = [piece_id for source, target in pairs for piece_id in (*source, *target)]
    lengths = [(len(source), len(target)) for source, target in pairs]
    lengths_P2 = np.array(lengths, np.uint16).reshape(-1, 2)
    return PreparedCorpus(name, np.array(ids, np.uint16), lengths_P2, weight=weight)


def random_pairs(number: int, longest: int = 30, seed: int = 0) -> list[IdPair]:
    """Pairs that are all different: each begins with its own number."""
    random = np.random.default_rng(seed)
    pairs = []
    for index in range(number):
        source_length, target_length = random.integers(1, longest, 2).tolist()
        source = (FIRST_ID + index, *random.integers(FIRST_ID, 60_000, source_length - 1).tolist())
        pairs.append((source, tuple(random.integers(FIRST_ID, 60_000, target_length).tolist())))
    return pairs


def batches_of(corpora: list[PreparedCorpus], batch_tokens: int = 200, seed: int = 1) -> TokenBudgetBatches:
    return TokenBudgetBatches(corpora, batch_tokens=batch_tokens, max_tokens_per_side=40, seed=seed)


def rows(batch: Batch) -> Iterator[tuple[list[int], list[int], list[int]]]:
    yield from zip(
        batch.source_BS.tolist(), batch.target_input_BT.tolist(), batch.target_output_BT.tolist(), strict=True
    )


def without_padding(row: list[int]) -> list[int]:
    kept = row[: row.index(PAD_ID)] if PAD_ID in row else row
    assert all(piece_id == PAD_ID for piece_id in row[len(kept) :])
    return kept


def pairs_in(batch: Batch) -> list[IdPair]:
    """Return the pairs of a batch after checking BOS, EOS and padding."""
    pairs = []
    for source_row, input_row, output_row in rows(batch):
        source, target_input, target_output = map(without_padding, (source_row, input_row, output_row))
        assert source[-1] == target_output[-1] == EOS_ID
        assert target_input[0] == BOS_ID
        assert target_input[1:] == target_output[:-1]
        pairs.append((tuple(source[:-1]), tuple(target_output[:-1])))
    return pairs


def same(one: Batch, other: Batch) -> bool:
    return all(
        torch.equal(getattr(one, name), getattr(other, name))
        for name in ("source_BS", "target_input_BT", "target_output_BT")
    )


# --- one batch


def test_a_batch_worked_out_by_hand() -> None:
    pairs: list[IdPair] = [((40, 41, 42), (50,)), ((43,), (51, 52))]
    (batch,) = batches_of([corpus(pairs)]).batches(0)
    assert sorted(rows(batch)) == [
        ([40, 41, 42, EOS_ID], [BOS_ID, 50, PAD_ID], [50, EOS_ID, PAD_ID]),
        ([43, EOS_ID, PAD_ID, PAD_ID], [BOS_ID, 51, 52], [51, 52, EOS_ID]),
    ]
    assert batch.source_BS.dtype == batch.target_input_BT.dtype == batch.target_output_BT.dtype == torch.int64
    assert sorted(batch.source_keep_BS.tolist()) == [[True, True, False, False], [True, True, True, True]]
    assert batch.source_keep_BS.dtype == torch.bool
    assert (batch.source_tokens, batch.target_tokens) == (6, 5)


def test_empty_sides_are_allowed() -> None:
    (batch,) = batches_of([corpus([((), ())])]).batches(0)
    assert list(rows(batch)) == [([EOS_ID], [BOS_ID], [EOS_ID])]


def test_a_batch_moves_to_a_device() -> None:
    (batch,) = batches_of([corpus(random_pairs(3))]).batches(0)
    assert same(batch.to("cpu"), batch)
    moved = batch.to(torch.device("meta"))
    assert moved.source_BS.device.type == moved.target_input_BT.device.type == "meta"
    assert moved.target_output_BT.device.type == "meta"


# --- one epoch


@given(
    st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=1, max_size=60),
    st.integers(24, 120),
    st.integers(0, 5),
)
@settings(max_examples=100, deadline=None)
def test_each_pair_once_and_no_batch_over_budget(
    lengths: list[tuple[int, int]], batch_tokens: int, epoch: int
) -> None:
    pairs: list[IdPair] = [
        (tuple(range(100 * i, 100 * i + s)), tuple(range(100 * i + 50, 100 * i + 50 + t)))
        for i, (s, t) in enumerate(lengths, start=1)
    ]
    half = len(pairs) // 2
    batches = TokenBudgetBatches(
        [corpus(pairs[:half]), corpus(pairs[half:])],
        batch_tokens=batch_tokens,
        max_tokens_per_side=21,
        seed=3,
    )
    seen: Counter[IdPair] = Counter()
    for batch in batches.batches(epoch):
        for side_BL in (batch.source_BS, batch.target_output_BT):
            assert side_BL.numel() <= batch_tokens
            longest = max(len(without_padding(row)) for row in side_BL.tolist())
            assert side_BL.shape[1] == longest
        assert batch.target_input_BT.shape == batch.target_output_BT.shape
        seen.update(pairs_in(batch))
    assert seen == Counter(pairs)


def test_epochs_are_repeatable_and_differ_from_one_another() -> None:
    pairs = random_pairs(300)
    first, again = (list(batches_of([corpus(pairs)]).batches(2)) for _ in range(2))
    assert len(first) == len(again) > 10
    assert all(map(same, first, again))
    other_epoch = list(batches_of([corpus(pairs)]).batches(3))
    other_seed = list(batches_of([corpus(pairs)], seed=2).batches(2))
    for other in (other_epoch, other_seed):
        assert [pairs_in(batch) for batch in other] != [pairs_in(batch) for batch in first]


def test_iterating_from_a_start_gives_the_rest_of_the_epoch() -> None:
    pairs = random_pairs(200)
    whole = list(batches_of([corpus(pairs)]).batches(1))
    fresh = batches_of([corpus(pairs)])
    assert fresh.batch_count(1) == len(whole)
    for start in (0, 1, len(whole) - 1, len(whole)):
        rest = list(fresh.batches(1, start=start))
        assert len(rest) == len(whole) - start
        assert all(map(same, rest, whole[start:]))


def test_alternating_between_epochs_changes_nothing() -> None:
    batches = batches_of([corpus(random_pairs(100))])
    zero = list(batches.batches(0))
    one = list(batches.batches(1))
    interleaved = [
        batch for pair in zip(batches.batches(0), batches.batches(1), strict=False) for batch in pair
    ]
    assert all(map(same, interleaved[::2], zero))
    assert all(map(same, interleaved[1::2], one))


def test_batches_of_similar_length_come_in_random_order() -> None:
    batches = list(batches_of([corpus(random_pairs(2000))], batch_tokens=400).batches(0))
    longest = np.array([batch.target_output_BT.shape[1] for batch in batches])
    assert abs(np.corrcoef(np.arange(len(longest)), longest)[0, 1]) < 0.3
    assert len(set(longest)) > 10


def test_every_second_batch_of_the_first_epochs_is_reversed() -> None:
    corpora = [corpus(random_pairs(120))]
    plain = batches_of(corpora)
    both = TokenBudgetBatches(
        corpora, batch_tokens=200, max_tokens_per_side=40, seed=1, both_directions_epochs=2
    )
    for epoch in range(4):
        for index in range(plain.batch_count(epoch)):
            forth = pairs_in(plain.batch(epoch, index))
            is_turned = epoch < 2 and index in range(1, 1000, 2)
            expected = [(target, source) for source, target in forth] if is_turned else forth
            assert pairs_in(both.batch(epoch, index)) == expected


def test_padding_is_small_on_lengths_like_those_of_real_text() -> None:
    random = np.random.default_rng(7)
    source_P = random.gamma(2.5, 9, 20_000).astype(int).clip(1, 38)
    target_P = (source_P * random.normal(1.1, 0.2, 20_000)).astype(int).clip(1, 38)
    prepared = PreparedCorpus(
        "lengths",
        np.full(source_P.sum() + target_P.sum(), FIRST_ID, np.uint16),
        np.stack((source_P, target_P), axis=1).astype(np.uint16),
    )
    batches = batches_of([prepared], batch_tokens=4096)
    positions = tokens = 0
    for batch in batches.batches(0):
        positions += batch.source_BS.numel() + batch.target_output_BT.numel()
        tokens += batch.source_tokens + batch.target_tokens
    assert tokens == source_P.sum() + target_P.sum() + 2 * 20_000
    assert 1 - tokens / positions < 0.1
    assert batches.plan(0).padding_share == pytest.approx(1 - tokens / positions)


def test_only_the_first_epoch_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    # Two tokens and EOS on both sides of each: three fit into nine tokens. The fourth pair is too long.
    pair, long = ((FIRST_ID, FIRST_ID), (FIRST_ID, FIRST_ID)), ((FIRST_ID,) * 9, (FIRST_ID,))
    batches = TokenBudgetBatches([corpus([pair] * 3 + [long])], batch_tokens=9, max_tokens_per_side=9, seed=1)
    with caplog.at_level(logging.INFO, logger="translator.data.batching"):
        for epoch in (4, 5, 6, 4):
            batches.plan(epoch)
    assert caplog.messages == [
        "epoch 4: 3 pairs in 1 batch, 0.0 % padding; left out 1 pair longer than 9 tokens"
    ]


def test_batches_of_a_development_set_are_not_logged_as_an_epoch(
    prepared: PreparedData, untrained: Transformer, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        validate = make_validator(prepared)
        assert validate is not None
        assert "toy-dev loss" in validate(untrained)
    assert "epoch" not in caplog.text


def test_long_pairs_are_left_out_and_counted() -> None:
    fits: IdPair = (tuple(range(40, 79)), tuple(range(100, 139)))  # 39 and EOS are 40
    long_source: IdPair = (tuple(range(40, 80)), (50,))
    long_target: IdPair = ((50,), tuple(range(100, 140)))
    batches = batches_of([corpus([fits, long_source]), corpus([long_target, fits])])
    assert [pair for batch in batches.batches(0) for pair in pairs_in(batch)] == [fits, fits]
    assert batches.plan(0).left_out == 2


# --- weights


@pytest.mark.parametrize("weight", [0.25, 0.3, 0.5, 1.0, 1.5, 2.0, 2.7])
def test_each_epoch_sees_floor_or_ceiling_of_the_weight(weight: float) -> None:
    pairs = random_pairs(400)
    batches = batches_of([corpus(pairs, weight)])
    totals: Counter[IdPair] = Counter()
    for epoch in range(20):
        seen = Counter(pair for batch in batches.batches(epoch) for pair in pairs_in(batch))
        assert set(seen.values()) <= {int(np.floor(weight)), int(np.ceil(weight))}
        # the number of pairs with the extra copy is binomial; five standard deviations of 400 are 50 at most
        assert abs(seen.total() - 400 * weight) <= 50
        totals.update(seen)
    assert all(abs(totals[pair] - 20 * weight) < 1 for pair in pairs)


def test_four_epochs_with_weight_0_25_see_each_pair_once() -> None:
    pairs = random_pairs(200)
    batches = batches_of([corpus(pairs, 0.25)])
    for first in (0, 3):
        epochs = range(first, first + 4)
        seen = Counter(
            pair for epoch in epochs for batch in batches.batches(epoch) for pair in pairs_in(batch)
        )
        assert seen == Counter(pairs)


def test_corpora_are_weighted_one_by_one() -> None:
    often, seldom = random_pairs(300, seed=1), random_pairs(300, seed=2)
    batches = batches_of([corpus(often, 2), corpus(seldom, 0.5)])
    seen = Counter(pair for batch in batches.batches(0) for pair in pairs_in(batch))
    assert all(seen[pair] == 2 for pair in often)
    assert abs(sum(seen[pair] for pair in seldom) - 150) <= 44  # five standard deviations


# --- invalid settings


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"batch_tokens": 39}, "batch_tokens 39 cannot hold a pair of max_tokens_per_side 40"),
        ({"max_tokens_per_side": 1}, "max_tokens_per_side 1"),
        ({"seed": -1}, "seed -1"),
    ],
)
def test_settings_that_cannot_work_are_refused(setting: dict[str, int], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        TokenBudgetBatches(
            [corpus(random_pairs(2))],
            **{"batch_tokens": 100, "max_tokens_per_side": 40, "seed": 1, **setting},
        )


def test_epochs_without_pairs_are_refused() -> None:
    long: IdPair = (tuple(range(40, 90)), (50,))
    for corpora in ([], [corpus([])], [corpus([long])]):
        with pytest.raises(
            DataError, match=r"epoch 0 has no pairs; \d are longer than max_tokens_per_side 40"
        ):
            batches_of(corpora).batch_count(0)


def test_a_whole_prepared_folder_is_accepted() -> None:
    tokenizer = train_tokenizer(["One crow.", "Eine Krähe."], 403, threads=1)
    training, dev = random_pairs(5, seed=1), random_pairs(5, seed=2)
    data = PreparedData(tokenizer, [corpus(training)], {"dev": corpus(dev)}, "hash")
    batches = TokenBudgetBatches(data, batch_tokens=200, max_tokens_per_side=40, seed=1)
    assert Counter(pair for batch in batches.batches(0) for pair in pairs_in(batch)) == Counter(training)


# --- augmentation

WORDS = ("Der", "graue", "Reiher", "steht", "im", "Wasser", "und", "Straße", "near", "the", "shop", "seven")


@pytest.fixture(scope="module")
def tokenizer() -> SentencePieceTokenizer:
    return train_tokenizer([" ".join(WORDS) + "."] * 5, 436, threads=1)


def text_pairs(number: int) -> list[tuple[str, str]]:
    random = np.random.default_rng(4)
    sentences = [" ".join(random.choice(WORDS, random.integers(1, 6))) + "." for _ in range(2 * number)]
    return list(zip(sentences[::2], sentences[1::2], strict=True))


def changing(
    tokenizer: SentencePieceTokenizer,
    pairs: list[IdPair],
    *,
    max_tokens_per_side: int = 100,
    **rates: float,
) -> TokenBudgetBatches:
    return TokenBudgetBatches(
        PreparedData(tokenizer, [corpus(pairs)], {}, "hash"),
        batch_tokens=400,
        max_tokens_per_side=max_tokens_per_side,
        seed=1,
        augmentation=AugmentationConfig(**rates),
    )


def encoded(tokenizer: SentencePieceTokenizer, pairs: list[tuple[str, str]]) -> list[IdPair]:
    return [(tuple(tokenizer.encode(source)), tuple(tokenizer.encode(target))) for source, target in pairs]


def texts_in(
    tokenizer: SentencePieceTokenizer, batches: TokenBudgetBatches, epoch: int = 0
) -> list[tuple[str, str]]:
    pairs = [pair for batch in batches.batches(epoch) for pair in pairs_in(batch)]
    return [(tokenizer.decode(source), tokenizer.decode(target)) for source, target in pairs]


def test_each_kind_of_change_reaches_all_pairs(tokenizer: SentencePieceTokenizer) -> None:
    texts = text_pairs(60)
    pairs = encoded(tokenizer, texts)
    expected = {
        "upper_case": [(upper_case(source), upper_case(target)) for source, target in texts],
        "title_case": [(title_case(source), target) for source, target in texts],
        "lower_case": [(lower_case(source), target) for source, target in texts],
        "no_final_punctuation": [(source[:-1], target[:-1]) for source, target in texts],
    }
    for name, changed in expected.items():
        assert sorted(texts_in(tokenizer, changing(tokenizer, pairs, **{name: 1.0}))) == sorted(changed)


def test_a_rate_hits_its_share_and_leaves_the_rest_as_it_was(tokenizer: SentencePieceTokenizer) -> None:
    texts = text_pairs(2000)
    plain = Counter(texts)
    changed = Counter(texts_in(tokenizer, changing(tokenizer, encoded(tokenizer, texts), upper_case=0.2)))
    hits = (changed - plain).total()
    assert abs(hits - 400) <= 90  # five standard deviations of 2000 · 0.2 · 0.8
    lost = Counter(
        (upper_case(source), upper_case(target)) for source, target in (plain - changed).elements()
    )
    assert lost == changed - plain


def test_changed_pairs_are_divided_into_batches_by_their_new_length(
    tokenizer: SentencePieceTokenizer,
) -> None:
    pairs = encoded(tokenizer, text_pairs(1000))
    batches = changing(tokenizer, pairs, upper_case=0.1)
    for batch in batches.batches(0):
        assert max(batch.source_BS.numel(), batch.target_output_BT.numel()) <= 400


def test_changes_depend_on_seed_epoch_and_index_alone(tokenizer: SentencePieceTokenizer) -> None:
    pairs = encoded(tokenizer, text_pairs(200))
    settings_ = {"typos": 0.5, "upper_case": 0.3}
    whole = list(changing(tokenizer, pairs, **settings_).batches(1))
    assert len(whole) > 5
    resumed = changing(tokenizer, pairs, **settings_)
    for start in (len(whole) - 1, 3, 0):
        rest = list(resumed.batches(1, start=start))
        assert all(map(same, rest, whole[start:]))
    next(resumed.batches(0))
    assert all(map(same, resumed.batches(1), whole))
    ids_of = [
        Counter(p for b in changing(tokenizer, pairs, **settings_).batches(e) for p in pairs_in(b))
        for e in (0, 1)
    ]
    assert ids_of[0] != ids_of[1]


def test_pairs_that_would_grow_too_long_keep_their_ids(tokenizer: SentencePieceTokenizer) -> None:
    ids = tokenizer.encode("Der graue Reiher.")
    grown = len(tokenizer.encode("DER GRAUE REIHER.")) + 1  # with EOS
    assert grown > len(ids) + 1
    pair: IdPair = (tuple(ids), tuple(ids))
    for longest, is_changed in ((grown, True), (grown - 1, False)):
        batches = changing(tokenizer, [pair], upper_case=1.0, max_tokens_per_side=longest)
        (batch,) = batches.batches(0)
        assert (pairs_in(batch) != [pair]) is is_changed


def test_text_is_changed_around_reserved_pieces(tokenizer: SentencePieceTokenizer) -> None:
    mark = tokenizer.marks["number"][5]
    source, target = (tuple(tokenizer.encode_marked(text)) for text in (f"seven {mark}.", f"Reiher {mark}."))
    (batch,) = changing(tokenizer, [(source, target)], upper_case=1.0, no_final_punctuation=1.0).batches(0)
    ((changed_source, changed_target),) = pairs_in(batch)
    assert tokenizer.decode_marked(changed_source) == f"SEVEN {mark}"
    assert tokenizer.decode_marked(changed_target) == f"REIHER {mark}"


def test_empty_sides_survive_all_changes(tokenizer: SentencePieceTokenizer) -> None:
    batches = changing(tokenizer, [((), ())], upper_case=1.0, typos=1.0, no_final_punctuation=1.0)
    (batch,) = batches.batches(0)
    assert list(rows(batch)) == [([EOS_ID], [BOS_ID], [EOS_ID])]


def test_without_rates_nothing_is_decoded(
    tokenizer: SentencePieceTokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SentencePieceTokenizer, "decode", lambda *_: pytest.fail("decoded"))
    pairs = random_pairs(50)  # their ids are outside the vocabulary, too
    assert all(map(same, changing(tokenizer, pairs).batches(0), changing(tokenizer, pairs).batches(0)))
    seen = Counter(pair for batch in changing(tokenizer, pairs).batches(0) for pair in pairs_in(batch))
    assert seen == Counter(pairs)


def test_changes_without_a_tokenizer_are_refused() -> None:
    with pytest.raises(ConfigError, match="augmentation needs the tokenizer: pass a PreparedData"):
        TokenBudgetBatches(
            [corpus(random_pairs(2))], batch_tokens=100, max_tokens_per_side=40, seed=1,
            augmentation=AugmentationConfig(typos=0.1),
        )  # fmt: skip
