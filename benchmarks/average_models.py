"""Average the weights of models that were fine-tuned from the same weights.

    python benchmarks/average_models.py OUT MODEL=0.6 MODEL=0.4

OUT receives the weighted mean (a "model soup", Wortsman et al. 2022) with the tokenizer, lexicon and card of the first
model. The card lists the share of each model. Its training cost is that of the first model; name further models whose
training should be added with --extra.
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro

from translator.errors import ConfigError, TranslatorError
from translator.training.card import EXAMPLES, cost_in_all
from translator.training.checkpoint import load_model, save_model
from translator.translate import Translator


@dataclass(frozen=True)
class Options:
    """What to average."""

    out: tyro.conf.Positional[Path]
    """Model folder to write."""
    models: tyro.conf.Positional[tuple[str, ...]]
    """Model folders with their shares, as MODEL=SHARE. The shares must add up to 1."""
    extra: tuple[Path, ...] = ()
    """Models whose training cost is added to the card, because they are not ancestors of the first model."""


def parse(text: str) -> tuple[Path, float]:
    """Split MODEL=SHARE. Raises ConfigError if the share is not a number above 0 and up to 1."""
    path, _, share = text.rpartition("=")
    try:
        value = float(share)
    except ValueError:
        value = 0.0
    if not path or not 0 < value <= 1:
        raise ConfigError(
            f"{text!r} must be MODEL=SHARE with a share above 0 and up to 1, such as out/model=0.5"
        )
    return Path(path), value


def average(options: Options) -> None:
    """Write the weighted mean of the models, with a new card and new example translations."""
    shares = [parse(text) for text in options.models]
    total = sum(share for _, share in shares)
    if abs(total - 1) > 1e-6:
        raise ConfigError(f"the shares add up to {total:g}; make them add up to 1")
    folders = [load_model(path) for path, _ in shares]
    first = folders[0]
    states = [folder.model.state_dict() for folder in folders]
    for (path, _), state in zip(shares, states, strict=True):
        if {name: t.shape for name, t in state.items()} != {name: t.shape for name, t in states[0].items()}:
            raise ConfigError(
                f"{path} has weights of other shapes than {shares[0][0]}; use models of one architecture"
            )
    weights = {
        name: sum(share * state[name] for (_, share), state in zip(shares, states, strict=True))
        for name in states[0]
    }
    card: dict[str, Any] = {**first.card, "scores": []}
    card["averaged"] = [{"model": path.parent.name, "share": share} for path, share in shares]
    for path in options.extra:
        card["cost_in_all"] = cost_in_all(load_model(path).card["training"], card)
    first.model.load_state_dict(weights)
    translations = Translator.of_model(first.model, first.tokenizer, card, lexicon=first.lexicon).translate(
        EXAMPLES
    )
    card["examples"] = [
        {"source": source, "translation": one.text}
        for source, one in zip(EXAMPLES, translations, strict=True)
    ]
    save_model(options.out, first.model.config, weights, first.tokenizer, card, first.lexicon)


def main() -> int:
    """Average the models. Returns 0 on success and 1 after reporting an error."""
    options = tyro.cli(Options, description=__doc__)
    try:
        average(options)
    except TranslatorError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
