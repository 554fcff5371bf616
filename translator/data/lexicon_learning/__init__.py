"""Learn a lexicon (`translator.text.lexicon`) from parallel text.

Reading order: `learning`, `words`, `word_alignment`, `terms`.
"""

from translator.data.lexicon_learning.learning import learn_lexicon

__all__ = ["learn_lexicon"]
