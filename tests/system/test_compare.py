"""The comparison of architectures: its switches, its table 1, and the page, whose figures are those of the runs."""

import os
import re
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import compare
import pytest
import torch
from comparison import page, table1
from comparison.page import write_page
from comparison.training import AttentionPicture, Point, Result, Task, distinct_pairs, train
from comparison.variants import ABLATIONS, ARCHITECTURES, VARIANTS
from toy_grammar import generate_pairs

from tests.child_processes import is_alive, wait_until
from translator.config import PRESETS
from translator.config.presets import tiny_decoder_only
from translator.data.corpus import CorpusSpec
from translator.errors import ConfigError
from translator.model.attention import attention_weights


def built(name):
    torch.manual_seed(1)
    return VARIANTS[name].build("tiny", 50).eval()


@torch.inference_mode()
def test_without_positions_the_order_of_the_source_does_not_matter():
    source_1S, keep_1S = torch.tensor([[5, 6, 7, 3]]), torch.ones(1, 4, dtype=torch.bool)
    target_1T = torch.tensor([[2, 11, 12]])
    for name, is_same in (("no positions", True), ("Transformer", False)):
        model = built(name)
        found = [model(source_1S[:, order], keep_1S, target_1T) for order in ([0, 1, 2, 3], [2, 3, 0, 1])]
        assert torch.allclose(*found, atol=1e-5) == is_same


@torch.inference_mode()
def test_without_residuals_a_layer_that_computes_zero_gives_zero():
    x_BSD, keep = torch.randn(2, 3, 128), torch.ones(2, 1, 1, 3, dtype=torch.bool)
    for name, expected_BSD in (("no residuals", torch.zeros_like(x_BSD)), ("Transformer", x_BSD)):
        layer = built(name).encoder[0]
        layer.feed_forward.outer.weight.zero_()
        layer.self_attention.output.weight.zero_()
        torch.testing.assert_close(layer(x_BSD, keep), expected_BSD)


@torch.inference_mode()
def test_without_scaling_the_weights_are_the_softmax_of_the_products():
    attention = built("no 1/√d").encoder[0].self_attention
    x_BSD = torch.randn(1, 3, 128)
    query_BHLK, memory = attention.split_heads(attention.query(x_BSD)), attention.project_memory(x_BSD)
    query_LK = x_BSD[0] @ attention.query.weight[:32].T  # the first of four heads, each 32 wide
    expected_LM = (query_LK @ memory.key_NHMK[0, 0].T).softmax(-1)
    found_LM = attention_weights(query_BHLK, memory, None, is_causal=False)[0, 0]
    torch.testing.assert_close(found_LM, expected_LM, atol=1e-5, rtol=1e-4)


def test_the_other_variants_change_one_setting():
    plain = VARIANTS["Transformer"].config("tiny", 50)
    assert (plain.norm, plain.heads) == ("pre", 4)
    assert VARIANTS["post-norm"].config("tiny", 50).norm == "post"
    assert VARIANTS["one head"].config("tiny", 50).heads == 1


def test_table_1_as_the_paper_counts():
    """With n positions of width d, self-attention takes 8nd² + 4n²d operations, a GRU 12nd²."""
    found, d = table1.measure_all(), table1.WIDTH
    attention, recurrent = found["self-attention"], found["recurrent"]
    assert [one.flops for one in attention] == [8 * n * d**2 + 4 * n**2 * d for n in table1.LENGTHS]
    assert [one.flops for one in recurrent] == [12 * n * d**2 for n in table1.LENGTHS]
    # Keys and values, scores, weighted sum, output; and one product with the state for each position.
    assert [one.sequential for one in attention] == [4] * 4
    assert [one.sequential for one in recurrent] == list(table1.LENGTHS)
    assert len({one.path for one in attention}) == 1
    steps = [(one.path - recurrent[0].path) / (one.length - recurrent[0].length) for one in recurrent[1:]]
    assert len(set(steps)) == 1
    assert steps[0] >= 1


def result(name, number, seed):
    curve = [Point(1e9 * part, 2.0 * part + number, 5.0 - part, 10.0 * part + seed) for part in range(1, 5)]
    picture = AttentionPicture("Layer 1, head 2", ["a", "◂"], ["x", "◂"], [[0.75, 0.25], [0.5, 0.5]])
    translations = ["der Hund schläft im Haus"] * (6 + number) + ["?"] * (2 - number)
    return Result(
        name, seed, 1000 + number, 40, 4e9, 8.0 + number, 1.25 + number, 40.0 + number + seed, "s", 6 + number,
        translations, curve, picture,
    )  # fmt: skip


