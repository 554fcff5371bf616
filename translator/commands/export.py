"""`translator export`."""

from pathlib import Path
from typing import Literal

from tyro.conf import Positional


def export(
    out: Positional[Path],
    /,
    *,
    model: Path | None = None,
    format: Literal["ctranslate2"] = "ctranslate2",
    quantization: Literal[
        "float32", "float16", "bfloat16", "int8", "int8_float16", "int8_bfloat16", "int16"
    ] = "float32",
) -> None:
    """Write a model for another engine, with which it gives every piece the same probability in float32.

    Greedy search and beam search without length penalty then find the same translations; lower quantizations round.
    Penalties of the same number mean something else there: CTranslate2 divides by length^α, we by
    ((5 + length) / 6)^α.

    Args:
        out: Folder to make.
        model: Model folder; by default the model that comes with the package.
        format: The engine that reads it.
        quantization: Numbers of the weights.
    """
    from translator.checkpoint import load_model
    from translator.export import export_ctranslate2
    from translator.translate import shipped_model

    assert format == "ctranslate2"
    export_ctranslate2(load_model(model or shipped_model()), out, quantization)
    print(f"wrote {out}")
