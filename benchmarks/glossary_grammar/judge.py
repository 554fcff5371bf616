"""Judge translations with a glossary, independently of the translator's own check."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from glossary_grammar.entries import Item
from glossary_grammar.sentences import Sentence, Use

_LETTERS = r"[^\W\d_]"
_ENDING = "(?:e|en|er|es|ern|n|s|ns|em)?"
_WITHOUT_UMLAUTS = str.maketrans("äöüÄÖÜ", "aouAOU")
_DETERMINER = re.compile(
    rf"\b(d(?:er|ie|as|es|em|en)|(?:k?ein|mein|ihr|Ihr|dies)(?:e[mnrs]?)?) (?:{_LETTERS}+e[mnrs]? )?\Z"
)
_RIGHT = {
    "m": "der des dem den ein eines einem einen",
    "f": "die der eine einer",
    "n": "das des dem ein eines einem",
}


@dataclass
class Tally:
    """Counts over all sentences."""

    uses: int = 0
    as_written: int = 0
    """In one of the forms of the entry, as a word."""
    inflected: int = 0
    """With an ending that the entry does not list."""
    in_compound: int = 0
    lost: list[tuple[str, str, str]] = field(default_factory=list)
    """The term, its sentence, and the translation."""
    unexplained: list[tuple[str, str, str]] = field(default_factory=list)
    """Terms whose English is not in the sentence, or more of them than it has."""
    agreeing: int = 0
    """Articles before a singular noun that have its gender."""
    articles: int = 0
    plural: int = 0
    """Plural uses in a plural form."""
    plurals: int = 0
    by_kind: Counter[str] = field(default_factory=Counter)
    """Terms present, by kind."""
    kinds: Counter[str] = field(default_factory=Counter)


def judge(found: Sequence[tuple[Sentence, str]], items: Sequence[Item]) -> Tally:
    """Count what became of each term."""
    tally = Tally()
    for sentence, german in found:
        for use in sentence.uses:
            _count_use(tally, use, sentence.text, german)
        _count_unexplained(tally, sentence, german, items)
    return tally


def _count_use(tally: Tally, use: Use, text: str, german: str) -> None:
    forms = use.item.german.split("|")
    tally.uses += 1
    tally.kinds[use.item.kind] += 1
    match = _search(forms, german, "")
    if match:
        tally.as_written += 1
        _count_grammar(tally, use, german, match)
    elif _search(forms, german, _ENDING) or ("verb" in use.item.kind and _is_split(forms, german)):
        tally.inflected += 1
    elif any(form[:-1].lower() in german.lower() for form in forms):
        tally.in_compound += 1
    else:
        tally.lost.append((use.item.english, text, german))
        return
    tally.by_kind[use.item.kind] += 1


def _search(forms: Sequence[str], german: str, ending: str) -> re.Match[str] | None:
    words = "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))
    if ending:  # of which some change the vowel
        words, german = words.translate(_WITHOUT_UMLAUTS), german.translate(_WITHOUT_UMLAUTS)
    return re.search(rf"(?<!\w)(?:{words}){ending}(?!\w)", german, re.IGNORECASE)


def _is_split(forms: Sequence[str], german: str) -> bool:
    """Whether the prefix of a verb stands after its stem: “taufen … um” for umtaufen."""
    [verb] = forms[:1]
    return any(
        re.search(rf"\b{verb[place:-2]}\w*\b.* {verb[:place]}\b", german, re.IGNORECASE)
        for place in range(2, 6)
    )


def _count_grammar(tally: Tally, use: Use, german: str, match: re.Match[str]) -> None:
    if use.is_plural:
        if use.item.german_plural:
            tally.plurals += 1
            singular = use.item.german.split("|")[0]
            tally.plural += match[0] != singular or singular == use.item.german_plural
        return
    determiner = _DETERMINER.search(german, 0, match.start())
    if determiner and use.item.gender:
        tally.articles += 1
        word = re.sub("^(?:k|m)ein|^[iI]hr|^dies", "ein", determiner[1].lower())
        tally.agreeing += word in _RIGHT[use.item.gender].split()


def _count_unexplained(tally: Tally, sentence: Sentence, german: str, items: Sequence[Item]) -> None:
    used = [use.item for use in sentence.uses]
    for item in items:
        if item.kind in ("noun", "verb") and item not in used:
            continue  # German that the model may choose for another word
        times = sum(
            len(re.findall(rf"(?<!\w){re.escape(form)}(?!\w)", german)) for form in item.german.split("|")
        )
        if times > used.count(item):
            tally.unexplained.append((item.english, sentence.text, german))
