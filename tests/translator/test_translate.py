import collections
import copy
import dataclasses
import itertools
import math
import re
import threading

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.table_engine import TableEngine
from translator.config import ModelConfig
from translator.data.tokenizer import EOS_ID, train_tokenizer
from translator.engines.native.library import NativeError
from translator.errors import CheckpointError, ConfigError, InputError, TranslatorError
from translator.model.transformer import Transformer
from translator.search import Sampling, ScoredTokens, SearchOptions, length_penalty, search_feed
from translator.search.feed import Listed, feed_of
from translator.text import normalise
from translator.text.casing import upper_case
from translator.training.checkpoint import save_model
from translator.translate import Style, Translator
from translator.translate import translator as translator_module
from translator.translate.forced import decode_forced
from translator.translate.precision import has_native_engine

GREEDY = SearchOptions(beam_size=1)


def test_texts_come_back_in_order_one_for_one(translator):
    texts = ["Anna sleeps.", "", "The old man eats bread today. The dog sleeps.", "  ", "x"]
    together = translator.translate(texts, GREEDY)
    assert [translation.text for translation in together] == [
        translator.translate([text], GREEDY)[0].text for text in texts
    ]
    assert [len(translation.sentences) for translation in together] == [1, 0, 2, 0, 1]
    assert translator.translate([], GREEDY) == []


@pytest.mark.parametrize("blank", ["", " ", "\n\n", "\t \r\n"])
def test_blank_texts_are_unchanged(translator, blank):
    translation = translator.translate([blank], GREEDY)[0]
    assert (translation.text, translation.sentences, translation.score) == (blank, (), 0.0)


@pytest.mark.parametrize("text", ["1.", "...", "42 / 7 = 6", "🙂", "👩‍👩‍👧 12:30", "— 2.200.112"])
def test_text_without_words_is_copied(translator, text):
    assert translator.translate([text])[0].text == text


def test_values_without_words_take_their_german_form(translator):
    text = "€204.72; €1,000\n3:30 p.m."
    assert translator.translate([text])[0].text == "204,72 €; 1.000 €\n15:30 Uhr"
    assert translator.translate([text], style=Style(numbers="keep"))[0].text == text


def test_whitespace_and_line_breaks_are_preserved(translator):
    text = "\r\n  Anna sleeps.\tThe dog eats.\r\n\r\n\n\u2003Paul reads a book. \n"
    translation = translator.translate([text], GREEDY)[0]
    rest = translation.text
    for sentence in translation.sentences:
        before, rest = rest.split(sentence.text, 1) if sentence.text else ("", rest)
        assert before.strip() == ""
    source_gaps = "".join(character for character in text if character in "\r\n\u2003")
    assert "".join(character for character in translation.text if character in "\r\n\u2003") == source_gaps


def test_sentences_give_their_offsets_in_the_text(translator):
    text = " Anna sleeps.  The dog eats. "
    for sentence in translator.translate([text], GREEDY)[0].sentences:
        assert text[sentence.start : sentence.end] == sentence.source


def test_a_long_text_without_a_full_stop_is_translated_whole(translator):
    words = [f"word{index}" for index in range(1500)]
    translation = translator.translate([" ".join(words)], GREEDY)[0]
    assert " ".join(sentence.source for sentence in translation.sentences) == " ".join(words)
    encode = translator.tokenizer.encode
    assert all(len(encode(sentence.source)) <= 160 for sentence in translation.sentences)


def test_n_best_are_distinct_and_ordered(translator):
    hypotheses = translator.translate(["The dog eats."], SearchOptions(n_best=4))[0].sentences[0].hypotheses
    assert len(hypotheses) == 4
    assert len({h.text for h in hypotheses}) == 4
    assert [h.score for h in hypotheses] == sorted((h.score for h in hypotheses), reverse=True)


@pytest.mark.parametrize("beam_size", [1, 3])
def test_neighbours_in_the_batch_change_nothing(translator, beam_size):
    options = SearchOptions(beam_size=beam_size)
    texts = [
        "Anna sleeps.",
        "The old man with the dog eats bread in the kitchen.",
        "Paul?",
        "Where do we go today",
    ]
    alone = [translator.translate([text], options)[0].text for text in texts]
    assert [t.text for t in translator.translate(texts, options)] == alone
    assert [t.text for t in translator.translate(texts[::-1], options)] == alone[::-1]


