"""The commands that show more than a translation, and the search options."""

import itertools
import json

import pytest
import torch

from translator.commands import SearchArguments
from translator.model.transformer import Transformer
from translator.search import Sampling, SearchOptions
from translator.training.checkpoint import load_model, save_model
from translator.translate import Translator


@pytest.fixture
def run(run):
    """The `run` of all commands, with the output as text."""

    def run_for_text(*arguments):
        code, out, err = run(*arguments)
        return code, out.decode(), err

    return run_for_text


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "in.txt"
    path.write_text("Anna sleeps. Paul runs.\n\n12\nThe dog eats.\n", encoding="utf-8")
    return path


def test_json_has_a_line_for_each_line_with_everything_requested(run, model_folder, text):
    plain = run("translate", text, "--model", model_folder)[1].split("\n")
    code, out, _ = run("translate", text, "--model", model_folder, "--json", "--n-best", "2", "--align")
    assert code == 0
    records = [json.loads(line) for line in out.splitlines()]
    assert [record["text"] for record in records] == plain[:-1]
    assert [len(record["sentences"]) for record in records] == [2, 0, 1, 1]
    first, second = records[0]["sentences"]
    assert (first["source"], second["source"]) == ("Anna sleeps.", "Paul runs.")
    assert (second["start"], second["end"]) == (13, 23)
    assert [len(one["translations"]) for one in (first, second)] == [2, 2]
    assert first["translations"][0]["score"] >= first["translations"][1]["score"]
    assert records[2]["sentences"][0]["alignment"] == []
    for link in first["alignment"]:
        assert first["source"][slice(*link["source"])].strip()
        assert 0 <= link["weight"] <= 1
    without = json.loads(run("translate", text, "--model", model_folder, "--json")[1].splitlines()[0])
    assert "alignment" not in without["sentences"][0]
    assert "tokens" not in without["sentences"][0]["translations"][0]


def test_json_has_the_pieces_with_their_log_probabilities(run, model_folder, text):
    command = ("translate", text, "--model", model_folder, "--json", "--tokens", "--length-penalty", "0")
    code, out, _ = run(*command, "--n-best", "2", "--precision", "fp32")
    assert code == 0
    first, _, copied, _ = (json.loads(line)["sentences"] for line in out.splitlines())
    assert copied[0]["translations"][0]["tokens"] == []
    for version in first[0]["translations"]:
        pieces, log_probabilities = zip(*version["tokens"], strict=True)
        assert pieces[-1] == "</s>"
        assert sum(log_probabilities) == pytest.approx(version["score"], abs=1e-4 * (len(pieces) + 1))


def test_copied_sentences_have_no_links(run, model_folder, tmp_path):
    """Neither numbers nor a long key, even though the key contains letters."""
    (tmp_path / "keys.txt").write_text(f"Anna sleeps. {'x7' * 40}\n12\n")
    _, out, _ = run("translate", tmp_path / "keys.txt", "--model", model_folder, "--json", "--align")
    first, second = (json.loads(line)["sentences"] for line in out.splitlines())
    assert [bool(one["alignment"]) for one in first] == [True, False]
    assert second[0]["alignment"] == []


def test_translations_start_with_their_prefixes(run, model_folder, text, tmp_path, monkeypatch):
    (tmp_path / "prefix.txt").write_text("Heute\n\n\nMorgen\n")
    monkeypatch.setattr("translator.commands.windows.WINDOW_LINES", 3)
    code, out, _ = run(
        "translate", text, "--model", model_folder, "--prefix", tmp_path / "prefix.txt", "--beam", "2"
    )
    assert code == 0
    lines = out.splitlines()
    assert lines[0].startswith("Heute")
    assert lines[2] == "12"
    assert lines[3].startswith("Morgen")
    (tmp_path / "prefix.txt").write_text("Heute\n")
    code, _, err = run("translate", text, "--model", model_folder, "--prefix", tmp_path / "prefix.txt")
    assert code == 1
    assert "prefix.txt: 1, of " in err
    assert "in.txt: 4; give a prefix, or an empty line, for each" in err
    (tmp_path / "prefix.txt").write_text("Heute\n\nNie\n\n")
    code, _, err = run("translate", text, "--model", model_folder, "--prefix", tmp_path / "prefix.txt")
    assert code == 1
    assert (
        "error: there is nothing to translate in '12\\n', which stays as it is and cannot begin with 'Nie'"
        in err
    )


def test_search_options_reach_the_search(run, model_folder, text):
    plain = run("translate", text, "--model", model_folder, "--beam", "1")[1]
    for options in (("--sample", "--seed", "3"), ("--max-length-factor", "0.1"), ("--no-repeat-ngram", "1")):
        code, out, _ = run("translate", text, "--model", model_folder, "--beam", "1", *options)
        assert code == 0
        assert out != plain


def test_every_search_option_is_on_the_command_line():
    typed = SearchArguments(
        beam=5, length_penalty=0.7, min_length_factor=0.1, max_length_factor=3.0, no_repeat_ngram=2, ban=("Hund",),
        sample=True, temperature=0.6, top_k=9, top_p=0.9, seed=11,
    )  # fmt: skip
    assert typed.options(n_best=3) == SearchOptions(
        beam_size=5, length_penalty=0.7, n_best=3, min_length_factor=0.1, max_length_factor=3.0, no_repeat_ngram=2,
        banned=("Hund",), sampling=Sampling(temperature=0.6, top_k=9, top_p=0.9, seed=11),
    )  # fmt: skip
    assert SearchArguments().options() == SearchOptions()


