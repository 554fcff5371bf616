"""Training with several processes, started as by `torchrun`."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import kubernetes_validate
import pytest
import torch
import yaml
from toy_grammar import generate_pairs

from tests.system.command_line import run_here
from translator.training.checkpoint import checkpoint_paths, load_checkpoint, load_model
from translator.training.processes import Processes

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 300  # only a failing test waits this long
SETTINGS = (
    "--model.d-model", "32", "--model.heads", "2", "--model.d-ff", "64", "--model.encoder-layers", "1",
    "--model.decoder-layers", "1", "--model.dropout", "0", "--batch-tokens", "512", "--max-tokens-per-side", "32",
    "--warmup-steps", "10", "--threads", "1", "--log-every-steps", "1", "--device", "cpu", "--precision", "fp32",
)  # fmt: skip


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("toy")
    for name, pairs, seed in (("toy", 400, 5), ("unseen", 20, 6)):
        lines = (f"{english}\t{german}\n" for english, german in generate_pairs(pairs, seed=seed))
        (folder / f"{name}.tsv").write_text("".join(lines), encoding="utf-8")
    run_here((
        "-m", "translator", "prepare", "--corpus", folder / "toy.tsv", "--dev", folder / "unseen.tsv",
        "--out", folder / "prepared", "--vocab-size", "596",
    ))  # fmt: skip
    return folder / "prepared"


def training(prepared, out, *options):
    return ("train.py", "tiny", "--data", prepared, "--out", out, *SETTINGS, *options)


@contextlib.contextmanager
def started(arguments, processes):
    """Start a training run with this number of processes; kill all of them on exit."""
    with launched("--standalone", "--nproc-per-node", processes, *arguments) as process:
        yield process


@contextlib.contextmanager
def launched(*arguments, output=subprocess.PIPE, **variables):
    """Run torchrun, which prints to `output`; kill it and the processes that it has started on exit."""
    command = [sys.executable, "-m", "torch.distributed.run", *map(str, arguments)]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "OMP_NUM_THREADS": "1", **variables}
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, text=True, stdout=output, stderr=subprocess.STDOUT,
        start_new_session=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        for group in (
            process.pid,
            *ranks(process),
        ):  # torchrun gives each of its processes a group of its own
            with contextlib.suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)
        process.communicate()


def ranks(launcher):
    """Return the processes of a launcher that train."""
    try:
        children = Path(f"/proc/{launcher.pid}/task/{launcher.pid}/children").read_text().split()
    except FileNotFoundError:
        return []
    return [int(pid) for pid in children if b"train.py" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def run(arguments, processes):
    with started(arguments, processes) as process:
        output = process.communicate(timeout=300)[0]
    assert process.returncode == 0, output
    return output


def wait_for(process, text):
    lines = []
    for line in process.stdout:
        lines.append(line)
        if text in line:
            return
    pytest.fail(f"{text!r} was not printed:\n{''.join(lines)}")


def losses(out):
    records = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    return [(record["step"], record["loss"]) for record in records if "loss" in record]


@pytest.mark.hard
def test_two_processes_train_the_same_model_as_one(prepared, tmp_path):
    """Two processes with a batch each make the same updates as one that accumulates two, beyond the end of an epoch."""
    run_here(training(prepared, tmp_path / "one", "--max-steps", "30", "--gradient-accumulation-steps", "2"))
    output = run(training(prepared, tmp_path / "two", "--max-steps", "30"), processes=2)
    assert output.count("step 30  epoch") == 1  # only the first process reports
    assert [step for step, _ in losses(tmp_path / "two")] == list(range(1, 31))
    assert losses(tmp_path / "two") == [
        (step, pytest.approx(loss, abs=2e-3)) for step, loss in losses(tmp_path / "one")
    ]
    one, two = (load_model(tmp_path / name / "model") for name in ("one", "two"))
    assert one.card["training"]["complete_epochs"] == two.card["training"]["complete_epochs"] >= 1
    for key in ("source_tokens_seen", "target_tokens_seen"):
        assert one.card["training"][key] == two.card["training"][key]
    for name, tensor in one.model.state_dict().items():
        torch.testing.assert_close(two.model.state_dict()[name], tensor, atol=0.01, rtol=0.02)


@pytest.mark.hard
def test_the_gradients_of_two_processes_are_those_of_one(prepared, tmp_path):
    """After one update without clipping, Adam's first moment is a tenth of the gradient."""
    settings = ("--max-steps", "1", "--clip-norm", "0", "--label-smoothing", "0.1")
    run_here(training(prepared, tmp_path / "one", *settings, "--gradient-accumulation-steps", "4"))
    run(training(prepared, tmp_path / "two", *settings, "--gradient-accumulation-steps", "2"), processes=2)
    one, two = (
        load_checkpoint(checkpoint_paths(tmp_path / name / "checkpoints")[-1]).training
        for name in ("one", "two")
    )
    moments = [name for name in one if name.startswith("adam.exp_avg.")]
    assert len(moments) > 20
    for name in moments:
        torch.testing.assert_close(two[name], one[name], atol=1e-7, rtol=1e-3)


