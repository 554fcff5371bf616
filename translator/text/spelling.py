"""German from before the reform of 1996 in the spelling of today."""

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
"""A short vowel and ß. After long vowels and diphthongs (Maße, Straße, weiß, groß) it stays."""


def spelt_as_today(german: str) -> str:
    """The text with ss for ß after short vowels: daß becomes dass, Fluß becomes Fluss. Names are no exception."""
    return _OLD_SHARP_S.sub(lambda match: match[0][:-1] + "ss", german) if "ß" in german else german