def test_capitals_are_read_as_usual_spelling_and_restored(untrained, prepared):
    translator = Translator.of_model(untrained, prepared.tokenizer)
    options = SearchOptions(beam_size=3, n_best=2)
    text = "THE DOG EATS {name}. Anna sleeps. NASA"
    loud, anna, nasa = translator.translate([text], options)[0].sentences
    usual, *others = translator.translate(["The dog eats {name}. Anna sleeps. NASA"], options)[0].sentences
    assert loud.source == "THE DOG EATS {name}."
    assert [one.text for one in loud.hypotheses] == [upper_case(one.text) for one in usual.hypotheses]
    assert [one.score for one in loud.hypotheses] == [one.score for one in usual.hypotheses]
    assert [anna.hypotheses, nasa.hypotheses] == [one.hypotheses for one in others]

    fed = list(map(Listed, translator.sentences(text)))
    translator.translate_feed(feed_of(fed), options)
    assert [one.result for one in fed] == [loud.hypotheses, anna.hypotheses, nasa.hypotheses]


def test_an_empty_translation_is_no_alternative(translator, monkeypatch):
    def found(*texts):
        each = [list(translator.tokenizer.encode(text)) for text in texts]
        return [
            ScoredTokens(tokens, [-0.1] * (len(tokens) + 1), -0.1 * rank) for rank, tokens in enumerate(each)
        ]

    def texts_of(*texts):
        monkeypatch.setattr(translator_module, "search_feed", finish_with(found(*texts)))
        [sentence] = translator.translate(["the dog"], SearchOptions(n_best=3))[0].sentences
        return [one.text for one in sentence.hypotheses]

    def finish_with(hypotheses):
        def search_feed(running, take, options, with_spares):
            for one in take(10):
                one.finish(hypotheses)

        return search_feed

    assert texts_of("der Hund", "", "ein Hund") == ["der Hund", "ein Hund"]
    assert texts_of("", "der Hund") == ["", "der Hund"]  # the best one stays: it is what the model says


def test_a_prefix_determines_whether_a_translation_is_in_capitals(translator):
    loud, usual = translator.translate(["THE DOG EATS."] * 2, GREEDY, prefixes=["DER", "Der"])
    assert loud.text.startswith("DER")
    assert loud.text == upper_case(loud.text)
    assert usual.text.startswith("Der")


def test_a_translation_starts_with_its_prefix(translator):
    texts, prefixes = ["Anna sleeps. Paul eats.", "The dog sleeps.", "12"], ["Heute", "", " "]
    options = SearchOptions(beam_size=3, n_best=3)
    first, _, third = translator.translate(texts, options, prefixes=prefixes)
    assert all(one.text.startswith("Heute") for one in first.sentences[0].hypotheses)
    assert third.text == "12"
    greedy, plain = (translator.translate(texts, GREEDY, prefixes=one) for one in (prefixes, None))
    assert greedy[0].sentences[1].text == plain[0].sentences[1].text
    assert greedy[1].text == plain[1].text
    with pytest.raises(InputError, match="got 1 prefixes for 3 texts; give one for each text"):
        translator.translate(texts, options, prefixes=["Heute"])


@pytest.mark.parametrize("text", ["1. Anna sleeps. Paul eats.", "🙂\nAnna sleeps. Paul eats."])
def test_the_prefix_is_for_the_first_sentence_that_is_translated(translator, text):
    plain, forced = (translator.translate([text], GREEDY, prefixes=[one])[0] for one in ("", "Heute"))
    copied, first, second = forced.sentences
    assert [one.is_copied for one in forced.sentences] == [True, False, False]
    assert copied.text == copied.source
    assert first.text.startswith("Heute")
    assert second == plain.sentences[2]


@pytest.mark.parametrize("text", ["12", "", " \n", "x" * 500])
def test_copied_text_cannot_have_a_prefix(translator, text):
    with pytest.raises(InputError, match=r"there is nothing to translate in .* leave its prefix empty"):
        translator.translate(["Anna sleeps.", text], GREEDY, prefixes=["Heute", "Heute"])


def test_with_learned_positions_a_prefix_is_used_whole_or_rejected(prepared):
    config = ModelConfig(
        vocab_size=prepared.tokenizer.vocab_size, d_model=16, heads=2, d_ff=16, encoder_layers=1, decoder_layers=1,
        positions="learned", max_positions=12,
    )  # fmt: skip
    translator = Translator.of_model(Transformer(config), prepared.tokenizer)
    longest = " ".join(["die"] * 11)
    assert len(prepared.tokenizer.encode(longest)) == 11
    (translation,) = translator.translate(["Paul eats."], GREEDY, prefixes=[longest])
    assert translation.text == longest
    with pytest.raises(
        InputError, match=r"the prefix 'die .*' has 12 pieces, but the model can write at most 11"
    ):
        translator.translate(["Paul eats."], GREEDY, prefixes=[longest + " die"])


