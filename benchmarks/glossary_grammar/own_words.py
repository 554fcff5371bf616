"""A glossary of a text's own words: the nouns that its references translate consistently."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence

from translator.text.glossary import Glossary
from translator.text.protected import replaced
from translator.translate import Translator
from translator.translate.alignment import align

MASK = "TERM"
_ENGLISH = re.compile("[a-z]{4,}")
_NOUN = re.compile("[A-ZÄÖÜ][a-zäöüß]{3,}")
_FEWEST_USES, _FEWEST_USES_OF_FORM, _LEAST_SHARE = 3, 2, 0.6


def own_glossary(
    translator: Translator, english: Sequence[str], german: Sequence[str], most: int = 1_000
) -> Glossary:
    """Return the most frequent words whose links to the references are mostly to the same nouns, with their forms."""
    uses, linked = Counter[str](), defaultdict[str, Counter[str]](Counter)
    pairs = list(zip(english, german, strict=True))
    for (source, target), links in zip(pairs, align(translator, pairs), strict=True):
        uses.update(_ENGLISH.findall(source))
        for link in links:
            word, noun = source[slice(*link.source)], target[slice(*link.target)]
            if _ENGLISH.fullmatch(word) and _NOUN.fullmatch(noun):
                linked[word][noun] += 1
    entries = list[tuple[str, str]]()
    for word, count in uses.most_common():
        forms = {noun: n for noun, n in linked[word].most_common() if n >= _FEWEST_USES_OF_FORM}
        if count >= _FEWEST_USES and sum(forms.values()) >= _LEAST_SHARE * count:
            entries.append((word, "|".join(forms)))
    return Glossary.of(entries[:most])


def masked(
    translator: Translator, glossary: Glossary, english: Sequence[str], german: Sequence[str]
) -> list[str]:
    """Return the German with a mask in place of each word that is linked to a term."""
    found = list[str]()
    for source, target, links in zip(
        english, german, align(translator, list(zip(english, german, strict=True))), strict=True
    ):
        terms = [(use.start, use.end) for use in glossary.find(source)]
        places = sorted({
            link.target for link in links if any(start <= link.source[0] < end for start, end in terms)
        })  # fmt: skip
        found.append(replaced(target, places, [MASK] * len(places)))
    return found
