"""Measure glossaries: how many terms are in the translation, at what rung, at what cost, and what happens to the rest.

    python benchmarks/glossary.py
    python benchmarks/glossary.py --source dev/docs-dev.en --reference dev/docs-dev.de

The first translates 500 generated sentences with a glossary of 120 entries, and judges them independently of the
translator's own check. The second measures BLEU with a glossary of a text's own words, also with its terms masked.
"""

import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro
from glossary_grammar.entries import glossary_of, items
from glossary_grammar.judge import Tally, judge
from glossary_grammar.own_words import masked, own_glossary
from glossary_grammar.sentences import Sentence, sentences
from rich.console import Console
from rich.table import Table

from translator.errors import TranslatorError
from translator.evaluation.evaluate import check_parallel, read_lines, score
from translator.text.glossary import Glossary, TermUse
from translator.text.term_forms import places_of
from translator.translate import Style, Translation, Translator


@dataclass(frozen=True)
class Options:
    """What to measure."""

    model: Path | None = None
    """Model folder. The default is the model in the package."""
    count: int = 500
    """Generated sentences."""
    seed: int = 1
    """Of the generator."""
    source: Path | None = None
    """English lines to measure BLEU on instead."""
    reference: Path | None = None
    """Their German references."""
    show: int = 0
    """Translations to print."""


def show_generated(options: Options, translator: Translator, console: Console) -> None:
    """Translate generated sentences, and print what became of their terms."""
    entries = items()
    glossary = glossary_of(entries)
    some = sentences(options.count, entries, options.seed)
    texts = [sentence.text for sentence in some]
    _timed(translator, texts[:50], Style())  # warms up
    plain_seconds, _ = _timed(translator, texts, Style())
    seconds, found = _timed(translator, texts, Style(glossary=glossary))
    tally = judge([(sentence, one.text) for sentence, one in zip(some, found, strict=True)], entries)
    _print_tally(tally, found, console, len(entries))
    console.print(f"{seconds:.2f} s with the glossary, {plain_seconds:.2f} s without")
    _print_some(options.show, some, found, console)
    for what, cases in (("lost", tally.lost), ("without its source", tally.unexplained)):
        for term, text, german in cases[:20]:
            console.print(f"{what}: {term} | {text} | {german}", markup=False)


def _timed(translator: Translator, texts: list[str], style: Style) -> tuple[float, list[Translation]]:
    start = time.perf_counter()
    found = translator.translate(texts, style=style)
    return time.perf_counter() - start, found


def _print_tally(tally: Tally, found: list[Translation], console: Console, entries: int) -> None:
    present = tally.uses - len(tally.lost)
    verdicts = Counter(
        check.verdict
        for one in found
        for sentence in one.sentences
        for check in sentence.checks
        if check.kind == "term"
    )
    table = Table("", "", title=f"{len(found)} sentences, {tally.uses} terms, {entries} entries")
    rows = {
        "terms present": f"{present / tally.uses:.1%}",
        "  as the entry writes them": f"{tally.as_written / tally.uses:.1%}",
        "  with another ending": f"{tally.inflected / tally.uses:.1%}",
        "  in a compound or derivation": f"{tally.in_compound / tally.uses:.1%}",
        "terms without their source": str(len(tally.unexplained)),
        "articles that agree in gender": f"{tally.agreeing} of {tally.articles}",
        "plurals in a plural form": f"{tally.plural} of {tally.plurals}",
        "sentences by rung": _counts(_rungs(found)),
        "present by kind": ", ".join(f"{kind} {tally.by_kind[kind]}/{n}" for kind, n in tally.kinds.items()),
        "the translator's own verdicts": _counts(verdicts),
    }
    for name, value in rows.items():
        table.add_row(name, value)
    console.print(table)


def _counts(counter: Counter[Any]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counter.most_common())


def _print_some(count: int, some: list[Sentence], found: list[Translation], console: Console) -> None:
    for sentence, one in zip(some[:count], found, strict=False):
        console.print(f"{one.sentences[0].rung:7} {sentence.text} | {one.text}", markup=False)


def show_bleu(source: Path, reference: Path, translator: Translator, console: Console) -> None:
    """Print BLEU without and with a glossary of the text's own words, as it is and with the terms masked.

    As Dinu et al. (2019) do, on the lines whose reference has the German of all of their terms.
    """
    english, german = read_lines(str(source)), read_lines(str(reference))
    check_parallel("lines", english, german)
    glossary = own_glossary(translator, english, german)
    agreeing = [
        number for number, pair in enumerate(zip(english, german, strict=True)) if _agrees(glossary, *pair)
    ]
    english, german = [english[n] for n in agreeing], [german[n] for n in agreeing]
    uses = [glossary.find(line) for line in english]
    _timed(translator, english[:50], Style(formality="auto"))  # warms up
    systems = {
        name: _timed(translator, english, style)
        for name, style in (
            ("without", Style(formality="auto")),
            ("with the glossary", Style(formality="auto", glossary=glossary)),
        )
    }
    outputs = {name: [one.text for one in found] for name, (_, found) in systems.items()}
    concerned = [number for number, some in enumerate(uses) if some]
    title = (
        f"{len(glossary)} entries, {sum(map(len, uses))} terms in {len(concerned)} of {len(english)} lines"
    )
    table = Table("", *systems, title=title)
    for name, lines in (("all lines", list(range(len(english)))), ("lines with terms", concerned)):
        table.add_row(f"BLEU, {name}", *(_bleu(one, german, lines) for one in outputs.values()))
        hidden = masked(translator, glossary, english, german)
        table.add_row(
            f"BLEU, {name}, terms masked",
            *(_bleu(masked(translator, glossary, english, one), hidden, lines) for one in outputs.values()),
        )
    table.add_row("terms in the translation", *(_share(uses, one) for one in outputs.values()))
    table.add_row("seconds", *(f"{seconds:.1f}" for seconds, _ in systems.values()))
    table.add_row("sentences by rung", *(_counts(_rungs(found)) for _, found in systems.values()))
    console.print(table)
    changed = sum(
        not some and before != after for some, before, after in zip(uses, *outputs.values(), strict=True)
    )
    console.print(f"{changed} lines without terms have changed")


def _agrees(glossary: Glossary, english: str, german: str) -> bool:
    """Whether the reference uses the German of all terms: else it is no reference for a translation that has to."""
    return all(next(places_of(use.term, german), None) for use in glossary.find(english))


def _bleu(translations: Sequence[str], references: Sequence[str], lines: Sequence[int]) -> str:
    return (
        f"{score([translations[line] for line in lines], [references[line] for line in lines])[0].value:.2f}"
    )


def _share(uses: Sequence[Sequence[TermUse]], translations: Sequence[str]) -> str:
    """Return the share of terms whose German is in the translation."""
    present = [
        next(places_of(use.term, german), None) is not None
        for some, german in zip(uses, translations, strict=True)
        for use in some
    ]
    return f"{sum(present) / max(1, len(present)):.1%}"


def _rungs(found: Sequence[Translation]) -> Counter[Any]:
    return Counter(sentence.rung for one in found for sentence in one.sentences)


def main() -> int:
    """Measure and print. Returns 0 on success and 1 after reporting an error."""
    options = tyro.cli(Options, description=__doc__)
    console = Console(width=None if sys.stdout.isatty() else 160)
    try:
        translator = Translator.load(options.model, "cpu")
        if options.source is not None and options.reference is not None:
            show_bleu(options.source, options.reference, translator, console)
        else:
            show_generated(options, translator, console)
    except TranslatorError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
