"""The native engine compared with the plain model, its kernels with each other, and its handling of bad input."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from translator.config import ModelConfig
from translator.engines.native import build as native_build
from translator.engines.native import library as native
from translator.engines.native.build import (
    COMPILED_KERNELS,
    FOLDER,
    LIBRARY,
    build_program,
    hashes,
    machine_name,
    manifest_of,
)
from translator.engines.native.engine import NativeEngine, sinusoids
from translator.engines.protocol import Ahead, Rows, mask_width
from translator.errors import ConfigError
from translator.model.embedding import sinusoid_table
from translator.model.transformer import Transformer

FORBIDDEN = (0, 1)
BEGIN, END = 2, 3
GCC_OPTIONS = {
    "avx2": ("-march=x86-64-v3",), "avxvnni": ("-march=x86-64-v3", "-mavxvnni"),
    "avx512vnni": ("-march=x86-64-v4", "-mavx512vnni"), "dotprod": ("-march=armv8.2-a+dotprod",),
    "amx": ("-march=x86-64-v4", "-mavx512vnni", "-mamx-tile", "-mamx-int8"),
}  # fmt: skip
KERNELS = native.kernels(native.open_library())
SHAPES = {
    "as the package's": ModelConfig(
        vocab_size=300, d_model=64, heads=4, d_ff=96, encoder_layers=2, decoder_layers=2, norm="pre"
    ),
    "post-norm and GELU": ModelConfig(
        vocab_size=64, d_model=48, heads=3, d_ff=64, encoder_layers=1, decoder_layers=2, activation="gelu"
    ),
    "odd sizes": ModelConfig(
        vocab_size=71, d_model=42, heads=6, d_ff=33, encoder_layers=1, decoder_layers=1, norm="pre",
        positions="learned", max_positions=40,
    ),
    "OPUS-MT's": ModelConfig(
        vocab_size=90, d_model=32, heads=4, d_ff=48, encoder_layers=2, decoder_layers=2, activation="swish",
        attention_bias=True, logits_bias=True, sinusoids="marian",
    ),
    "WMT19's": ModelConfig(
        vocab_size=77, d_model=36, heads=3, d_ff=150, decoder_d_ff=50, encoder_layers=1, decoder_layers=2,
        attention_bias=True, sinusoids="fairseq", first_position=2, embeddings="separate",
    ),
    "a target matrix, and a larger decoder": ModelConfig(
        vocab_size=70, d_model=32, heads=2, d_ff=20, decoder_d_ff=130, encoder_layers=1, decoder_layers=1,
        embeddings="output-tied",
    ),
    "a single head": ModelConfig(
        vocab_size=130, d_model=34, heads=1, d_ff=200, encoder_layers=2, decoder_layers=1
    ),
}  # fmt: skip


def make_model(config, seed=0):
    torch.manual_seed(seed)
    model = Transformer(config).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith(("bias", "bias_V")):
                parameter.normal_(std=0.3)  # the network starts with zeros
    return model


def make_engine(model, kernel=""):
    tensors = {name: tensor.detach().numpy() for name, tensor in model.state_dict().items()}
    before = os.environ.get(native.FORCED_KERNEL)
    os.environ[native.FORCED_KERNEL] = kernel
    try:
        return NativeEngine(tensors, model.config, FORBIDDEN)
    finally:
        os.environ.pop(native.FORCED_KERNEL)
        if before is not None:
            os.environ[native.FORCED_KERNEL] = before


def random_sources(config, number, seed=0, longest=23):
    random = np.random.default_rng(seed)
    return [
        [*random.integers(4, config.vocab_size, random.integers(0, longest)).tolist(), END]
        for _ in range(number)
    ]


def rows_of(row, parent, token):
    row_N, parent_N, token_N = (np.asarray(x, dtype=np.int32) for x in (row, parent, token))
    return Rows(row_N, parent_N, token_N, np.zeros(len(row_N), dtype=np.int32))


@torch.inference_mode()
def log_probabilities(model, source, targets):
    """The plain model's log-probabilities after each prefix of the targets, (T, V)."""
    source_1S = torch.tensor([source])
    output = model(source_1S, torch.ones_like(source_1S, dtype=torch.bool), torch.tensor([targets]))
    logits_TV = model.logits(output)[0]
    logits_TV[:, list(FORBIDDEN)] = -torch.inf
    return logits_TV.log_softmax(1).numpy()


