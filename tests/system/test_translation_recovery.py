"""The translation of a corpus survives kills at any moment, and half a line left by a crash of the machine."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from toy_grammar import generate_pairs

from translator.config import ModelConfig
from translator.data.tokenizer import train_tokenizer
from translator.model.transformer import Transformer
from translator.training.checkpoint import save_model

ROOT = Path(__file__).parents[2]
LINES, WINDOW, KILLS, PATIENCE_SECONDS = 160, 8, 2, 120
IN_SMALL_WINDOWS = f"""
if __name__ == "__main__":
    from translator.commands import windows
    windows.WINDOW_LINES = {WINDOW}
    import translator.__main__
    raise SystemExit(translator.__main__.main())
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    pairs = list(generate_pairs(300, seed=5))
    tokenizer = train_tokenizer([sentence for pair in pairs for sentence in pair], 596)
    torch.manual_seed(3)
    config = ModelConfig(
        tokenizer.vocab_size, d_model=64, heads=2, d_ff=128, encoder_layers=2, decoder_layers=2, dropout=0.0
    )
    path = tmp_path_factory.mktemp("model") / "toy"
    save_model(path, config, Transformer(config).state_dict(), tokenizer, {"name": "toy"})
    return path


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    """Lines to translate, blank lines, and numbers, which are copied; the last line has no line break."""
    english = [english for english, _ in generate_pairs(LINES, seed=8)]
    lines = ["" if place % 10 == 3 else str(place) if place % 2 else one for place, one in enumerate(english)]
    path = tmp_path_factory.mktemp("text") / "text.en"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def command(model, text, *options):
    program = (sys.executable, "-c", IN_SMALL_WINDOWS)
    return [*map(str, (*program, "translate", text, "--model", model, "--precision", "fp32", *options))]


def run(arguments):
    done = subprocess.run(arguments, cwd=ROOT, capture_output=True, timeout=PATIENCE_SECONDS, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def kill_after(arguments, part, lines, pause):
    """Start a command, wait until it has written this number of lines, pause, and kill it."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    with subprocess.Popen(arguments, cwd=ROOT, stderr=subprocess.PIPE) as process:
        while not part.exists() or part.read_bytes().count(b"\n") < lines:
            assert process.poll() is None, process.stderr.read().decode()
            assert time.monotonic() < deadline, "nothing was written"
            time.sleep(0.002)
        time.sleep(pause)
        process.kill()
    assert process.returncode == -signal.SIGKILL


def leave_half_a_line(part):
    """Cut the output within its last line, as a crash of the machine may do."""
    content = part.read_bytes()
    with part.open("r+b") as file:
        file.truncate(content.rindex(b"\n", 0, content.rindex(b"\n")) + 3)


@pytest.mark.hard
@pytest.mark.parametrize(
    ("processes", "options"), [(1, ()), (2, ("--json", "--n-best", "2", "--align"))], ids=["text", "json"]
)
def test_a_translation_that_is_killed_repeatedly_equals_an_uninterrupted_one(
    model, text, tmp_path, processes, options
):
    options = (*options, "--processes", processes)
    whole = run(command(model, text, *options))
    out, part = tmp_path / "out.de", tmp_path / "out.de.part"
    generator, written = random.Random(7), 0
    resuming = command(model, text, *options, "--out", out, "--resume")
    for _ in range(KILLS):
        written += generator.randint(1, LINES // (2 * KILLS))
        kill_after(resuming, part, written, generator.uniform(0, 0.02))
        content = part.read_bytes()
        assert whole.startswith(content)
        assert not out.exists()
        written = content.count(b"\n")
        assert written < LINES - 1
    if "--json" not in options:  # scores may differ in their last digit if other lines share a window
        leave_half_a_line(part)
    run(resuming)
    assert out.read_bytes() == whole
    assert [path.name for path in tmp_path.iterdir()] == ["out.de"]
