"""`translator score`."""

import json
from pathlib import Path

from translator.commands import STDERR, DeviceFlag, LengthPenaltyFlag, OptionalPath
from translator.errors import DataError
from translator.options import SearchOptions


def score(
    *,
    source: Path,
    target: Path,
    model: OptionalPath = None,
    length_penalty: LengthPenaltyFlag = SearchOptions.length_penalty,
    device: DeviceFlag = "auto",
    tokens: bool = False,
) -> None:
    """Print the score and the log-probability of existing translations under a model.

    Args:
        source: File of English lines.
        target: File of German lines, one per English line.
        model: Model folder; by default the model shipped with the package.
        tokens: Print JSON lines instead, with the log-probability of every piece.
    """
    from translator.evaluation.evaluate import read_lines
    from translator.evaluation.scoring import score as score_pairs
    from translator.translate import Translator

    options = SearchOptions(length_penalty=length_penalty)
    sources, targets = read_lines(source), read_lines(target)
    if not sources or len(sources) != len(targets):
        raise DataError(
            f"there are {len(sources)} sources and {len(targets)} translations; give one translation per line for "
            "each source, and at least one"
        )
    translator = Translator.load(model, device)
    pairs = list(zip(sources, targets, strict=True))
    with STDERR.status("scoring"):
        for one in score_pairs(translator, pairs, options.length_penalty):
            if tokens:
                pieces = [[token.piece, round(token.log_probability, 4)] for token in one.tokens]
                record = {"score": round(one.score, 4), "log_probability": round(one.log_probability, 4)}
                print(json.dumps({**record, "tokens": pieces}, ensure_ascii=False))
            else:
                print(f"{one.score:.4f}\t{one.log_probability:.4f}")
