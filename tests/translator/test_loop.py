import dataclasses
import itertools
import json
import logging
import math
import os
import shutil
import signal
import sys

import pytest
import torch

from translator.data.shards import PreparedData
from translator.errors import CheckpointError, ConfigError, TranslatorError
from translator.model.transformer import Transformer
from translator.training import MAX_BAD_STEPS, Trainer, loop
from translator.training.batch_loss import batch_loss
from translator.training.checkpoint import checkpoint_paths, load_checkpoint, save_checkpoint
from translator.training.moving_average import MovingAverage
from translator.training.progress import Progress
from translator.training.stop_signal import Interrupted, StopSignal
from translator.training.stream import Update
from translator.training.validation import make_validator

pytestmark = pytest.mark.slow


def make_trainer(config, data, out, report=None, **training):
    torch.manual_seed(config.training.seed)
    config = dataclasses.replace(config, training=dataclasses.replace(config.training, **training))
    return Trainer(Transformer(config.model), data, config, out, report=report)


def losses(out):
    records = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    return [(record["step"], record["loss"], record["perplexity"]) for record in records if "loss" in record]


@pytest.mark.parametrize("change", [{"precision": "fp32"}, {"precision": "bf16"}])
def test_save_and_resume_equal_the_straight_run(prepared, brief_config, tmp_path, change):
    """Dropout, shuffling across epochs, Adam and the schedule all resume where they stopped."""
    settings = {**change, "max_steps": 40, "batch_tokens": 512}
    assert make_trainer(brief_config, prepared, tmp_path / "straight", **settings).train()

    class Stop(Exception):
        pass

    def stop_after(step):
        def report(record):
            if record["step"] == step:
                raise Stop

        return report

    with pytest.raises(Stop):
        make_trainer(brief_config, prepared, tmp_path / "parts", stop_after(7), **settings).train()
    second = make_trainer(brief_config, prepared, tmp_path / "parts", stop_after(33), **settings)
    second.run.resume()
    assert second.run.progress.step == 5
    with pytest.raises(Stop):
        second.train()
    third = make_trainer(brief_config, prepared, tmp_path / "parts", **settings)
    third.run.resume()
    assert third.run.progress.step == 30
    assert third.train()
    assert third.run.progress.epoch >= 1
    assert losses(tmp_path / "parts") == losses(tmp_path / "straight")
    straight, parts = (load_checkpoint(checkpoint_paths(tmp_path / run / "checkpoints")[-1]).model
                       for run in ("straight", "parts"))  # fmt: skip
    assert all(torch.equal(straight[name], parts[name]) for name in straight)


def test_the_loss_falls_and_is_logged(prepared, brief_config, tmp_path):
    trainer = make_trainer(brief_config, prepared, tmp_path, max_steps=60)
    trainer.train()
    found = losses(tmp_path)
    assert [step for step, *_ in found] == list(range(1, 61))
    assert found[-1][1] < found[0][1] - 1
    first = json.loads((tmp_path / "log.jsonl").read_text().splitlines()[0])
    # An untrained model with random logits of moderate size is about as certain as a die with V faces.
    assert math.log(brief_config.model.vocab_size) * 0.8 < math.log(first["perplexity"]) < 12
    assert set(first) == {
        "step", "epoch", "loss", "perplexity", "target_tokens_per_second", "learning_rate", "seconds", "seconds_left",
    }  # fmt: skip


def test_accumulated_batches_give_the_gradient_of_the_whole_update(prepared, brief_config, tmp_path):
    """One update on two batches equals the mean, computed by hand, over all their target tokens."""
    brief_config = dataclasses.replace(
        brief_config, model=dataclasses.replace(brief_config.model, dropout=0.0)
    )
    trainer = make_trainer(
        brief_config, prepared, tmp_path, precision="fp32", clip_norm=0.0, label_smoothing=0.0
    )
    batches = [batch for batch, _ in zip(trainer._batches.batches(0), range(2), strict=False)]
    reference = Transformer(brief_config.model)
    reference.load_state_dict(trainer.model.state_dict())
    total = torch.zeros(())
    for batch in batches:
        hidden = reference(batch.source_BS, batch.source_keep_BS, batch.target_input_BT)
        logits_NV = reference.logits(hidden).flatten(0, 1)
        target_N = batch.target_output_BT.flatten()
        total = total + torch.nn.functional.cross_entropy(
            logits_NV, target_N, ignore_index=0, reduction="sum"
        )
    (total / sum(batch.target_tokens for batch in batches)).backward()
    seen = {}
    trainer._optimizer.step = lambda: seen.update(
        {n: p.grad.clone() for n, p in trainer.model.named_parameters()}
    )
    trainer.step(iter([Update(batches, next_epoch=0, next_batch=2)]))
    for name, parameter in reference.named_parameters():
        torch.testing.assert_close(seen[name], parameter.grad, atol=1e-6, rtol=1e-4)