@pytest.mark.slow
def test_the_figures_on_the_page_are_those_of_the_runs(tmp_path):
    pytest.importorskip("matplotlib")
    results = {
        one.name: [result(one.name, number % 3, seed) for seed in (1, 3)]
        for number, one in enumerate((*ARCHITECTURES, *ABLATIONS))
    }
    sources = ["the dog sleeps in the house" + " now" * number for number in range(8)]
    html = write_page(
        tmp_path / "index.html", results, (sources, ["der Hund schläft im Haus"] * 8), "x.tsv"
    ).read_text(encoding="utf-8")
    sections = re.findall(r"<section.*?</section>", html, re.DOTALL)
    assert len(sections) == 1 + 4 + 1 + 1 + 3 + 3
    for section in sections:  # each sentence with its figure
        assert re.match(r"<section[^>]*><p>[^<]+\.</p>\s*(<svg|<div class=\"wide\"><table)", section)
    text = re.sub(r"<[^>]+>", " ", html).replace("\N{NO-BREAK SPACE}", " ")
    # Of the seeds 1 and 3, the mean is 2 and the standard deviation √2. BLEU is 40 + number + seed.
    assert (
        "BLEU on unseen sentences after training on x.tsv for the same number of operations with weights, by greedy "
        "search (mean ± standard deviation of the seeds 1 and 3): RNN with attention 42.0 ± 1.4, decoder-only "
        "43.0 ± 1.4 and Transformer 44.0 ± 1.4." in text
    )
    row = "RNN with attention 42.0 ± 1.4 4.00e+09 1.250 ± 0.000 6 ± 0 of 8 8 ± 0 40 1,000"
    assert row in " ".join(text.split())
    assert (
        "Loss at the end, in nats per token: RNN with attention 1.250 ± 0.000, decoder-only 2.250 ± 0.000 and "
        "Transformer" in text
    )
    assert "BLEU after half of the operations: RNN with attention 22.0 ± 1.4," in text  # 10 · 2 + seed
    assert "operations: RNN with attention 8 ± 0, decoder-only 9 ± 0 and Transformer 10 ± 0." in text
    # In 8 s: all 4 points of the first, 3 of the second (up to 7 s), 3 of the third (up to 8 s).
    assert (
        "BLEU after 8 seconds, when the first model has finished: RNN with attention 42.0 ± 1.4, decoder-only 32.0 ± "
        in text
    )
    assert (
        "(layer 1, head 2; seed 1), reading the reference translation: the largest weight in a row is 0.62 on"
        in text
    )
    # Ablations count on from the architectures: 42, 43, 44, 42, 43 beside the Transformer's 44, with each seed.
    assert (
        "post-norm -2.0 ± 0.0, one head -1.0 ± 0.0, no 1/√d +0.0 ± 0.0, no positions -2.0 ± 0.0 and" in text
    )
    assert "src=" not in html
    assert "http" not in re.sub(r'xmlns(:\w+)?="[^"]*"', "", html).replace("http-equiv", "")


def test_one_seed_has_no_spread():
    one = {"RNN": [1.25], "Transformer": [2.0]}
    assert page._listed(one, 1) == "RNN 1.2 and Transformer 2.0"
    assert page._spread([-0.01, -0.02], 1) == "0.0\N{NO-BREAK SPACE}±\N{NO-BREAK SPACE}0.0"
    assert page._of_seeds({"RNN": [result("RNN", 0, 4)]}) == ""


def test_bleu_after_some_seconds_is_the_last_one_measured_by_then():
    curve = [Point(1e9, 5.0, 3.0, 12.0), Point(2e9, 10.0, 2.0, 30.0), Point(3e9, 15.0, 1.9, 28.0)]
    found = replace(result("RNN", 0, 1), curve=curve)
    assert [page._bleu_after(seconds, found) for seconds in (4.9, 5.0, 14.0, 15.0, 99.0)] == [
        0.0,
        12.0,
        30.0,
        28.0,
        28.0,
    ]


@pytest.mark.slow
def test_a_training_costs_what_it_may_and_is_measured(tmp_path):
    lines = [f"{english}\t{german}\n" for english, german in generate_pairs(700, seed=2)]
    (tmp_path / "toy.tsv").write_text("".join(lines), encoding="utf-8")
    small = tiny_decoder_only()
    model = replace(small.model, d_model=16, d_ff=32, decoder_layers=1)

    def smaller():
        return replace(small, model=model)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("comparison.training.HELD_OUT", 8)
        patch.setattr("comparison.training.VALIDATIONS", 2)
        patch.setitem(PRESETS, "tiny-decoder-only", smaller)
        options = compare.Options(tmp_path / "out", data=str(tmp_path / "toy.tsv"), flops=4e9, vocab_size=600)
        compare.prepare_data(options)
        compare.prepare_data(options)  # and again, to resume
        task = Task("decoder-only", 1, "tiny", 4e9, tmp_path / "out")
        (tmp_path / "out" / task.result_file.stem / "checkpoints" / "step-00000004").mkdir(
            parents=True
        )  # interrupted
        found = train(task)
        with pytest.raises(ConfigError, match=r"flops is 1.0e\+03, but 2 updates of decoder-only take"):
            train(replace(task, seed=2, flops=1e3))
    assert found.updates > 5
    assert found.flops == pytest.approx(4e9, rel=0.15)  # the cost of whole updates
    assert found.curve[-1].flops == pytest.approx(found.flops, rel=0.1)
    assert found.curve[-1].loss == found.loss < found.curve[0].loss
    assert len(found.translations) == 8
    assert train(task) == found  # read from its file
    with pytest.raises(ConfigError, match="holds a comparison with"):
        compare.prepare_data(compare.Options(tmp_path / "out", flops=1e10))


