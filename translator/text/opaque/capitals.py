"""Regular expressions for codes in capitals, such as those of banks and vouchers, which a small model garbles.

A code must be labelled or stand beside small letters: in a text in capitals it cannot be told from words.
"""

from translator.text.opaque.forms import Table
from translator.text.opaque.words import CAPITAL_PREFIXES

_COUNTRIES = "AT|BE|CH|CZ|DE|DK|ES|FI|FR|GB|IE|IT|LU|NL|NO|PL|PT|SE|US"
_LABELS = (
    "code",
    "code:",
    "code is",
    "Code:",
    "password",
    "password:",
    "password is",
    "Password:",
    "ID:",
    "ID is",
)
_AFTER_LABEL = "|".join(rf"(?<=\b{label} )" for label in _LABELS)
_BESIDE_SMALL_LETTERS = (
    r"(?:(?<=[a-z][ \u00a0])|(?<=[a-z][:,] )|(?<=[a-z] [(\"“‘])|(?=[A-Z-]{1,60}+[)\"”’]?[,;:]? [a-z]))"
)
_CONSONANT = "[B-DF-HJ-NP-TV-XZ]"
CAPITALS: Table = (
    (
        "account",
        rf"(?:BIC|SWIFT(?:[ /-]BIC| code)?):? [A-Z]{{4}}(?:{_COUNTRIES})[A-Z0-9]{{2}}(?:[A-Z0-9]{{3}})?(?!\w)",
    ),
    ("identifier", r"(?:BIC|CV[CV]2?)(?!\w)"),
    ("identifier", rf"(?:{_AFTER_LABEL})[A-Z]{{5,40}}+(?![\w'’-])"),
    (
        "identifier",
        rf"{_BESIDE_SMALL_LETTERS}(?!(?:{CAPITAL_PREFIXES})-)(?=[A-Z-]{{8}})[A-Z]{{3,20}}+(?:-[A-Z]{{3,20}}+){{1,8}}+"
        r"(?:-[A-Z](?!\w))?+(?![\w'’-])",
    ),
    (
        "identifier",
        rf"{_BESIDE_SMALL_LETTERS}(?=[A-Z]{{0,40}}?(?:{_CONSONANT}{{5}}|Q[A-TV-Z]))[A-Z]{{6,40}}+(?![\w'’-])",
    ),
)