def test_a_signal_saves_and_exits(prepared, brief_config, tmp_path):
    def interrupt(record):
        if record["step"] == 3:
            os.kill(os.getpid(), signal.SIGTERM)

    trainer = make_trainer(brief_config, prepared, tmp_path, interrupt, max_steps=1000)
    before = signal.getsignal(signal.SIGTERM)
    assert trainer.train() is False
    assert [path.name for path in checkpoint_paths(tmp_path / "checkpoints")] == ["step-00000003"]
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize("moment", ["forward", "backward"])
@pytest.mark.parametrize("step", [1, 4])
def test_a_signal_aborts_an_update_as_if_it_had_never_started(prepared, brief_config, tmp_path, moment, step):
    """An update may take half a minute, and nobody waits that long. Dropout reuses its random numbers afterwards."""
    settings = {"max_steps": 9, "log_every_steps": 2}
    assert make_trainer(brief_config, prepared, tmp_path / "straight", **settings).train()
    first = make_trainer(brief_config, prepared, tmp_path / "parts", **settings)

    def interrupt(tensor):
        if first.run.progress.step == step - 1:
            os.kill(os.getpid(), signal.SIGTERM)
            pytest.fail("the update went on")
        return tensor

    if moment == "forward":
        first.model.decoder_norm.register_forward_hook(lambda module, inputs, output: interrupt(output))
    else:
        first.model.decoder_norm.weight.register_hook(interrupt)
    assert first.train() is False
    (path,) = checkpoint_paths(tmp_path / "parts" / "checkpoints")
    assert path.name == f"step-{step - 1:08d}"
    second = make_trainer(brief_config, prepared, tmp_path / "parts", **settings)
    second.run.resume()
    assert second.train()
    assert losses(tmp_path / "parts") == losses(tmp_path / "straight")
    straight, parts = (
        load_checkpoint(checkpoint_paths(tmp_path / run / "checkpoints")[-1]) for run in ("straight", "parts")
    )
    for one, two in ((straight.model, parts.model), (straight.training, parts.training)):
        assert one.keys() == two.keys()
        assert all(torch.equal(one[name], two[name]) for name in one)


def test_a_backward_pass_runs_some_python_in_every_layer(prepared, brief_config, tmp_path):
    """Otherwise the signal handler would wait for its end, which may take 15 seconds."""
    model = dataclasses.replace(brief_config.model, encoder_layers=3, decoder_layers=2)
    trainer = make_trainer(dataclasses.replace(brief_config, model=model), prepared, tmp_path)
    gradients = [
        parameter
        for layer in (*trainer.model.encoder, *trainer.model.decoder)
        for parameter in layer.feed_forward.outer.parameters()
    ]
    known = []

    def note(frame, event, argument):
        if event == "call" and "translator" in frame.f_code.co_filename:
            known.append(sum(parameter.grad is not None for parameter in gradients))

    batch = next(iter(trainer._batches.batches(0)))
    output = trainer._forward(batch.source_BS, batch.source_keep_BS, batch.target_input_BT)
    sys.setprofile(note)
    try:
        output.sum().backward()
    finally:
        sys.setprofile(None)
    # Weight and bias of each layer in turn.
    assert known == [0, 2, 4, 6, 8]


def test_a_signal_is_handled_between_the_batches_of_an_update(prepared, brief_config, tmp_path):
    """Of several processes, none may leave the others within a batch."""
    trainer = make_trainer(brief_config, prepared, tmp_path, gradient_accumulation_steps=3)
    batches = list(itertools.islice(trainer._batches.batches(0), 3))
    seen = []

    def signalled(*inputs):
        seen.append(1)
        trainer.run.stop.is_set = True
        return trainer.model(*inputs)

    trainer._forward = signalled
    with pytest.raises(Interrupted):
        trainer.step(iter([Update(batches, next_epoch=0, next_batch=3)]))
    assert seen == [1]


