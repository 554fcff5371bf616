"""Modernise German spelling from before the 1996 reform."""

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


def spelt_as_today(german: str) -> str:
    """Replace ß after short vowels by ss, also in names: daß becomes dass, Fluß becomes Fluss."""
    return _OLD_SHARP_S.sub(lambda match: match[0][:-1] + "ss", german) if "ß" in german else german
