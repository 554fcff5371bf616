"""“Unless” as “if … not”: a small model drops the negation.

    without_unless("Call me unless it rains.")            # "Call me if it does not rain."
    without_unless("Unless you have paid, you must go.")  # "If you have not paid, you must go."

Some clauses stay as they are: those with a second part (“unless it rains or snows”), with another negation, with a
subject such as “anyone”, or whose verb cannot be told from a noun.
"""

import re
from collections.abc import Callable


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SINGULAR = "he|she|it"
_PLURAL = "I|you|we|they"
_DETERMINERS = "the|a|an|my|your|his|her|its|our|their|this|that|these|those"
_AUXILIARIES = "am|is|are|was|were|can|could|will|would"
_ADVERBS = "really|also|first|already|actually|explicitly"
_NO_NOUNS = (
    f"{_AUXILIARIES}|{_ADVERBS}|{_SINGULAR}|{_PLURAL}|have|has|had|do|does|did|must|may|might|should|that|this|these|those|who"
    "|whose|whom|which|where|there|when|what|of|in|on|at|to|for|from|with|by|as|than|no|all|just"
)
_NOUN = rf"(?!(?:{_NO_NOUNS})(?!\w))[a-z][a-z-]*"
_NAME = "[A-Z][a-z]+"
_PRONOUN_VERBS = _words("""
    agree allow arrive ask become begin believe bring buy call cancel change choose click come confirm contain
    decide delete enable exist expect explain fail feel find finish follow forget get give go happen have hear
    help hope include intend keep know leave let like live look lose make mean meet move need object open pay
    plan play prefer prove provide rain receive remove renew reply report request require return run say see
    select send show sign snow speak specify start stay stop take talk tell think try turn understand use
    visit wait walk want wear win wish work write
""")
"""Verbs that may follow a pronoun."""
_NOUN_VERBS = _words("""
    agree allow arrive become begin cancel come contain decide exist fail get give go happen know leave need
    pay provide receive require say want wish have
""")
"""Verbs that may follow a noun. Others may be nouns themselves, as in “the team members”."""
_PARTICIPLE = (
    r"(?= (?!(?:unlimited|limited|advanced|dedicated)(?!\w))"
    r"(?:\w+ed|been|done|gone|made|paid|said|told|left|sent|found|lost|met|got|given|taken|seen|written|chosen)(?!\w))"
)
_SIMPLE = (
    r"(?![^.,;:!?\n]{0,200}(?<!\w)(?:or|and|not|never|no|only|just|merely|nothing|nobody|none|neither|hardly|seldom|rarely)(?!\w)"
    r"|[^.,;:!?\n]{0,200}n['’]t(?!\w))"
)
"""Asserts that the clause has one part, and no other negation."""


def _clause(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w'’-])(?P<unless>[Uu]nless) {_SIMPLE}{pattern}")


_WITHOUT_SUBJECT = re.compile(
    r"(?<![\w'’-])(?P<unless>[Uu]nless) (?=(?:otherwise|explicitly|expressly|specifically) (?!in\b)\w|necessary(?!\w)"
    r"|\w+ed (?:by|to|in|otherwise)(?!\w))"
)
_WITH_AUXILIARY = _clause(
    rf"(?P<subject>(?:{_SINGULAR}|{_PLURAL}|there|that)(?P<short>['’](?:s|re|m|ve))"
    rf"|(?:{_SINGULAR}|{_PLURAL}|there|this|that|these|those|{_NAME}|(?:{_DETERMINERS})(?: {_NOUN}){{1,3}}?)"
    rf" (?P<auxiliary>{_AUXILIARIES}|(?:has|have|had){_PARTICIPLE}))(?= )"
)
_WITH_VERB = _clause(
    rf"(?P<subject>{_SINGULAR}|{_PLURAL}|{_NAME}|(?:{_DETERMINERS}) {_NOUN})(?P<adverb> (?:{_ADVERBS}))?"
    r" (?P<verb>[a-z]+)(?![\w'’])"
)
_ES = re.compile(r"(?:ch|sh|ss|x|z|o)es\Z")
_PRONOUNS = frozenset(f"{_SINGULAR}|{_PLURAL}".split("|"))


def without_unless(text: str) -> str:
    """Replace “unless” by “if”, and negate its verb."""
    if "nless " not in text:
        return text
    replacers: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
        (_WITHOUT_SUBJECT, _negated_phrase),
        (_WITH_AUXILIARY, _negated_auxiliary),
        (_WITH_VERB, _negated_verb),
    )
    for pattern, replacer in replacers:
        text = pattern.sub(replacer, text)
    return text


def _if(match: re.Match[str]) -> str:
    return "If" if match["unless"] == "Unless" else "if"


def _negated_phrase(match: re.Match[str]) -> str:
    return f"{_if(match)} not "


def _negated_auxiliary(match: re.Match[str]) -> str:
    if match["short"] and match["short"].endswith("ve"):
        return f"{_if(match)} {match['subject'][:-3]} have not"
    return f"{_if(match)} {match['subject']}{'' if match['auxiliary'] == 'can' else ' '}not"


def _negated_verb(match: re.Match[str]) -> str:
    """Negate a verb of the present. Anything else stays: it may be no verb."""
    subject, verb = match["subject"], match["verb"]
    is_plural = subject in _PLURAL.split("|") or (" " in subject and subject.endswith("s"))
    has_ending = verb.endswith("s") and not verb.endswith("ss")
    infinitive = _infinitive(verb) if has_ending else verb
    verbs = _PRONOUN_VERBS if subject in _PRONOUNS else _NOUN_VERBS
    if has_ending == is_plural or infinitive not in verbs:
        return match[0]
    return f"{_if(match)} {subject} {'do' if is_plural else 'does'} not{match['adverb'] or ''} {infinitive}"


def _infinitive(verb: str) -> str:
    if verb == "has":
        return "have"
    if verb.endswith("ies") and len(verb) > 4:
        return verb[:-3] + "y"
    return verb[:-2] if _ES.search(verb) else verb[:-1]
