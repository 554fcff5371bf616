"""Warnings about comparisons on well-known test sets."""

from pathlib import Path
from typing import Any

import pytest
from sacrebleu.dataset import DATASETS

from translator.evaluation.fairness import testset_warnings as warnings_about
from translator.evaluation.fairness import training_warning

IMPORTED = {"imported_from": {"source": "Helsinki-NLP/opus-mt-en-de"}, "corpora": []}


@pytest.mark.parametrize(
    ("testset", "expected"),
    [
        ("wmt19", ["wmt19 is news of 2019"]),
        (
            "wmt14/full",
            [
                "wmt14/full is news of 2014",
                "half of wmt14/full was written in German and translated into English",
            ],
        ),
        ("wmt13", ["wmt13 is news of 2013", "most of wmt13 was written in other languages"]),
        ("wmt18/test-ts", ["wmt18/test-ts is news of 2018", "half of"]),
        ("wmt08/europarl", ["wmt08/europarl is speeches in parliament", "most of"]),
        ("wmt20/robust/set1", []),
        ("wmt24", []),
        ("iwslt17/tst2015", ["iwslt17/tst2015 is talks"]),
        ("multi30k/2016", ["multi30k/2016 is captions of photographs"]),
    ],
)
def test_domain_and_origin(testset: str, expected: list[str]) -> None:
    assert testset in DATASETS
    found = list(warnings_about(testset))
    assert len(found) == len(expected)
    assert all(warning.startswith(start) for warning, start in zip(found, expected, strict=True))


def test_only_cards_without_training_data_are_suspicious() -> None:
    found = training_warning("wmt14/full", "opus-mt-en-de", IMPORTED)
    assert found is not None
    assert found.startswith("the card of opus-mt-en-de does not say which years its training data are from")
    assert "wmt14/full, which was published in 2014, may be among them" in found
    assert "published" not in str(training_warning("multi30k/2016", "opus-mt-en-de", IMPORTED))
    assert training_warning("wmt14/full", "own", {"corpora": [{"name": "tatoeba"}]}) is None


@pytest.mark.parametrize("testset", ["wmt14/full", "wmt19"])
def test_the_command_prints_warnings_and_signatures(
    run: Any, testset: str, tmp_path: Path, monkeypatch: Any
) -> None:
    """With sacreBLEU's folder as after a download."""
    dataset = DATASETS[testset]
    monkeypatch.setattr(dataset, "_outdir", str(tmp_path))
    for field in dataset.fieldnames("en-de"):
        name = f"{testset.replace('/', '_')}.en-de.{field}"
        (tmp_path / name).write_text("Ja.\n" if field == "ref" else "Yes.\n", encoding="utf-8")
    (tmp_path / "found.de").write_text("Ja.\n", encoding="utf-8")
    code, out, errors = run("evaluate", "--testset", testset, "--hypothesis", tmp_path / "found.de")
    assert code == 0
    assert b"BLEU|nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:" in out
    assert f"warning: {testset} is news of 20{testset[3:5]}: its scores say little" in errors
    assert ("was written in German" in errors) == (testset == "wmt14/full")
