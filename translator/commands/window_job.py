"""Translate a window of lines, and format the result as text or as JSON."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple, Self

from translator.commands.translation_arguments import EngineArguments, OutputArguments, TextArguments
from translator.commands.windows import Window, lines_of
from translator.files.model_folder import model_sha256
from translator.markup import MarkupOptions
from translator.options import Format, RequestedPrecision
from translator.search import SearchOptions
from translator.text.glossary_files import write_tsv
from translator.translate import (
    DEFAULT_STYLE,
    Hypothesis,
    SentenceTranslation,
    Style,
    Translation,
    Translator,
    resolve_precision,
    shipped_model,
)
from translator.translate.alignment import Link, align
from translator.translate.receipt import Check


class Faults(NamedTuple):
    """The numbers, links and the like that the translation of a sentence has lost or made up."""

    line: int
    """Line number within the window, from 0."""
    what: str
    """Kind, verdict and span of each, such as `money lost: $5`, separated by semicolons."""
    source: str
    """The source sentence."""
    translation: str


class Written(NamedTuple):
    """The output for some lines."""

    lines: int
    content: bytes
    faults: list[Faults]
    """One for each sentence that has any."""


@dataclass(frozen=True)
class WindowJob:
    """How to translate windows, in this process or in another."""

    models: tuple[Path, ...]
    """Model folders, an ensemble if several; the shipped model if empty."""
    device: str
    precision: RequestedPrecision
    options: SearchOptions
    as_json: bool
    with_alignment: bool
    with_tokens: bool
    style: Style = DEFAULT_STYLE
    format: Format = "text"
    translate_attributes: bool = False

    @classmethod
    def of(
        cls, text: TextArguments, output: OutputArguments, engine: EngineArguments, options: SearchOptions
    ) -> Self:
        """Return the job for the options of `translator translate`; raises InputError as `text.style` does."""
        return cls(
            engine.model, engine.device, engine.precision, options, output.json_output, output.align, output.tokens,
            text.style(), text.format, text.translate_attributes,
        )  # fmt: skip

    def start(self) -> Callable[[Window], Written]:
        """Load the model; returns the function that translates a window."""
        return partial(self._translate, self.load())

    def load(self) -> Translator:
        """Load the model."""
        first = self.models[0] if self.models else None
        return Translator.load(first, self.device, ensemble_with=self.models[1:], precision=self.precision)

    def describe(self) -> dict[str, Any]:
        """Return everything but the text that determines the output, ready for JSON."""
        glossary = self.style.glossary
        return {
            "models": [model_sha256(path) for path in self.models or (shipped_model(),)],
            **json.loads(json.dumps(asdict(self.options))),
            "precision": resolve_precision(self.precision, self.device)[0],
            "json": self.as_json,
            "align": self.with_alignment,
            "tokens": self.with_tokens,
            **asdict(replace(self.style, glossary=None)),
            "glossary": None if glossary is None else sha256(write_tsv(glossary).encode()).hexdigest(),
            "format": self.format,
            "translate_attributes": self.translate_attributes,
        }

    def _translate(self, translator: Translator, window: Window) -> Written:
        translations = self.translations(translator, window)
        if self.as_json:
            records = self.records(translator, translations)
            text = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
        else:
            text = "".join(translation.text for translation in translations)
        lines = sum(map(lines_of, window.texts))
        return Written(lines, text.encode(), faults_of(window.texts, translations))

    def translations(self, translator: Translator, window: Window) -> list[Translation]:
        """Translate the lines of a window."""
        markup = MarkupOptions(self.format, with_attributes=self.translate_attributes)
        return translator.translate(
            window.texts, self.options, prefixes=window.prefixes, style=self.style, markup=markup
        )

    def records(self, translator: Translator, translations: Sequence[Translation]) -> list[dict[str, Any]]:
        """Return the JSON of each text: its sentences with translations, scores, and any alignment and tokens."""
        records = []
        for translation in translations:
            sentences: list[dict[str, Any]] = [
                {
                    "source": one.source,
                    "start": one.start,
                    "end": one.end,
                    "language": one.language,
                    "translations": list(map(self._version, one.hypotheses)),
                    "rung": one.rung,
                    "checks": list(map(_check, one.checks)),
                }
                for one in translation.sentences
            ]
            if self.with_alignment:
                for record, links in zip(sentences, _links(translator, translation), strict=True):
                    record["alignment"] = links
            records.append({"text": translation.text.rstrip("\r\n"), "sentences": sentences})
        return records

    def _version(self, hypothesis: Hypothesis) -> dict[str, Any]:
        version: dict[str, Any] = {"text": hypothesis.text, "score": round(hypothesis.score, 4)}
        if self.with_tokens:
            each = zip(hypothesis.pieces, hypothesis.token_log_probabilities, strict=True)
            version["tokens"] = [[piece, round(log_probability, 4)] for piece, log_probability in each]
        return version


def faults_of(texts: Sequence[str], translations: Sequence[Translation]) -> list[Faults]:
    """Return what is wrong with each sentence that has failed its check."""
    found, first_line = [], 0
    for text, translation in zip(texts, translations, strict=True):
        for sentence in translation.sentences:
            what = [
                f"{check.kind} {check.verdict}: {_span(sentence, check)}"
                for check in sentence.checks
                if check.is_fault
            ]
            if what:
                line = first_line + text.count("\n", 0, sentence.start)
                found.append(Faults(line, "; ".join(what), sentence.source, sentence.text))
        first_line += lines_of(text)
    return found


def _span(sentence: SentenceTranslation, check: Check) -> str:
    """Return the text of the span that is lost or extra."""
    if check.source is not None:
        return sentence.source[slice(*check.source)]
    assert check.target is not None
    return sentence.text[slice(*check.target)]


def _check(check: Check) -> dict[str, Any]:
    return {
        "kind": check.kind, "verdict": check.verdict, "source": check.source, "target": check.target
    }  # fmt: skip


def _links(translator: Translator, translation: Translation) -> list[list[dict[str, Any]]]:
    """Return the alignment links of each sentence; copied sentences have none, as the model never saw them."""
    translated = [one for one in translation.sentences if not one.is_copied]
    found = iter(align(translator, [(one.source, one.text) for one in translated]))
    return [[] if one.is_copied else [_link(link) for link in next(found)] for one in translation.sentences]


def _link(link: Link) -> dict[str, Any]:
    return {"source": link.source, "target": link.target, "weight": round(link.weight, 3)}
