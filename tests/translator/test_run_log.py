import json
import sys
from types import SimpleNamespace

import pytest

from translator.training.run_log import RunLog


class RecordedBoard:
    """Replaces TensorBoard's writer and records the calls."""

    def __init__(self, log_dir, purge_step=None):
        self.log_dir, self.purge_step = log_dir, purge_step
        self.scalars, self.flushed = [], 0
        boards.append(self)

    def add_scalar(self, name, value, step):
        self.scalars.append((name, value, step))

    def flush(self):
        self.flushed = len(self.scalars)


boards = []


@pytest.fixture
def board_is_installed(monkeypatch):
    boards.clear()
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", SimpleNamespace(SummaryWriter=RecordedBoard))


def steps_of(path):
    return [json.loads(line)["step"] for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.usefixtures("board_is_installed")
def test_tensorboard_gets_the_numbers_but_no_texts(tmp_path):
    log = RunLog(tmp_path / "log.jsonl", report=None)
    log.write({"step": 7, "loss": 2.5, "sample": "A house. → Ein Haus."})
    (board,) = boards
    assert board.log_dir == str(tmp_path / "tensorboard")
    assert board.scalars == [("step", 7, 7), ("loss", 2.5, 7)]
    assert board.flushed == 2


@pytest.mark.usefixtures("board_is_installed")
def test_tensorboard_drops_the_steps_that_a_resumed_run_repeats(tmp_path):
    log = RunLog(tmp_path / "log.jsonl", report=None)
    log.forget_after(step=40, validated_step=40)
    log.write({"step": 41, "loss": 1.0})
    assert boards[0].purge_step == 41


@pytest.mark.parametrize(("validated_step", "kept"), [(20, [10, 20, 20]), (10, [10, 20])])
def test_a_resumed_run_keeps_the_records_up_to_its_checkpoint(tmp_path, validated_step, kept):
    """At the step of the checkpoint, a validation is kept only if the checkpoint knows of it."""
    path = tmp_path / "log.jsonl"
    records = [
        {"step": 10, "val loss": 3.0}, {"step": 20, "loss": 2.0}, {"step": 20, "val loss": 1.5},
        {"step": 30, "loss": 1.0},
    ]  # fmt: skip
    path.write_text("".join(json.dumps(record) + "\n" for record in records) + '{"step": 3', encoding="utf-8")
    RunLog(path, report=None).forget_after(step=20, validated_step=validated_step)
    assert steps_of(path) == kept
    assert [file.name for file in tmp_path.iterdir()] == ["log.jsonl"]
