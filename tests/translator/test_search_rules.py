"""The rules that a search never breaks: valid UTF-8, and required pieces exactly as often as required."""

import itertools
import zlib
from collections import Counter

import numpy as np
import pytest
import torch

from tests.table_engine import TableEngine
from translator.search import (
    BannedPhrases,
    PieceTexts,
    Rules,
    Sampling,
    SearchOptions,
    SpecialTokens,
    Task,
    new_search,
    search,
)

PAD, UNKNOWN, BEGIN, END = range(4)
RESERVED = range(4, 8)
FIRST_BYTE = 8
WORDS = [" ab", " ä", "c", "€"]
SPECIALS = [b"[pad]", b"[unk]", b"[begin]", b"[end]", *(f"[{piece}]".encode() for piece in RESERVED)]
"""Spelt out, so that one within a character breaks it."""
PIECES = [*SPECIALS, *(bytes([byte]) for byte in range(256)), *(word.encode() for word in WORDS)]
VOCABULARY = len(PIECES)
WORD = FIRST_BYTE + 256
SPECIAL = SpecialTokens(BEGIN, END, (PAD, UNKNOWN, BEGIN), FIRST_BYTE, RESERVED)
WITHOUT_RULES = SpecialTokens(BEGIN, END, (PAD, UNKNOWN, BEGIN, *RESERVED))
BANNED = BannedPhrases(
    PieceTexts([b"" if piece < FIRST_BYTE else text for piece, text in enumerate(PIECES)]), ["ä", "ab", "c"]
)
SAMPLING = Sampling(seed=4)


def to_bytes(tokens):
    return b"".join(PIECES[token] for token in tokens)


def piece_of(byte):
    return FIRST_BYTE + byte


def is_utf8(tokens):
    try:
        to_bytes(tokens).decode()
    except UnicodeDecodeError:
        return False
    return True


class RandomModel:
    """Random logits for each history, higher for the likely tokens."""

    def __init__(self, seed, likely=range(FIRST_BYTE + 0x80, FIRST_BYTE + 0x100), raised_by=3.0):
        self.seed, self.raised_V = seed, torch.zeros(VOCABULARY)
        self.raised_V[list(likely)] = raised_by

    def logits(self, history):
        generator = torch.Generator().manual_seed(zlib.crc32(repr((self.seed, history)).encode()))
        return 2 * torch.randn(VOCABULARY, generator=generator) + self.raised_V


def run(model, sources, limits, special=SPECIAL, with_spares=False, rules=None, observe=None, **options):
    """Search with the rules of `Task` (a list for each), the rules for all sentences, and the options."""
    rules = dict(rules or {})
    banned, options["no_repeat_ngram"] = rules.pop("banned", None), rules.pop("no_repeat_ngram", 0)
    tasks = [
        Task([source], limit, **{name: each[place] for name, each in rules.items()})
        for place, (source, limit) in enumerate(zip(sources, limits, strict=True))
    ]

    def logits(source, tokens):
        return model.logits([source[0], *tokens]).tolist()

    options = SearchOptions(**options)
    running = new_search(TableEngine(logits, VOCABULARY, special.forbidden), special, options, banned)
    return search(running, tasks, options, observe, with_spares=with_spares)


SEARCHES = [
    {"beam_size": 1},
    {"beam_size": 4, "n_best": 4},
    {"beam_size": 4, "n_best": 4, "length_penalty": 3.0},
    {"beam_size": 4, "n_best": 4, "sampling": SAMPLING},
    {"beam_size": 4, "n_best": 4, "sampling": Sampling(seed=5, top_k=3)},
    {"beam_size": 4, "n_best": 4, "sampling": Sampling(seed=6, top_p=0.5, temperature=2.0)},
]


@pytest.mark.parametrize("options", SEARCHES, ids=str)
def test_every_translation_is_valid_utf8_at_any_limit(options):
    broken = 0
    for seed in range(10):
        sources, limits = [5, 6, 7, 8, 9, 10, 11, 12], [1, 2, 3, 4, 5, 6, 9, 14]
        for found in run(RandomModel(seed), sources, limits, **options):
            assert found
            assert all(is_utf8(one.tokens) for one in found)
        freely = run(RandomModel(seed), sources, limits, WITHOUT_RULES, **options)
        broken += sum(not is_utf8(one.tokens) for found in freely for one in found)
    assert broken > 20, "an easy case: the models write valid UTF-8 by themselves"


