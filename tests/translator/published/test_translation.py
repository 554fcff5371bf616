"""Imported folders work like any other model folder."""

import pytest

from tests.published_tokenizers import lines
from tests.translator.published.conftest import MODELS, write_published
from tests.translator.published.test_equality import their_tokens
from translator.published import import_model
from translator.search import SearchOptions, Task, new_search, search
from translator.translate import Translator

TEXTS = ["The baker opens the little shop.", "We painted both doors green again: 42 %!", "", "“It's” ☕"]


@pytest.fixture(params=list(MODELS))
def models(request, tmp_path):
    """A model of `transformers`, and the folder that it was imported into."""
    theirs = MODELS[request.param]()
    folder = write_published(tmp_path / "opus-mt-en-de", theirs)
    import_model(str(folder), tmp_path / "ours")
    return theirs, tmp_path / "ours"


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_a_folder_is_loaded_and_translates(models, precision):
    translator = Translator.load(models[1], device="cpu", precision=precision)
    assert translator.name == "opus-mt-en-de"
    together = [one.text for one in translator.translate(TEXTS)]
    assert together[2] == ""
    assert "".join(together)
    assert together == [translator.translate([text])[0].text for text in TEXTS]


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")  # of transformers
def test_searches_from_text_equal_those_of_transformers(models):
    """The tokenizers are compared with those of `transformers` in `test_published_tokenizers`."""
    theirs, folder = models
    translator, most = Translator.load(folder, device="cpu", precision="fp32"), 30
    tokenizer, options = translator.tokenizer, SearchOptions(beam_size=1)
    assert (tokenizer.begin_id, tokenizer.end_id) == (
        theirs.config.decoder_start_token_id,
        theirs.config.eos_token_id,
    )
    sources = [[*tokenizer.source.encode_marked(line), tokenizer.end_id] for line in lines(30)]
    running = new_search(translator.engine, translator.special, options)
    tasks = [Task(source, most, len(source) // 2) for source in sources]
    found = [tuple(best.tokens) for (best, *_) in search(running, tasks, options)]
    forbidden = [[number] for number in translator.special.forbidden]
    expected = their_tokens(theirs, sources, 1, most, bad_words_ids=forbidden)
    ended = [place for place, tokens in enumerate(expected) if tokens is not None]
    assert len(ended) > 5
    assert [found[place] for place in ended] == [expected[place] for place in ended]