def test_several_models_decide_together(run, model_folder, text, tmp_path):
    model, tokenizer, card = (
        getattr(load_model(model_folder), name) for name in ("model", "tokenizer", "card")
    )
    torch.manual_seed(5)
    other = Transformer(model.config)
    save_model(tmp_path / "other", other.config, other.state_dict(), tokenizer, card)
    lines = text.read_text(encoding="utf-8").splitlines()

    def translated(*folders):
        return run("translate", text, *itertools.chain(*(("--model", one) for one in folders)))[
            1
        ].splitlines()

    together = Translator.load(model_folder, ensemble_with=[tmp_path / "other"])
    expected = [one.text for one in together.translate(lines)]
    assert translated(model_folder, tmp_path / "other") == expected
    assert expected not in (translated(model_folder), translated(tmp_path / "other"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--n-best", "2"), "--n-best is 2, but plain text has one translation per line; add --json"),
        (("--align",), "--align needs JSON output; add --json"),
        (("--tokens",), "--tokens needs JSON output; add --json"),
        (("--json", "--n-best", "5"), "--n-best is 5; give 1 up to the --beam, which is 4"),
        (("--min-length-factor", "3"), "--min-length-factor is 3.0; give 0 up to the --max-length-factor"),
        (("--temperature", "2"), "--seed need sampling; add --sample"),
        (("--sample", "--top-p", "0"), "--top-p is 0.0; give a number from 0.01 to 1"),
        (("--ban", " "), "--ban is (' ',); give a list of up to 1000 words or phrases"),
        (("--no-repeat-ngram", "-1"), "--no-repeat-ngram is -1; give a whole number from 0 to 20"),
    ],
)
def test_errors_name_the_options_of_the_command_line(run, model_folder, text, options, message):
    code, out, err = run("translate", text, "--model", model_folder, *options)
    assert (code, out) == (1, "")
    assert message in err


def test_the_precision_can_be_chosen(run, model_folder, text):
    code, out, _ = run("translate", text, "--model", model_folder, "--beam", "1", "--precision", "bf16")
    assert (code, out.count("\n")) == (0, 4)


def test_score_prints_a_line_for_each_pair(run, model_folder, tmp_path):
    (tmp_path / "a.en").write_text("Anna sleeps.\nThe dog eats.\n")
    (tmp_path / "a.de").write_text("Anna schläft.\nDer Hund isst.\n", encoding="utf-8")
    command = ("score", "--source", tmp_path / "a.en", "--target", tmp_path / "a.de", "--model", model_folder)
    code, out, _ = run(*command)
    assert code == 0
    lines = [tuple(map(float, line.split("\t"))) for line in out.splitlines()]
    assert len(lines) == 2
    assert all(log_probability < score < 0 for score, log_probability in lines)
    records = [json.loads(line) for line in run(*command, "--tokens")[1].splitlines()]
    for record, (score, log_probability) in zip(records, lines, strict=True):
        assert (record["score"], record["log_probability"]) == (score, log_probability)
        assert record["tokens"][-1][0] == "</s>"
        assert sum(value for _, value in record["tokens"]) == pytest.approx(log_probability, abs=1e-2)
    (tmp_path / "a.de").write_text("Anna schläft.\n", encoding="utf-8")
    code, _, err = run(*command)
    assert code == 1
    assert "there are 2 sources and 1 translations" in err


def test_explain_shows_pieces_steps_and_why_the_search_ended(run, model_folder):
    code, out, _ = run("explain", "Anna sleeps. 12.", "--model", model_folder, "--beam", "2")
    assert code == 0
    for expected in (
        "Anna sleeps.",
        "pieces: ",
        "step",
        "ended after",
        "log-probability",
        "copied: there is nothing to translate in it, or it is in another language",
    ):
        assert expected in out
    code, out, _ = run(
        "explain", "Anna sleeps.", "--model", model_folder, "--n-best", "3", "--prefix", "Heute"
    )
    assert code == 0
    found = [line for line in out.splitlines() if "(log-probability" in line]
    assert len(found) == 3
    assert all(line.split()[1].startswith("Heute") for line in found)


def test_attention_writes_a_page_or_a_picture(run, model_folder, tmp_path):
    code, out, _ = run("attention", "Anna sleeps.", "--model", model_folder, "--out", tmp_path / "a.html")
    assert (code, out.startswith("wrote ")) == (0, True)
    assert "<svg" in (tmp_path / "a.html").read_text(encoding="utf-8")
    code, _, err = run("attention", "Anna sleeps.", "--model", model_folder, "--out", tmp_path / "a.pdf")
    assert code == 1
    assert "a.pdf; give a name that ends with .html or .png" in err
    code, _, err = run("attention", "Anna", "--model", model_folder, "--out", tmp_path / "no" / "a.html")
    assert code == 1
    assert "No such file or directory; choose another file" in err
