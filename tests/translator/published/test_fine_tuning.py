"""Training goes on from imported weights, on data with their tokenizer."""

import dataclasses
import json

import pytest
import torch
from torch.nn.functional import cross_entropy

from tests.published_tokenizers import lines
from tests.system.command_line import run_here
from tests.translator.published.conftest import MODELS, whole_model, write_published
from translator.config import AugmentationConfig, TrainingConfig
from translator.data.batching import TokenBudgetBatches
from translator.data.corpus import CleaningRules, CorpusSpec
from translator.data.prepare import prepare
from translator.data.shards import PreparedData
from translator.data.tokenizer import load_tokenizer, train_tokenizer
from translator.errors import ConfigError, DataError
from translator.model.transformer import Transformer
from translator.published import import_model
from translator.training.checkpoint import load_model
from translator.training.data_report import inspect_data
from translator.training.validation import validation_loss
from translator.training.warm_start import load_initial_weights
from translator.translate import Translator

ARCHITECTURE = {
    "marian": "--model.d-model 16 --model.heads 4 --model.d-ff 24 --model.encoder-layers 2 --model.decoder-layers 2 "
    "--model.norm post --model.activation swish --model.attention-bias --model.sinusoids marian --model.logits-bias",
    "fsmt": "--model.d-model 16 --model.heads 2 --model.d-ff 40 --model.decoder-d-ff 24 --model.encoder-layers 2 "
    "--model.decoder-layers 1 --model.norm post --model.attention-bias --model.sinusoids fairseq "
    "--model.first-position 2 --model.embeddings separate",
}
PAIRS = [
    (f"The baker opens the {english} shop at seven.", f"Der Bäcker öffnet den {german} Laden um sieben.")
    for english, german in (
        ("little", "kleinen"),
        ("green", "grünen"),
        ("grey", "grauen"),
        ("well-known", "alten"),
    )
]


@pytest.fixture(scope="module", params=MODELS)
def family(request):
    return request.param


@pytest.fixture(scope="module")
def theirs(family):
    return whole_model(family)


@pytest.fixture(scope="module")
def imported(theirs, tmp_path_factory):
    folder = tmp_path_factory.mktemp("hub")
    import_model(str(write_published(folder / "opus-mt-en-de", theirs)), folder / "ours")
    return folder / "ours"