def test_a_phrase_that_normalises_to_nothing_bans_nothing(translator):
    zero_width_space = "\u200b"
    assert translator.tokenizer.encode(normalise(zero_width_space)) == []
    plain = translator.translate(["Anna sleeps."])[0].text
    assert translator.translate(["Anna sleeps."], SearchOptions(banned=(zero_width_space,)))[0].text == plain


def test_banned_phrases_do_not_occur(translator):
    """The untrained model sometimes samples "die"; with the same random numbers, never if it is banned."""
    phrases = {"die": r"(?<![^\W_])die", "s": r"(?<![^\W_])s", "K": r"(?<![^\W_])K", ".": r"\."}

    def drawn(*banned):
        options = [SearchOptions(beam_size=1, sampling=Sampling(seed=n), banned=banned) for n in range(40)]
        return "\n".join(translator.translate(["Anna sleeps."], one)[0].text for one in options)

    free, restricted = drawn(), drawn(*phrases)
    for begins in phrases.values():
        assert re.search(begins, free)
        assert not re.search(begins, restricted)


def test_the_search_sees_pieces_as_the_text_that_they_become(prepared):
    pieces = prepared.tokenizer.written_texts
    assert len(pieces) == prepared.tokenizer.vocab_size
    for text in ("Der Hund schläft.", "„Haus“ 🙂 (▁) ß  x"):
        ids = prepared.tokenizer.encode(text)
        assert b"".join(pieces[one] for one in ids).decode() == f" {text}"
    assert {pieces[one] for one in range(36)} == {b""}


def spelling(known, vocab_size):
    """A model that knows only these sequences of pieces, with their probabilities."""

    def logits(source, tokens):
        past, odds = tokens[1:], collections.Counter()
        logits_V = np.full(vocab_size, -30.0)
        logits_V[EOS_ID] = -60.0  # an unknown sequence does not end, and takes no place among the finished
        for spelt, probability in known.items():
            if list(spelt[: len(past)]) == past and len(spelt) > len(past):
                odds[spelt[len(past)]] += probability
        for token, probability in odds.items():
            logits_V[token] = math.log(probability / odds.total())
        return logits_V

    return TableEngine(logits, vocab_size)


def test_a_text_found_in_two_segmentations_is_returned_once_with_the_better_score(untrained, prepared):
    tokenizer = prepared.tokenizer
    dog, cat = (tokenizer.encode(text) for text in ("Der Hund", "Die Katze"))
    ids = {tokenizer.piece(one): one for one in range(tokenizer.vocab_size)}
    spelt = [ids[letter] for letter in "▁Der▁Hund"]
    assert tokenizer.decode(spelt) == "Der Hund"
    assert spelt != dog
    odds = {(*dog, EOS_ID): 0.3, (*spelt, EOS_ID): 0.5, (*cat, EOS_ID): 0.2}
    engine = spelling(odds, tokenizer.vocab_size)
    translator = Translator(engine, untrained.config, tokenizer, {}, lambda: untrained)
    options = SearchOptions(n_best=3, length_penalty=0.0)
    (translation,) = translator.translate(["Anna"], options)
    first, second = translation.sentences[0].hypotheses
    assert (first.text, first.score) == ("Der Hund", pytest.approx(math.log(0.5), abs=1e-4))
    assert (second.text, second.score) == ("Die Katze", pytest.approx(math.log(0.2), abs=1e-4))
    assert first.pieces == (*map(tokenizer.piece, spelt), "</s>")


