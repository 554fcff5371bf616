"""The benchmarks of decoding speed and exactness, with made-up systems and answers."""

import pytest
import torch

from tests.published_settings import PUBLISHED
from translator.config import ModelConfig
from translator.data.tokenizer import BOS_ID, EOS_ID, PAD_ID
from translator.model.transformer import Transformer
from translator.translate.searches import special_tokens

decode_speed = pytest.importorskip("decode_speed")
exactness = pytest.importorskip("exactness")


def test_random_sentences_have_realistic_lengths():
    lengths = [len(source) for source in decode_speed.random_sources(320, 100)]
    assert (sorted(lengths)[160], max(lengths)) == (22, 100)
    assert sum(length > 50 for length in lengths) > 20
    assert max(len(source) for source in decode_speed.random_sources(64, 100)) == 100


def test_numbered_pieces_stand_in_for_a_tokenizer():
    special = special_tokens(decode_speed.NumberedPieces(100))
    assert (special.forbidden, list(special.reserved), special.first_byte) == ((0, 1, 2), [], None)


def test_forced_lengths_are_those_of_the_middle_source_and_in_the_last_batch_of_the_longest():
    sources = [[5] * length for length in range(70, 0, -1)]  # 70 sentences: neighbours 1-32, 33-64, 65-70
    works = decode_speed.batches(sources, 32, 4, is_forced=True)
    assert [set(work.forced_lengths) for work in works] == [{17}, {49}, {70}]
    assert [len(work.sources) for work in works] == [32, 32, 6]
    alone = decode_speed.batches(sources, 1, 4, is_forced=True)
    assert [work.forced_lengths for work in alone] == [[length] for length in range(1, 71)]
    assert all(work.forced_lengths is None for work in decode_speed.batches(sources, 32, 4, is_forced=False))


def test_peers_decode_translations_of_one_length_together(monkeypatch):
    monkeypatch.setattr("decode_speed.ROWS_AT_ONCE", 100)
    sources = [[5] * length for length in range(1, 71)]
    # Of 70 sentences at once, with a beam of 4, 25 are searched together: lengths 1-25, 26-50, 51-70.
    (work,) = decode_speed.batches(sources, 4096, 4, is_forced=True)
    parts = list(work.of_one_length())
    assert [(len(part.sources), set(part.forced_lengths)) for part in parts] == [
        (25, {13}),
        (25, {38}),
        (20, {70}),
    ]
    assert [source for part in parts for source in part.sources] == sources
    (free,) = decode_speed.batches(sources, 4096, 4, is_forced=False)
    assert list(free.of_one_length()) == [free]


class Writer:
    """A system that writes one token for each source token, and wrong tokens for the source of length `wrong`."""

    def __init__(self, name, steps_after_forced, wrong=-1):
        self.name, self.steps_after_forced, self.wrong = name, steps_after_forced, wrong
        self.prepared, self.decoded = [], []

    def prepare(self, trial, beam_size, threads):
        self.prepared += [len(work.sources) for work in trial]

    def decode(self, works, beam_size, threads):
        found = []
        for work in works:
            for source in work.sources:
                found.append([7 if len(source) == self.wrong else 6] * len(source))
                self.decoded.append(len(source))
        return found


@pytest.mark.parametrize(("is_forced", "their_ends"), [(True, 0), (False, 1)])
def test_steps_are_counted(monkeypatch, is_forced, their_ends):
    monkeypatch.setattr(decode_speed, "REST_SECONDS", 0)
    ours, theirs = Writer("translator fp32", 1), Writer("CTranslate2 int8", 0, wrong=3)
    works = decode_speed.batches([[5] * length for length in range(1, 11)], 1, 1, is_forced=is_forced)
    results = [decode_speed.Result("base", 1, 1, 1, system.name) for system in (ours, theirs)]
    decode_speed.measure_shape(results, [ours, theirs], works, rounds=2)
    # Rounds have lengths 1, 3, 5, 7, 9 and 2, 4, 6, 8, 10: 25 and 30 tokens of 5 sentences each.
    assert results[0].steps == [30, 35]
    assert results[1].steps == [25 + 5 * their_ends, 30 + 5 * their_ends]
    assert ours.decoded == theirs.decoded == [1, 3, 5, 7, 9, 2, 4, 6, 8, 10]
    assert ours.prepared == [1, 1, 1]
    assert [one.same for one in results] == [1.0, 0.9]


def test_speeds_and_their_ratio_by_hand():
    ours = decode_speed.Result("base", 2, 32, 4, "translator int8", [300, 100], [1.0, 1.0], 0.985)
    slower = decode_speed.Result("base", 2, 32, 4, "translator fp32", [100, 100], [1.0, 1.0], 1.0)
    theirs = decode_speed.Result("base", 2, 32, 4, "CTranslate2 int8", [200, 200], [2.0, 2.0], 0.5)
    assert decode_speed.ratio([slower, ours, theirs]) == "2.00 (1.00 – 3.00)"
    assert decode_speed.ratio([ours]) == ""
    assert decode_speed.row([slower, ours, theirs]) == (
        "| base | 2 | 32, 4 | 100 (100%) | 200 (98%) | 100 (50%) | 2.00 (1.00 – 3.00) |"
    )


@pytest.mark.parametrize("settings", [{}, *PUBLISHED])
def test_marian_computes_the_same_with_the_same_weights(settings):
    pytest.importorskip("transformers")
    from peers.marian import special_ids, with_weights_of

    config = ModelConfig(
        vocab_size=50,
        d_model=32,
        heads=4,
        d_ff=64,
        encoder_layers=2,
        decoder_layers=2,
        norm="post",
        **settings,
    )
    ours = Transformer(config).eval()
    for parameter in ours.parameters():
        if parameter.dim() == 1:  # biases, which are zeros at first
            parameter.data += torch.randn_like(parameter) / 5
    source_BS, target_BT = torch.randint(4, 50, (3, 7)), torch.randint(4, 50, (3, 5))
    source_BS[1, 5:] = PAD_ID
    keep_BS = source_BS != PAD_ID
    theirs = with_weights_of(ours, special_ids(BOS_ID, EOS_ID, PAD_ID), forbidden=[0, 2])
    with torch.no_grad():
        expected_BTV = ours.logits(ours(source_BS, keep_BS, target_BT))
        found_BTV = theirs(
            input_ids=source_BS, attention_mask=keep_BS.long(), decoder_input_ids=target_BT
        ).logits
    expected_BTV[..., [0, 2]] = -torch.inf
    torch.testing.assert_close(found_BTV, expected_BTV)


@pytest.mark.parametrize(
    ("number", "distance", "is_exact"),
    [(0, 0.0, True), (1, 5e-5, True), (1, 2e-4, False), (2, 5e-5, False)],
)
def test_more_than_one_text_in_500_or_another_score_is_not_exact(number, distance, is_exact):
    expected = [exactness.Answer(f"Satz {place}", -1.0) for place in range(500)]
    found = [exactness.Answer("anders", -1.0 - distance)] * number + expected[number:]
    assert exactness.Comparison.of(expected, found).is_exact() == is_exact
    # A different score of the same text is printed but is not a failure.
    same = [exactness.Answer(one.text, -1.5) for one in expected]
    assert exactness.Comparison.of(expected, same).is_exact()