@pytest.mark.parametrize("name", SHAPES)
def test_distributions_equal_the_plain_model_up_to_rounding(name):
    model = make_model(SHAPES[name])
    session, sources = make_engine(model).session(), random_sources(model.config, 3)
    first = session.admit(sources, 1)
    targets = np.random.default_rng(1).integers(4, model.config.vocab_size, (3, 9))
    targets[:, 0] = BEGIN
    expected = [log_probabilities(model, *pair) for pair in zip(sources, targets.tolist(), strict=True)]
    for step in range(9):
        found = session.distribution(rows_of(first, first, targets[:, step]))
        for sentence in range(3):
            allowed = np.isfinite(expected[sentence][step])
            assert np.isneginf(found[sentence][~allowed]).all()
            difference = found[sentence][allowed] - expected[sentence][step][allowed]
            assert abs(difference).max() < 0.25
            assert np.exp(found[sentence][allowed], dtype=np.float64).sum() == pytest.approx(1, abs=1e-5)


def walk(engine, seed, steps=7):
    """All of an engine's results for rows that branch and continue each other, as bytes."""
    random, session = np.random.default_rng(seed), engine.session()
    width, answers = int(random.integers(1, 5)), []
    first = session.admit(random_sources(CONFIG, 3, seed), width)
    row = (first[:, None] + np.arange(width)).ravel()
    masks = random.random((4, mask_width(CONFIG.vocab_size))) < 0.7
    for _ in range(steps):
        parent = (first[:, None] + random.integers(0, width, (3, width))).ravel()
        token = random.integers(2, CONFIG.vocab_size, len(row))
        rows = rows_of(row, parent, token)
        rows = Rows(rows.row_N, rows.parent_N, rows.token_N, random.integers(0, 4, len(row)).astype(np.int32))
        found = session.step(rows, masks, int(random.integers(1, 9)))
        answers.append(found.token_NC.tobytes() + found.log_probability_NC.tobytes())
    return answers


CONFIG = SHAPES["as the package's"]


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("kernel", KERNELS)
def test_all_kernels_are_bit_identical(name, kernel):
    model = make_model(SHAPES[name])
    sources, answers = random_sources(model.config, 5, longest=39), []
    for one in (kernel, "portable"):
        session = make_engine(model, one).session()
        first = session.admit(sources, 1)
        for token in (BEGIN, 9, 30):
            answers.append(session.distribution(rows_of(first, first, [token] * 5)).copy())
    for found, expected in zip(answers[:3], answers[3:], strict=True):
        assert found.tobytes() == expected.tobytes()


@pytest.fixture(scope="module")
def engines():
    model = make_model(CONFIG)
    return [make_engine(model, kernel) for kernel in KERNELS]


@given(seed=st.integers(0, 2**32))
def test_all_kernels_agree_on_any_steps_of_any_rows(engines, seed):
    first, *others = [walk(engine, seed) for engine in engines]
    assert all(other == first for other in others)


def test_neighbours_change_nothing(engines):
    engine = engines[0]
    sources = random_sources(CONFIG, 9, seed=4)
    together, alone = engine.session(), engine.session()
    first = together.admit(sources, 2)
    for step, token in enumerate((BEGIN, 40, 17)):
        found = together.distribution(rows_of(first, first, [token] * 9)).copy()
        for place, source in enumerate(sources):
            (row,) = alone.admit([source], 1)
            for earlier in (BEGIN, 40, 17)[: step + 1]:
                expected = alone.distribution(rows_of([row], [row], [earlier]))
            assert found[place].tobytes() == expected[0].tobytes()
            alone.release(np.array([row]))


def test_a_row_that_continues_another_has_its_history(engines):
    session, (source,) = engines[0].session(), random_sources(CONFIG, 1, seed=5)
    (row,) = session.admit([source], 3)
    session.distribution(rows_of([row, row + 1], [row, row], [BEGIN, BEGIN]))
    session.distribution(rows_of([row, row + 1], [row, row + 1], [50, 60]))
    # The first two continue each other, and the third continues the first as it was before.
    swapped = session.distribution(rows_of([row, row + 1, row + 2], [row + 1, row, row], [7, 8, 9])).copy()
    for place, tokens in enumerate([(BEGIN, 60, 7), (BEGIN, 50, 8), (BEGIN, 50, 9)]):
        (other,) = session.admit([source], 1)
        for token in tokens:
            expected = session.distribution(rows_of([other], [other], [token]))
        assert swapped[place].tobytes() == expected[0].tobytes()


