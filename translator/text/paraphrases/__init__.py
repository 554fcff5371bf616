"""Equivalent wording for what a small model gets wrong.

    paraphrased("Don't call unless it is late.", marks)    # "Don't call if it is not late."
    paraphrased("Write twice a day by Friday.", marks)     # "Write twice per day until Friday."

Only the model reads the paraphrase. Each replaces wording that the model often translates as the opposite, or with a
different deadline, rate or duration. Wording whose meaning depends on the context stays as it is.
"""

from collections.abc import Mapping

from translator.text.paraphrases.deadlines import with_until
from translator.text.paraphrases.phrases import with_plain_phrases
from translator.text.paraphrases.unless import without_unless

__all__ = ["paraphrased"]


def paraphrased(text: str, marks: Mapping[str, str]) -> str:
    """Return what the model reads in place of a sentence.

    `marks` are those of the tokenizer's reserved pieces by their class, which stand for years, dates and times.
    """
    return with_plain_phrases(without_unless(with_until(text, marks)), marks)
