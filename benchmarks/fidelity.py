"""Whether what must survive a translation survives: addresses, placeholders, numbers, money, times, dates.

    python benchmarks/fidelity.py --model FOLDER --show 3

A grammar of its own (`fidelity_grammar`) makes the sentences. It knows the values that it writes and the German forms
of each. A value is kept if the German has it in a form that reads the same, exactly as often as the English. It is
right if the form is also that of German conventions: "1,234" is kept as "1234", and right as "1.234".

The words around the spans are fine if there are about as many as German needs, if none is left in English or repeated,
and if there are any. Whether they are the right words is for BLEU to say.
"""

import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import tyro
from fidelity_grammar.judge import Judgement, Outcome, judge
from fidelity_grammar.sentences import KINDS, OPAQUE_KINDS, Sentence, generate
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from translator.errors import TranslatorError
from translator.search import SearchOptions
from translator.text.protected import find_protected
from translator.translate import SentenceTranslation, Translation, Translator
from translator.translate.receipt import check

_COMPARED = 200
"""Sentences that are translated again, alone and with another beam."""


@dataclass(frozen=True)
class Options:
    """What to measure."""

    model: Path | None = None
    """Model folder; by default the model that comes with the package."""
    sentences: int = 2000
    seed: int = 1
    """Of the sentences."""
    beam: int = 4
    show: int = 0
    """Failures of each kind to print."""
    json: Path | None = None
    """File for the figures."""