@pytest.fixture(scope="module")
def data_folder(imported, tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    text = "".join(f"{english}\t{german}\n" for english, german in PAIRS)
    (folder / "pairs.tsv").write_text(text, encoding="utf-8")
    spec = CorpusSpec.parse(str(folder / "pairs.tsv"))
    dev = dataclasses.replace(spec, name="dev")
    prepare(
        [spec],
        folder / "prepared",
        vocab_size=0,
        dev=[dev],
        tokenizer=imported,
        rules=CleaningRules(),
        seed=1,
    )
    return folder / "prepared"


@pytest.fixture(scope="module")
def data(data_folder):
    return PreparedData.open(data_folder)


def test_the_data_have_the_tokenizer_of_the_model(imported, data):
    tokenizer = load_tokenizer(imported)
    assert (data.tokenizer.kind, data.tokenizer.sha256) == (tokenizer.kind, tokenizer.sha256)
    (corpus,) = data.corpora
    assert len(corpus) == len(PAIRS)
    for number, (english, german) in enumerate(PAIRS):
        source, target = (side.tolist() for side in corpus.pair(number))
        assert source == tokenizer.source.encode_marked(english)
        assert target == tokenizer.target.encode_marked(german)


def test_batches_begin_end_and_are_padded_as_the_model_expects(theirs, data):
    config, tokenizer = theirs.config, data.tokenizer
    batches = TokenBudgetBatches(data, batch_tokens=400, max_tokens_per_side=200, seed=1)
    ((source, target),) = [(batch.source_BS, batch) for batch in batches.batches(0)]
    pad, end = config.pad_token_id, config.eos_token_id
    expected = {(*tokenizer.source.encode_marked(english), end) for english, _ in PAIRS}
    assert {tuple(one for one in row if one != pad) for row in source.tolist()} == expected
    assert (target.target_input_BT[:, 0] == config.decoder_start_token_id).all()
    for given, wanted in zip(target.target_input_BT.tolist(), target.target_output_BT.tolist(), strict=True):
        length = wanted.index(end) + 1
        assert given[1:length] == wanted[: length - 1]
        assert set(wanted[length:]) <= {pad}
    assert target.target_tokens == sum(len(tokenizer.target.encode_marked(german)) + 1 for _, german in PAIRS)


def test_the_loss_is_that_of_transformers(theirs, imported, data):
    model = Transformer(load_model(imported).model.config).eval()
    load_initial_weights(imported, model, data.tokenizer)
    batches = list(TokenBudgetBatches(data, batch_tokens=400, max_tokens_per_side=200, seed=1).batches(0))
    total, tokens = 0.0, 0
    with torch.no_grad():
        ours = validation_loss(model, batches)
        for batch in batches:
            logits_BTV = theirs(
                input_ids=batch.source_BS,
                attention_mask=batch.source_keep_BS.long(),
                decoder_input_ids=batch.target_input_BT,
                use_cache=False,
            ).logits
            wanted_BT = batch.target_output_BT.masked_fill(
                batch.target_output_BT == theirs.config.pad_token_id, -100
            )
            total += float(cross_entropy(logits_BTV.flatten(0, 1), wanted_BT.flatten(), reduction="sum"))
            tokens += int((wanted_BT != -100).sum())
    assert ours == pytest.approx(total / tokens, rel=1e-5)


@pytest.mark.slow
def test_training_goes_on_from_an_import(family, imported, data_folder, tmp_path):
    out = tmp_path / "run"
    run_here((
        "train.py", "tiny", "--data", data_folder, "--out", out, "--init-from", imported, "--max-steps", "400",
        "--batch-tokens", "256", "--max-tokens-per-side", "200", "--peak-learning-rate", "1e-2", "--warmup-steps", "2",
        "--log-every-steps", "1", "--validate-every-steps", "1000", "--name", "tuned", *ARCHITECTURE[family].split(),
    ))  # fmt: skip
    records = [json.loads(line) for line in (out / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    losses = [record["loss"] for record in records if "loss" in record]
    assert losses[-1] < 0.8 * losses[0]
    card = json.loads((out / "model/card.json").read_text(encoding="utf-8"))
    assert card["began_with"]["licence"] == "cc-by-4.0"
    assert card["began_with"]["imported_from"]["source"] == "opus-mt-en-de"
    tuned = Translator.load(out / "model", "cpu")
    assert tuned.tokenizer.sha256 == load_tokenizer(imported).sha256
    for found in tuned.translate([english for english, _ in PAIRS]):
        assert found.text.startswith("Der Bäcker öffnet den ")


def test_other_tokenizers_are_not_exchanged(imported, data):
    other = train_tokenizer([line for line in lines(200) if line.strip()] * 3, 600, threads=1)
    model = Transformer(load_model(imported).model.config)
    with pytest.raises(
        ConfigError, match=rf"another tokenizer \({data.tokenizer.kind}\).*--tokenizer {imported}"
    ):
        load_initial_weights(imported, model, other)


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"augmentation": AugmentationConfig(typos=0.5)}, "augmentation"),
        ({"both_directions_epochs": 1}, "both_directions_epochs"),
    ],
)
def test_what_needs_our_own_tokenizer_is_refused(data, settings, name):
    with pytest.raises(ConfigError, match=f"{name} needs a tokenizer of this project"):
        TokenBudgetBatches(data, batch_tokens=400, max_tokens_per_side=200, seed=1, **settings)


def test_the_report_on_the_data_reads_the_pairs(data):
    """The development set is the training data, and the vocabulary is not about them."""
    report = inspect_data(data, TrainingConfig(max_steps=1), parameters=1)
    assert any(
        "The baker opens the" in warning and "Der Bäcker öffnet den" in warning for warning in report.warnings
    )
    assert not any("pieces of the vocabulary" in warning for warning in report.warnings)


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"tokenizer": "wordpiece"}'])
def test_a_folder_without_a_tokenizer_is_refused(tmp_path, content):
    with pytest.raises(DataError, match=r"cannot read .*config\.json"):
        load_tokenizer(tmp_path)
    (tmp_path / "config.json").write_bytes(content)
    with pytest.raises(DataError, match=r"config\.json is damaged or of another version"):
        load_tokenizer(tmp_path)
