"""Each architecture learns to copy and to reverse letters, through the real command lines."""

import itertools
import json

import pytest

from tests.system.command_line import run_here

COMMON = (
    "--batch-tokens", "512", "--max-tokens-per-side", "16", "--warmup-steps", "30", "--validate-every-steps", "1000",
    "--threads", "1", "--device", "cpu",
    "--model.d-model", "64", "--model.dropout", "0", "--label-smoothing", "0",
)  # fmt: skip
SETTINGS = {
    "tiny": (
        "--max-steps", "300", "--peak-learning-rate", "5e-3", "--model.d-ff", "128", "--model.encoder-layers", "2",
        "--model.decoder-layers", "1",
    ),
    "tiny-rnn": (
        "--max-steps", "200", "--peak-learning-rate", "1e-2", "--model.encoder-layers", "1",
        "--model.decoder-layers", "1",
    ),
    "tiny-decoder-only": (
        "--max-steps", "450", "--peak-learning-rate", "5e-3", "--model.d-ff", "128", "--model.decoder-layers", "2",
        "--model.max-positions", "32", "--model.decoder-only.prefix-attention",
    ),
}  # fmt: skip


@pytest.fixture(scope="module", params=["copy", "reverse"])
def folder(tmp_path_factory, request):
    """The name of the task and three letters; the German is the same letters, or the letters in reverse."""
    path = tmp_path_factory.mktemp(request.param)
    words = [" ".join(letters) for letters in itertools.product("abcdefgh", repeat=3)]
    unseen = words[::11]
    for name, some in (("unseen", unseen), ("training", [word for word in words if word not in unseen])):
        german = [word[::-1] for word in some] if request.param == "reverse" else some
        (path / f"{name}.en").write_text("".join(f"{request.param} {line}\n" for line in some))
        (path / f"{name}.de").write_text("".join(f"{line}\n" for line in german))
    run_here((
        "-m", "translator", "prepare", "--corpus", path / "training", "--dev", path / "unseen",
        "--out", path / "prepared", "--vocab-size", "401",
    ))  # fmt: skip
    return path


@pytest.mark.hard
@pytest.mark.parametrize("preset", SETTINGS)
def test_a_task_is_learnt_and_translated_by_the_command_line(folder, preset):
    out = folder / preset
    run_here(("train.py", preset, "--data", folder / "prepared", "--out", out, *COMMON, *SETTINGS[preset]))
    german = out / "unseen.de"
    run_here((
        "-m", "translator", "translate", folder / "unseen.en", "--out", german, "--model", out / "model", "--beam", "1",
    ))  # fmt: skip
    expected = (folder / "unseen.de").read_text().splitlines()
    right = sum(map(str.__eq__, german.read_text().splitlines(), expected))
    assert right > 0.8 * len(expected)
    card = json.loads((out / "model" / "card.json").read_text())
    assert card["training"]["steps"] == int(SETTINGS[preset][1])
