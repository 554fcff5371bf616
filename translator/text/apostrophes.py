"""Apostrophes as the model knows them: unusual ones (don´t, donʼt, don\\'t) and missing ones (dont, he wont).

Without them, a small model often drops the negation.
"""

import re

_UNUSUAL = re.compile(r"(?<=[A-Za-z])(?:\\'|[´ʼ`])(?=(?:[dmst]|[DMST]|re|ve|ll|RE|VE|LL)(?![A-Za-z]))")
_WITH_APOSTROPHE = """
    aren't couldn't didn't doesn't don't hadn't hasn't haven't isn't mustn't needn't shouldn't wasn't weren't wouldn't
    they're they've they'll you're you've you'll we've I've that's what's where's there's
"""
_BY_LETTERS = {word.replace("'", ""): word for word in _WITH_APOSTROPHE.split()}
_AFTER_SUBJECT = {"cant": "can't", "wont": "won't"}  # “a cant” and “as is his wont” are right
_BY_LETTERS |= {word.capitalize(): _BY_LETTERS[word].capitalize() for word in _BY_LETTERS if word != "Ive"}
_MISSING = re.compile(
    rf"(?<![\w'’.-])(?:(?P<word>{'|'.join(_BY_LETTERS)})"
    rf"|(?P<subject>(?i:I|you|he|she|it|we|they|who|that|this|which|there) )(?P<verb>{'|'.join(_AFTER_SUBJECT)}))"
    r"(?![\w'’-]|\.\w)"
)


def with_usual_apostrophes(text: str) -> str:
    """Replace what stands for an apostrophe by one.

    A backslash before it is from a string of code. A backtick counts only if it is the only one, because two of them
    quote code.
    """
    if not _UNUSUAL.search(text):
        return text
    is_quoting = text.count("`") > 1
    return _UNUSUAL.sub(lambda match: match[0] if match[0] == "`" and is_quoting else "'", text)


def with_missing_apostrophes(text: str) -> str:
    """Insert the apostrophes of contractions that are no words without them."""
    return _MISSING.sub(_contraction, text)


def _contraction(match: re.Match[str]) -> str:
    word = match["word"]
    return _BY_LETTERS[word] if word else match["subject"] + _AFTER_SUBJECT[match["verb"]]