def test_another_launcher_is_refused(prepared, tmp_path, monkeypatch):
    """Each process would train alone, in the same folder."""
    monkeypatch.setenv("WORLD_SIZE", "4")
    monkeypatch.setenv("RANK", "0")
    output = run_here(training(prepared, tmp_path / "run", "--max-steps", "1"), expected=1)
    assert "error: WORLD_SIZE is 4, but torchrun did not start this process" in output


@pytest.mark.hard
def test_processes_stay_in_step_after_validation_extends_the_table_of_positions(prepared, tmp_path):
    options = ("--max-steps", "4", "--validate-every-steps", "2", "--model.max-positions", "4")
    output = run(training(prepared, tmp_path / "run", *options), processes=2)
    assert "step 2  unseen loss" in output
    assert [step for step, _ in losses(tmp_path / "run")] == [1, 2, 3, 4]


@pytest.mark.hard
def test_a_signal_makes_two_processes_save_once_and_they_can_resume(prepared, tmp_path):
    options = ("--max-steps", "60", "--save-every-steps", "1000", "--model.dropout", "0.1")
    run(training(prepared, tmp_path / "straight", *options), processes=2)
    with started(training(prepared, tmp_path / "parts", *options), processes=2) as process:
        wait_for(process, "step 20 ")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    (path,) = checkpoint_paths(tmp_path / "parts" / "checkpoints")
    assert 20 <= load_checkpoint(path).state["progress"]["step"] < 60
    refused = run_here(training(prepared, tmp_path / "parts", *options, "--resume"), expected=1)
    assert "trained by 2 processes, but now there" in refused
    run(training(prepared, tmp_path / "parts", *options, "--resume"), processes=2)
    assert losses(tmp_path / "parts") == losses(tmp_path / "straight")


@pytest.mark.hard
def test_with_a_damaged_checkpoint_both_processes_resume_from_the_one_before(prepared, tmp_path):
    options = ("--max-steps", "6", "--save-every-steps", "2")
    run(training(prepared, tmp_path, *options), processes=2)
    shutil.rmtree(tmp_path / "model")
    before = losses(tmp_path)
    newest = checkpoint_paths(tmp_path / "checkpoints")[-1]
    (newest / "training.safetensors").write_bytes(b"torn")
    output = run(training(prepared, tmp_path, *options, "--resume"), processes=2)
    assert output.count("put aside as damaged-step-00000006") == 1
    assert "resumed at step 4" in output
    assert losses(tmp_path) == before


@pytest.mark.hard
def test_if_one_process_is_killed_the_other_ends_too(prepared, tmp_path):
    with started(training(prepared, tmp_path / "run", "--max-steps", "100000"), processes=2) as process:
        wait_for(process, "step 5 ")
        both = ranks(process)
        assert len(both) == 2
        os.kill(both[1], signal.SIGKILL)
        killed = time.monotonic()
        process.communicate(timeout=60)
    assert process.returncode != 0
    assert time.monotonic() - killed < 60
    assert not any(Path(f"/proc/{pid}/cmdline").exists() for pid in both)


def test_every_process_waits_until_the_model_is_written(prepared, tmp_path, monkeypatch):
    """Else a node could succeed although the first one is lost before that."""
    model, found = tmp_path / "run/model/manifest.json", []

    class Watched(Processes):
        def sum(self, values):
            found.append(model.exists())
            return super().sum(values)

    monkeypatch.setattr(
        "train.join_processes", lambda device: contextlib.nullcontext((Watched(), torch.device("cpu")))
    )
    run_here(training(prepared, tmp_path / "run", "--max-steps", "1"))
    assert found.count(True) == 1
    assert found[-1]