@pytest.mark.parametrize(
    "options",
    [
        SearchOptions(beam_size=1),
        SearchOptions(n_best=4),
        SearchOptions(n_best=2, min_length_factor=1.0, no_repeat_ngram=1, banned=("die",)),
        SearchOptions(n_best=2, sampling=Sampling(temperature=0.5)),
    ],
    ids=str,
)
def test_every_piece_has_its_log_probability_under_forced_decoding(untrained, prepared, options):
    translator = Translator.of_model(untrained, prepared.tokenizer)
    ids = {prepared.tokenizer.piece(one): one for one in range(prepared.tokenizer.vocab_size)}
    texts = ["Anna sleeps.", "The old man with the dog eats bread in the kitchen.", "Paul?", "12"]
    *translated, copied = (one.sentences[0] for one in translator.translate(texts, options))
    assert (copied.hypotheses[0].pieces, copied.hypotheses[0].token_log_probabilities) == ((), ())
    for sentence in translated:
        for one in sentence.hypotheses:
            target = [ids[piece] for piece in one.pieces[:-1]]
            source = prepared.tokenizer.encode(sentence.source)
            (expected,) = decode_forced(translator.engine, [source], [target], translator.special)
            assert one.pieces[-1] == "</s>"
            assert prepared.tokenizer.decode(target) == one.text
            assert one.token_log_probabilities == pytest.approx(expected, abs=1e-4)
            total = sum(one.token_log_probabilities)
            assert one.confidence == pytest.approx(total / len(one.pieces))
            assert one.score == pytest.approx(total / length_penalty(len(one.pieces), 1.0), abs=1e-5)


def test_length_factors_bound_a_translation(untrained, prepared):
    source = prepared.tokenizer.encode("The dog eats bread.")
    word = prepared.tokenizer.encode("Hund")[0]
    by_length = {1: 0.5, 2 * len(source): 0.3, 40 * len(source): 0.2}
    odds = {(*[word] * length, EOS_ID): probability for length, probability in by_length.items()}
    engine = spelling(odds, prepared.tokenizer.vocab_size)
    translator = Translator(engine, untrained.config, prepared.tokenizer, {}, lambda: untrained)

    def found_length(**factors):
        (found,) = translator.search([source], SearchOptions(length_penalty=0.0, **factors))
        return len(found[0].tokens)

    assert found_length() == 1
    assert found_length(min_length_factor=2.0) == 2 * len(source)
    longest = SearchOptions(max_length_factor=3.0).max_target_tokens(len(source))
    assert longest == 3 * len(source) + 10
    # The end token counts, and a translation that is forced to end is better than none.
    assert found_length(min_length_factor=2.5, max_length_factor=3.0) == longest - 1


def test_no_ngram_is_repeated(translator):
    options = SearchOptions(beam_size=2, no_repeat_ngram=2)
    (found,) = translator.search([translator.tokenizer.encode("The dog eats bread " * 5)], options)
    pairs = list(itertools.pairwise(found[0].tokens))
    assert len(set(pairs)) == len(pairs) > 5


def test_samples_differ_only_by_their_seed(translator):
    texts = ["Anna sleeps.", "The dog eats bread in the kitchen."]

    def drawn(seed, chosen):
        options = SearchOptions(beam_size=1, sampling=Sampling(seed=seed))
        return [translation.text for translation in translator.translate(chosen, options)]

    assert drawn(1, texts) == drawn(1, texts) == drawn(1, texts[::-1])[::-1]
    assert drawn(1, texts) != drawn(2, texts)


def test_an_ensemble_decodes_together_and_needs_one_vocabulary(untrained, prepared, tmp_path):
    torch.manual_seed(8)
    other = Transformer(dataclasses.replace(untrained.config, decoder_layers=2)).eval()
    paths = [tmp_path / "a", tmp_path / "b", tmp_path / "c"]
    for path, model in zip(paths[:2], (untrained, other), strict=True):
        save_model(path, model.config, model.state_dict(), prepared.tokenizer, {"name": path.name})
    single, both = Translator.load(paths[0]), Translator.load(paths[0], ensemble_with=paths[1:2])
    assert both.name == "a"
    sentence = "The old man eats bread."
    assert both.translate([sentence], GREEDY)[0].score != single.translate([sentence], GREEDY)[0].score
    tokenizer = train_tokenizer(["a few other words", "make another tokenizer", "which is small"] * 20, 408)
    config = dataclasses.replace(untrained.config, vocab_size=tokenizer.vocab_size)
    save_model(paths[2], config, Transformer(config).state_dict(), tokenizer, {"name": "c"})
    with pytest.raises(ConfigError, match=r"c and .* have different vocabularies"):
        Translator.load(paths[0], ensemble_with=paths[2:])


