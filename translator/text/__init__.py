"""Text before and after the model: normalise, split into sentences, rejoin with the original whitespace.

    spans = [piece for span in split_sentences(text) for piece in split_long(text, span, count_tokens, limit)]
    answer = rejoin(text, spans, translate([normalise(text[span.start : span.end]) for span in spans]))

Reading order: `normalisation`, `lines`, `sentences`, `language`, `spelling`, `formality`, `lexicon`; then, on what a
translation must preserve, `marks`, `stand_ins`, `places`, `emphasis`, `numbers`, `units`, `values`, `number_words`,
`german`, `opaque`, `protected`; and `casing`, which leaves opaque spans as they are.
"""

from translator.text.normalisation import normalise, normalise_with_origins
from translator.text.sentences import Span, rejoin, split_long, split_sentences

__all__ = ["Span", "normalise", "normalise_with_origins", "rejoin", "split_long", "split_sentences"]