@dataclass
class Figures:
    """What became of the spans of a kind."""

    spans: int = 0
    kept: int = 0
    """In any form that reads the same, the right ones among them."""
    right: int = 0
    lost: int = 0
    doubled: int = 0
    said: int = 0
    """Those lost or doubled in a sentence of which the product says that something is wrong."""
    around: int = 0
    """Those in a sentence whose words around the spans are fine."""
    rungs: Counter[str] = field(default_factory=Counter)
    """How the sentence of each span was translated."""

    def add(self, outcome: Outcome, sentence: SentenceTranslation, *, is_fine_around: bool) -> None:
        """Count a span of this sentence of the product."""
        is_failure = outcome in ("lost", "doubled")
        self.spans += 1
        self.kept += not is_failure
        self.right += outcome == "right"
        self.lost += outcome == "lost"
        self.doubled += outcome == "doubled"
        self.said += is_failure and bool(complaints(sentence))
        self.around += is_fine_around
        self.rungs[sentence.rung] += 1

    def merge(self, other: "Figures") -> None:
        """Add the figures of another kind."""
        for name in ("spans", "kept", "right", "lost", "doubled", "said", "around"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.rungs += other.rungs


@dataclass
class Totals:
    """What became of all sentences."""

    sentences: int = 0
    faithful: int = 0
    """Sentences in which all is kept and nothing added."""
    broken_characters: int = 0
    """Sentences with U+FFFD."""
    sentences_with_digits_from_nowhere: int = 0
    digits_from_nowhere: int = 0
    """Runs of digits in the German that no span of the source explains."""
    fine_around: int = 0
    """Sentences whose words around the spans are fine."""
    faults_around: Counter[str] = field(default_factory=Counter)
    """Sentences with each fault of the words around the spans."""
    unfaithful_and_said: int = 0
    """Unfaithful sentences of which the product says so."""
    faithful_but_said: int = 0
    """False alarms: faithful sentences of which the product says that something is wrong."""


@dataclass(frozen=True)
class Failure:
    """One for a reader to look at."""

    source: str
    german: str
    expected: str
    outcome: str


@dataclass
class Results:
    """Figures of each kind, and examples of what went wrong."""

    kinds: dict[str, Figures] = field(default_factory=lambda: {kind: Figures() for kind in KINDS})
    totals: Totals = field(default_factory=Totals)
    failures: dict[str, list[Failure]] = field(default_factory=dict)
    seconds: float = 0.0
    """Of the processor, for translating all sentences."""
    check_seconds: float = 0.0
    """Of that, for finding what must survive and for checking it, measured on its own."""
    changed_verdicts: int = 0
    """Of the first sentences, those whose checks differ when they are translated alone or with another beam."""

    def add(self, sentence: Sentence, translation: Translation) -> None:
        """Judge a translation and count what is found."""
        judgement = judge(sentence, translation.text)
        for placed, outcome in zip(sentence.spans, judgement.outcomes, strict=True):
            kind = placed.item.kind
            self.kinds[kind].add(
                outcome,
                _sentence_at(translation, placed.places[0][0]),
                is_fine_around=not judgement.faults_around,
            )
            if outcome in ("lost", "doubled"):
                expected = f"{placed.item.source} → {placed.item.german}"
                self._note(kind, sentence, translation, expected, outcome)
        if judgement.digits_from_nowhere:
            digits = ", ".join(judgement.digits_from_nowhere)
            self._note("digits from nowhere", sentence, translation, "no other digits", digits)
        if judgement.faults_around:
            self._note(
                "words around", sentence, translation, "a whole sentence", ", ".join(judgement.faults_around)
            )
        said = [one for part in translation.sentences for one in complaints(part)]
        if said and judgement.is_faithful:
            self._note("said without a failure", sentence, translation, "nothing", ", ".join(said))
        self._count(judgement, is_said=bool(said))

    def _note(
        self, kind: str, sentence: Sentence, translation: Translation, expected: str, outcome: str
    ) -> None:
        self.failures.setdefault(kind, []).append(Failure(sentence.text, translation.text, expected, outcome))

    def _count(self, judgement: Judgement, is_said: bool) -> None:
        totals, runs = self.totals, len(judgement.digits_from_nowhere)
        totals.sentences += 1
        totals.faithful += judgement.is_faithful
        totals.fine_around += not judgement.faults_around
        totals.faults_around.update(judgement.faults_around)
        totals.broken_characters += judgement.has_broken_characters
        totals.sentences_with_digits_from_nowhere += runs > 0
        totals.digits_from_nowhere += runs
        totals.unfaithful_and_said += is_said and not judgement.is_faithful
        totals.faithful_but_said += is_said and judgement.is_faithful


def complaints(sentence: SentenceTranslation) -> list[str]:
    """What the product itself says did not come through, as "date lost"."""
    return [f"{one.kind} {one.verdict}" for one in sentence.checks if one.is_fault]


def _sentence_at(translation: Translation, place: int) -> SentenceTranslation:
    """The sentence of the product in which a character of the source stands."""
    found = (sentence for sentence in translation.sentences if sentence.end > place)
    return next(found, translation.sentences[-1])  # what stands behind the last one is copied


def measure(options: Options) -> Results:
    """Translate the sentences and judge each."""
    sentences = generate(options.sentences, options.seed)
    translator = Translator.load(options.model)
    search_options = SearchOptions(beam_size=options.beam)
    texts = [sentence.text for sentence in sentences]
    results, begin = Results(), time.process_time()
    translations = translator.translate(texts, search_options)
    results.seconds = time.process_time() - begin
    for sentence, translation in zip(sentences, translations, strict=True):
        results.add(sentence, translation)
    results.check_seconds = _check_seconds(translations, texts)
    results.changed_verdicts = _changed_verdicts(translator, texts, translations, options.beam)
    return results


def _check_seconds(translations: Sequence[Translation], texts: Sequence[str]) -> float:
    begin = time.process_time()
    for text, translation in zip(texts, translations, strict=True):
        check(text, 0, find_protected(text), translation.text)
    return time.process_time() - begin


def _changed_verdicts(
    translator: Translator, texts: Sequence[str], translations: Sequence[Translation], beam: int
) -> int:
    """How many of the first sentences have other verdicts alone, or with a beam of 1 instead of 4 or the reverse."""
    changed = 0
    for text, translation in list(zip(texts, translations, strict=True))[:_COMPARED]:
        alone = [
            translator.translate([text], SearchOptions(beam_size=size))[0]
            for size in (beam, 4 if beam == 1 else 1)
        ]
        changed += any(_verdicts(one) != _verdicts(translation) for one in alone)
    return changed


def _verdicts(translation: Translation) -> list[tuple[str, bool]]:
    """What is at fault; a number up to twelve may be written as a word in one translation and not in another."""
    return sorted((one.kind, one.is_fault) for part in translation.sentences for one in part.checks)


def show(results: Results, options: Options, console: Console) -> None:
    """A row for each kind and for all of them, the totals, and failures if asked for."""
    console.print(_table(results, options))
    totals = results.totals
    console.print(
        f"{totals.sentences:,} sentences, {_share(totals.faithful, totals.sentences)} faithful: all is kept, "
        "nothing is added"
    )
    faults = ", ".join(f"{name} {count:,}" for name, count in totals.faults_around.most_common())
    console.print(
        f"{_share(totals.fine_around, totals.sentences)} with the words around fine"
        + (f": {faults}" if faults else "")
    )
    console.print(f"{totals.broken_characters:,} with U+FFFD")
    console.print(
        f"{totals.sentences_with_digits_from_nowhere:,} with digits from nowhere, "
        f"{totals.digits_from_nowhere:,} runs of them"
    )
    unfaithful = totals.sentences - totals.faithful
    console.print(
        f"{totals.unfaithful_and_said:,} of the {unfaithful:,} unfaithful sentences are said to be, "
        f"and {totals.faithful_but_said:,} of the faithful ones"
    )
    console.print(
        f"finding and checking take {results.check_seconds / results.seconds:.1%} of the processor's time: "
        f"{1000 * results.check_seconds / totals.sentences:.2f} of "
        f"{1000 * results.seconds / totals.sentences:.1f} ms a sentence"
    )
    compared = min(_COMPARED, totals.sentences)
    console.print(
        f"{results.changed_verdicts} of {compared} sentences have other verdicts alone or with another beam"
    )
    for kind, failures in results.failures.items():
        _show_failures(kind, failures[: options.show], console)


def _table(results: Results, options: Options) -> Table:
    name = options.model or "the package's model"
    table = Table("kind", title=f"{name}: what survives, beam {options.beam}, seed {options.seed}")
    for heading in ("spans", "kept", "right", "words around fine", "lost", "doubled", "said", "rungs"):
        table.add_column(heading, justify="left" if heading == "rungs" else "right")
    opaque, values = Figures(), Figures()
    for kind, figures in results.kinds.items():
        (opaque if kind in OPAQUE_KINDS else values).merge(figures)
    everything = Figures()
    everything.merge(opaque)
    everything.merge(values)
    rows = [*results.kinds.items(), ("all copied", opaque), ("all converted", values), ("all", everything)]
    for kind, figures in rows:
        if kind == "all copied":
            table.add_section()
        table.add_row(kind, *_row(figures))
    return table


def _row(figures: Figures) -> Sequence[str]:
    shares = (_share(count, figures.spans) for count in (figures.kept, figures.right, figures.around))
    rungs = ", ".join(f"{name} {count}" for name, count in figures.rungs.most_common())
    said = f"{figures.said} of {figures.lost + figures.doubled}"
    return [f"{figures.spans:,}", *shares, str(figures.lost), str(figures.doubled), said, rungs]


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "–"


def _show_failures(kind: str, failures: Sequence[Failure], console: Console) -> None:
    if failures:
        console.print(f"\n[bold]{kind}[/bold]")
    for one in failures:
        console.print(f"  {escape(one.source)}\n  {escape(one.german)}", highlight=False)
        console.print(f"    {escape(one.outcome)}: {escape(one.expected)}", highlight=False)


def as_json(results: Results, options: Options) -> str:
    """The figures, without the failures."""
    model = None if options.model is None else str(options.model)
    kinds = {kind: vars(figures) for kind, figures in results.kinds.items()}
    settings = {"model": model, "beam": options.beam, "seed": options.seed}
    figures = {
        "kinds": kinds,
        "totals": vars(results.totals),
        "seconds": results.seconds,
        "check_seconds": results.check_seconds,
        "changed_verdicts": results.changed_verdicts,
    }
    return json.dumps({**settings, **figures}, indent=2) + "\n"


def main() -> int:
    """Exit code: 0 when measured, 1 on an error."""
    options = tyro.cli(Options, description=__doc__)
    try:
        results = measure(options)
    except TranslatorError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    show(results, options, Console(width=None if sys.stdout.isatty() else 140, emoji=False))
    if options.json is not None:
        options.json.write_text(as_json(results, options), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
