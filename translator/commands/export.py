"""`translator export`."""

from pathlib import Path
from typing import Literal

from tyro.conf import Positional

from translator.commands import OptionalPath


def export(
    out: Positional[Path],
    /,
    *,
    model: OptionalPath = None,
    format: Literal["ctranslate2"] = "ctranslate2",
    quantization: Literal[
        "float32", "float16", "bfloat16", "int8", "int8_float16", "int8_bfloat16", "int16"
    ] = "float32",
) -> None:
    """Export a model to another engine.

    In float32, the probabilities are the same; other formats round them.

    CTranslate2's length penalty is length^α; ours is ((5 + length) / 6)^α.

    Args:
        out: Folder to write; must not exist yet.
        model: Model folder; by default the model shipped with the package.
        format: The engine to export to.
        quantization: Number format of the weights.
    """
    from translator.training.checkpoint import load_model
    from translator.training.export import export_ctranslate2
    from translator.translate import shipped_model

    assert format == "ctranslate2"
    export_ctranslate2(load_model(model or shipped_model()), out, quantization)
    print(f"wrote {out}")
