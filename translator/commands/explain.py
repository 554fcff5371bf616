"""`translator explain`."""

from typing import TYPE_CHECKING, Annotated

from rich.table import Table
from rich.text import Text
from tyro.conf import OmitArgPrefixes, Positional, arg

from translator.commands import STDOUT, OptionalPath, SearchArguments

if TYPE_CHECKING:
    from translator.data.tokenizer import Pieces
    from translator.evaluation.explanation import Explanation
    from translator.search import Step


def explain(
    text: Annotated[Positional[str], arg(metavar="TEXT")],
    /,
    *,
    search: OmitArgPrefixes[SearchArguments] = SearchArguments(),  # noqa: B008 (frozen, so safe to share)
    model: OptionalPath = None,
    n_best: int = 1,
    prefix: str = "",
) -> None:
    """Show how a text is translated: sentences, pieces, and each step of the search.

    Args:
        text: English text, in quotation marks.
        search: How to search.
        model: Model folder; by default the model shipped with the package.
        n_best: Number of translations per sentence.
        prefix: German text that the translation must start with.
    """
    from translator.evaluation.explanation import explain as explain_text
    from translator.translate import Translator

    translator = Translator.load(model, "cpu")
    for explanation in explain_text(translator, text, search.options(n_best), prefix):
        _print(explanation, translator.tokenizer.target)


def _print(explanation: "Explanation", target: "Pieces") -> None:
    STDOUT.print(Text(explanation.source, style="bold"))
    STDOUT.print(Text(f"pieces: {explanation.pieces}"))
    if not explanation.steps:
        STDOUT.print("copied: there is nothing to translate in it, or it is in another language\n")
        return
    STDOUT.print(_table(explanation.steps, target))
    last = explanation.steps[-1]
    assert last.stopped
    STDOUT.print(f"ended after {last.length} steps: {last.stopped.value}")
    for hypothesis, translation in zip(explanation.found, explanation.translations, strict=True):
        STDOUT.print(
            Text(
                f"{hypothesis.score:9.4f}  {translation}  (log-probability {hypothesis.log_probability:.4f})"
            )
        )
    STDOUT.print()


def _table(steps: "tuple[Step, ...]", target: "Pieces") -> Table:
    """Build a row per hypothesis of each step: the live ones, and those that have just ended."""
    table = Table("step", "score", "hypothesis", "", box=None, pad_edge=False)
    table.columns[1].justify = "right"
    known = set[tuple[int, ...]]()
    for step in steps:
        number = str(step.length)
        for hypothesis in step.live:
            pieces = Text(target.readable(hypothesis.tokens))
            table.add_row(number, f"{hypothesis.score:.4f}", pieces, "")
            number = ""
        for hypothesis in step.finished:
            if tuple(hypothesis.tokens) not in known:
                known.add(tuple(hypothesis.tokens))
                pieces = Text(target.readable(hypothesis.tokens))
                table.add_row(number, f"{hypothesis.score:.4f}", pieces, "ended")
                number = ""
    return table
