"""Generate sentences with terms of the glossary."""

import random
from dataclasses import dataclass

from glossary_grammar.entries import Item

_NOUNS = """
The {n} is ready.
Where is the {n}?
We bought a new {n} last week.
Please check the {n} before you continue.
The colour of the {n} has changed.
She showed me her {n} yesterday.
There is a problem with the {n}.
I have never seen such a beautiful {n}.
Without a {n}, nothing works here.
The old {n} was replaced in May 2019.
This {n} belongs to my brother.
You can find the {n} at https://example.com/help.
The {n}'s owner lives in Hamburg.
If the {n} is damaged, call us at once.
"""
_PLURALS = """
All {n} must be checked.
There are three {n} in this room.
The new {n} were very expensive.
We need 25 {n} by Friday.
How many {n} do you have?
Most {n} come from Italy.
She has written a book about {n}.
"""
_UNCOUNTED = """
Read the page about {n} first.
We talked about {n} for two hours.
You can find {n} in the menu.
This is important for {n}.
"""
_NAMES = """
{n} is well known in Germany.
I have read a lot about {n}.
She has worked for {n} since 2015.
Have you ever heard of {n}?
The president of {n} did not answer.
We met near {n} on Monday.
"""
_PRODUCTS = """
{n} is available in version 4.2.
Install {n} on your computer.
You can use {n} for free for 30 days.
{n}'s new features save time.
Open {n} and click OK.
With {n}, everything becomes easier.
"""
_VERBS = """
Please {n} the report now.
You can {n} the document tomorrow.
They want to {n} the pictures.
We will {n} it next week.
Do not {n} this page.
"""
_PAIRS = """
The {a} is next to the {b}.
Put the {a} and the {b} into the box.
I sent the {a} to the {b} on 5 May.
Do you prefer the {a} or the {b}?
When the {a} arrived, the {b} had already gone.
"""
_FRAMES = {
    "noun": _NOUNS, "odd noun": _NOUNS, "phrase": _NOUNS, "name": _NAMES, "product": _PRODUCTS,
    "verb": _VERBS, "odd verb": _VERBS,
}  # fmt: skip


@dataclass(frozen=True)
class Use:
    """A term in a sentence."""

    item: Item
    is_plural: bool = False


@dataclass(frozen=True)
class Sentence:
    """A sentence with terms."""

    text: str
    uses: tuple[Use, ...]


def sentences(count: int, items: list[Item], seed: int) -> list[Sentence]:
    """Generate sentences, each entry about as often as any other; one sentence in five has two terms."""
    generator = random.Random(seed)
    found = list[Sentence]()
    waiting = list[Item]()
    while len(found) < count:
        if not waiting:
            waiting = generator.sample(items, len(items))
        item = waiting.pop()
        if item.plural and generator.random() < 0.2:
            other = generator.choice([one for one in items if one.plural and one is not item])
            text = _frame(_PAIRS, generator).format(a=item.english, b=other.english)
            found.append(Sentence(text, (Use(item), Use(other))))
        else:
            found.append(_single(item, generator))
    return found


def _single(item: Item, generator: random.Random) -> Sentence:
    if item.plural and generator.random() < 0.35:
        return Sentence(_frame(_PLURALS, generator).format(n=item.plural), (Use(item, is_plural=True),))
    frames = _UNCOUNTED if item.kind == "phrase" and not item.plural else _FRAMES[item.kind]
    return Sentence(_frame(frames, generator).format(n=item.english), (Use(item),))


def _frame(table: str, generator: random.Random) -> str:
    return generator.choice(table.strip().splitlines())