@pytest.mark.parametrize("options", SEARCHES, ids=str)
def test_other_rules_do_not_break_characters(options):
    rules = {"banned": BANNED, "no_repeat_ngram": 1, "min_length": [0, 3, 9, 12]}
    for seed in range(10):
        for found in run(RandomModel(seed), [5, 6, 7, 8], [5, 6, 9, 14], rules=rules, **options):
            assert found
            assert all(is_utf8(one.tokens) for one in found)


def test_the_bytes_that_may_follow_part_of_a_character_are_those_that_python_can_decode():
    rules = Rules(VOCABULARY, SPECIAL)
    edges = (0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0)
    firsts = [bytes([first]) for first in range(256)]
    beginnings = [b"", *firsts, *(first + bytes([x]) for first in firsts for x in edges)]
    beginnings += [
        first + bytes(rest) for first in firsts[0xC0:] for rest in itertools.product(edges, repeat=2)
    ]
    for one in filter(decodes, beginnings):
        state = np.array([rules.begin(Task([5], 99))], dtype=np.int32)
        for byte in one:
            state = rules.after(state, np.array([piece_of(byte)], dtype=np.int32))
        mask = rules.masks(state, np.array([9]), np.array([True]))
        allowed_V = rules.masks_MX[mask[0]].tolist()
        bytes_may_follow = [decodes(one + bytes([byte])) for byte in range(256)]
        assert allowed_V[FIRST_BYTE:WORD] == bytes_may_follow, one
        others = {allowed_V[piece] for piece in (END, *range(WORD, VOCABULARY))}
        assert others == {is_whole(one)}
        assert not any(allowed_V[piece] for piece in RESERVED)


def decodes(prefix):
    """Whether it is a prefix of valid UTF-8."""
    try:
        prefix.decode()
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data"
    return True


def is_whole(text):
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


ALPHABETS = [
    # Bytes as integers below 256, then the other pieces; the longest translation; the required pieces
    ((0xC3, 0xA4, 0xE2, 0x82), (WORD,), 5, {}),
    ((0xE0, 0x80, 0xA0), (WORD,), 5, {}),
    ((0xED, 0x80, 0xA0), (WORD,), 5, {}),
    ((0xF0, 0x80, 0x90), (WORD,), 6, {}),
    ((0xF4, 0x80, 0x90), (WORD,), 6, {}),
    ((0xF1, 0xF5, 0x80, 0xC1), (WORD,), 6, {}),
    ((0x41, 0xC0, 0xFF, 0xDF, 0xBF), (), 5, {}),
    ((0xC3, 0xA4), (WORD, 4), 5, {}),
    ((0xC3, 0xA4), (WORD, 4), 5, {4: 1}),
    ((0xC3, 0xA4), (WORD, 4), 5, {4: 2}),
    ((0xC3, 0xA4), (WORD, 4), 5, {4: 4}),
    ((0xE2, 0x82), (WORD, 4, 5), 6, {4: 1, 5: 1}),
    ((0xC3, 0xA4), (4, 5), 6, {4: 1, 5: 2}),
    ((0xF1, 0x80), (4, 5), 7, {5: 1}),
]


def sequences_within_the_rules(tokens, limit, required):
    """All sequences that leave room for the end token."""
    return [
        list(sequence)
        for length in range(limit)
        for sequence in itertools.product(tokens, repeat=length)
        if is_utf8(sequence)
        and {token: times for token, times in Counter(sequence).items() if token in RESERVED} == required
    ]


def scored(model, tokens, source, allowed, alpha):
    """Log-probability over the length penalty, if the model may write only these tokens."""
    history, total = [source, BEGIN], 0.0
    for token in (*tokens, END):
        logits = model.logits(history)[[*allowed, END]]
        total += float(logits.log_softmax(0)[[*allowed, END].index(token)])
        history.append(token)
    return total / ((5 + len(tokens) + 1) / 6) ** alpha


def everything_but(allowed):
    return tuple(piece for piece in range(VOCABULARY) if piece not in allowed and piece != END)


def alphabet_of(case):
    codes, pieces, limit, required = case
    allowed = [*map(piece_of, codes), *pieces]
    return allowed, SpecialTokens(BEGIN, END, everything_but(allowed), FIRST_BYTE, RESERVED), limit, required


