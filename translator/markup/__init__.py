"""Formats with tags: find the texts to translate in them, and write them again with the translations.

    document = read_html("<p>Click <b>here</b>.</p>")       # anything that follows the protocol `Document`
    document.write([german(unit) for unit in document.units])

Reading order: `document`, `units`.
"""

from translator.markup.document import Document
from translator.markup.units import Unit, UnitBuilder

__all__ = ["Document", "Unit", "UnitBuilder"]
