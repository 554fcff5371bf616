"""Phrasal verbs as single verbs: a small model reads “called off” as “abgerufen” and “passed away” as “vergangen”.

with_single_verbs("The strike was called off.")    # "The strike was cancelled."
with_single_verbs("We may put off the trip.")      # "We may postpone the trip."
"""

import re
from collections import defaultdict
from typing import NamedTuple


class _Verb(NamedTuple):
    """A phrasal verb, and the verb to read in its place."""

    forms: str
    """Infinitive, third person, past, participle, and form in -ing."""
    particle: str
    instead: str
    """The same forms of the other verb; a dash keeps the phrasal verb."""
    following: str = r"(?!\w)"
    """What must follow, as a regular expression."""


_OBJECT = r"(?= (?:the|a|an|my|our|his|her|their|it|until)(?!\w))"
_OFFER = r"(?= (?:\w+ ){1,3}?(?:offers?|invitations?|proposals?|requests?|applications?|job)(?!\w))"
_CHILDREN = r"(?= (?:[\w'’]+ ){0,2}?(?:child|children|kids?|sons?|daughters?|family)(?!\w))"
_THINGS = r"(?= (?!(?:the|a|an|this|that|my|your|his|her|its|our|their)(?!\w))\w)"
_VERBS = (
    _Verb("call calls called called calling", "off", "cancel cancels cancelled cancelled cancelling"),
    _Verb("put puts put put putting", "off", "postpone postpones postponed postponed postponing", _OBJECT),
    _Verb("lay lays laid laid laying", "off", "dismiss dismisses dismissed dismissed dismissing"),
    _Verb("pass passes passed passed passing", "away", "die dies died died dying"),
    _Verb(
        "carry carries carried carried -",
        "on",
        "continue continues continued continued -",
        r"(?= \w+ing(?!\w))",
    ),
    _Verb("turn turns turned turned turning", "down", "reject rejects rejected rejected rejecting", _OFFER),
    _Verb("bring brings brought brought bringing", "up", "raise raises raised raised raising", _CHILDREN),
    _Verb("run runs ran run -", "out of", "have_no_more has_no_more had_no_more - -", _THINGS),
)
_INFINITIVE, _THIRD_PERSON, _PAST, _PARTICIPLE, _GERUND = range(5)
_BEFORE_INFINITIVE = re.compile(
    r"(?i:(?<!\w)(?:to|will|shall|can|may|might|must|could|would|should|not|do|does|did|please)|n['’]t|['’]ll)\s\Z"
)
_BEFORE_PARTICIPLE = re.compile(
    r"(?i:(?<!\w)(?:have|has|had|is|are|was|were|be|been|being)|['’](?:ve|s|d|re))(?: (?:not|never|just|already))?\s\Z"
)
_LONGEST_BEFORE = 16


def _table() -> dict[tuple[str, str], dict[int, str]]:
    """Map a form and its particle to the possible replacements, by the kind of form."""
    table = defaultdict[tuple[str, str], dict[int, str]](dict)
    for verb in _VERBS:
        for kind, (form, instead) in enumerate(zip(verb.forms.split(), verb.instead.split(), strict=True)):
            if form != "-":
                written = f"{form} {verb.particle}" if instead == "-" else instead.replace("_", " ")
                table[form, verb.particle][kind] = written
    return dict(table)


_TABLE = _table()
_ANY = re.compile(
    "|".join(
        rf"(?<!\w)(?:{'|'.join(sorted(set(verb.forms.split()) - {'-'}))}) {verb.particle}{verb.following}"
        for verb in _VERBS
    )
)


def with_single_verbs(text: str) -> str:
    """Replace phrasal verbs by single ones in the same form. Other meanings, such as “ran out of the house”, stay."""
    return _ANY.sub(_single, text)


def _single(match: re.Match[str]) -> str:
    form, _, particle = match[0].partition(" ")
    kinds = _TABLE[form, particle]
    return kinds[_kind(match.string, match.start(), kinds)]


def _kind(text: str, start: int, kinds: dict[int, str]) -> int:
    """Choose among the kinds of a form, such as “put”, by the word before it."""
    if len(kinds) > 1:
        place = max(0, start - _LONGEST_BEFORE), start
        if _PARTICIPLE in kinds and _BEFORE_PARTICIPLE.search(text, *place):
            return _PARTICIPLE
        if _INFINITIVE in kinds and (start == 0 or _BEFORE_INFINITIVE.search(text, *place)):
            return _INFINITIVE
        if _PAST in kinds:
            return _PAST
    return min(kinds)