@pytest.mark.parametrize("alpha", [0.0, 1.0])
@pytest.mark.parametrize("case", ALPHABETS, ids=str)
def test_a_beam_as_wide_as_the_search_space_finds_everything_that_the_rules_allow(case, alpha):
    allowed, special, limit, required = alphabet_of(case)
    model = RandomModel(3, ())
    expected = sorted(
        (
            (scored(model, tokens, 7, allowed, alpha), tokens)
            for tokens in sequences_within_the_rules(allowed, limit, required)
        ),
        reverse=True,
    )
    assert 1 <= len(expected) <= 64
    (found,) = run(
        model, [7], [limit], special, rules={"required": [required]},
        beam_size=64, n_best=64, length_penalty=alpha,
    )  # fmt: skip
    assert [one.tokens for one in found] == [tokens for _, tokens in expected]
    assert [one.score for one in found] == pytest.approx([score for score, _ in expected], abs=1e-4)


def every_hypothesis(model, source, case, min_length, no_repeat_ngram, alpha=1.0):
    """Best first. Rules of lower precedence apply to what the others leave, one token at a time."""
    allowed, _, limit, required = alphabet_of(case)
    whole = sequences_within_the_rules(allowed, limit, required)
    beginnings = {tuple(sequence[:length]) for sequence in whole for length in range(len(sequence) + 1)}

    def is_wanted(tokens, token):
        if token == END:
            return len(tokens) >= min_length
        longer, n = [*tokens, token], no_repeat_ngram
        grams = [longer[i : i + n] for i in range(len(longer) - n + 1)] if n else []
        return token in RESERVED or not grams or grams[-1] not in grams[:-1]

    found, open_ones = [], [[]]
    for tokens in open_ones:  # grows during the loop
        must = [token for token in allowed if (*tokens, token) in beginnings]
        must += [END] if tokens in whole else []
        wanted = [token for token in must if is_wanted(tokens, token)]
        for token in wanted or ([END] if END in must else must):
            if token == END:
                found.append((scored(model, tokens, source, allowed, alpha), tokens))
            else:
                open_ones.append([*tokens, token])
    return sorted(found, reverse=True)


@pytest.mark.parametrize("min_length", [0, 2, 9])
@pytest.mark.parametrize("no_repeat_ngram", [0, 1, 2])
@pytest.mark.parametrize("case", ALPHABETS, ids=str)
def test_the_other_rules_exclude_only_tokens_that_are_not_needed(case, min_length, no_repeat_ngram):
    _, special, limit, required = alphabet_of(case)
    model = RandomModel(4, ())
    rules = {
        "required": [required],
        "no_repeat_ngram": no_repeat_ngram,
        "min_length": [min_length],
    }
    (found,) = run(model, [7], [limit], special, rules=rules, beam_size=64, n_best=64)
    expected = every_hypothesis(model, 7, case, min_length, no_repeat_ngram)
    assert [one.tokens for one in found] == [tokens for _, tokens in expected]
    assert [one.score for one in found] == pytest.approx([score for score, _ in expected], abs=1e-4)


def reserved_in(tokens):
    return {token: times for token, times in Counter(tokens).items() if token in RESERVED}


REQUIRED = [{}, {4: 1}, {7: 3}, {4: 1, 5: 1, 6: 1, 7: 1}, {5: 2, 6: 1}, {4: 0, 6: 2}]


@pytest.mark.parametrize("spare_room", [0, 1, 2, 3, 7])
@pytest.mark.parametrize("options", SEARCHES, ids=str)
def test_required_pieces_occur_exactly_as_often_as_required(options, spare_room):
    limits = [sum(one.values()) + 1 + spare_room for one in REQUIRED]
    sources, longest = list(range(5, 5 + len(REQUIRED))), max(limits)
    likely = {"nothing": (), "bytes": range(FIRST_BYTE + 0xC2, WORD), "reserved": RESERVED, "the end": [END]}
    rules = {
        "banned": BANNED,
        "no_repeat_ngram": 1,
        "min_length": [0, 1, 2, longest, longest, 3],
    }
    for tokens, some_rules in itertools.product(likely.values(), ({}, rules)):
        for seed in range(2):
            model = RandomModel(seed, tokens, raised_by=5.0)
            results = run(model, sources, limits, rules={"required": REQUIRED, **some_rules}, **options)
            for required, limit, found in zip(REQUIRED, limits, results, strict=True):
                assert found
                for one in found:
                    assert reserved_in(one.tokens) == {piece: n for piece, n in required.items() if n}
                    assert is_utf8(one.tokens)
                    assert len(one.tokens) < limit