def test_a_signal_in_the_first_step_changes_nothing_in_the_log(prepared, brief_config, tmp_path):
    settings = {"max_steps": 6, "log_every_steps": 5}
    make_trainer(brief_config, prepared, tmp_path / "straight", **settings).train()
    first = make_trainer(brief_config, prepared, tmp_path / "parts", **settings)
    step = first.step

    def interrupted(ready):
        step(ready)
        os.kill(os.getpid(), signal.SIGTERM)

    first.step = interrupted
    assert not first.train()
    assert first.run.progress.step == 1
    second = make_trainer(brief_config, prepared, tmp_path / "parts", **settings)
    second.run.resume()
    assert second.train()
    assert losses(tmp_path / "parts") == losses(tmp_path / "straight")


def spoil_losses(monkeypatch, trainer, steps):
    """Make the loss NaN in each update that follows on one of these steps."""

    def spoilt(*arguments):
        loss, nll = batch_loss(*arguments)
        factor = math.nan if trainer.run.progress.step in steps else 1.0
        return loss * factor, nll * factor

    monkeypatch.setattr(loop, "batch_loss", spoilt)


def test_a_skipped_update_leaves_no_trace_in_losses_and_checkpoints(
    prepared, brief_config, tmp_path, monkeypatch
):
    settings = {"max_steps": 6, "log_every_steps": 3, "save_every_steps": 2}
    trainer = make_trainer(brief_config, prepared, tmp_path, **settings)
    spoil_losses(monkeypatch, trainer, (1, 3, 4, 5))  # the updates are 2, 4, 5 and 6
    assert trainer.train()
    assert [step for step, *_ in losses(tmp_path)] == [1, 3]
    assert all(math.isfinite(loss + perplexity) for _, loss, perplexity in losses(tmp_path))
    for path in checkpoint_paths(tmp_path / "checkpoints"):
        checkpoint = load_checkpoint(path)
        for tensor in (*checkpoint.model.values(), *checkpoint.training.values()):
            assert tensor.isfinite().all()


def test_nothing_is_saved_or_validated_while_updates_are_skipped(
    prepared, brief_config, tmp_path, monkeypatch
):
    """So that there is an earlier checkpoint to resume from."""
    measured = []
    training = dataclasses.replace(
        brief_config.training, max_steps=8, save_every_steps=1, keep_checkpoints=9, validate_every_steps=1
    )
    config = dataclasses.replace(brief_config, training=training)
    torch.manual_seed(1)
    trainer = Trainer(
        Transformer(config.model), prepared, config, tmp_path,
        validate=lambda model: measured.append(trainer.run.progress.step) or {"a loss": 1.0},
    )  # fmt: skip
    spoil_losses(monkeypatch, trainer, (2, 3, 4))
    assert trainer.train()
    assert measured == [1, 2, 6, 7, 8]
    assert [int(path.name[-8:]) for path in checkpoint_paths(tmp_path / "checkpoints")] == [1, 2, 6, 7, 8]


def test_a_mean_of_checkpoints_is_logged_and_measured(prepared, brief_config, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    training = dataclasses.replace(
        brief_config.training, max_steps=6, save_every_steps=2, keep_checkpoints=5, average_checkpoints=5
    )
    config = dataclasses.replace(brief_config, training=training)
    weight = "decoder_norm.weight"
    trainer = Trainer(
        Transformer(config.model), prepared, config, tmp_path,
        validate=lambda model: {"a loss": float(model.state_dict()[weight].sum()), "example 1": "a → b"},
    )  # fmt: skip
    trainer.train()
    caplog.clear()
    mean = trainer.final_weights()
    expected = f"the model is the mean of the last 3 checkpoints: a loss {float(mean[weight].sum())}"
    assert [record.message for record in caplog.records] == [expected]


def test_a_run_with_nothing_left_to_do_logs_a_warning(prepared, brief_config, tmp_path, caplog):
    make_trainer(brief_config, prepared, tmp_path, max_steps=5).train()
    assert "nothing is left" not in caplog.text
    again = make_trainer(brief_config, prepared, tmp_path, max_steps=3)
    again.run.resume()
    assert again.train()
    assert "at step 5 nothing is left to train; raise max_steps, max_minutes or patience" in caplog.text


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "config.json",
            '{"mine": 1}',
            "config.json is not the config.json of a training run: unknown key 'mine'",
        ),
        ("config.json", "notes", "training would overwrite it: choose another folder"),
        ("log.jsonl", "notes", "log.jsonl is not the log of a training run"),
    ],
)
def test_unrelated_files_are_not_overwritten(prepared, brief_config, tmp_path, name, content, message):
    (tmp_path / name).write_text(content)
    with pytest.raises(ConfigError, match=message):
        make_trainer(brief_config, prepared, tmp_path).run.start_afresh()
    assert (tmp_path / name).read_text() == content


