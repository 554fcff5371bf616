"""Serve a model in int8, translate a text with it, and measure the memory that the model takes.

    python benchmarks/served_memory.py MODEL
    python benchmarks/served_memory.py MODEL --json memory.json

The memory of the network is that of the service after the translation, less that of a service whose model has the same
tokenizer and a network that is almost nothing. It is compared with the size of the weights in int8: a byte for each
number of a matrix, and four for each number of a bias or norm.
"""

import json
import math
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import Request, urlopen

import tyro
from load_test.server import serve

from translator.errors import TranslatorError
from translator.files.model_folder import read_model
from translator.files.weight_shapes import weight_shapes
from translator.model.transformer import Transformer
from translator.training.checkpoint import load_model, save_model

TEXT = "The old teacher gives the small child a red book. We play in the garden, but it is cold today."
MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Options:
    """What to measure."""

    model: tyro.conf.Positional[Path]
    """Model folder."""
    json: Path | None = None
    """Also write the figures and the translation to this file."""


def serve_once(folder: Path) -> tuple[int, str]:
    """Return the memory of the service after a translation, in bytes, and the translation."""
    # The language is given, so that nothing is loaded to find it.
    body = json.dumps({"text": TEXT, "source_language": "en"}).encode()
    with serve(f"--model={folder.resolve()}", "--device=cpu", "--precision=int8") as server:
        request = Request(f"{server.address}/translate", body, {"Content-Type": "application/json"})
        with urlopen(request) as answer:
            translation: str = json.load(answer)["translations"][0]["text"]
        return server.memory(), translation


def write_tiny(folder: Path, out: Path) -> None:
    """Write a model with the tokenizer and card of another one, and with almost no weights."""
    model = load_model(folder)
    config = replace(
        model.model.config, d_model=4, heads=1, d_ff=2, decoder_d_ff=0, encoder_layers=1, decoder_layers=1
    )
    card = {name: value for name, value in model.card.items() if name != "alignment"}
    save_model(out, config, Transformer(config).state_dict(), model.tokenizer, card)


def int8_size(folder: Path) -> int:
    """Return the size of the weights of a model in int8, in bytes."""
    shapes = weight_shapes(read_model(folder).config)
    return sum(math.prod(shape) * (1 if len(shape) == 2 else 4) for shape in shapes.values())


def main() -> int:
    """Measure and print. Returns 0 on success and 1 after reporting an error."""
    options = tyro.cli(Options, description=__doc__)
    try:
        size = int8_size(options.model)
    except TranslatorError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    with TemporaryDirectory() as folder:
        write_tiny(options.model, Path(folder) / "tiny")
        without, _ = serve_once(Path(folder) / "tiny")
    whole, translation = serve_once(options.model)
    figures = {
        "service_bytes": whole,
        "service_without_network_bytes": without,
        "network_bytes": whole - without,
        "int8_bytes": size,
        "network_by_int8": round((whole - without) / size, 3),
    }
    service, rest, network, int8, _ = (f"{value / MEGABYTE:,.0f} MB" for value in figures.values())
    print(
        f"{TEXT}\n-> {translation}\n\nThe service takes {service}, and {rest} without the network: the network takes "
        f"{network}, {figures['network_by_int8']:.2f} times its size in int8 ({int8})."
    )
    if options.json:
        content = json.dumps({**figures, "translation": translation}, indent=2, ensure_ascii=False)
        options.json.write_text(f"{content}\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
