"""The commands of `translator`, one module each: what they take, and what they print.

Each imports what it needs when it runs, so that --help and mistakes are answered at once.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console
from tyro.conf import UseAppendAction

from translator.errors import InputError

if TYPE_CHECKING:
    from translator.search import SearchOptions

STDOUT, STDERR = Console(), Console(stderr=True)


@dataclass(frozen=True)
class SearchArguments:
    """How to search, on the command line: `SearchOptions` with shorter names, and with the drawing laid flat, of
    which tyro would make a command of its own."""

    beam: int = 4
    """Width of the beam; 1 is greedy and fastest."""
    length_penalty: float = 1.0
    """Larger favours longer translations; 0 compares plain probabilities."""
    min_length_factor: float = 0.0
    """Minimum number of German pieces per English piece."""
    max_length_factor: float = 2.0
    """Maximum number of German pieces per English piece, plus ten."""
    no_repeat_ngram: int = 0
    """No n-gram of this size occurs twice; 0 allows repetition."""
    ban: UseAppendAction[tuple[str, ...]] = ()
    """A word or phrase that occurs in no translation where a word begins, in just these letters; once for each."""
    sample: bool = False
    """Draw as many translations as the beam is wide at random, and take the best of them."""
    temperature: float = 1.0
    """Of drawing: below 1 the likely pieces become likelier."""
    top_k: int = 0
    """Sample only from the k likeliest pieces; 0 samples from all."""
    top_p: float = 1.0
    """Draw from the fewest likeliest pieces that have this probability together."""
    seed: int = 0
    """Of drawing."""

    def options(self, n_best: int = 1) -> "SearchOptions":
        """The options of the search; raises InputError, which names them as they are typed, on values out of range."""
        from translator.search import Sampling, SearchOptions

        try:
            drawing = Sampling(self.temperature, self.top_k, self.top_p, self.seed)
            if not self.sample and drawing != Sampling():
                raise InputError("temperature, top_k, top_p and seed are for drawing; add --sample")
            return SearchOptions(
                beam_size=self.beam,
                length_penalty=self.length_penalty,
                n_best=n_best,
                min_length_factor=self.min_length_factor,
                max_length_factor=self.max_length_factor,
                no_repeat_ngram=self.no_repeat_ngram,
                banned=self.ban,
                sampling=drawing if self.sample else None,
            )
        except InputError as error:
            raise InputError(_as_typed(str(error))) from error


def _as_typed(message: str) -> str:
    """A message about options with the names that they have on the command line."""
    message = message.replace("beam_size", "beam").replace("banned has", "ban has")
    for name in (
        "beam", "n_best", "length_penalty", "min_length_factor", "max_length_factor", "no_repeat_ngram", "ban",
        "temperature", "top_k", "top_p", "seed",
    ):  # fmt: skip
        message = message.replace(f"{name} is ", f"--{name.replace('_', '-')} is ")
    return message
