"""Modernise German spelling from before the reforms of 1902 and 1996."""

import re

_OLD_SHARP_S = re.compile(
    r"""
    \b[Dd]aß\b | [Mm][uü]ß(?=t|\b) | [Ww][uü]ß(?=t) | [Ll][aä]ß | [Ff]aß | (?<![Ss])[Pp]aß | (?<![Ss])[Pp]äß | [Hh][aä]ß
    | \b[Nn]aß | [Kk]raß | \bBaß | [Ee]lsaß | [Gg]räß(?=lich) | [Ww]äß(?=r) | [Gg]äß(?=chen|lein)
    | [Ff]l[uü]ß | [Ss]chl[uü]ß | [Kk][uü]ß | [Nn][uü]ß | [Ss]ch[uü]ß | (?<!r)[Gg][uü]ß | [Dd]ruß | [Rr]uß(?=land)
    | (?<![Ee])[Ii]ß | (?<![Ii])[Ee]ß
    | [Ss]chloß | (?<![Gg])[Rr]oß | [Gg]oß | [Gg]enoß | [Gg]eschoß | \bschoß | floß | [Kk]oloß | [Aa]mboß | \bBoß
    """,
    re.VERBOSE,
)
"""ß after a short vowel. After long vowels and diphthongs (Maße, Straße, weiß, groß) it is still correct."""


_BEFORE_1902 = re.compile(
    r"""
    (?<=[a-zäöü]n)i(?:ß|ss)\b                                        # Zeugniß, Ergebniss
    | (?<=[Tt])h(?=ür(?!ing)) | (?<!\b[Ee]nt)(?<!st)(?<=[Tt])h(?=eil) # Thür, Vortheil; not Selbstheilung, entheiligen
    | (?<=swert)h | (?<=[Ee]hrenwert)h                               # lobenswerth
    """,
    re.VERBOSE,
)


def spelt_as_today(german: str) -> str:
    """Replace ß after short vowels by ss, also in names (daß, Fluß), and the commonest spellings from before 1902."""
    if "ß" in german:
        german = _OLD_SHARP_S.sub(lambda match: match[0][:-1] + "ss", german)
    return _BEFORE_1902.sub(lambda match: "is" if match[0][0] == "i" else "", german)
