"""`translator attention`."""

from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from translator.commands import OptionalPath
from translator.errors import ConfigError
from translator.files.durable import replace_file


def attention(
    sentence: Annotated[Positional[str], arg(metavar="SENTENCE")],
    /,
    *,
    translation: Annotated[str | None, arg(metavar="TEXT", help_behavior_hint="")] = None,
    out: Path = Path("attention.html"),
    model: OptionalPath = None,
) -> None:
    """Draw the attention of every head, as a page (.html) or a picture (.png).

    Args:
        sentence: English sentence, in quotation marks.
        translation: German translation of the sentence; by default the model's own.
        out: File to write.
        model: Model folder; by default the model shipped with the package.
    """
    from translator.evaluation.attention_maps import draw_page, draw_picture, look_at
    from translator.translate import Translator

    if out.suffix not in (".html", ".png"):
        raise ConfigError(f"--out is {out}; give a name that ends with .html or .png")
    view = look_at(Translator.load(model, "cpu"), sentence, translation)
    content = draw_page(view).encode() if out.suffix == ".html" else draw_picture(view)
    try:
        replace_file(out, content)
    except OSError as error:
        raise ConfigError(f"cannot write {out}: {error.strerror}; choose another file") from error
    print(f"wrote {out}: {view.translation}")