def test_a_closed_terminal_is_a_signal_unless_it_is_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # the test runner may ignore it
    try:
        with StopSignal() as stop:
            signal.raise_signal(signal.SIGHUP)
            assert stop.is_set
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        with StopSignal() as stop:
            signal.raise_signal(signal.SIGHUP)
            assert not stop.is_set
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_figure_that_is_not_a_number_is_never_the_best():
    progress = Progress(step=1)
    assert not progress.note_validation({"a loss": math.nan}, "loss")
    progress.step = 2
    assert progress.note_validation({"a loss": 3.0}, "loss")
    assert (progress.best_figure, progress.best_step, progress.validations_since_best) == (3.0, 2, 0)
    assert not progress.note_validation({"a loss": math.nan}, "loss")
    assert progress.validations_since_best == 1


def test_a_second_signal_acts_at_once_unless_it_is_the_same_one(monkeypatch):
    """`timeout` sends its signal twice in quick succession, which must not abort a save."""
    seen = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: seen.append(number))
    now = 100.0
    monkeypatch.setattr("translator.training.stop_signal.time.monotonic", lambda: now)
    try:
        with StopSignal() as stop:
            signal.raise_signal(signal.SIGTERM)
            assert stop.is_set
            now = 100.5
            signal.raise_signal(signal.SIGTERM)
            assert seen == []
            now = 102.0
            signal.raise_signal(signal.SIGTERM)
            assert seen == [signal.SIGTERM]
    finally:
        signal.signal(signal.SIGTERM, before)


def test_signals_change_nothing_in_an_average(prepared, brief_config, tmp_path):
    settings = {
        "max_steps": 12, "save_every_steps": 3, "keep_checkpoints": 3, "average_checkpoints": 3,
        "log_every_steps": 5,
    }  # fmt: skip
    straight = make_trainer(brief_config, prepared, tmp_path / "straight", **settings)
    assert straight.train()
    for stop_at in (4, 8, 10, 11, None):
        trainer = make_trainer(brief_config, prepared, tmp_path / "parts", **settings)
        if stop_at != 4:
            trainer.run.resume()
        step = trainer.step

        def interrupted(ready, trainer=trainer, step=step, stop_at=stop_at):
            step(ready)
            if trainer.run.progress.step == stop_at:
                os.kill(os.getpid(), signal.SIGTERM)

        trainer.step = interrupted
        assert trainer.train() is (stop_at is None)
    names = [path.name for path in checkpoint_paths(tmp_path / "parts" / "checkpoints")]
    assert names == ["step-00000006", "step-00000009", "step-00000011", "step-00000012"]
    expected, found = straight.final_weights(), trainer.final_weights()
    assert all(torch.equal(expected[name], found[name]) for name in expected)
    assert losses(tmp_path / "parts") == losses(tmp_path / "straight")


def test_a_damaged_checkpoint_is_left_out_of_the_average_and_logged(prepared, brief_config, tmp_path, caplog):
    settings = {"max_steps": 6, "save_every_steps": 2, "keep_checkpoints": 3, "average_checkpoints": 3}
    trainer = make_trainer(brief_config, prepared, tmp_path, **settings)
    trainer.train()
    two, four, six = checkpoint_paths(tmp_path / "checkpoints")
    (four / "model.safetensors").write_bytes(b"torn")
    states = [load_checkpoint(path).model for path in (two, six)]
    for name, tensor in trainer.final_weights().items():
        torch.testing.assert_close(tensor, (states[0][name] + states[1][name]) / 2)
    assert "step-00000004" in caplog.text
    assert "the model is made without it" in caplog.text


def test_a_finished_run_that_is_resumed_logs_no_update_twice(prepared, brief_config, tmp_path):
    settings = {"log_every_steps": 5, "save_every_steps": 3}
    for max_steps, steps in ((6, [1, 5, 6]), (6, [1, 5, 6]), (11, [1, 5, 6, 10, 11])):
        trainer = make_trainer(brief_config, prepared, tmp_path, max_steps=max_steps, **settings)
        if checkpoint_paths(tmp_path / "checkpoints"):
            trainer.run.resume()
        assert trainer.train()
        assert [step for step, *_ in losses(tmp_path)] == steps


def test_slow_steps_are_saved_by_time_and_two_checkpoints_are_kept(prepared, brief_config, tmp_path):
    def steps():
        return [int(path.name[-8:]) for path in checkpoint_paths(tmp_path / "checkpoints")]

    seen = []
    settings = {"max_steps": 9, "save_every_steps": 4, "save_every_minutes": 1e-9}
    assert make_trainer(
        brief_config, prepared, tmp_path, lambda record: seen.append(steps()), **settings
    ).train()
    # Each step is logged before it is saved.
    assert seen == [[], [1], [1, 2], [2, 3], [3, 4], [4, 5], [4, 5, 6], [4, 6, 7], [4, 7, 8]]
    assert steps() == [4, 8, 9]