def test_candidates_are_the_best_that_the_mask_allows(engines):
    session, sources = engines[0].session(), random_sources(CONFIG, 4, seed=6)
    first = session.admit(sources, 2)
    rows = rows_of(first, first, [BEGIN] * 4)
    full = session.distribution(rows).copy()
    masks = np.zeros((3, mask_width(CONFIG.vocab_size)), dtype=bool)
    masks[0] = True
    masks[1, [5, 9, 0]] = True  # 0 is forbidden
    masks[2, ::3] = True
    other_rows = Rows(rows.row_N + 1, rows.parent_N + 1, rows.token_N, np.array([0, 1, 2, 0], dtype=np.int32))
    found = session.step(other_rows, masks, 6)
    for place, mask in enumerate((0, 1, 2, 0)):
        allowed = np.where(masks[mask, : CONFIG.vocab_size], full[place], -np.inf)
        order = [token for token in np.argsort(-allowed, kind="stable")[:6] if allowed[token] > -np.inf]
        assert found.token_NC[place].tolist() == [*order, *[-1] * (6 - len(order))]
        expected = [*full[place][order].tolist(), *[-np.inf] * (6 - len(order))]
        assert found.log_probability_NC[place].tolist() == expected


def best_extensions(found, score_N, width):
    """The tokens, parents and scores of the best extensions of each sentence, in plain Python."""
    chosen = []
    for first in range(0, len(score_N), width):
        extensions = [
            (int(token), row, score_N[first + row] + float(log_probability))
            for row in range(width)
            for token, log_probability in zip(
                found.token_NC[first + row], found.log_probability_NC[first + row], strict=True
            )
        ]
        chosen += sorted(extensions, key=lambda extension: -extension[2])[:width]
    return [list(one) for one in zip(*chosen, strict=True)]


@pytest.mark.parametrize("width", [1, 3])
def test_running_ahead_equals_single_steps(engines, width):
    engine, sources = engines[0], random_sources(CONFIG, 2, seed=7)
    masks = np.ones((3, mask_width(CONFIG.vocab_size)), dtype=bool)
    masks[1, ::7], masks[2, ::5] = False, False
    row_N, best = np.arange(2 * width), 2 * width
    mask_N = row_N % 3

    def start():
        session = engine.session()
        first = session.admit(sources, width)
        assert first.tolist() == [0, width]
        # One step feeds each row of a sentence another token, so that their scores have an order.
        session.step(rows_of(row_N, row_N, [BEGIN] * len(row_N)), masks, 1)
        rows = rows_of(row_N, row_N, 5 + row_N)
        return session, Rows(rows.row_N, rows.parent_N, rows.token_N, mask_N.astype(np.int32))

    session, rows = start()
    score_N, expected = np.linspace(-1, 0, len(row_N)).tolist(), []
    for _ in range(6):
        found = session.step(rows, masks, best)
        expected.append((found.token_NC.tolist(), found.log_probability_NC.tolist()))
        token_N, parent_N, score_N = best_extensions(found, score_N, width)
        expected.append((token_N, parent_N, score_N))
        continued_N = row_N // width * width + parent_N
        rows = rows_of(row_N, continued_N, token_N)
        rows = Rows(rows.row_N, rows.parent_N, rows.token_N, mask_N[continued_N].astype(np.int32))
        mask_N = mask_N[continued_N]

    def run(ordinary):
        nonlocal mask_N
        mask_N = row_N % 3
        session, rows = start()
        ahead = Ahead(width, np.linspace(-1, 0, len(row_N)), ordinary, 6)
        run = session.run(rows, masks, best, ahead)
        steps = zip(run.token_TN.tolist(), run.parent_TN.tolist(), run.score_TN.tolist(), strict=True)
        return list(steps), (run.candidates.token_NC.tolist(), run.candidates.log_probability_NC.tolist())

    ordinary = np.ones_like(masks[0])
    assert run(ordinary) == (expected[1:-1:2], expected[-2])
    # It stops at the first step that would feed a token that is not ordinary.
    unusual = expected[5][0][0]
    ordinary[unusual] = False
    steps = next(place for place, (tokens, _, _) in enumerate(expected[1::2]) if unusual in tokens)
    assert run(ordinary) == (expected[1::2][:steps], expected[::2][steps])


