"""Translate HTML together with its attributes: they come first, and then the text around them."""

from __future__ import annotations

from typing import Protocol, TypeVar

from service.batcher import Deadline
from service.schemas.translation import TranslateRequest
from service.schemas.translation_answer import CheckedSpan, TranslatedSentence, TranslatedText, WordLink
from translator.markup.attributes import Edited, read_attributes

_Located = TypeVar("_Located", CheckedSpan, WordLink)


class Model(Protocol):
    """What translates; `service.loaded_model.LoadedModel` implements it."""

    async def translate(self, body: TranslateRequest, deadline: Deadline) -> list[TranslatedText]:
        """Translate each text, in order."""
        ...


async def translate_with_attributes(
    model: Model, body: TranslateRequest, deadline: Deadline
) -> list[TranslatedText]:
    """Translate each text and, if that is requested, its attributes first; raises what `model.translate` raises.

    Source offsets in the answer are those of the text as it was sent.
    """
    options = body.markup
    if not options.with_attributes:
        return await model.translate(body, deadline)
    found = [read_attributes(text, options) for text in body.texts]
    values = [one.text for attributes in found for one in attributes]
    plain = body.model_copy(
        update={
            "text": values,
            "format": "text",
            "translate_attributes": False,
            "prefix": "",
            "alternatives": 0,
            "alignment": False,
        }
    )
    germans = iter(await model.translate(plain, deadline) if values else ())
    edited = [
        Edited(text, attributes, [next(germans).text for _ in attributes])
        for text, attributes in zip(body.texts, found, strict=True)
    ]
    whole = body.model_copy(update={"text": [one.markup for one in edited], "prefix": body.prefixes})
    translated = await model.translate(whole.with_markup(options), deadline)
    return [
        text.model_copy(update={"sentences": [_as_sent(sentence, one) for sentence in text.sentences]})
        for text, one in zip(translated, edited, strict=True)
    ]


def _as_sent(sentence: TranslatedSentence, edited: Edited) -> TranslatedSentence:
    """Return a sentence of edited markup with its offsets in the markup as it was sent."""

    def sent(one: _Located) -> _Located:
        if one.source_start is None or one.source_end is None:
            return one
        first, last = edited.sent_place(one.source_start, one.source_end)
        return one.model_copy(update={"source_start": first, "source_end": last})

    start, end = edited.sent_place(sentence.start, sentence.end)
    places = {
        "start": start,
        "end": end,
        "source": edited.sent[start:end],
        "checks": list(map(sent, sentence.checks)),
        "alignment": sentence.alignment and list(map(sent, sentence.alignment)),
    }
    return sentence.model_copy(update=places)
