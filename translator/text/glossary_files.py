"""Read and write glossaries in the formats of DeepL's API: TSV and CSV with the English first.

A CSV field may be in quotation marks, which are doubled inside. A third and a fourth column may name the languages.
Empty lines are skipped. There are no comments and no headings.
"""

import csv
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Literal

from translator.errors import InputError
from translator.text.encoding import EncodedText
from translator.text.glossary import Glossary

GlossaryFormat = Literal["tsv", "csv"]
_BYTE_ORDER_MARK = "\ufeff"


def load_glossary(path: Path) -> Glossary:
    """Read a glossary from a file: as CSV if its name ends in .csv, else as TSV.

    Raises InputError that names the file and the line if it cannot be read or used.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read the glossary {path}: {error.strerror or error}") from error
    try:
        text = EncodedText.of(content).text
    except InputError as error:
        raise InputError(f"the glossary {path} cannot be read: {error}") from None
    try:
        return parse_glossary(text, "csv" if path.suffix.lower() == ".csv" else "tsv")
    except InputError as error:
        raise InputError(f"{path}, {error}") from None


def parse_glossary(text: str, form: GlossaryFormat, languages: tuple[str, str] = ("en", "de")) -> Glossary:
    """Read a glossary from the text of a file; raises InputError that names the line.

    If a line of a CSV file names its languages, they must be these.
    """
    lines = text.removeprefix(_BYTE_ORDER_MARK)
    glossary = Glossary.of_entries(_read_csv(lines, languages) if form == "csv" else _read_tsv(lines))
    if not len(glossary):
        raise InputError("line 1: the glossary has no entries; give a line with English and German for each")
    return glossary


def write_tsv(glossary: Glossary) -> str:
    """Return a glossary as TSV, without a line break at the end."""
    return "\n".join(f"{term.english}\t{term.german}" for term in glossary.terms)


def _read_tsv(text: str) -> Iterator[tuple[str, str, str]]:
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), start=1):
        if not line.strip():
            continue
        english, tab, german = line.partition("\t")
        if not tab:
            raise InputError(f"line {number}: there is no tab; write the English, a tab and the German")
        if "\t" in german:
            raise InputError(
                f"line {number}: there is more than one tab; write one, between English and German"
            )
        yield f"line {number}", _unquoted(english), _unquoted(german)


def _unquoted(field: str) -> str:
    """Return a field without the quotation marks that spreadsheets put around it."""
    inner = field[1:-1]
    is_quoted = len(field) > 2 and field[0] == field[-1] == '"' and '"' not in inner.replace('""', "")
    return inner.replace('""', '"') if is_quoted else field


def _read_csv(text: str, languages: tuple[str, str]) -> Iterator[tuple[str, str, str]]:
    rows = csv.reader(StringIO(text, newline=""), strict=True)
    number = 0
    try:
        for row in rows:
            first, number = number + 1, rows.line_num
            if not any(map(str.strip, row)):
                continue
            if len(row) not in (2, 4):
                raise InputError(
                    f"line {first}: there {'is 1 column' if len(row) == 1 else f'are {len(row)} columns'}; write the "
                    "English, a comma and the German, with quotation marks around a term that has a comma"
                )
            named = tuple(language.strip().lower().partition("-")[0] for language in row[2:])
            if named and named != languages:
                raise InputError(
                    f"line {first}: the languages are {' and '.join(row[2:])[:40]}; they must be "
                    f"{' and '.join(languages)}"
                )
            yield f"line {first}", row[0], row[1]
    except csv.Error as error:
        raise InputError(f"line {number + 1}: it is not CSV: {error}; check its quotation marks") from None
