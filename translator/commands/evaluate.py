"""`translator evaluate`."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text
from tyro.conf import OmitArgPrefixes, UseAppendAction, arg

from translator.commands import (
    STDERR,
    STDOUT,
    DeviceFlag,
    FormalityFlag,
    OptionalPath,
    PrecisionFlag,
    SearchArguments,
)
from translator.errors import ConfigError, DataError

if TYPE_CHECKING:
    from translator.evaluation.evaluate import Evaluation
    from translator.search import SearchOptions
    from translator.translate import Style, Translator


class _TestSet(NamedTuple):
    name: str
    sources: list[str]
    references: list[str]


def evaluate(
    *,
    source: OptionalPath = None,
    reference: OptionalPath = None,
    testset: Annotated[str | None, arg(metavar="NAME", help_behavior_hint="")] = None,
    model: UseAppendAction[tuple[Path, ...]] = (),
    hypothesis: UseAppendAction[tuple[Path, ...]] = (),
    search: OmitArgPrefixes[SearchArguments] = SearchArguments(),  # noqa: B008 (frozen, so safe to share)
    formality: FormalityFlag = "auto",  # unlike translate: references may have either
    device: DeviceFlag = "auto",
    precision: PrecisionFlag = "auto",
    json_output: Annotated[bool, arg(name="json")] = False,
    record: bool = False,
) -> None:
    """Score and compare models or existing translations with BLEU, chrF and TER.

    Args:
        source: File of English lines; not needed if you only score existing translations.
        reference: File of German lines.
        testset: Test set to download instead, by its sacreBLEU name (wmt14/full).
        model: Model folder; by default the model shipped with the package.
        hypothesis: File of existing translations to score, alongside models or instead of them.
        search: How to search.
        json_output: Print JSON instead of tables.
        record: Write the scores to the cards of the models, with the precision and the formality.
    """
    from translator.translate import Style, Translator, shipped_model

    _check_systems(model, hypothesis, record=record)
    options = search.options()
    folders = list(model) or ([] if hypothesis else [shipped_model()])
    chosen = _read_testset(source, reference, testset, needs_source=bool(folders))
    # Report a mistake in a file or a model before the first model has run for minutes.
    finished = [_evaluate_file(path, chosen) for path in hypothesis]
    translators = [Translator.load(folder, device, precision=precision) for folder in folders]
    if testset is not None:
        _warn(testset, translators)
    measured = [
        _evaluate_model(translator, options, Style(formality=formality), chosen) for translator in translators
    ]
    if record:
        from translator.training.card import record_scores

        for folder, one, translator in zip(folders, measured, translators, strict=True):
            record_scores(folder, one, options, translator.precision, formality)
    found = _with_unique_names([*measured, *finished], [*folders, *hypothesis])
    _print_evaluations(found, chosen.references, as_json=json_output)


def _check_systems(models: Sequence[Path], hypotheses: Sequence[Path], *, record: bool) -> None:
    known = set[Path]()
    for path in (*models, *hypotheses):
        if path.resolve() in known:
            raise ConfigError(f"{path} is given twice; give each model and each file once")
        known.add(path.resolve())
    if record and hypotheses and not models:
        raise ConfigError(
            "--record writes scores to the cards of models, but there are only --hypothesis files; "
            "give a --model, or leave --record out"
        )


def _read_testset(
    source: Path | None, reference: Path | None, testset: str | None, *, needs_source: bool
) -> _TestSet:
    from translator.evaluation import evaluate as evaluation

    if testset is not None and (source or reference):
        raise ConfigError(
            f"--testset {testset} and {source or reference} are two test sets; "
            "give either --testset, or --source and --reference"
        )
    if testset is not None:
        chosen = _TestSet(testset, *evaluation.load_testset(testset))
    elif reference is None or (source is None and needs_source):
        missing = "--source" if reference else "--reference" if source else "--source and --reference"
        raise DataError(
            f"{missing} not given; give a --source and a --reference file, or --testset with a sacreBLEU name"
        )
    else:
        sources = evaluation.read_lines(source) if source else []
        chosen = _TestSet(reference.stem, sources, evaluation.read_lines(reference))
    if chosen.sources or needs_source:
        evaluation.check_parallel("sources", chosen.sources, chosen.references)
    if (warning := evaluation.warn_if_tokenised(chosen.references)) is not None:
        STDERR.print(f"warning: {warning}")
    return chosen


def _warn(testset: str, translators: Sequence["Translator"]) -> None:
    from translator.evaluation.fairness import testset_warnings, training_warning

    training = (training_warning(testset, one.name, one.card) for one in translators)
    for warning in (*testset_warnings(testset), *filter(None, training)):
        STDERR.print(Text(f"warning: {warning}"), soft_wrap=True)


def _evaluate_model(
    translator: "Translator", options: "SearchOptions", style: "Style", testset: _TestSet
) -> "Evaluation":
    from translator.evaluation.evaluate import evaluate as evaluate_system

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        TextColumn("sentences"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=STDERR) as progress:
        task = progress.add_task(f"translating {testset.name} with {translator.name}", total=None)

        def translate_all(texts: Sequence[str]) -> list[str]:
            translations = translator.translate(
                texts,
                options,
                lambda done, total: progress.update(task, completed=done, total=total),
                style=style,
            )
            return [translation.text for translation in translations]

        return evaluate_system(
            translator.name, testset.sources, testset.references, translate_all, testset=testset.name
        )


def _evaluate_file(path: Path, testset: _TestSet) -> "Evaluation":
    from translator.evaluation.evaluate import Evaluation, read_lines, score

    hypotheses = read_lines(path)
    scores = tuple(score(hypotheses, testset.references))
    return Evaluation(path.name, testset.name, len(hypotheses), None, scores, tuple(hypotheses))


def _with_unique_names(found: Sequence["Evaluation"], paths: Sequence[Path]) -> list["Evaluation"]:
    """Add the path to every name that several models or files share."""
    names = [one.system for one in found]
    return [
        one if names.count(one.system) == 1 else replace(one, system=f"{one.system} ({path})")
        for one, path in zip(found, paths, strict=True)
    ]


def _print_evaluations(found: list["Evaluation"], references: list[str], *, as_json: bool) -> None:
    from translator.evaluation import evaluate as evaluation

    comparisons = []
    if len(found) > 1:
        with STDERR.status("comparing by paired bootstrap"):
            comparisons = evaluation.compare({one.system: one.hypotheses for one in found}, references)
    if as_json:
        compared = evaluation.comparison_as_json(comparisons) if comparisons else {}
        print(json.dumps(evaluation.as_json(found) | compared, indent=2, ensure_ascii=False))
        return
    STDOUT.print(evaluation.as_table(found))
    if comparisons:
        STDOUT.print(evaluation.comparison_as_table(comparisons))
    for signature in evaluation.signatures(found, comparisons):
        STDOUT.print(Text(signature), soft_wrap=True)
