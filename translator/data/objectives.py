"""What a model learns from texts in one language, before it learns from pairs (pre-training).

The target is always the text itself. The objective says what the source is:

- span-denoising, for a model with an encoder: the text with some spans masked. As in BART's text infilling (Lewis et
  al. 2020, section 2.2), the spans have three tokens on average, each becomes one mask, and the target is the whole
  text. 30 % of the tokens are masked. MASS (Song et al. 2019) masks one long span, and its target is that span.
  Deviation from BART: the number of masked tokens and of spans follows from the length, as in T5 (Raffel et al. 2020,
  section 3.3.4), rather than from a Poisson distribution. No span is empty, and no two spans touch.
- causal-lm, for a decoder-only model: the source is empty. Each token is predicted from those before it (Radford et al.
  2018, equation 1).
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from translator.config import Objective
from translator.data.tokenizer import Tokenizer
from translator.errors import ConfigError

MASKED_SHARE = 0.3
MEAN_SPAN_TOKENS = 3

MakeSource = Callable[[np.ndarray, np.random.Generator], np.ndarray]
"""Makes the ids of a source from those of its target."""


def source_maker(objective: Objective, tokenizer: Tokenizer) -> MakeSource | None:
    """Return what makes the sources; None for translation, whose sources are in the data.

    Raises ConfigError if the objective needs masks and the tokenizer has no piece for them.
    """
    if objective == "translation":
        return None
    if objective == "causal-lm":
        return empty_source
    if not tokenizer.reserved:
        raise ConfigError(
            f"objective {objective} needs a tokenizer of this project with reserved pieces, and that of the data "
            f"({tokenizer.kind}) has none; prepare the data without --tokenizer"
        )
    return partial(mask_spans, mask_id=tokenizer.reserved["spare"][0])


def empty_source(target_T: np.ndarray, _random: np.random.Generator) -> np.ndarray:
    """Return no ids."""
    return target_T[:0]


def mask_spans(target_T: np.ndarray, random: np.random.Generator, *, mask_id: int) -> np.ndarray:
    """Return the ids of a text, of one token or more, with `mask_id` in place of each masked span."""
    masked = max(1, round(MASKED_SHARE * len(target_T)))
    spans = max(1, round(masked / MEAN_SPAN_TOKENS))
    cuts = np.sort(random.choice(masked - 1, spans - 1, replace=False)) + 1
    lengths_K = np.diff(cuts, prepend=0, append=masked)
    # Each span has a place of its own between the tokens that stay, so no two touch.
    kept_before_K = np.sort(random.choice(len(target_T) - masked + 1, spans, replace=False))
    starts_K = kept_before_K + np.cumsum(lengths_K) - lengths_K
    source_T, stays_T = target_T.copy(), np.ones(len(target_T), bool)
    for start, length in zip(starts_K.tolist(), lengths_K.tolist(), strict=True):
        source_T[start] = mask_id
        stays_T[start + 1 : start + length] = False
    return source_T[stays_T]