def is_nested(tokens, pairs):
    opened = []
    for token in tokens:
        if token in pairs:
            opened.append(pairs[token])
        elif token in pairs.values() and (not opened or opened.pop() != token):
            return False
    return not opened


@pytest.mark.parametrize("spare_room", [0, 1, 5])
@pytest.mark.parametrize("options", SEARCHES, ids=str)
def test_what_is_opened_last_is_closed_first(options, spare_room):
    pairs = {4: 5, 6: 7}
    special = SpecialTokens(BEGIN, END, (PAD, UNKNOWN, BEGIN), FIRST_BYTE, RESERVED, tuple(pairs.items()))
    required = [{4: 1, 5: 1, 6: 1, 7: 1}, {6: 1, 7: 1}]
    limits = [sum(one.values()) + 1 + spare_room for one in required]
    unnested = 0
    for seed in range(8):
        model = RandomModel(seed, RESERVED, raised_by=5.0)
        for results in run(model, [5, 6], limits, special, rules={"required": required}, **options):
            assert all(is_nested(one.tokens, pairs) for one in results)
            assert all(len(reserved_in(one.tokens)) in (2, 4) for one in results)
        for results in run(model, [5, 6], limits, rules={"required": required}, **options):
            unnested += any(not is_nested(one.tokens, pairs) for one in results)
    assert unnested


def test_required_pieces_also_work_without_byte_pieces():
    special = SpecialTokens(BEGIN, END, (PAD, UNKNOWN, BEGIN), reserved=RESERVED)
    for limit in (3, 4, 8):
        (found,) = run(RandomModel(1), [5], [limit], special, rules={"required": [{4: 1, 7: 1}]}, beam_size=2)
        assert reserved_in(found[0].tokens) == {4: 1, 7: 1}


@pytest.mark.parametrize("options", SEARCHES, ids=str)
def test_neighbours_with_other_required_pieces_change_nothing(options):
    sources, limits = list(range(5, 5 + len(REQUIRED))), [12, 3, 8, 6, 10, 5]
    model = RandomModel(2)
    together = run(model, sources, limits, rules={"required": REQUIRED}, **options)
    for source, limit, required, found in zip(sources, limits, REQUIRED, together, strict=True):
        assert run(model, [source], [limit], rules={"required": [required]}, **options) == [found]
    assert run(model, [5], [12], **options) == together[:1]


def test_reserved_pieces_that_are_not_required_do_not_occur():
    for rules in ({}, {"required": [{4: 1}, {}]}):
        found = run(RandomModel(1, RESERVED, raised_by=9.0), [5, 6], [9, 9], rules=rules, beam_size=2)
        expected = [{4: 1}, {}] if rules else [{}, {}]
        assert [reserved_in(hypotheses[0].tokens) for hypotheses in found] == expected


def test_a_limit_without_room_for_the_required_pieces_is_an_error():
    def make(limit, prefix):
        return Task([5], limit, required={4: 2, 5: 1}, prefix=prefix)

    make(4, [])
    make(5, [WORD])
    make(5, [4, 4])  # leaves one required
    for limit, prefix in ((3, []), (4, [WORD]), (3, [4, 4])):
        with pytest.raises(AssertionError, match="no room for the prefix and the required pieces"):
            make(limit, prefix)


@pytest.mark.parametrize("options", SEARCHES, ids=str)
def test_a_prefix_is_unchanged_and_its_pieces_count(options):
    euro = [piece_of(byte) for byte in "€".encode()]
    prefixes = [euro, [4, WORD], [WORD, 6, *euro, 6], []]
    required = [{4: 1}, {4: 1, 5: 1}, {4: 1, 6: 1}, {7: 1}]
    limits = [6, 5, 8, 6]
    for seed in range(5):
        rules = {"prefix": prefixes, "required": required, "no_repeat_ngram": 1, "banned": BANNED}
        results = run(RandomModel(seed), [5, 6, 7, 8], limits, rules=rules, **options)
        for place, found in enumerate(results):
            assert found
            for one in found:
                assert one.tokens[: len(prefixes[place])] == prefixes[place]
                assert is_utf8(one.tokens)
                # The prefix has one 6 more than required.
                expected = {4: 1, 6: 2} if place == 2 else required[place]
                assert reserved_in(one.tokens) == expected


