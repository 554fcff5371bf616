"""Train a translation model.

    python train.py PRESET --data PREPARED --out RUN [options]

PRESET is tiny, small, base or big, or the config.json of an earlier run. Every field of the configuration is
an option; `python train.py PRESET --help` lists them. The finished model is the folder RUN/model.
"""

import logging
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import torch
import tyro

from translator import config
from translator.card import build_card
from translator.checkpoint import save_model
from translator.errors import TranslatorError
from translator.model import Transformer
from translator.shards import PreparedData
from translator.trainer import Trainer
from translator.translate import choose_device
from translator.validation import make_validator


@dataclass(frozen=True)
class Run:
    """One training run: what to train on, where to keep it, and how."""

    data: Path
    """Folder written by `translator prepare`."""
    out: Path
    """Folder for checkpoints, log and the finished model."""
    model: config.ModelConfig
    training: Annotated[config.TrainingConfig, tyro.conf.arg(name="")]
    name: str = "en-de"
    """The model's name, on its card."""
    resume: bool = False
    """Go on from the newest checkpoint in `out`."""
    device: str = "auto"
    """auto (a GPU if there is one), cpu, cuda or cuda:N."""


def train(run: Run) -> int:
    """Build the parts, train, and write the finished model; 3 when a signal ended it early."""
    data = PreparedData.open(run.data)
    model_config = config.fit_to_vocabulary(run.model, data.tokenizer.vocab_size)
    settings = config.Config(model_config, run.training)
    torch.manual_seed(run.training.seed)
    model = Transformer(model_config).to(choose_device(run.device))
    validate = make_validator(data, run.training)
    trainer = Trainer(model, data, settings, run.out, validate=validate, report=print_record)
    if run.resume:
        trainer.resume()
    else:
        trainer.start_afresh()
    if not trainer.train():
        print(f"stopped at step {trainer.progress.step}; add --resume to the same command to go on")
        return 3
    card = build_card(run.name, model, settings, data, trainer.progress)
    save_model(run.out / "model", model_config, trainer.averaged_weights(), data.tokenizer, card)
    print(f"the model is in {run.out / 'model'}")
    return 0


def print_record(record: dict[str, Any]) -> None:
    """Show a line of the log."""
    print("  ".join(f"{name} {value}" for name, value in record.items()), flush=True)


def main(arguments: list[str]) -> int:
    """Exit code: 0 when finished, 1 on an error, 2 on a wrong option, 3 when stopped by a signal."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print(__doc__)
        return 0
    preset, *options = arguments
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        start = config.PRESETS[preset]() if preset in config.PRESETS else config.load_config(Path(preset))
        defaults = Run(tyro.MISSING, tyro.MISSING, start.model, start.training)
        return train(tyro.cli(Run, default=defaults, args=options, prog=f"train.py {preset}"))
    except TranslatorError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