def test_a_validation_that_fails_loses_no_update(prepared, brief_config, tmp_path):
    def fail(model):
        raise RuntimeError("out of memory")

    trainer = make_watched(brief_config, prepared, tmp_path, [])
    trainer._validate = fail
    with pytest.raises(RuntimeError, match="out of memory"):
        trainer.train()
    assert [path.name for path in checkpoint_paths(tmp_path / "checkpoints")] == ["step-00000002"]
    second = make_watched(brief_config, prepared, tmp_path, [{"a loss": 2.0}] * 2, max_steps=3)
    second.run.resume()
    assert second.train()
    assert second.run.progress.validated_step == 3


def test_a_signal_in_the_last_validation_does_not_end_the_run_as_finished(prepared, brief_config, tmp_path):
    def interrupted(model):
        os.kill(os.getpid(), signal.SIGTERM)
        pytest.fail("the validation went on")

    first = make_watched(brief_config, prepared, tmp_path, [], max_steps=3, validate_every_steps=100)
    first._validate = interrupted
    assert first.train() is False
    second = make_watched(brief_config, prepared, tmp_path, [{"a loss": 2.0}], max_steps=3)
    second.run.resume()
    assert second.train()
    assert (second.run.progress.step, second.run.progress.validated_step, second.run.progress.best_step) == (
        3,
        3,
        3,
    )


def test_a_run_resumed_in_another_environment_logs_a_warning(prepared, brief_config, tmp_path, caplog):
    make_trainer(brief_config, prepared, tmp_path, max_steps=2, precision="auto").train()
    (path,) = checkpoint_paths(tmp_path / "checkpoints")
    checkpoint = load_checkpoint(path)
    elsewhere = {**checkpoint.state["environment"], "the device": "cuda", "PyTorch": "1.0"}
    save_checkpoint(
        path, dataclasses.replace(checkpoint, state={**checkpoint.state, "environment": elsewhere})
    )
    make_trainer(brief_config, prepared, tmp_path, precision="auto").run.resume()
    assert "the device was cuda and is cpu now: the run continues, but not exactly" in caplog.text
    assert "PyTorch was 1.0" in caplog.text
    assert "threads was" not in caplog.text


def test_the_time_limit_ends_a_training(prepared, brief_config, tmp_path):
    trainer = make_trainer(brief_config, prepared, tmp_path, max_steps=None, max_minutes=0.01)
    assert trainer.train()
    assert trainer.run.progress.seconds >= 0.6
    assert trainer.run.progress.step >= 1


def test_a_loss_that_is_not_finite_changes_no_weight_and_finally_stops_the_run(
    prepared, brief_config, tmp_path
):
    trainer = make_trainer(brief_config, prepared, tmp_path, save_every_steps=1000, max_steps=1000)
    with torch.no_grad():
        trainer.model.decoder_norm.weight.fill_(math.inf)
    before = {name: tensor.clone() for name, tensor in trainer.model.state_dict().items()}
    with pytest.raises(TranslatorError, match=f"not finite in {MAX_BAD_STEPS} steps in a row"):
        trainer.train()
    assert all(torch.equal(before[name], tensor) for name, tensor in trainer.model.state_dict().items())


def test_resuming_with_other_settings_or_data_is_refused(prepared, prepared_folder, brief_config, tmp_path):
    make_trainer(brief_config, prepared, tmp_path, max_steps=2).train()
    with pytest.raises(
        CheckpointError, match=r"training\.label_smoothing is 0\.2, but .* were trained with 0\.1"
    ):
        make_trainer(brief_config, prepared, tmp_path, label_smoothing=0.2).run.resume()
    other = PreparedData.open(prepared_folder)
    other.sha256 = "0" * 64
    with pytest.raises(CheckpointError, match="other data or another vocabulary"):
        make_trainer(brief_config, other, tmp_path).run.resume()
    with pytest.raises(CheckpointError, match="no checkpoint in"):
        make_trainer(brief_config, prepared, tmp_path / "new").run.resume()