def test_every_precision_translates_about_the_same(untrained, prepared, tmp_path):
    save_model(tmp_path / "m", untrained.config, untrained.state_dict(), prepared.tokenizer, {"name": "m"})
    sentence = "The old man eats bread."
    scores = {
        precision: Translator.load(tmp_path / "m", "cpu", precision=precision).translate([sentence])[0].score
        for precision in ("auto", "fp32", "bf16", "int8")
    }
    assert scores["auto"] == scores["int8"]
    assert len(set(scores.values())) == 3
    assert all(score == pytest.approx(scores["fp32"], rel=0.05) for score in scores.values())


def test_without_the_native_engine_pytorch_is_used_with_a_single_warning(model_folder, monkeypatch, caplog):
    def fail():
        raise NativeError("cannot load the native engine")

    monkeypatch.setattr("translator.translate.precision.open_library", fail)
    has_native_engine.cache_clear()
    try:
        assert [Translator.load(model_folder, "cpu").precision for _ in range(2)] == ["fp32", "fp32"]
        assert [record.getMessage() for record in caplog.records] == [
            "cannot load the native engine. Falling back to PyTorch in float32, which is several times slower."
        ]
        has_native_engine.cache_clear()
        monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
        with pytest.raises(NativeError, match="cannot load the native engine"):
            Translator.load(model_folder, "cpu")
    finally:
        has_native_engine.cache_clear()


def test_progress_counts_every_sentence_once(translator):
    counts = []
    texts = ["Anna sleeps. Paul eats. 12.", "", "The dog sleeps."]
    translator.translate(texts, GREEDY, lambda done, total: counts.append((done, total)))
    assert counts[-1] == (4, 4)
    assert counts == sorted(counts)


def test_batches_decoded_at_the_same_time_change_nothing(untrained, prepared, monkeypatch):
    texts = [f"Anna sees dog x{letter}. Paul?" for letter in "abcdefghijklmnopqrstuvwxyzABCD"]
    plain, at_once = (
        Translator.of_model(untrained, prepared.tokenizer, threads=threads) for threads in (1, 3)
    )
    expected = plain.translate(texts)
    told, used = [], []
    searches = threading.Barrier(3)  # so that no thread does the work of two

    def watched(running, feed, *arguments, **named):
        searches.wait(timeout=20)
        some = feed(100)
        used.append((threading.current_thread().name, len(some)))
        search_feed(running, feed_of(some), *arguments, **named)

    monkeypatch.setattr(translator_module, "search_feed", watched)
    found = at_once.translate(texts, progress=lambda done, total: told.append((done, total)))
    assert [one.text for one in found] == [one.text for one in expected]
    assert told == [(done, 60) for done in range(1, 61)]
    assert len({thread for thread, _ in used}) == 3
    assert [sentences for _, sentences in used[:3]] == [20, 20, 20]


def test_long_runs_without_whitespace_are_copied(translator):
    run = "x" * 2000
    translation = translator.translate([run, f"Anna sleeps. {run}"])
    assert translation[0].text == run
    assert translation[1].text.endswith(run)
    assert not translation[1].text.startswith("Anna sleeps.")
    assert all(one.is_copied for one in translation[0].sentences)
    assert [one.is_copied for one in translation[1].sentences][:2] == [False, True]


@pytest.mark.parametrize("options", [SearchOptions(), SearchOptions(beam_size=2, n_best=2)])
def test_a_feed_gives_the_same_translations_as_a_list(translator, options):
    texts = ["Anna sleeps.", "The dog eats.", "A house."]
    fed = [Listed(translator.sentences(text)[0]) for text in texts]
    expected = [one.sentences[0].hypotheses for one in translator.translate(texts, options)]
    left = list(fed)
    translator.translate_feed(
        lambda room: [left.pop(0)] if left else [], options
    )  # one more before each step
    texts_of = [[one.text for one in hypotheses] for hypotheses in expected]
    assert [[one.text for one in wanted.result] for wanted in fed] == texts_of
    fed = [Listed(translator.sentences(text)[0]) for text in texts]
    fed[0].is_wanted = fed[2].is_wanted = lambda: False
    translator.translate_feed(feed_of(fed), options)
    assert [wanted.result and [one.text for one in wanted.result] for wanted in fed] == [
        None,
        texts_of[1],
        None,
    ]


def test_a_loaded_model_decodes_on_every_core_available_to_it(model_folder, monkeypatch):
    monkeypatch.setattr("translator.translate.translator.usable_cores", lambda: 4)
    for precision in ("int8", "fp32"):
        assert Translator.load(model_folder, "cpu", precision=precision).threads == 4


