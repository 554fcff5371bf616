"""English that means the same and that a small model translates more reliably.

    paraphrased("Don't go unless it is warm.", marks)     # "Don't go if it is not warm."
    paraphrased("Write twice a day by Friday.", marks)    # "Write twice per day until Friday."

Only the model reads the paraphrase. Each is for a word that the model often translates by its opposite, or by one that
changes a deadline, a rate or a duration.
"""

from collections.abc import Mapping

from translator.text.paraphrases.deadlines import with_until
from translator.text.paraphrases.phrasal_verbs import with_single_verbs
from translator.text.paraphrases.phrases import with_plain_phrases
from translator.text.paraphrases.unless import without_unless

__all__ = ["paraphrased"]


def paraphrased(text: str, marks: Mapping[str, str]) -> str:
    """Return what the model reads in place of a sentence.

    `marks` are those of the tokenizer's reserved pieces by their class, which stand for years, dates and times.
    """
    return with_single_verbs(with_plain_phrases(without_unless(with_until(text, marks)), marks))
