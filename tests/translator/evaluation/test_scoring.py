import pytest
import torch

from translator.data.tokenizer import BOS_ID, EOS_ID
from translator.errors import InputError, InputTooLong
from translator.evaluation.scoring import score


@torch.inference_mode()
def test_a_score_is_the_sum_of_the_models_log_probabilities_over_the_length_penalty(translator):
    tokenizer, model = translator.tokenizer, translator.model
    source, target = tokenizer.encode("Anna sleeps today."), tokenizer.encode("Anna schläft.")
    source_BS = torch.tensor([[*source, EOS_ID]])
    logits_TV = model.logits(model(source_BS, source_BS > 0, torch.tensor([[BOS_ID, *target]])))[0]
    logits_TV[:, list(tokenizer.unprintable_ids)] = -torch.inf
    chosen = [
        float(row_V[token]) for row_V, token in zip(logits_TV.log_softmax(1), [*target, EOS_ID], strict=True)
    ]
    (one,) = score(translator, [("Anna sleeps today.", "Anna schläft.")], penalty_exponent=0.7)
    assert [token.log_probability for token in one.tokens] == pytest.approx(chosen, abs=1e-4)
    assert one.log_probability == pytest.approx(sum(chosen), abs=1e-3)
    assert one.score == pytest.approx(sum(chosen) / ((5 + len(chosen)) / 6) ** 0.7, abs=1e-3)


def test_every_piece_and_the_end_have_a_probability_and_the_order_is_kept(translator):
    pairs = [
        (f"Anna sees {number} dogs.", "Anna sieht Hunde." + " Ja." * (number % 3)) for number in range(40)
    ]
    scores = list(score(translator, pairs))
    assert len(scores) == 40
    for (_, target), one in zip(pairs, scores, strict=True):
        assert "".join(t.piece for t in one.tokens) == "▁" + target.replace(" ", "▁") + "</s>"
        assert all(token.log_probability < 0 for token in one.tokens)
        assert one.log_probability == pytest.approx(sum(t.log_probability for t in one.tokens))
    (alone,) = score(translator, pairs[17:18])
    assert alone.score == pytest.approx(scores[17].score, abs=1e-4)


def test_an_empty_translation_has_the_probability_of_ending_at_once(translator):
    (one,) = score(translator, [("Anna sleeps.", "")])
    assert [token.piece for token in one.tokens] == ["</s>"]


def test_invalid_input_is_named(translator):
    with pytest.raises(InputError, match="source 2 is empty; give a sentence"):
        list(score(translator, [("a", "b"), (" ", "b")]))
    with pytest.raises(
        InputTooLong, match=r"translation 1 has \d+ pieces, more than 640; score it sentence by"
    ):
        list(score(translator, [("a", "lang " * 700)]))
