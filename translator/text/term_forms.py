"""Find the German of a glossary's term in a translation.

If an entry lists forms, one of them must be there. If it has a single form, that form may also be inflected (“des
Hauses”), be a verb in another form (“rollt … aus” for “ausrollen”) or be part of a compound (“Haustür”).
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from translator.text.glossary import Term
from translator.text.places import Place

_REMEMBERED_FORMS = 5_000
_NOUN_ENDINGS = "(?:e[nrs]?|n|s|ern|nen|se[ns]?)?"
_ADJECTIVE_ENDINGS = "(?:e[mnrs]?)?"
_ADJECTIVE = re.compile(r"([^\W\d_]{2,}?)(?:e[mnrs]?)?")
_VERB_ENDINGS = "(?:e|s?t|en|n|te|te[nt]|test|en?d)"
_VERB = re.compile(r"([^\W\d_]{2,}?)e?n")
_PREFIXES = (
    "zurück|zusammen|bereit|durch|herunter|hinzu|hoch|nach|fest|frei|über|unter|vor|weiter|wieder|ab|an|auf|aus|bei|ein"
    "|her|hin|los|mit|um|weg|zu"
)
_SEPARABLE = re.compile(rf"({_PREFIXES})([^\W\d_]{{2,}}?)e?n")
_UMLAUTS = {"a": "ä", "o": "ö", "u": "ü", "au": "äu"}
_LAST_VOWEL = re.compile(r"(au|[aou])(?=[^aeiouäöüy]*(?:e|el|en|er)?\Z)")
_LATIN_ENDING = re.compile(r"(?<=[^\W\d_]{3})(?:a|um|us)\Z")
_FEWEST_LETTERS_BEFORE, _FEWEST_LETTERS_AFTER = 4, 5
"""Letters of a form that may be the first or the last part of a compound: shorter ones are part of many words."""
_NO_SUFFIX = "(?!heit|keit|ung|schaft|tum|lich|isch|ig|bar|haft|los|sam|lein|chen|en|er|es|et|st)"
_WORD_START, _WORD_END = r"(?<![^\W_])", r"(?![^\W_])"


def places_of(term: Term, german: str) -> Iterator[Place]:
    """Yield the places of a term's German in a text, in order; compounds come last. Places may overlap."""
    for pattern in (_forms_of(term), _compounds_of(term)):
        if pattern is not None:
            yield from (match.span() for match in pattern.finditer(german))


def whole_words_of(term: Term, german: str) -> Iterator[Place]:
    """Yield the places of a term's forms as they are written, in any case, and not in a word with a hyphen."""
    for match in _written(term.forms).finditer(german):
        if german[match.end() : match.end() + 1] != "-" and german[: match.start()][-1:] != "-":
            yield match.span()


@lru_cache(_REMEMBERED_FORMS)
def _written(forms: tuple[str, ...]) -> re.Pattern[str]:
    return _any_of(map(_in_usual_cases, sorted(forms, key=len, reverse=True)))


@lru_cache(_REMEMBERED_FORMS)
def _forms_of(term: Term) -> re.Pattern[str]:
    if len(term.forms) > 1:
        return _written(term.forms)
    [form] = term.forms
    return _any_of([_in_usual_cases(form), *_inflected(form)])


@lru_cache(_REMEMBERED_FORMS)
def _compounds_of(term: Term) -> re.Pattern[str] | None:
    """Return what finds compounds with a term that is a single noun without listed forms."""
    if len(term.forms) > 1 or not _is_noun(term.forms[0]):
        return None
    noun, found = term.forms[0], list[str]()
    if len(noun) >= _FEWEST_LETTERS_BEFORE:
        found.append(rf"{noun}{_NO_SUFFIX}[^\W\d_]{{3,}}")
    if len(noun) >= _FEWEST_LETTERS_AFTER:
        found.append(rf"[^\W\d_]{{3,}}{noun.lower()}{_NOUN_ENDINGS}")
    return _any_of(found) if found else None


def _any_of(patterns: "Iterator[str] | list[str] | map[str]") -> re.Pattern[str]:
    return re.compile(rf"{_WORD_START}(?:{'|'.join(patterns)}){_WORD_END}")


def _in_usual_cases(form: str) -> str:
    """Match a form as it is written, at the start of a sentence, and in capitals."""
    cases = dict.fromkeys((form, form[0].upper() + form[1:], form.upper()))
    return "|".join(map(_escaped, cases))


def _escaped(form: str) -> str:
    return r"[ \u00a0]".join(map(re.escape, form.split(" ")))


def _is_noun(form: str) -> bool:
    return form.isalpha() and form[0].isupper() and not form.isupper()


def _inflected(form: str) -> Iterator[str]:
    """Yield patterns for the inflected forms of a word or a phrase."""
    words = form.split(" ")
    yield r"[ \u00a0]".join(_inflected_word(word, is_last=word is words[-1]) for word in words)
    if len(words) == 1 and form.isalpha() and form == form.lower():
        yield from _conjugated(form)


def _inflected_word(word: str, *, is_last: bool) -> str:
    if not word.isalpha() or word.isupper():
        return re.escape(word) + ("(?:s|n|en)?" if is_last and word[-1].isalpha() else "")
    if word == word.lower():
        match = _ADJECTIVE.fullmatch(word)
        return f"{_first_letter(match[1])}{_ADJECTIVE_ENDINGS}" if match else re.escape(word)
    return f"(?:{'|'.join(_declined(word))})" if is_last and _is_noun(word) else re.escape(word)


def _first_letter(word: str) -> str:
    return f"[{word[0]}{word[0].upper()}]{word[1:]}"


def _declined(noun: str) -> Iterator[str]:
    """Yield patterns for the forms of a noun: Haus, Hauses, Häuser; Zugang, Zugänge; Datum, Daten."""
    yield noun + _NOUN_ENDINGS
    if vowel := _LAST_VOWEL.search(noun):
        changed = f"{noun[: vowel.start()]}{_UMLAUTS[vowel[0]]}{noun[vowel.end() :]}"
        yield f"{changed}(?:e|en|er|ern|n)?"
    if _LATIN_ENDING.search(noun):
        yield f"{_LATIN_ENDING.sub('', noun)}en"


def _conjugated(verb: str) -> Iterator[str]:
    """Yield patterns for the forms of a regular verb, also with its prefix at the end of the clause."""
    if separable := _SEPARABLE.fullmatch(verb):
        prefix, stem = separable.groups()
        yield f"{_first_letter(prefix)}(?:(?:ge|zu)?{stem}{_VERB_ENDINGS}{_ADJECTIVE_ENDINGS})"
        yield rf"{_first_letter(stem)}{_VERB_ENDINGS}(?=[^.!?;:\n]*{_WORD_START}{prefix}{_WORD_END})"
    if match := _VERB.fullmatch(verb):
        yield f"{_first_letter(match[1])}{_VERB_ENDINGS}{_ADJECTIVE_ENDINGS}"
        yield f"[gG]e{match[1]}(?:t|en){_ADJECTIVE_ENDINGS}"