def test_a_resumed_run_may_change_the_settings_that_errors_suggest_to_change(
    prepared, brief_config, tmp_path, caplog
):
    caplog.set_level(logging.INFO)
    make_trainer(brief_config, prepared, tmp_path, max_steps=2).train()
    trainer = make_trainer(
        brief_config, prepared, tmp_path, peak_learning_rate=1e-4, clip_norm=0.5, max_steps=3
    )
    trainer.run.resume()
    assert trainer.train()
    assert "training.peak_learning_rate was 0.01 and is 0.0001 from now on" in caplog.text


def test_a_new_run_does_not_overwrite_an_old_one(prepared, brief_config, tmp_path):
    make_trainer(brief_config, prepared, tmp_path, max_steps=1).train()
    with pytest.raises(ConfigError, match="is there from an earlier run; add --resume"):
        make_trainer(brief_config, prepared, tmp_path).run.start_afresh()
    (tmp_path / "other" / "model").mkdir(parents=True)
    with pytest.raises(ConfigError, match="model is there from an earlier run"):
        make_trainer(brief_config, prepared, tmp_path / "other").run.start_afresh()
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"cannot write to .*file"):
        make_trainer(brief_config, prepared, tmp_path / "file").run.start_afresh()


def test_a_run_resumes_from_before_a_damaged_checkpoint(prepared, brief_config, tmp_path):
    settings = {"keep_checkpoints": 1, "save_every_steps": 100}
    make_trainer(brief_config, prepared, tmp_path, max_steps=2, **settings).train()
    damaged = tmp_path / "checkpoints" / "step-00000009"
    shutil.copytree(tmp_path / "checkpoints" / "step-00000002", damaged)
    (damaged / "state.json").write_text("{}")
    trainer = make_trainer(brief_config, prepared, tmp_path, max_steps=4, **settings)
    trainer.run.resume()
    assert trainer.run.progress.step == 2
    trainer.train()
    assert [path.name for path in checkpoint_paths(tmp_path / "checkpoints")] == ["step-00000004"]


def test_the_rate_of_the_last_step_is_not_zero(prepared, brief_config, tmp_path):
    rates = []
    trainer = make_trainer(
        brief_config, prepared, tmp_path, lambda r: rates.append(r["learning_rate"]), max_steps=8
    )
    trainer.train()
    # Peak 0.01, warm-up 4 steps or a fifth of the way; before step n, the share (n − 1) / 8 of the way is done.
    assert rates == pytest.approx([0.0025, 0.00625, 0.0075, 0.00625, 0.005, 0.00375, 0.0025, 0.00125])


def test_validation_does_not_change_the_training(prepared, brief_config, tmp_path):
    """Translating in the middle of a run changes neither the losses nor the dtype of the weights."""
    make_trainer(brief_config, prepared, tmp_path / "without", max_steps=6).train()
    torch.manual_seed(brief_config.training.seed)
    training = dataclasses.replace(brief_config.training, max_steps=6, validate_every_steps=2)
    config = dataclasses.replace(brief_config, training=training)
    validate = make_validator(prepared)
    trainer = Trainer(Transformer(config.model), prepared, config, tmp_path / "with", validate=validate)
    trainer.train()
    assert losses(tmp_path / "with") == losses(tmp_path / "without")
    records = [json.loads(line) for line in (tmp_path / "with" / "log.jsonl").read_text().splitlines()]
    validated = [record for record in records if "toy-dev BLEU" in record]
    assert [record["step"] for record in validated] == [2, 4, 6]
    assert all(0 <= record["toy-dev BLEU"] <= 100 and record["toy-dev loss"] > 0 for record in validated)
    assert {parameter.dtype for parameter in trainer.model.parameters()} == {torch.float32}


def test_the_last_checkpoints_are_averaged(prepared, brief_config, tmp_path):
    settings = {"max_steps": 6, "save_every_steps": 2, "keep_checkpoints": 3, "average_checkpoints": 2}
    trainer = make_trainer(brief_config, prepared, tmp_path, **settings)
    trainer.train()
    paths = checkpoint_paths(tmp_path / "checkpoints")
    assert [path.name[-1] for path in paths] == ["2", "4", "6"]
    states = [load_checkpoint(path).model for path in paths[1:]]
    for name, tensor in trainer.final_weights().items():
        torch.testing.assert_close(tensor, (states[0][name] + states[1][name]) / 2)


def test_the_moving_average_worked_out_by_hand():
    """Its weights d are (1 + step) / (10 + step), 2/11 and 3/12, then the decay 0.2."""
    model = torch.nn.Linear(1, 1, bias=False)
    model.weight.data.fill_(1.0)
    average = MovingAverage(model, decay=0.2)
    for step, weight, expected in (
        (1, 2.0, 2 / 11 * 1 + 9 / 11 * 2),
        (2, 4.0, 0.2 * (20 / 11) + 0.8 * 4),
        (3, 0.0, 0.2 * (0.2 * (20 / 11) + 0.8 * 4)),
    ):
        model.weight.data.fill_(weight)
        average.update(model, step)
        assert average.model.weight.item() == pytest.approx(expected)
    assert not average.model.weight.requires_grad


