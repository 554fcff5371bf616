"""The signs between the items of a line such as “Home › Help › Contact” or “Monday / Tuesday / Wednesday”.

find_separators("breakfast / lunch / dinner")  # both `/`
"""

import re
from collections.abc import Iterator

from translator.text.places import Place

_WORD = r"[^\W\d_]{2,30}+(?:['’-][^\W\d_]{1,30}+){0,3}+"
_ITEM = rf"(?:[Aa] )?{_WORD}(?: (?:\w[\w'’-]{{0,30}}|&)){{0,2}}"
_SIGN = "[·•›»→⇒]"
_LINE = re.compile(
    rf"^[ \t]*+(?:[-*+#>–—]{{1,6}}[ \t]++)?+(?P<items>{_ITEM}(?:(?: (?P<sign>{_SIGN}) {_ITEM})(?: (?P=sign) {_ITEM})*+"
    rf"|(?: / {_ITEM}){{2,}}+|(?: > {_ITEM}){{2,}}+)|{_WORD} / {_WORD})[ \t]*+\r?$",
    re.MULTILINE,
)
_SEPARATOR = re.compile(rf"(?<= )(?:{_SIGN}|[/>])(?= )")
_MAY_HOLD_ANY = re.compile(rf" (?:{_SIGN}|[/>]) ")


def find_separators(text: str) -> Iterator[Place]:
    """Yield the places of signs between spaces that separate items, if that is all in a line.

    An item has up to three words, and may have the article “a” before them. A line needs two items, but three with `>`,
    and three with `/` unless both are single words. There are none in sentences such as “He / she went home.”, which
    are longer or end with punctuation.
    """
    if not _MAY_HOLD_ANY.search(text):
        return
    for line in _LINE.finditer(text):
        for separator in _SEPARATOR.finditer(text, *line.span("items")):
            yield separator.span()
