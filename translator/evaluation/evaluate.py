"""BLEU, chrF and TER with their sacreBLEU signatures, speed, and significance tests between systems.

Scores are comparable only if their signatures are equal and the text is not tokenised. So every table and every JSON
object names the signatures, and `warn_if_tokenised` checks the text.
"""

import codecs
import logging
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from translator.errors import DataError

if TYPE_CHECKING:
    from sacrebleu.metrics.base import Metric

_LOGGER = logging.getLogger(__name__)
_GZIP = b"\x1f\x8b"

BOOTSTRAP_SAMPLES = 1000
"""Resampled test sets per comparison: sacreBLEU's default."""
LANGUAGE_PAIR = "en-de"

_TOKENISED = re.compile(r" [,.](?=\s|$)| @-@ |&(?:quot|apos|amp|lt|gt|#\d+);")
_TOKENISED_SHARE = 0.2  # raw text stays far below this: a stray space before a comma is rare

Translate = Callable[[Sequence[str]], Sequence[str]]


@dataclass(frozen=True)
class Score:
    """A corpus score in per cent, with the sacreBLEU signature that gives it meaning."""

    name: str
    value: float
    signature: str


@dataclass(frozen=True)
class Evaluation:
    """The result of one system on one test set: scores, speed and translations."""

    system: str
    testset: str
    sentences: int
    seconds: float | None
    """Time to translate; None if existing translations were scored."""
    scores: tuple[Score, ...]
    hypotheses: tuple[str, ...]

    @property
    def sentences_per_second(self) -> float | None:
        """Speed, without loading the model; None if nothing was translated."""
        return self.sentences / self.seconds if self.seconds else None


@dataclass(frozen=True)
class Comparison:
    """One metric of one system, with its bootstrap distribution and its p-value against the first system."""

    system: str
    metric: str
    value: float
    mean: float
    """Mean score over the resampled test sets."""
    interval: float
    """Half-width of the 95 % confidence interval around the mean."""
    p_value: float | None
    """Two-sided; None for the first system, the baseline."""
    signature: str


def score(hypotheses: Sequence[str], references: Sequence[str]) -> list[Score]:
    """Return BLEU (13a, cased), chrF2 and TER of a system's translations.

    Higher is better for BLEU and chrF, lower for TER. Raises DataError if the numbers of lines differ or are 0.
    """
    check_parallel("hypotheses", hypotheses, references)
    results = []
    for metric in _metrics().values():
        result = metric.corpus_score(hypotheses, [references])
        results.append(Score(result.name, result.score, str(metric.get_signature())))
    return results


def evaluate(
    name: str,
    sources: Sequence[str],
    references: Sequence[str],
    translate: Translate,
    *,
    testset: str = "files",
) -> Evaluation:
    """Translate a test set with the system called `name`, and return its scores and speed.

    Raises DataError if the numbers of sources, references and translations differ or are 0.
    """
    check_parallel("sources", sources, references)
    started = time.perf_counter()
    hypotheses = tuple(translate(sources))
    seconds = time.perf_counter() - started
    _LOGGER.info("%s translated %d sentences of %s in %.1f s", name, len(sources), testset, seconds)
    return Evaluation(name, testset, len(sources), seconds, tuple(score(hypotheses, references)), hypotheses)


def compare(systems: Mapping[str, Sequence[str]], references: Sequence[str]) -> list[Comparison]:
    """Compare each system with the first one by sacreBLEU's paired bootstrap resampling (Koehn 2004).

    The result is the same every time, unless the environment variable SACREBLEU_SEED changes the seed. Raises
    DataError for fewer than two systems, or if the numbers of lines differ or are 0.
    """
    if len(systems) < 2:
        raise DataError(f"{len(systems)} system(s) given to compare; give at least 2, the baseline first.")
    for name, hypotheses in systems.items():
        check_parallel(f"hypotheses of {name!r}", hypotheses, references)
    from sacrebleu.significance import PairedTest  # noqa: PLC0415 (slow to import, and not needed to serve)

    test = PairedTest(
        list(systems.items()), _metrics(), [references], test_type="bs", n_samples=BOOTSTRAP_SAMPLES
    )
    signatures, results = test()
    return [
        _comparison(name, metric, results[metric][place], results[metric][0], str(signature))
        for place, name in enumerate(systems)
        for metric, signature in signatures.items()
    ]