def test_options_that_cannot_work_are_refused(tmp_path):
    for options, message in (
        ({"flops": 0.0}, "flops is 0.0; give more than 0"),
        ({"seeds": ()}, r"seeds are \(\); give one or more, each once"),
        ({"seeds": (1, 1)}, r"seeds are \(1, 1\)"),
        ({"processes": -1}, "processes is -1; give 1 or more, or 0"),
    ):
        with pytest.raises(ConfigError, match=message):
            compare.Options(tmp_path, **options)


def test_no_sentence_is_held_out_and_learnt(tmp_path):
    """One pair of each English sentence is kept, without those that are damaged or very long."""
    long = " ".join(["very"] * 81)
    kept, others = ["A dog.\tDer Hund da.", "A cat.\tEine Katze."], ["A\ufffd.\tEin.", f"{long}\t{long} gut"]
    lines = ["A dog.\tEin Hund.", *kept, *others]
    (tmp_path / "pairs.tsv").write_text("\n".join(lines), encoding="utf-8")
    found = distinct_pairs(CorpusSpec.parse(str(tmp_path / "pairs.tsv")))
    assert found == [tuple(line.split("\t")) for line in kept]


def test_ctrl_c_ends_the_processes_and_says_how_to_go_on(tmp_path, monkeypatch, capsys):
    ended = []

    def interrupted(_make_worker, tasks, processes):
        try:
            assert (len(tasks), processes) == (6, 5)
            yield "the first result"
            raise KeyboardInterrupt
        finally:
            ended.append(True)

    monkeypatch.setattr(compare, "prepare_data", lambda _options: None)
    monkeypatch.setattr(compare, "work_in_order", interrupted)
    arguments = ["--out", str(tmp_path), "--no-ablations", "--seeds", "1", "2", "--processes", "5"]
    monkeypatch.setattr(sys, "argv", ["compare.py", *arguments])
    assert (compare.main(), ended) == (130, [True])
    assert capsys.readouterr().err == "interrupted; repeat the command to go on\n"


PROGRAM = """
import os, sys
from dataclasses import replace
sys.path[:0] = [{benchmarks!r}]
import compare, comparison.training
from comparison.variants import VARIANTS
from translator.config import PRESETS
from translator.config.presets import tiny_decoder_only

def small():
    return replace(tiny_decoder_only(), model=replace(tiny_decoder_only().model, d_model=16, d_ff=32, decoder_layers=1))

def train(task):  # the first training is short, the others go on and on
    with open({pids!r}, "a") as file:
        file.write(f"{{os.getpid()}}\\n")
    return comparison.training.train(task if task.seed == 1 else replace(task, flops=1e14))

def make_trainer():
    return train

PRESETS["tiny-decoder-only"] = small  # also in the other processes: they import this file
compare.make_trainer, compare.ARCHITECTURES = make_trainer, (VARIANTS["decoder-only"],)
comparison.training.HELD_OUT, comparison.training.VALIDATIONS = 8, 2
if __name__ == "__main__":
    sys.exit(compare.main())
"""


@pytest.mark.slow
def test_a_killed_comparison_leaves_no_process_and_keeps_what_has_finished(tmp_path):
    lines = [f"{english}\t{german}\n" for english, german in generate_pairs(300, seed=2)]
    (tmp_path / "toy.tsv").write_text("".join(lines), encoding="utf-8")
    pids, program = tmp_path / "pids", tmp_path / "program.py"
    program.write_text(PROGRAM.format(benchmarks=str(Path(compare.__file__).parent), pids=str(pids)))
    arguments = (
        "--out", tmp_path / "out", "--data", tmp_path / "toy.tsv", "--flops", "1e9", "--vocab-size", "600",
        "--no-ablations", "--seeds", "1", "2", "3", "--processes", "2",
    )  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(Path(compare.__file__).parents[1])}
    with subprocess.Popen([sys.executable, program, *arguments], env=environment) as first:
        try:
            trainings = [tmp_path / "out" / f"decoder-only-{seed}" for seed in (2, 3)]
            wait_until(lambda: all((path / "config.json").exists() for path in trainings))
            first.send_signal(signal.SIGTERM)
            assert first.wait() == -signal.SIGTERM
            wait_until(lambda: not any(map(is_alive, pids.read_text().split())))
        finally:
            first.kill()
    (kept,) = (tmp_path / "out").glob("decoder-only-*.json")
    assert Result.read(kept).seed == 1
