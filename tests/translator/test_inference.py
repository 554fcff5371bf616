import pytest
import torch

from translator.config import ModelConfig
from translator.inference import LINEAR, Float32Linear, InferenceModel, Int8Linear, can_use_int8
from translator.model import Transformer
from translator.search import Constraints, SearchOptions, SpecialTokens, search

PAD, BEGIN, END = 0, 2, 3
SPECIAL = SpecialTokens(BEGIN, END, (PAD, 1))
needs_int8 = pytest.mark.skipif(not can_use_int8(), reason="no int8 kernels for this processor")


def make_model(norm="pre", activation="relu", positions="sinusoidal", heads=4):
    torch.manual_seed(1)
    config = ModelConfig(
        vocab_size=60, d_model=32, heads=heads, d_ff=48, encoder_layers=3, decoder_layers=2, dropout=0.0,
        norm=norm, activation=activation, positions=positions, max_positions=80,
    )  # fmt: skip
    model = Transformer(config).eval()
    with torch.no_grad():  # or norms and biases would still be ones and zeros
        for parameter in model.parameters():
            if parameter.dim() == 1:
                parameter.add_(0.1 * torch.randn_like(parameter))
    return model


def sources():
    torch.manual_seed(2)
    source_BS = torch.randint(4, 60, (7, 9))
    for row, length in enumerate((9, 3, 5, 9, 1, 7, 2)):
        source_BS[row, length - 1] = END
        source_BS[row, length:] = PAD
    return source_BS


def run(model, source_BS, limit=45, **options):
    limits_B = torch.full((len(source_BS),), limit) - torch.arange(len(source_BS))
    return search(
        model, source_BS, source_BS != PAD, Constraints(limits_B), SPECIAL, SearchOptions(**options)
    )


@pytest.mark.parametrize("norm", ["pre", "post"])
@pytest.mark.parametrize("activation", ["relu", "gelu"])
@pytest.mark.parametrize("positions", ["sinusoidal", "learned"])
@torch.inference_mode()
def test_memory_and_logits_equal_those_of_the_plain_model_step_by_step(norm, activation, positions):
    """Rows change places, sentences leave, and the caches grow more than once."""
    model, source_BS = make_model(norm, activation, positions), sources()
    fast, keep_BS = InferenceModel(model), source_BS != PAD
    memories = [one.encode(source_BS, keep_BS) for one in (model, fast)]
    torch.testing.assert_close(memories[1][keep_BS], memories[0][keep_BS], atol=1e-5, rtol=1e-5)
    states = [one.start(memory, keep_BS) for one, memory in zip((model, fast), memories, strict=True)]
    width, sentences = 3, len(source_BS)
    for step in range(70):
        torch.manual_seed(step)
        tokens_N = torch.randint(4, 60, (width * sentences,))
        plain_NV, states[0] = model.decode_step(tokens_N, states[0])
        fast_NV, states[1] = fast.decode_step(tokens_N, states[1])
        torch.testing.assert_close(fast_NV, plain_NV, atol=1e-4, rtol=1e-4)
        first_row_N = width * torch.arange(sentences).repeat_interleave(width)
        rows_N = first_row_N + torch.randint(0, width, (width * sentences,))
        if step % 20 == 9:
            kept_B = torch.randperm(sentences)[:-1]
            rows_N = rows_N.view(-1, width)[kept_B].flatten()
            sentences -= 1
            for state in states:
                state.keep_sentences(kept_B, rows_N)
        elif step % 5:
            for state in states:
                state.select(rows_N)


@pytest.mark.parametrize("beam_size", [1, 4])
def test_it_finds_what_the_plain_model_finds(beam_size):
    model, source_BS = make_model(), sources()
    plain, fast = (run(one, source_BS, beam_size=beam_size) for one in (model, InferenceModel(model)))
    assert [[one.tokens for one in found] for found in fast] == [[one.tokens for one in f] for f in plain]
    for found, expected in zip(fast, plain, strict=True):
        assert found[0].score == pytest.approx(expected[0].score, abs=1e-4)


@pytest.mark.parametrize("precision", ["bf16", pytest.param("int8", marks=needs_int8)])
@torch.inference_mode()
def test_rounded_products_stay_close_to_exact_ones_through_all_layers(precision):
    model, source_BS = make_model(), sources()
    keep_BS, tokens_N = source_BS != PAD, torch.full((len(source_BS),), BEGIN)
    logits = []
    for one in (model, InferenceModel(model, LINEAR[precision])):
        state = one.start(one.encode(source_BS, keep_BS), keep_BS)
        logits.append(one.decode_step(tokens_N, state)[0])
    exact_NV, rounded_NV = logits
    assert not torch.equal(rounded_NV, exact_NV)
    assert (rounded_NV - exact_NV).norm() < 0.05 * exact_NV.norm()


@needs_int8
@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        # The largest of the row is 2: 2, -1, 0.01 are 63, -31.5 → -32, 0.315 → 0 of its 63rd parts.
        # Weights (1, 0.5, 0) have steps of 1/127: 127, 63.5 → 64, 0. Sum: 63·127 − 32·64 = 5953.
        # 5953 · (2/63) · (1/127) = 1.488064; with a bias of 0.25: 1.738064.
        (63, 1.738064),
        # 127, -63.5 → -64, 0.635 → 1 of its 127th parts: 127·127 − 64·64 = 12033; · (2/127) · (1/127) = 1.492095.
        pytest.param(
            127,
            1.742095,
            marks=pytest.mark.skipif(not torch.cpu._is_vnni_supported(), reason="overflows without VNNI"),
        ),
    ],
)
def test_int8_products_worked_out_by_hand(steps, expected):
    linear = Int8Linear(torch.tensor([[1.0, 0.5, 0.0]]), torch.tensor([0.25]))
    linear.steps = steps
    assert linear(torch.tensor([[2.0, -1.0, 0.01]])).item() == pytest.approx(expected, abs=1e-5)


