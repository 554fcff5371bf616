"""Train a translation model.

    python train.py PRESET --data PREPARED --out RUN [options]

PRESET is tiny, small, base or big, or the config.json of an earlier run. Baselines: tiny-rnn, small-rnn,
tiny-decoder-only, small-decoder-only.
`python train.py PRESET --help` lists all options with the preset's values.
The finished model is written to RUN/model.

To pre-train on text in one language, with the tokenizer of PREPARED, and then train on its pairs:

    python train.py PRESET --data PREPARED --out PRETRAINED --objective span-denoising --monolingual FILE [options]
    python train.py PRESET --data PREPARED --out RUN --init-from PRETRAINED/model [options]

Give --monolingual for each FILE. A decoder-only preset takes --objective causal-lm.

To train with several processes, run `torchrun --nproc-per-node N train.py …`.
Each process takes one GPU; without GPUs, they share the CPU.
"""

import contextlib
import logging
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import torch
import tyro
from tyro.conf import UseAppendAction

from translator import config
from translator.data.monolingual import read_monolingual
from translator.data.objectives import source_maker
from translator.data.shards import PreparedData
from translator.errors import ConfigError, TranslatorError
from translator.machine.device import set_up_processor
from translator.model.architectures import build_network
from translator.training import Processes, Trainer, join_processes, lock_run_dir, resolve_batch_size
from translator.training.card import save_trained_model
from translator.training.data_report import print_data_report
from translator.training.run_log import format_record
from translator.training.validation import make_validator
from translator.training.warm_start import load_initial_weights


@dataclass(frozen=True)
class Run:
    """One training run: its data, its output folder and its settings."""

    data: Path
    """Folder written by `translator prepare`."""
    out: Path
    """Folder for the checkpoints, the log and the finished model."""
    model: config.ModelConfig
    training: Annotated[config.TrainingConfig, tyro.conf.arg(name="")]
    name: str = "en-de"
    """Name of the model, written to its card."""
    monolingual: Annotated[UseAppendAction[tuple[Path, ...]], tyro.conf.arg(metavar="FILE")] = ()
    """Text to pre-train on, a sentence on each line, with --objective; may be given several times."""
    init_from: Path | None = None
    """Folder of a trained model to start from. It may have another vocabulary and fewer layers."""
    resume: bool = False
    """Continue from the newest checkpoint in --out."""
    device: str = "auto"
    """auto (a GPU if there is one), cpu, cuda or cuda:N."""


def open_data(run: Run) -> PreparedData:
    """Open the pairs; in pre-training, read the monolingual texts with the tokenizer of the pairs.

    Raises ConfigError unless the options fit together.
    """
    config.Config(run.model, run.training)  # refuses settings that do not fit together
    objective = run.training.objective
    if objective != "translation" and not run.monolingual:
        raise ConfigError(
            f"--objective {objective} learns from text in one language; give --monolingual FILE"
        )
    if objective == "translation" and run.monolingual:
        raise ConfigError(
            "--monolingual is for pre-training; give --objective span-denoising too, or causal-lm for a decoder-only "
            "preset"
        )
    data = PreparedData.open(run.data)
    make_source = source_maker(objective, data.tokenizer)
    if make_source is None:
        return data
    return read_monolingual(run.monolingual, data.tokenizer, make_source, run.training.max_tokens_per_side)


def train(run: Run, preset: config.TrainingConfig) -> int:
    """Train, and write the finished model; returns 3 if a signal stopped it early, else 0."""
    set_up_processor(run.training.threads)
    with join_processes(run.device) as (processes, device):
        return train_together(run, preset, processes, device)


def train_together(
    run: Run, preset: config.TrainingConfig, processes: Processes, device: torch.device
) -> int:
    """Build everything, and do what `train` does; all processes call this together."""
    with contextlib.ExitStack() as stack:
        data = open_data(run)
        if processes.is_first:
            stack.enter_context(lock_run_dir(run.out))
        else:
            logging.getLogger().setLevel(logging.WARNING)
        settings = config.Config(config.fit_to_vocabulary(run.model, data.tokenizer.vocab_size), run.training)
        torch.manual_seed(run.training.seed)
        model = build_network(settings.model).to(device)
        settings = resolve_batch_size(settings, preset, model, processes, run.out if run.resume else None)
        init_from = run.init_from if not run.resume else None
        initial_card = (
            load_initial_weights(init_from, model, data.tokenizer, data.lexicon) if init_from else None
        )
        trainer = Trainer(
            model, data, settings, run.out, validate=make_validator(data), processes=processes,
            report=lambda record: print(format_record(record)), initial_card=initial_card,
        )  # fmt: skip
        trainer.run.resume() if run.resume else trainer.run.start_afresh()
        if processes.is_first and not run.resume and data.has_pairs:
            print_data_report(data, settings, model, is_fine_tuning=initial_card is not None)
        if not trainer.train():
            if processes.is_first:
                print(f"stopped at step {trainer.run.progress.step}; run it again with --resume to continue")
            return 3
        if processes.is_first:
            save_trained_model(run.out / "model", run.name, trainer, data)
            print(f"the model is in {run.out / 'model'}")
            if not data.has_pairs:
                print("it cannot translate yet: train it on pairs with --init-from")
        # Wait for the first process: if it is lost while it writes the model, the others must not succeed.
        processes.sum([0])
    return 0


def main(arguments: list[str]) -> int:
    """Return the exit code: 0 finished, 1 error, 2 wrong option, 3 stopped by a signal."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print(__doc__)
        return 0 if arguments else 2
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        start = config.load_config(arguments[0])
        defaults = Run(tyro.MISSING, tyro.MISSING, start.model, start.training)
        run = tyro.cli(Run, default=defaults, args=arguments[1:], prog=f"train.py {arguments[0]}")
        return train(run, start.training)
    except TranslatorError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"error: cannot use {error.filename or 'the disk'}: {error.strerror or error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # so that `tail -f` shows each line at once
    sys.exit(main(sys.argv[1:]))