def make_watched(config, data, out, figures, **training):
    """Make a trainer whose validations return these figures in turn."""
    training = {"validate_every_steps": 2, "save_every_steps": 100, "max_steps": 40, **training}
    config = dataclasses.replace(config, training=dataclasses.replace(config.training, **training))
    torch.manual_seed(config.training.seed)
    remaining = iter(figures)
    return Trainer(Transformer(config.model), data, config, out, validate=lambda model: next(remaining))


@pytest.mark.parametrize(
    ("best_by", "figures"),
    [
        ("loss", [{"a loss": loss, "b loss": 1.0, "a BLEU": 0.0} for loss in (3.0, 2.0, 2.5, 2.0, 9.0)]),
        ("BLEU", [{"a BLEU": bleu, "a loss": 1.0} for bleu in (3.0, 8.0, 7.0, 8.0, 1.0)]),
    ],
)
def test_training_ends_when_patience_runs_out_and_the_best_weights_are_kept(
    prepared, brief_config, tmp_path, best_by, figures
):
    trainer = make_watched(brief_config, prepared, tmp_path, figures, patience=3, best_by=best_by)
    kept = {}

    def keep(record):
        if record["step"] == 4 and "loss" in record:
            kept.update({name: tensor.clone() for name, tensor in trainer.model.state_dict().items()})

    trainer.run.log._report = keep
    assert trainer.train()
    # Validated at 2, 4, 6, 8 and 10; no improvement three times in a row after 4.
    assert (trainer.run.progress.step, trainer.run.progress.best_step) == (10, 4)
    final = trainer.final_weights()
    assert all(torch.equal(final[name], tensor) for name, tensor in kept.items())
    last = trainer.model.state_dict()
    assert not all(torch.equal(final[name], tensor) for name, tensor in last.items())


def test_the_best_weights_are_those_of_the_resumed_run(prepared, brief_config, tmp_path):
    """A run is killed after its best validation, before the save that would record it."""

    class Killed(BaseException):
        """Simulates the end of the process."""

    settings = {"patience": 2, "save_every_steps": 3}
    first = make_watched(brief_config, prepared, tmp_path, [{"a loss": 2.0}, {"a loss": 1.0}], **settings)

    def die(record):
        if record["step"] == 5:
            raise Killed

    first.run.log._report = die
    with pytest.raises(Killed):
        first.train()
    folder = tmp_path / "checkpoints"
    assert {path.name for path in folder.glob("best-*")} == {"best-00000002", "best-00000004"}
    expected = load_checkpoint(folder / "best-00000002").model
    # From step 3 on, the run takes a different course, on which nothing is as good as step 2.
    figures = [{"a loss": 3.0}, {"a loss": 3.0}]
    second = make_watched(brief_config, prepared, tmp_path, figures, **settings, peak_learning_rate=1e-3)
    second.run.resume()
    assert second.train()
    assert (second.run.progress.step, second.run.progress.best_step) == (6, 2)
    assert all(torch.equal(expected[name], tensor) for name, tensor in second.final_weights().items())
    assert [path.name for path in folder.glob("best-*")] == ["best-00000002"]


def test_patience_survives_a_resume(prepared, brief_config, tmp_path):
    losses = [{"a loss": loss} for loss in (2.0, 3.0)]
    make_watched(brief_config, prepared, tmp_path, losses, patience=3, max_steps=4).train()
    second = make_watched(brief_config, prepared, tmp_path, [{"a loss": 2.5}] * 9, patience=3)
    second.run.resume()
    assert second.train()
    assert (second.run.progress.step, second.run.progress.best_step) == (8, 2)


def test_patience_without_a_development_set_is_refused(prepared, brief_config, tmp_path):
    with pytest.raises(ConfigError, match="patience is 2, but there is no development set"):
        make_trainer(brief_config, prepared, tmp_path, patience=2)


