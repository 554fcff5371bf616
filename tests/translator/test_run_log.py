import json

import pytest

from translator.training.run_log import RunLog


def steps_of(path):
    return [json.loads(line)["step"] for line in path.read_text(encoding="utf-8").splitlines()]


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