MANIFEST = list(yaml.safe_load_all((ROOT / "deploy/kubernetes/train.yaml").read_text()))


@pytest.mark.parametrize("version", ["1.33", "1.37"])
def test_the_manifest_for_kubernetes_follows_its_schemas(version):
    service, job = MANIFEST
    for one in (service, job):
        kubernetes_validate.validate(one, version, strict=True)
    pod = job["spec"]["template"]["spec"]
    assert job["spec"]["completions"] == job["spec"]["parallelism"] == 2
    assert "--nnodes=2" in pod["containers"][0]["args"]
    assert job["spec"]["successPolicy"]["rules"] == [{"succeededCount": 1}]
    assert f"{job['metadata']['name']}-0.{service['metadata']['name']}:29400" in str(
        pod["containers"][0]["args"]
    )
    assert service["spec"]["selector"] == {"job-name": job["metadata"]["name"]}
    assert pod["subdomain"] == service["metadata"]["name"]
    assert {one["name"] for one in pod["volumes"]} == {
        one["name"] for one in pod["containers"][0]["volumeMounts"]
    }


class Node:
    """One of two nodes, with the command of the manifest for Kubernetes; they meet at a port of this machine."""

    def __init__(self, process, output):
        self.process, self.output = process, output

    def __str__(self):
        return f"exit status {self.process.poll()}:\n{self.output.read_text()}"


@pytest.fixture
def start_node(prepared, tmp_path):
    (container,) = MANIFEST[1]["spec"]["template"]["spec"]["containers"]
    assert container["command"] == ["torchrun"]
    variables = {
        **{one["name"]: one["value"] for one in container["env"]},
        "TRAIN": "train.py", "DATA": str(prepared), "OUT": str(tmp_path / "nodes"), "LOGLEVEL": "INFO",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }  # fmt: skip

    @contextlib.contextmanager
    def start_node(name, port, *options):
        launcher = [one.replace("train-0.train:29400", f"127.0.0.1:{port}") for one in container["args"]]
        launcher[launcher.index("base") :] = ["tiny", *SETTINGS, *options]
        path = tmp_path / f"{name}.log"
        with (
            path.open("w") as output,
            launched("--local-addr", "127.0.0.1", *launcher, output=output, **variables) as one,
        ):
            yield Node(one, path)

    return start_node


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def wait_for_nodes(nodes, is_over):
    """Wait until a condition holds; fail with what the nodes have printed if one of them fails.

    The other would not: before training starts, its process waits for that of the failed node for half an hour, and at
    the end, its torchrun waits for 300 s.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_over():
        assert not any(one.process.poll() for one in nodes), "\n".join(map(str, nodes))
        assert time.monotonic() < deadline, "\n".join(map(str, nodes))
        time.sleep(0.02)


@pytest.mark.hard
def test_a_lost_node_is_replaced_and_training_goes_on_exactly(prepared, tmp_path, start_node, is_full_size):
    if not is_full_size:
        pytest.skip("starts eight processes that load PyTorch; FULL=1 runs it")
    options = ("--max-steps", "100", "--save-every-steps", "20", "--model.dropout", "0.1")
    run(training(prepared, tmp_path / "straight", *options), processes=2)
    saved, port = tmp_path / "nodes/checkpoints/step-00000020", free_port()
    with start_node("first", port, *options) as first:
        with start_node("second", port, *options) as second:
            wait_for_nodes((first, second), saved.exists)
        first.process.wait(PATIENCE_SECONDS)  # the second has been killed
        assert first.process.returncode != 0, first
    assert not (tmp_path / "nodes/model").exists()
    port = free_port()  # another program may have taken the old one meanwhile
    with (  # as Kubernetes restarts them
        start_node("first-again", port, *options) as first,
        start_node("second-again", port, *options) as second,
    ):
        nodes = (first, second)
        wait_for_nodes(nodes, lambda: all(one.process.poll() == 0 for one in nodes))
        assert "resumed at step" in f"{first}{second}"
    assert losses(tmp_path / "nodes") == losses(tmp_path / "straight")