def test_a_run_makes_one_step_if_a_sentence_has_too_few_extensions(engines):
    masks = np.zeros((1, mask_width(CONFIG.vocab_size)), dtype=bool)
    masks[0, 9] = True
    ordinary = np.ones_like(masks[0])
    # Only one token may follow, but a beam of three needs three extensions of two rows.
    session = engines[0].session()
    first = session.admit(random_sources(CONFIG, 1, seed=7), 3)
    row_N = first + np.arange(2)
    run = session.run(
        rows_of(row_N, row_N, [BEGIN] * 2), masks, 4, Ahead(2, np.zeros(2), np.zeros_like(ordinary), 6)
    )
    assert len(run.token_TN) == 0
    masks[0, 9] = False
    run = session.run(rows_of(row_N, row_N, [BEGIN] * 2), masks, 4, Ahead(2, np.zeros(2), ordinary, 6))
    assert len(run.token_TN) == 0
    assert (run.candidates.token_NC == -1).all()


def test_attention_equals_the_plain_model(engines):
    model = make_model(CONFIG)
    session, sources = engines[0].session(), random_sources(CONFIG, 2, seed=8)
    first = session.admit(sources, 1)
    found = session.attention(rows_of(first, first, [BEGIN] * 2), 1, 3)
    for place, source in enumerate(sources):
        record = {model.decoder[1].cross_attention: None}
        source_1S = torch.tensor([source])
        with torch.inference_mode():
            model(source_1S, torch.ones_like(source_1S, dtype=torch.bool), torch.tensor([[BEGIN]]), record)
        expected = record[model.decoder[1].cross_attention][0, 3, 0].numpy()
        assert found[place, : len(source)] == pytest.approx(expected, abs=0.02)
        assert not found[place, len(source) :].any()


def test_positions_follow_the_paper():
    assert sinusoids(900, 34) == pytest.approx(sinusoid_table(900, 34).numpy(), abs=1e-6)


@pytest.mark.parametrize("kind", ["marian", "fairseq"])
@pytest.mark.parametrize("first", [0, 2, 41])
def test_other_positions_equal_the_plain_models(kind, first):
    found = sinusoids(700, 36, kind, first)
    assert found == pytest.approx(sinusoid_table(700, 36, kind, first).numpy(), abs=1e-6)


def test_swish_is_exact_far_from_zero():
    """exp overflows at 89, and the sigmoid of −100 is smaller than the smallest float32."""
    config = SHAPES["OPUS-MT's"]
    model = make_model(config)
    with torch.no_grad():
        for layer in model.encoder:
            layer.feed_forward.inner.bias.copy_(torch.linspace(-300, 300, config.d_ff))
    session, (source,) = make_engine(model).session(), random_sources(config, 1)
    first = session.admit([source], 1)
    found = session.distribution(rows_of(first, first, [BEGIN]))[0]
    expected = log_probabilities(model, source, [BEGIN])[0]
    allowed = np.isfinite(expected)
    assert found[allowed] == pytest.approx(expected[allowed], abs=0.25)


def test_released_rows_are_reused(engines):
    session, sources = engines[0].session(), random_sources(CONFIG, 6, seed=9)
    first = session.admit(sources, 2)
    session.release(first[1:4])
    again = session.admit(sources[:3], 2)
    assert sorted(again) == sorted(first[1:4])


@pytest.mark.parametrize(
    ("row", "parent", "token", "message"),
    [
        (99, 0, BEGIN, "row does not exist"),
        (-1, 0, BEGIN, "row does not exist"),
        (0, 1, BEGIN, "belongs to another sentence"),
        (0, 0, 300, "outside the vocabulary"),
        (0, 0, -1, "outside the vocabulary"),
    ],
)
def test_bad_rows_and_tokens_are_errors(engines, row, parent, token, message):
    session = engines[0].session()
    session.admit(random_sources(CONFIG, 2), 1)
    with pytest.raises(native.NativeError, match=message):
        session.distribution(rows_of([row], [parent], [token]))


def test_bad_sources_are_errors(engines):
    session = engines[0].session()
    with pytest.raises(native.NativeError, match="outside the vocabulary"):
        session.admit([[5, 300]], 1)
    with pytest.raises(native.NativeError, match="more tokens than the model has positions"):
        session.admit([[5] * 5000], 1)
    with pytest.raises(native.NativeError, match="row does not exist"):
        session.release(np.array([0]))


