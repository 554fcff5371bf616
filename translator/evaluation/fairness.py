"""Why a score on a well-known test set may be no fair comparison."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

_WMT = re.compile(r"wmt(\d\d)(?!\d)")
_DOMAINS = {
    "iwslt17": "talks",
    "multi30k": "captions of photographs",
    "wmt08/europarl": "speeches in parliament",
}
_FIRST_WITH_HALVES, _FIRST_ENGLISH, _FIRST_MIXED = 2014, 2019, 2022
"""Half of WMT's English-German test sets of 2014 to 2018 was written in German; those before are from several
languages. Such sources are translations, which raise scores (Zhang and Toral 2019). Since 2022, they are from several
domains."""


def testset_warnings(testset: str) -> Iterator[str]:
    """Yield what limits comparisons on the test set that sacreBLEU knows as `testset`."""
    year, domain = _year(testset), _domain(testset)
    if domain is not None:
        yield f"{testset} is {domain}: its scores say little about other text"
    if year is not None and year < _FIRST_ENGLISH:
        share = "half of" if year >= _FIRST_WITH_HALVES else "most of"
        others = "German" if year >= _FIRST_WITH_HALVES else "other languages"
        yield (
            f"{share} {testset} was written in {others} and translated into English, which is easier to translate; "
            f"compare its scores with those on the same test set only, and not with wmt19 or later"
        )


def training_warning(testset: str, name: str, card: Mapping[str, Any]) -> str | None:
    """Return a warning if the model called `name` may have been trained on the test set, by its card; None if not."""
    if "imported_from" not in card:  # our own cards list their corpora
        return None
    year = _year(testset)
    published = f", which was published in {year}," if year else ""
    return (
        f"the card of {name} does not say which years its training data are from: {testset}{published} may be among "
        "them (OPUS has the test sets of WMT up to 2019 as WMT-News)"
    )


def _year(testset: str) -> int | None:
    match = _WMT.match(testset)
    return 2000 + int(match[1]) if match else None


def _domain(testset: str) -> str | None:
    for prefix, domain in _DOMAINS.items():
        if testset.startswith(prefix):
            return domain
    year = _year(testset)
    if year is None or year >= _FIRST_MIXED or "robust" in testset:
        return None
    return f"news of {year}"
