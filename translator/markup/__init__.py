"""Formats with tags: find the texts to translate in them, and write them again with the translations.

    document = read_markup("<p>Click <b>here</b>.</p>")
    document.units                    # ["Click ⟨here⟩."]; ⟨⟩ are stand-ins of a pair
    document.write(["⟨Hier⟩ klicken."])

Reading order: `document`, `units`, `tagged`, `projection`, `spaces`; for HTML, XML and text with tags `tokens`,
`html_tokens`, `xml_tokens`, `text_tokens`, `elements`, `marked_up`, `sentences`, `attributes`.
"""

from translator.markup.document import Document
from translator.markup.elements import TEXT, MarkupFormat, MarkupOptions
from translator.markup.marked_up import MarkedUp, read_markup, read_text
from translator.markup.units import Unit, UnitBuilder

__all__ = [
    "TEXT",
    "Document",
    "MarkedUp",
    "MarkupFormat",
    "MarkupOptions",
    "Unit",
    "UnitBuilder",
    "read_markup",
    "read_text",
]