def test_a_row_that_reaches_the_last_position_is_an_error():
    config = SHAPES["odd sizes"]
    session = make_engine(make_model(config)).session()
    first = session.admit([[5, END]], 1)
    for _ in range(config.max_positions):
        session.distribution(rows_of(first, first, [BEGIN]))
    with pytest.raises(native.NativeError, match="more tokens than the model has positions"):
        session.distribution(rows_of(first, first, [BEGIN]))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize(
    "name", ["embedding.weight", "encoder.0.feed_forward.inner.bias", "decoder_norm.weight"]
)
def test_weights_that_are_not_finite_are_rejected(name, bad):
    model = make_model(CONFIG)
    with torch.no_grad():
        model.get_parameter(name).view(-1)[5] = bad
    with pytest.raises(native.NativeError, match="not finite numbers"):
        make_engine(model)


def test_an_unavailable_kernel_is_named():
    with pytest.raises(
        ConfigError, match="TRANSLATOR_CPU is 'abacus', which this processor cannot run; choose from"
    ):
        make_engine(make_model(CONFIG), "abacus")


def test_a_missing_or_damaged_library_is_named(tmp_path):
    with pytest.raises(native.NativeError, match="build it with"):
        native.open_library(tmp_path / "missing.so")
    library, manifest = tmp_path / "engine.so", tmp_path / "engine.json"
    library.write_bytes(LIBRARY.read_bytes()[:5000])
    manifest.write_bytes(manifest_of(LIBRARY).read_bytes())
    with pytest.raises(native.NativeError, match=r"engine\.so \(the file is damaged\)"):
        native.open_library(library)
    library.write_bytes(LIBRARY.read_bytes())
    manifest.write_text(json.dumps(hashes(LIBRARY) | {"sources": "0"}))
    with pytest.raises(native.NativeError, match=r"built from other sources\); build it with"):
        native.open_library(library)
    manifest.write_text("{")
    with pytest.raises(native.NativeError, match="hashes is damaged"):
        native.open_library(library)


def test_the_engine_needs_no_pytorch():
    code = "import sys, translator.engines.native.engine; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def build_with_gcc(driver, program):
    """Build with address checks, which the compiler of the package lacks."""
    checks = (
        "-fsanitize=address,undefined",
        "-fno-sanitize-recover=all",
        "-g",
        "-O1",
        "-Wno-psabi",
        f"-I{FOLDER}",
    )
    plain = ("gcc", "-std=c11", "-ffp-contract=off", *checks)
    objects = []
    for kernel in COMPILED_KERNELS[machine_name()]:
        objects.append(program.with_name(f"{kernel}.o"))
        source = (f"-DKERNEL={kernel}", "-c", FOLDER / "kernel.c", "-o", objects[-1])
        subprocess.run([*plain, *GCC_OPTIONS.get(kernel, ()), *source], check=True)
    subprocess.run([*plain, driver, FOLDER / "engine.c", *objects, "-o", program, "-lm"], check=True)


def test_products_are_exact_even_of_extremes(tmp_path):
    build_program(Path(__file__).with_name("native_products.c"), tmp_path / "products")
    done = subprocess.run([tmp_path / "products"], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.split()) == set(KERNELS)


@pytest.mark.hard
def test_random_models_and_steps_under_sanitizers(tmp_path):
    """The driver also compares the results of all kernels, and prints a checksum for each model."""
    driver, program = Path(__file__).with_name("native_fuzz.c"), tmp_path / "fuzz"
    if shutil.which("gcc"):
        build_with_gcc(driver, program)
    else:
        build_program(driver, program, "-fsanitize=undefined", "-fno-sanitize-recover=all", "-O1")
    done = subprocess.run([program, "1", "30"], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    assert len(done.stdout.splitlines()) == 30


def test_a_library_in_use_is_replaced_and_not_overwritten(tmp_path, monkeypatch):
    library = tmp_path / "libengine.so"
    contents = iter([b"old", b"new"])
    monkeypatch.setattr(
        native_build, "_link", lambda machine, sources, out, **flags: out.write_bytes(next(contents))
    )
    native_build.build("x86_64", library)
    with library.open("rb") as used:
        native_build.build("x86_64", library)
        assert used.read() == b"old"
    assert library.read_bytes() == b"new"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["libengine.json", "libengine.so"]
