"""“Unless” as “if … not”: a small model drops the negation.

    without_unless("Call me unless it rains.")            # "Call me if it does not rain."
    without_unless("Unless you have paid, you must go.")  # "If you have not paid, you must go."

Clauses whose verb cannot be told from a noun, or is in the past, stay as they are.
"""

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SINGULAR = "he|she|it|someone|somebody|something|everyone|everybody|everything"
_PLURAL = "I|you|we|they"
_DETERMINERS = "the|a|an|my|your|his|her|its|our|their|this|that|these|those|another|any|every|each|some"
_AUXILIARIES = "am|is|are|was|were|can|could|will|would|shall|should|may|might|must"
_ADVERBS = "really|also|first|already|actually|clearly|specifically|explicitly|absolutely"
_OTHERS = "have|has|had|do|does|did|of|in|on|at|to|for|from|with|by|and|or|who|which|when|as|than|not|never|no|all|just"
_NOUN = rf"(?!(?:{_AUXILIARIES}|{_ADVERBS}|{_OTHERS})(?!\w))[a-z][a-z-]*"
_VERBS_OF_NOUNS = _words("""
    agree allow arrive become begin cancel come contain decide exist fail get give go happen know leave need pay provide
    receive require say want wish have
""")
"""Verbs that follow a noun. Others may be nouns themselves, as in “the team members”."""
_PARTICIPLE = r"(?= (?:\w+(?:ed|en)|been|done|gone|made|paid|said|told|left|sent|found|lost|met|got)(?!\w))"
_NAME = "[A-Z][a-z]+"
_CLAUSE = re.compile(
    r"(?<![\w'’-])(?P<unless>[Uu]nless) (?:"
    r"(?P<participle>(?:otherwise|explicitly|expressly|specifically|absolutely)(?= (?!in\b)\w)|necessary(?!\w)"
    r"|\w+ed(?= (?:by|to|in|otherwise)(?!\w)))"
    rf"|(?P<subject>{_SINGULAR}|{_PLURAL}|there|this|that|these|those|{_NAME}|(?:{_DETERMINERS})(?: {_NOUN}){{1,3}}?)"
    rf"(?:(?P<short>['’](?:s|re|m|ve))| (?P<auxiliary>{_AUXILIARIES}|(?:has|have|had){_PARTICIPLE}))"
    r"(?= (?!not\b|never\b|no\b))"
    rf"|(?P<doer>{_SINGULAR}|{_PLURAL}|{_NAME}|(?:{_DETERMINERS}) {_NOUN})(?P<adverb> (?:{_ADVERBS}))?"
    r" (?P<verb>[a-z]+)(?![\w'’]| not\b| no\b))"
)
_NO_PRESENT = _words("""
    went came saw knew took gave said told made found left felt kept lost paid sent won got did began became wrote broke
    chose spoke stood thought brought bought caught heard held led met ran sat sold spent understood wore had do does
    both all never not only just ever still no each ourselves themselves otherwise
""")
"""Words after a pronoun that are no verbs of the present."""
_ES = re.compile(r"(?:ch|sh|ss|x|z|o)es\Z")


def without_unless(text: str) -> str:
    """Replace “unless” by “if”, and negate its verb."""
    return _CLAUSE.sub(_negated, text) if "nless " in text else text


def _negated(match: re.Match[str]) -> str:
    start = "If" if match["unless"] == "Unless" else "if"
    if match["participle"]:
        return f"{start} not {match['participle']}"
    if match["short"]:
        is_have = match["short"].endswith("ve")
        return f"{start} {match['subject']}{' have' if is_have else match['short']} not"
    if match["auxiliary"]:
        not_ = "not" if match["auxiliary"] == "can" else " not"
        return f"{start} {match['subject']} {match['auxiliary']}{not_}"
    negated = _negated_verb(match["doer"], match["verb"], match["adverb"] or "")
    return match[0] if negated is None else f"{start} {match['doer']} {negated}"


def _negated_verb(subject: str, verb: str, adverb: str) -> str | None:
    """Return the verb with its negation; None if the word may be no verb, or is in the past."""
    if verb in _NO_PRESENT or verb.endswith("ed"):
        return None
    is_pronoun = subject in f"{_SINGULAR}|{_PLURAL}".split("|")
    is_plural = subject in _PLURAL.split("|") or (" " in subject and subject.endswith("s"))
    has_ending = verb.endswith("s") and not verb.endswith("ss")
    infinitive = _infinitive(verb) if has_ending else verb
    if has_ending == is_plural or (not is_pronoun and infinitive not in _VERBS_OF_NOUNS):
        return None
    return f"{'do' if is_plural else 'does'} not{adverb} {infinitive}"


def _infinitive(verb: str) -> str:
    if verb == "has":
        return "have"
    if verb.endswith("ies") and len(verb) > 4:
        return verb[:-3] + "y"
    return verb[:-2] if _ES.search(verb) else verb[:-1]