def read_lines(path: Path | str) -> list[str]:
    r"""Return the lines of a UTF-8 file. Only "\n" ends a line, so that each stays with its translation.

    Raises DataError if the file cannot be read, is compressed or is not UTF-8.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}. Give the path of a text file.") from error
    if data.startswith(_GZIP):
        raise DataError(f"{path} is compressed. Unpack it, for example with gunzip.")
    lines = data.removeprefix(codecs.BOM_UTF8).removesuffix(b"\n").split(b"\n") if data else []
    return [_decoded(line, number, path) for number, line in enumerate(lines, start=1)]


def load_testset(name: str, language_pair: str = LANGUAGE_PAIR) -> tuple[list[str], list[str]]:
    """Return the sources and references of the test set that sacreBLEU knows as `name`, such as "wmt14/full".

    sacreBLEU downloads it once and caches it. Raises DataError if the name is unknown or the download fails.
    """
    from sacrebleu import utils  # noqa: PLC0415 (slow to import, and not needed to serve)
    from sacrebleu.dataset import DATASETS  # noqa: PLC0415

    known = [known for known, dataset in DATASETS.items() if language_pair in dataset.langpairs]
    if name not in known:
        raise DataError(
            f"test set {name!r} is not among those that sacreBLEU has for {language_pair}: "
            f"{', '.join(sorted(known))}. Give one of these, or files with --source and --reference."
        )
    try:
        source = utils.get_source_file(name, language_pair)
        reference = utils.get_reference_files(name, language_pair)[0]
    # sacreBLEU calls sys.exit on a damaged download, and raises all kinds of errors on a failed one.
    except (Exception, SystemExit) as error:
        raise DataError(
            f"test set {name!r} cannot be downloaded: {error!r}. If there is no network, give files with --source "
            f"and --reference, or copy the test sets from another machine to {utils.SACREBLEU_DIR}."
        ) from error
    sources, references = read_lines(source), read_lines(reference)
    check_parallel(f"sources of {name!r}", sources, references)
    return sources, references


def check_parallel(what: str, lines: Sequence[str], references: Sequence[str]) -> None:
    """Raise DataError if the numbers of lines and references differ or are 0; `what` names the lines."""
    if len(lines) != len(references):
        raise DataError(
            f"there are {len(lines)} {what} and {len(references)} references; the numbers must be equal. "
            "Give files in which line N of one belongs to line N of the other."
        )
    if not lines:
        raise DataError("there are 0 references; at least 1 is needed. Give a test set that is not empty.")


def warn_if_tokenised(lines: Sequence[str]) -> str | None:
    """Return a warning if the text looks tokenised: its scores would not be comparable with any others."""
    filled = [line for line in lines if line.strip()]
    tokenised = sum(1 for line in filled if _TOKENISED.search(line))
    if not filled or tokenised < _TOKENISED_SHARE * len(filled):
        return None
    return (
        f'{tokenised} of {len(filled)} lines look tokenised (" ,", " .", "@-@" or "&quot;"). sacreBLEU '
        "tokenises by itself: detokenise the text, or the scores are not comparable with any others."
    )


def as_table(evaluations: Sequence[Evaluation]) -> Table:
    """Return a table with one row per evaluation of a test set; print the `signatures` with it."""
    first = evaluations[0]
    table = _table(
        f"{first.testset}: {first.sentences} {'sentence' if first.sentences == 1 else 'sentences'}"
    )
    names = list(dict.fromkeys(score.name for one in evaluations for score in one.scores))
    for column in (*map(_heading, names), "Seconds", "Sentences/s"):
        table.add_column(column, justify="right", no_wrap=True)
    for one in evaluations:
        values = {score.name: f"{score.value:.2f}" for score in one.scores}
        timings = (one.seconds, one.sentences_per_second)
        speed = ("" if value is None else f"{value:.1f}" for value in timings)
        table.add_row(*map(Text, (one.system, *(values.get(name, "") for name in names), *speed)))
    return table


def as_json(evaluations: Sequence[Evaluation]) -> dict[str, Any]:
    """Return the evaluations, without the translations, for `json.dump`."""
    return {
        "evaluations": [
            {
                "system": one.system,
                "testset": one.testset,
                "sentences": one.sentences,
                "seconds": one.seconds,
                "sentences_per_second": one.sentences_per_second,
                "scores": [asdict(score) for score in one.scores],
            }
            for one in evaluations
        ]
    }


def comparison_as_table(comparisons: Sequence[Comparison]) -> Table:
    """Return a table with one row per system and metric."""
    table = _table("Paired bootstrap against the first system")
    table.add_column("Metric", no_wrap=True)
    for column in ("Score", "Mean ± 95 % CI", "p"):
        table.add_column(column, justify="right", no_wrap=True)
    for row in comparisons:
        p_value = "baseline" if row.p_value is None else f"{row.p_value:.4f}"
        spread = f"{row.mean:.2f} ± {row.interval:.2f}"
        table.add_row(*map(Text, (row.system, _heading(row.metric), f"{row.value:.2f}", spread, p_value)))
    return table


def signatures(evaluations: Sequence[Evaluation], comparisons: Sequence[Comparison]) -> list[str]:
    """Return the lines to print below the tables: the name of each metric with its signature, once."""
    scores = [(score.name, score.signature) for one in evaluations for score in one.scores]
    scores += [(row.metric, row.signature) for row in comparisons]
    return [f"{name}|{signature}" for name, signature in dict.fromkeys(scores)]


def comparison_as_json(comparisons: Sequence[Comparison]) -> dict[str, Any]:
    """Return the comparisons for `json.dump`."""
    return {"comparisons": [asdict(row) for row in comparisons]}


def _metrics() -> "dict[str, Metric]":
    from sacrebleu.metrics.bleu import BLEU  # noqa: PLC0415 (slow to import, and not needed to serve)
    from sacrebleu.metrics.chrf import CHRF  # noqa: PLC0415
    from sacrebleu.metrics.ter import TER  # noqa: PLC0415

    return {"BLEU": BLEU(), "chrF2": CHRF(), "TER": TER()}


def _comparison(system: str, metric: str, result: Any, baseline: Any, signature: str) -> Comparison:
    """Build a row from two sacreBLEU results, each with `score`, `p_value`, `mean` and `ci`."""
    value, mean, interval = float(result.score), float(result.mean), float(result.ci)
    p_value = result.p_value
    # For identical translations, sacreBLEU finds no resampled difference above 0 and would report p = 1/1001.
    if p_value is not None and (value, mean, interval) == (baseline.score, baseline.mean, baseline.ci):
        p_value = 1.0
    return Comparison(system, metric, value, mean, interval, p_value, signature)


def _decoded(line: bytes, number: int, path: Path | str) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path}, line {number}: byte 0x{line[error.start]:02X} at offset {error.start} is not UTF-8. "
            "Convert the file to UTF-8, for example with iconv."
        ) from error


def _heading(metric: str) -> str:
    return f"{metric} ↓" if metric == "TER" else f"{metric} ↑"


def _table(title: str) -> Table:
    """Return a table without rows; its first column, the systems, takes the width that the numbers leave."""
    table = Table(title=Text(title, "table.title"), title_justify="left")
    table.add_column("System", overflow="fold")
    return table