def follow(chain, limit, special, **rules):
    """The greedy translation of a model that prefers these bytes in turn, and then repeats the last one."""

    class Chain(RandomModel):
        def logits(self, history):
            wanted = chain[min(len(history) - 2, len(chain) - 1)]
            return torch.zeros(VOCABULARY).index_fill_(0, torch.tensor([piece_of(wanted)]), 9.0)

    ((one,),) = run(Chain(0), [5], [limit], special, rules=rules, beam_size=1)
    return list(to_bytes(one.tokens))


def test_a_character_is_completed_even_with_bytes_that_another_rule_bans():
    # Only one continuation byte is possible.
    plane_16, umlaut = [0xF4, 0x80, 0x80, 0x80], [0xC3, 0xA4]
    special = SpecialTokens(BEGIN, END, everything_but([piece_of(0xF4), piece_of(0x80)]), FIRST_BYTE)
    assert follow(plane_16, 6, special, no_repeat_ngram=1) == plane_16
    special = SpecialTokens(BEGIN, END, everything_but([piece_of(0xC3), piece_of(0xA4)]), FIRST_BYTE)
    assert follow(umlaut, 4, special, banned=BANNED) == umlaut
    # With another one, "å" is written instead of the banned "ä".
    special = SpecialTokens(
        BEGIN, END, everything_but([piece_of(0xC3), piece_of(0xA4), piece_of(0xA5)]), FIRST_BYTE
    )
    assert follow(umlaut, 4, special, banned=BANNED) == [0xC3, 0xA5]


def test_no_character_starts_without_room_for_it():
    # A character of four bytes needs a limit of five; below that, the model can only end.
    special = SpecialTokens(BEGIN, END, everything_but([piece_of(0xF4), piece_of(0x80)]), FIRST_BYTE)
    wanted = [0xF4, 0x80, 0x80, 0x80]
    assert [follow(wanted, limit, special) for limit in (1, 4, 5, 8)] == [[], [], wanted, wanted]
    wanted *= 2
    assert follow(wanted, 9, special) == wanted


def certain(choices):
    """A model whose probabilities depend only on the number of tokens."""

    class Certain(RandomModel):
        def logits(self, history):
            probability_V = torch.full((VOCABULARY,), 1e-20)
            for token, probability in choices[len(history) - 2].items():
                probability_V[token] = probability
            return probability_V.log()

    return Certain(0)


def test_spares_worked_out_by_hand():
    """It ends at once with 0.3, after one word with 0.7 · 0.6, after two with 0.7 · 0.4; α is 0."""
    model = certain([{END: 0.3, WORD: 0.7}, {END: 0.6, WORD: 0.4}, {END: 1.0}])
    options = {"beam_size": 4, "length_penalty": 0.0}
    ((best,),) = run(model, [5], [9], **options)
    (found,) = run(model, [5], [9], with_spares=True, **options)
    assert best.tokens == [WORD]
    # After two steps, the best is settled: 0.42 beats the remaining 0.28.
    assert [one.tokens for one in found] == [[WORD], []]
    assert [one.score for one in found] == pytest.approx([-0.8675, -1.2040], abs=1e-4)  # log 0.42, log 0.3


@pytest.mark.parametrize("options", SEARCHES, ids=str)
def test_spares_come_after_the_best_and_change_nothing_else(options):
    options = {**options, "n_best": 1}
    more = 0
    for seed in range(10):
        steps = []
        plain = run(RandomModel(seed), [5, 6, 7], [9, 4, 6], **options)
        found = run(
            RandomModel(seed), [5, 6, 7], [9, 4, 6], with_spares=True, observe=steps.append, **options
        )
        finished = {step.sentence: step.finished for step in steps if step.stopped}
        assert [some[:1] for some in found] == plain
        assert found == [finished[sentence] for sentence in range(3)]
        for some in found:
            assert len(some) <= options["beam_size"]
            assert [one.score for one in some] == sorted((one.score for one in some), reverse=True)
            assert len({tuple(one.tokens) for one in some}) == len(some)
            assert all(is_utf8(one.tokens) for one in some)
        more += sum(len(some) > 1 for some in found)
        if "sampling" in options:
            assert found == run(RandomModel(seed), [5, 6, 7], [9, 4, 6], **{**options, "n_best": 4})
    assert (more > 5) == (options["beam_size"] > 1)