@pytest.mark.parametrize("cause", ["signal", "kill"])
def test_a_moving_average_survives_a_resume(prepared, brief_config, tmp_path, cause):
    settings = {"ema_decay": 0.9, "max_steps": 9}
    straight = make_trainer(brief_config, prepared, tmp_path / "straight", **settings)
    straight.train()
    stop = signal.SIGTERM if cause == "signal" else None

    def interrupt(record):
        if record["step"] == 7:
            if stop is None:
                raise RuntimeError("killed")
            os.kill(os.getpid(), stop)

    first = make_trainer(brief_config, prepared, tmp_path / "parts", interrupt, **settings)
    if stop is None:
        with pytest.raises(RuntimeError, match="killed"):
            first.train()
    else:
        assert not first.train()
    second = make_trainer(brief_config, prepared, tmp_path / "parts", **settings)
    second.run.resume()
    assert second.run.progress.step == (7 if stop else 5)
    second.train()
    expected = straight.final_weights()
    assert all(torch.equal(expected[name], tensor) for name, tensor in second.final_weights().items())
    last = straight.model.state_dict()
    assert not all(torch.equal(expected[name], tensor) for name, tensor in last.items())


def test_a_signal_aborts_a_validation(prepared, brief_config, tmp_path):
    """It must not take minutes to react; the checkpoint is that of the step."""
    training = dataclasses.replace(brief_config.training, validate_every_steps=3, max_steps=1000)
    config = dataclasses.replace(brief_config, training=training)

    def validate(model):
        os.kill(os.getpid(), signal.SIGTERM)
        pytest.fail("the validation went on")

    trainer = Trainer(Transformer(config.model), prepared, config, tmp_path, validate=validate)
    assert trainer.train() is False
    assert [path.name for path in checkpoint_paths(tmp_path / "checkpoints")] == ["step-00000003"]
    assert trainer.model.training


@pytest.mark.parametrize("count", [0, 2])
def test_prefetching_does_not_change_the_losses(prepared, brief_config, tmp_path, count):
    settings = {"max_steps": 20, "batch_tokens": 512}
    make_trainer(brief_config, prepared, tmp_path / "a", prefetch=count, **settings).train()
    first = make_trainer(brief_config, prepared, tmp_path / "b", prefetch=1, **settings)
    first.train()
    assert losses(tmp_path / "a") == losses(tmp_path / "b")


@pytest.mark.parametrize("save_every_steps", [1, 4, 5])
def test_a_signal_in_an_update_saves_even_if_a_save_is_due(
    prepared, brief_config, tmp_path, monkeypatch, save_every_steps
):
    trainer = make_trainer(brief_config, prepared, tmp_path, save_every_steps=save_every_steps, max_steps=99)
    step = trainer.step

    def interrupted(ready):
        step(ready)
        if trainer.run.progress.step == 4:
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(trainer, "step", interrupted)
    assert trainer.train() is False
    assert checkpoint_paths(tmp_path / "checkpoints")[-1].name == "step-00000004"


def test_patience_survives_a_kill_after_a_save_and_a_signal_in_a_validation(prepared, brief_config, tmp_path):
    """Validations and saves at the same steps; the figures are those of the straight run, none twice."""
    settings = {"patience": 3, "save_every_steps": 2}

    class Killed(BaseException):
        """Simulates the end of the process: nothing catches it."""

    def killed(model):
        raise Killed

    def interrupted(model):
        os.kill(os.getpid(), signal.SIGTERM)
        pytest.fail("the validation went on")

    first = make_watched(brief_config, prepared, tmp_path, [], **settings)
    first._validate = lambda model: killed(model) if first.run.progress.step == 4 else {"a loss": 2.0}
    with pytest.raises(Killed):
        first.train()
    second = make_watched(brief_config, prepared, tmp_path, [], **settings)
    second._validate = interrupted
    second.run.resume()
    assert (second.run.progress.step, second.run.progress.best_step) == (2, 2)
    assert second.train() is False
    assert second.run.progress.step == 4
    third = make_watched(
        brief_config, prepared, tmp_path, [{"a loss": loss} for loss in (3.0, 2.5, 4.0)], **settings
    )
    third.run.resume()
    assert third.train()
    assert (third.run.progress.step, third.run.progress.best_step) == (8, 2)
    records = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [r["step"] for r in records if "a loss" in r] == [2, 4, 6, 8]


def test_a_checkpoint_of_another_format_is_refused(prepared, brief_config, tmp_path):
    make_trainer(brief_config, prepared, tmp_path, max_steps=2).train()
    (path,) = checkpoint_paths(tmp_path / "checkpoints")
    checkpoint = load_checkpoint(path)
    save_checkpoint(path, dataclasses.replace(checkpoint, state={**checkpoint.state, "format_version": 99}))
    with pytest.raises(CheckpointError, match="format version 99, but this program reads version 2"):
        make_trainer(brief_config, prepared, tmp_path).run.resume()
