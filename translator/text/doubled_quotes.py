"""Quotation marks that are doubled, as in a quoted cell of a CSV file: `He said ""no"" twice`.

The model has not learnt to read them, and would lose the word between them.
"""

import re

_DOUBLED = re.compile(r'(?<!")""(?=[\w(])|(?<=[\w.,;:!?)])""(?!")')


def without_doubled_quotes(text: str) -> str:
    """Replace doubled quotation marks around words by single ones."""
    return _DOUBLED.sub('"', text) if '""' in text else text


def with_doubled_quotes(source: str, german: str) -> str:
    """Return the German with its straight quotation marks doubled if all of those in the source are."""
    is_doubled = '""' in source and '"' not in _DOUBLED.sub("", source)
    return german.replace('"', '""') if is_doubled else german
