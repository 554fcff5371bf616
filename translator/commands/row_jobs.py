"""What `translator translate --engine ray` computes for the rows of a corpus: translations, or scores of given ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from translator.cluster.formats import Added, Texts
from translator.cluster.worker import Compute
from translator.commands.window_job import WindowJob
from translator.commands.windows import Window
from translator.evaluation.scoring import score
from translator.translate import Translator


@dataclass(frozen=True)
class TranslateRows:
    """Translate a text per row, as the job says; with JSON, the sentences are added, too."""

    job: WindowJob

    def start(self) -> Compute:
        """Load the model."""
        return partial(self._translate, self.job.load())

    def describe(self) -> dict[str, Any]:
        """Return what determines the translations."""
        return {**self.job.describe(), "score": False}

    def _translate(self, translator: Translator, rows: Sequence[Texts]) -> list[Added]:
        translations = self.job.translations(translator, Window([source for (source,) in rows], None))
        added: list[Added] = [{"translation": one.text} for one in translations]
        if self.job.as_json:
            for one, record in zip(added, self.job.records(translator, translations), strict=True):
                one["sentences"] = record["sentences"]
        return added


@dataclass(frozen=True)
class ScoreRows:
    """Score a pair per row under the model, each side as one sentence."""

    job: WindowJob

    def start(self) -> Compute:
        """Load the model."""
        return partial(self._score, self.job.load())

    def describe(self) -> dict[str, Any]:
        """Return what determines the scores."""
        return {**self.job.describe(), "score": True}

    def _score(self, translator: Translator, rows: Sequence[Texts]) -> list[Added]:
        pairs = [(source, target) for source, target in rows]
        return [
            {"score": round(one.score, 4), "log_probability": round(one.log_probability, 4)}
            for one in score(translator, pairs, self.job.options.length_penalty)
        ]
