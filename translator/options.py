"""What users choose, each declared once: type, range and description, and the defaults of a search.

The command line, the API, the settings of the service and the table in the README are derived from these declarations.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Annotated, Any, Literal, NamedTuple, get_type_hints

from pydantic import Field
from pydantic.fields import FieldInfo

from translator.errors import InputError
from translator.field_checks import check_fields

Phrase = Annotated[str, Field(min_length=1, max_length=100, pattern=r"\S")]
LengthPenalty = Annotated[
    float,
    Field(
        ge=0,
        le=5,
        description="Exponent of the length penalty. Larger values favour longer translations; 0 compares plain "
        "log-probabilities.",
    ),
]
Numbers = Annotated[
    Literal["german", "keep"],
    Field(
        description="`german` writes numbers, money, times and dates in German form; `keep` leaves them as they are."
    ),
]
RequestedFormality = Annotated[
    Literal["formal", "informal", "auto"],
    Field(
        description="Whether “you” is `formal` (Sie) or `informal` (du, ihr); `auto` leaves it to the model. A model "
        "that was not trained for this refuses `informal`, and `formal` has no effect on it."
    ),
]
Lines = Annotated[
    Literal["keep", "join", "single"],
    Field(
        description="`keep` translates each line alone and keeps the line breaks; `join` is for hard-wrapped text: the "
        "lines of a paragraph become one, and words divided at the end of a line become whole; `single` translates the "
        "whole text as a single sentence."
    ),
]
SourceLanguage = Annotated[
    Literal["auto", "en"],
    Field(
        description="`auto` leaves sentences that are not English as they are; `en` translates everything, even what "
        "seems to be in another language."
    ),
]
Format = Annotated[
    Literal["text", "html", "xml"],
    Field(
        description="`text` is plain text, in which each line break ends a sentence. Tags and marks of emphasis in it "
        "stay at their words. `html` and `xml` keep all tags byte for byte: inline tags stay at the words that "
        "translate theirs, and block tags end sentences. In HTML, `code`, `kbd`, `pre`, `script`, `style`, `title` and "
        "the like are not translated, nor are elements with `translate=no` or the class `notranslate`."
    ),
]
TranslateAttributes = Annotated[
    bool,
    Field(
        description="In HTML, also translate the page's title and description, and the attributes `alt`, `title`, "
        "`placeholder` and `aria-label`."
    ),
]
Device = Annotated[
    str,
    Field(
        pattern=r"^(auto|cpu|cuda(:\d+)?)$",
        description="auto (a CUDA device if there is one), cpu, cuda or cuda:N.",
    ),
]
RequestedPrecision = Annotated[
    Literal["auto", "fp32", "bf16", "int8"],
    Field(
        description="Number format of the matrix products. auto: int8 on a CPU, bf16 on a GPU that is fast with it, "
        "else fp32."
    ),
]


@dataclass(frozen=True)
class Sampling:
    """Sample tokens at random instead of searching for the most likely; raises InputError on invalid values."""

    temperature: Annotated[
        float,
        Field(ge=0.01, le=100, description="Divides the logits: below 1, likely pieces become more likely."),
    ] = 1.0
    top_k: Annotated[
        int,
        Field(
            ge=0, le=1_000_000, description="Sample only from the k most likely pieces; 0 samples from all."
        ),
    ] = 0
    top_p: Annotated[  # Holtzman et al. 2020
        float,
        Field(
            ge=0.01,
            le=1,
            description="Sample from the smallest set of most likely pieces whose probabilities sum to at least this "
            "much.",
        ),
    ] = 1.0
    seed: Annotated[
        int,
        Field(
            ge=0,
            le=2**32 - 1,
            description="The same seed gives a sentence the same translation again, whatever else is in its batch.",
        ),
    ] = 0

    def __post_init__(self) -> None:
        check_fields(self, InputError)


@dataclass(frozen=True)
class SearchOptions:
    """How to search; raises InputError on invalid values."""

    beam_size: Annotated[
        int,
        Field(ge=1, le=64, description="Hypotheses kept per sentence; 1 is greedy search, the fastest."),
    ] = 4
    length_penalty: LengthPenalty = 1.0
    n_best: Annotated[
        int,
        Field(
            ge=1,
            le=64,
            description="Translations returned per sentence, best first. There are fewer if some have the same text in "
            "different pieces.",
        ),
    ] = 1
    min_length_factor: Annotated[
        float,
        Field(
            ge=0,
            le=10,
            description="Minimum number of German pieces per English piece, at most max_length_factor.",
        ),
    ] = 0.0
    max_length_factor: Annotated[
        float,
        Field(
            ge=0.1,
            le=10,
            description="Maximum number of German pieces per English piece; ten more are always allowed.",
        ),
    ] = 2.0
    no_repeat_ngram: Annotated[
        int,
        Field(
            ge=0,
            le=20,
            description="Never repeat an n-gram of this many pieces within a sentence; 0 allows repetition.",
        ),
    ] = 0
    banned: Annotated[
        tuple[Phrase, ...],
        Field(
            max_length=1_000,
            description="Words or phrases that must not occur in a translation at the start of a word. Case matters: "
            "“Haus” also bans “Hausarzt” and “(Haus)”, but not “Hochhaus” or “haus”. Copied text and prefixes may "
            "contain them.",
        ),
    ] = ()
    sampling: Annotated[
        Sampling | None,
        Field(
            description="Sample beam_size translations at random and return the best of them, instead of searching."
        ),
    ] = None

    def __post_init__(self) -> None:
        check_fields(self, InputError)
        if self.n_best > self.beam_size:
            raise InputError(
                f"n_best is {self.n_best}; give 1 up to the beam_size, which is {self.beam_size}"
            )
        if self.min_length_factor > self.max_length_factor:
            raise InputError(
                f"min_length_factor is {self.min_length_factor}; give 0 up to the max_length_factor, "
                f"which is {self.max_length_factor}"
            )

    def max_target_tokens(self, source_tokens: int) -> int:
        """Maximum length of a translation in tokens, including the end token.

        The default is ample for German but leaves no room for endless repetition.
        """
        return math.ceil(self.max_length_factor * source_tokens) + 10

    def min_target_tokens(self, source_tokens: int) -> int:
        """Minimum length of a translation in tokens, excluding the end token."""
        return math.ceil(self.min_length_factor * source_tokens)


class Option(NamedTuple):
    """The declaration of one option."""

    name: str
    annotation: Any
    """Its type with its range, as pydantic reads it."""
    default: Any
    description: str


def declared(options: type) -> Iterator[Option]:
    """The declarations of the options in a dataclass, in order."""
    annotations = get_type_hints(options, include_extras=True)
    for field in fields(options):
        annotation = annotations[field.name]
        yield Option(field.name, annotation, field.default, description_of(annotation))


def description_of(annotation: Any) -> str:
    """The description in a declaration."""
    [info] = [one for one in annotation.__metadata__ if isinstance(one, FieldInfo)]
    assert info.description
    return info.description