def test_a_model_that_has_diverged_is_an_error(untrained, prepared):
    broken = copy.deepcopy(untrained)
    with torch.no_grad():
        broken.decoder_norm.weight.fill_(math.nan)
    translator = Translator.of_model(broken, prepared.tokenizer)
    with pytest.raises(TranslatorError, match="are not finite"):
        translator.translate(["Anna sleeps."], GREEDY)


def test_a_lone_surrogate_is_an_input_error(translator):
    with pytest.raises(InputError, match="surrogate"):
        translator.translate(["a \ud800 b"], GREEDY)


@given(text=st.text(max_size=60))
def test_any_text_is_translated_and_keeps_its_line_breaks(translator, text):
    translated = translator.translate([text], GREEDY)[0].text
    assert translated.count("\n") == text.count("\n")


def test_a_saved_model_translates_the_same(untrained, prepared, tmp_path):
    model = copy.deepcopy(untrained)
    model.load_state_dict({name: tensor.bfloat16().float() for name, tensor in model.state_dict().items()})
    save_model(tmp_path / "m", model.config, model.state_dict(), prepared.tokenizer, {"name": "saved"})
    loaded = Translator.load(tmp_path / "m", device="cpu", precision="fp32")
    assert (loaded.name, loaded.device) == ("saved", "cpu")
    expected = Translator.of_model(model, prepared.tokenizer).translate(["The dog eats."])
    assert loaded.translate(["The dog eats."]) == expected


def test_a_missing_model_is_a_checkpoint_error(tmp_path):
    with pytest.raises(CheckpointError, match="nowhere"):
        Translator.load(tmp_path / "nowhere")


def test_a_single_string_is_not_a_list_of_texts(translator):
    with pytest.raises(InputError, match=r"write \[text\]"):
        translator.translate("Anna sleeps.")


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        (3, "3, of type int"),
        (None, "None, of type NoneType"),
        (b"tea", "b'tea', of type bytes"),
        ([], "[], of type"),
    ],
)
def test_a_text_that_is_not_a_string_is_named(translator, wrong, named):
    with pytest.raises(InputError) as caught:
        translator.translate(["Anna sleeps.", wrong], GREEDY)
    assert f"texts[1] is {named}" in str(caught.value)
    assert "give strings only" in str(caught.value)


def test_texts_may_come_from_a_generator(translator):
    texts = ["Anna sleeps.", "12"]
    assert translator.translate((text for text in texts), GREEDY) == translator.translate(texts, GREEDY)


def test_a_huge_value_that_is_not_a_string_is_abbreviated(translator):
    with pytest.raises(InputError) as caught:
        translator.translate([b"tea" * 10_000], GREEDY)
    assert len(str(caught.value)) < 200


def test_line_breaks_and_control_characters_are_never_produced(translator, prepared):
    forbidden = set(translator.special.forbidden)
    encoded = {character: prepared.tokenizer.encode(character) for character in "\n\r\t\x00\x7f"}
    assert all(forbidden & set(ids) for ids in encoded.values())
    assert not forbidden & set(prepared.tokenizer.encode("Der Hund schläft. 🙂"))


def test_learned_positions_limit_pieces_and_translations(prepared):
    config = ModelConfig(
        vocab_size=prepared.tokenizer.vocab_size, d_model=16, heads=2, d_ff=16, encoder_layers=1, decoder_layers=1,
        positions="learned", max_positions=12,
    )  # fmt: skip
    translator = Translator.of_model(Transformer(config), prepared.tokenizer)
    text = "The old man and the young woman eat bread with the tired dog in the big kitchen today."
    sentences = translator.translate([text], GREEDY)[0].sentences
    assert " ".join(sentence.source for sentence in sentences) == text


def test_a_piece_before_the_sentence_gives_the_formality(untrained, prepared):
    taught, plain = (
        Translator.of_model(untrained, prepared.tokenizer, card) for card in ({"formality": True}, {})
    )
    text, tags = "Anna sleeps. Does she?", prepared.tokenizer.reserved["register"]
    without = [one.tokens for one in plain.sentences(text)]
    assert [one.tokens for one in taught.sentences(text, style=Style(formality="auto"))] == without
    for style, tag in ((Style(), tags[0]), (Style(formality="informal"), tags[1])):
        assert [one.tokens for one in taught.sentences(text, style=style)] == [
            (tag, *tokens) for tokens in without
        ]
    with pytest.raises(InputError, match="formality is informal, but the model unnamed was not trained"):
        plain.translate([text], style=Style(formality="informal"))
