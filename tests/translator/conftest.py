import dataclasses
import sys

import pytest
import torch
from toy_grammar import generate_pairs

from translator.__main__ import main
from translator.config import Config, ModelConfig, TrainingConfig
from translator.data.corpus import CleaningRules, CorpusSpec
from translator.data.prepare import prepare
from translator.data.shards import PreparedData
from translator.model.transformer import Transformer
from translator.training.checkpoint import save_model
from translator.translate import Translator

TINY = ModelConfig(d_model=16, heads=2, d_ff=32, encoder_layers=1, decoder_layers=1, dropout=0.1, norm="pre")
BRIEF = TrainingConfig(
    batch_tokens=128, max_tokens_per_side=64, schedule="linear", warmup_steps=4, peak_learning_rate=1e-2,
    max_steps=12, log_every_steps=1, validate_every_steps=100, save_every_steps=5,
)  # fmt: skip


@pytest.fixture(scope="session")
def prepared_folder(tmp_path_factory):
    """Toy pairs, prepared as a corpus would be."""
    folder = tmp_path_factory.mktemp("toy")
    lines = "".join(f"{english}\t{german}\n" for english, german in generate_pairs(300, seed=5))
    (folder / "toy.tsv").write_text(lines, encoding="utf-8")
    spec = CorpusSpec.parse(str(folder / "toy.tsv"))
    dev = dataclasses.replace(spec, name="toy-dev")
    prepare([spec], folder / "prepared", vocab_size=596, dev=[dev], rules=CleaningRules(), seed=1)
    return folder / "prepared"


@pytest.fixture(scope="session")
def prepared(prepared_folder):
    return PreparedData.open(prepared_folder)


@pytest.fixture(scope="session")
def brief_config(prepared):
    """A model and a training that take a second."""
    return Config(dataclasses.replace(TINY, vocab_size=prepared.tokenizer.vocab_size), BRIEF)


@pytest.fixture(scope="session")
def untrained(brief_config):
    torch.manual_seed(1)
    return Transformer(dataclasses.replace(brief_config.model, dropout=0.0)).eval()


@pytest.fixture(scope="session")
def translator(untrained, prepared):
    return Translator.of_model(untrained, prepared.tokenizer, {"name": "toy"})


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory, untrained, prepared):
    """The toy model on disk, one for each module: a test may write onto its card."""
    path = tmp_path_factory.mktemp("models") / "toy"
    card = {"name": "toy", "scores": []}
    save_model(path, untrained.config, untrained.state_dict(), prepared.tokenizer, card)
    return path


@pytest.fixture
def run(monkeypatch, capfdbinary):
    """Run a command; returns its exit code, standard output and standard error."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["translator", *map(str, arguments)])
        try:
            code = main()
        except SystemExit as stop:
            code = stop.code
        sys.stdout.flush()
        out, err = capfdbinary.readouterr()
        return code, out, err.decode()

    return run