@needs_int8
@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        # 2, 0.9, 0.01 → 127, 57.15 → 57, 0.635 → 1 of 127 parts: 127·127 + 57·64 = 19777; · (2/127) · (1/127).
        (63, 2.452353),
        # → 255, 114.75 → 115, 1.275 → 1 of 255 parts: 255·127 + 115·64 = 39745; · (2/255) · (1/127).
        pytest.param(
            127,
            2.454531,
            marks=pytest.mark.skipif(not torch.cpu._is_vnni_supported(), reason="overflows without VNNI"),
        ),
    ],
)
def test_int8_products_of_positive_activations_worked_out_by_hand(steps, expected):
    linear = Int8Linear(torch.tensor([[1.0, 0.5, 0.0]]))
    linear.steps = steps
    linear.expect_nothing_negative()
    assert linear(torch.tensor([[2.0, 0.9, 0.01]])).item() == pytest.approx(expected, abs=1e-5)


@needs_int8
@pytest.mark.parametrize("has_bias", [False, True])
def test_int8_is_close_to_float32(has_bias):
    torch.manual_seed(0)
    weight_OI, bias_O = torch.randn(96, 64), torch.randn(96) if has_bias else None
    x = torch.randn(5, 7, 64) * torch.logspace(-3, 3, 7).unsqueeze(1)  # rows of very different sizes
    exact, rounded = (make(weight_OI, bias_O)(x) for make in (Float32Linear, Int8Linear))
    assert rounded.shape == exact.shape
    error = (rounded - exact).norm(dim=-1) / exact.norm(dim=-1)
    assert error.max() < 0.03


@needs_int8
def test_an_int8_row_is_the_same_to_the_last_bit_whatever_stands_beside_it():
    torch.manual_seed(0)
    linear = Int8Linear(torch.randn(200, 64), torch.randn(200))
    x_NI = torch.randn(33, 64)
    together_NO = linear(x_NI)
    for rows in (slice(0, 1), slice(3, 10), slice(0, 32)):
        assert torch.equal(linear(x_NI[rows]), together_NO[rows])
    beside_a_giant = torch.cat([x_NI[:1], 1e6 * torch.ones(1, 64)])
    assert torch.equal(linear(beside_a_giant)[:1], together_NO[:1])


@needs_int8
def test_rows_of_zeros_and_weights_of_zeros_give_the_bias():
    linear = Int8Linear(torch.zeros(3, 4), torch.tensor([1.0, 2.0, 3.0]))
    assert linear(torch.ones(1, 4)).tolist() == [[1.0, 2.0, 3.0]]
    linear = Int8Linear(torch.ones(3, 4), torch.tensor([1.0, 2.0, 3.0]))
    assert linear(torch.zeros(1, 4)).tolist() == [[1.0, 2.0, 3.0]]


@needs_int8
@pytest.mark.parametrize("beam_size", [1, 3])
def test_int8_gives_a_sentence_the_same_translation_in_any_batch(beam_size):
    model, source_BS = InferenceModel(make_model(), Int8Linear), sources()
    together = run(model, source_BS, beam_size=beam_size)
    for row, found in enumerate(together):
        length = int((source_BS[row] != PAD).sum())
        alone_BS = source_BS[row : row + 1, :length]
        limit = torch.tensor([45 - row])
        (alone,) = search(
            model, alone_BS, alone_BS != PAD, Constraints(limit), SPECIAL, SearchOptions(beam_size=beam_size)
        )
        assert [one.tokens for one in alone] == [one.tokens for one in found]


@needs_int8
def test_packing_for_int8_leaves_the_engine_of_others_alone():
    before = torch.backends.quantized.engine
    Int8Linear(torch.ones(2, 2))
    assert torch.backends.quantized.engine == before


@needs_int8
@pytest.mark.parametrize("heads", [2, 4, 8])
@pytest.mark.parametrize("longest", [37, 64, 100])
@torch.inference_mode()
def test_in_int8_no_bit_depends_on_what_else_is_in_the_batch(heads, longest):
    model = InferenceModel(make_model(heads=heads), Int8Linear)
    source_BS = torch.randint(4, 60, (12, longest), generator=torch.Generator().manual_seed(3))
    lengths = [longest, 1, 16, 17, 15, 33, 2, 31, 32, 8, 9, 25]
    for row, length in enumerate(lengths):
        source_BS[row, length - 1 :] = PAD
        source_BS[row, length - 1] = END
    keep_BS = source_BS != PAD
    memory_BSD = model.encode(source_BS, keep_BS)
    state = model.start(memory_BSD, keep_BS)
    alone = []
    for row, length in enumerate(lengths):
        one_1S = source_BS[row : row + 1, :length]
        memory_1SD = model.encode(one_1S, one_1S != PAD)
        assert torch.equal(memory_1SD[0], memory_BSD[row, :length])
        alone.append(model.start(memory_1SD, one_1S != PAD))
    for step in range(20):
        tokens_N = torch.randint(4, 60, (12,), generator=torch.Generator().manual_seed(step))
        together_NV, state = model.decode_step(tokens_N, state)
        for row in range(12):
            logits_1V, alone[row] = model.decode_step(tokens_N[row : row + 1], alone[row])
            assert torch.equal(logits_1V[0], together_NV[row]), (step, row)
