"""Write a stand-in for a published model: the files of its repository, with random weights of the true shapes.

    python benchmarks/published_stand_ins.py opus|wmt19 FOLDER

The tokenizer is trained on sentences of the toy grammar; pieces that never occur fill its vocabulary up. 20 more of
these sentences are written to FOLDER/test.en and test.de. Needs transformers.
"""

import io
import itertools
import json
import sys
import warnings
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

import sentencepiece
import torch
import tyro
from toy_grammar import generate_pairs

from translator.data.tokenizer.moses import MosesText
from translator.errors import ConfigError, TranslatorError

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of the packages that transformers imports
    from transformers import FSMTConfig, FSMTForConditionalGeneration, MarianConfig, MarianMTModel

Name = Literal["opus", "wmt19"]
Files = dict[str, bytes]

SHAPES: Mapping[Name, Mapping[str, Any]] = {
    "opus": {
        "vocab_size": 58_101, "d_model": 512, "encoder_layers": 6, "decoder_layers": 6, "encoder_attention_heads": 8,
        "decoder_attention_heads": 8, "encoder_ffn_dim": 2048, "decoder_ffn_dim": 2048, "max_position_embeddings": 512,
    },
    "wmt19": {
        "src_vocab_size": 42_024, "tgt_vocab_size": 42_024, "d_model": 1024, "encoder_layers": 6, "decoder_layers": 6,
        "encoder_attention_heads": 16, "decoder_attention_heads": 16, "encoder_ffn_dim": 8192,
        "decoder_ffn_dim": 4096, "max_position_embeddings": 1024, "tie_word_embeddings": True,
    },
}  # fmt: skip
"""The settings of Helsinki-NLP/opus-mt-en-de and facebook/wmt19-en-de."""
TRAINING_SENTENCES, TEST_SENTENCES = 2_000, 20
SEED = 1
_PIECES, _MERGES = 1_000, 600
_LOUD_END = 3.0
"""Factor of the embedding of `</s>`, so that random weights end some translations."""
_CARD = """---
license: mit
---
# A stand-in: random weights
"""


def marian_model(**settings: Any) -> Any:
    """Create a MarianMT model of OPUS-MT's architecture, with the random weights that `transformers` begins with."""
    pad = settings["vocab_size"] - 1
    common = {"activation_function": "swish", "scale_embedding": True, "eos_token_id": 0}
    config = MarianConfig(**{**common, **settings, "pad_token_id": pad, "decoder_start_token_id": pad})
    model: Any = MarianMTModel(config)
    return model.eval()


def fsmt_model(**settings: Any) -> Any:
    """Create an FSMT model of WMT19's architecture, with the random weights that `transformers` begins with."""
    model: Any = FSMTForConditionalGeneration(FSMTConfig(langs=["en", "de"], **settings))
    return model.eval()


@torch.no_grad()
def draw_weights(model: Any) -> None:
    """Draw the matrices of a model from the distribution with which training usually begins."""
    for name, parameter in model.named_parameters():
        if parameter.dim() == 2 and "embed_positions" not in name:
            parameter.normal_(std=parameter.shape[1] ** -0.5)
    model.model.encoder.embed_tokens.weight[model.config.pad_token_id] = 0
    model.model.decoder.embed_tokens.weight[model.config.pad_token_id] = 0


def marian_tokenizer(
    english: Iterable[str], german: Iterable[str], pieces_per_side: int, coverage: float = 1.0
) -> Files:
    """Train the files of a Marian tokenizer: two SentencePiece models with one vocabulary.

    `coverage` is the share of the characters of the text for which there are pieces.
    """
    models = [_train_sentencepiece(text, pieces_per_side, coverage) for text in (english, german)]
    processors = [sentencepiece.SentencePieceProcessor(model_proto=model) for model in models]
    pieces = {one.id_to_piece(number) for one in processors for number in range(one.vocab_size())}
    ordered = dict.fromkeys(["</s>", "<unk>", *sorted(pieces - {"<s>"}), "<pad>"])
    return {"source.spm": models[0], "target.spm": models[1], "vocab.json": _numbered(ordered)}


def moses_bpe_tokenizer(text: Iterable[str], merges: int) -> Files:
    """Learn the files of a Moses and BPE tokenizer, whose vocabularies are equal."""
    moses = MosesText("en")
    counts = Counter(itertools.chain.from_iterable(map(moses.tokens, text)))
    words = {(*word[:-1], f"{word[-1]}</w>"): count for word, count in counts.items()}
    learnt = list[tuple[str, str]]()
    while len(learnt) < merges:
        pairs = Counter[tuple[str, str]]()
        for word, count in words.items():
            for pair in itertools.pairwise(word):
                pairs[pair] += count
        if not pairs:
            break
        learnt.append(max(pairs, key=lambda pair: (pairs[pair], pair)))
        words = {tuple(merged(word, learnt[-1])): count for word, count in words.items()}
    pieces = sorted({piece for word in words for piece in word})
    vocabulary = _numbered(["<s>", "<pad>", "</s>", "<unk>", *pieces])
    rules = "".join(f"{first} {second}\n" for first, second in learnt).encode()
    return {"vocab-src.json": vocabulary, "vocab-tgt.json": vocabulary, "merges.txt": rules}


def merged(word: Iterable[str], pair: tuple[str, str]) -> list[str]:
    """Merge all occurrences of a pair of pieces, from left to right."""
    pieces = list[str]()
    waiting = list(word)
    while waiting:
        piece = waiting.pop(0)
        if waiting and (piece, waiting[0]) == pair:
            piece += waiting.pop(0)
        pieces.append(piece)
    return pieces


def _train_sentencepiece(text: Iterable[str], pieces: int, coverage: float) -> bytes:
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=(line for line in text if line.strip()), model_writer=model, vocab_size=pieces,
        hard_vocab_limit=False, character_coverage=coverage, num_threads=1, minloglevel=2,
    )  # fmt: skip
    return model.getvalue()


def _numbered(pieces: Iterable[str]) -> bytes:
    return json.dumps({piece: number for number, piece in enumerate(pieces)}).encode()


def vocabulary_size(files: Files) -> int:
    """Return the number of pieces of a tokenizer."""
    return len(json.loads(files["vocab.json" if "vocab.json" in files else "vocab-src.json"]))


def write_repository(folder: Path, model: Any, tokenizer: Files, card: str = _CARD) -> None:
    """Write the files of a repository. The vocabulary gets as many pieces as the model has, with the model's ids."""
    model.save_pretrained(folder)
    config = model.config
    is_marian = config.model_type == "marian"
    special = {"</s>": config.eos_token_id, "<pad>": config.pad_token_id, "<unk>": 1 if is_marian else 3}
    if not is_marian:
        special["<s>"] = config.bos_token_id
    size = config.vocab_size if is_marian else config.src_vocab_size
    for name, content in tokenizer.items():
        filled = _filled(content, special, size) if name.endswith(".json") else content
        (folder / name).write_bytes(filled)
    languages = json.dumps({"source_lang": "en", "target_lang": "de"})
    (folder / "tokenizer_config.json").write_text(languages, encoding="utf-8")
    (folder / "README.md").write_text(card, encoding="utf-8")


def _filled(vocabulary: bytes, special: Mapping[str, int], size: int) -> bytes:
    pieces = [piece for piece in json.loads(vocabulary) if piece not in special]
    pieces += [f"▁more{number}" for number in range(size)]
    free = [number for number in range(size) if number not in special.values()]
    return json.dumps({**special, **dict(zip(pieces, free, strict=False))}).encode()


def write_stand_in(name: Name, folder: Path) -> None:
    """Write the stand-in for a model, and the test sentences."""
    pairs = generate_pairs(TRAINING_SENTENCES + TEST_SENTENCES, SEED)
    english, german = zip(*pairs[TEST_SENTENCES:], strict=True)
    is_marian = name == "opus"
    tokenizer = (
        marian_tokenizer(english, german, _PIECES)
        if is_marian
        else moses_bpe_tokenizer([*english, *german], _MERGES)
    )
    torch.manual_seed(SEED)
    model = (marian_model if is_marian else fsmt_model)(**SHAPES[name])
    draw_weights(model)
    with torch.no_grad():
        model.model.decoder.embed_tokens.weight[model.config.eos_token_id] *= _LOUD_END
    write_repository(folder, model, tokenizer)
    for side, language in enumerate(("en", "de")):
        text = "".join(f"{pair[side]}\n" for pair in pairs[:TEST_SENTENCES])
        (folder / f"test.{language}").write_text(text, encoding="utf-8")


def main() -> int:
    """Write a stand-in. Returns 0 on success and 1 after reporting an error."""

    def write(name: Name, folder: Path, /) -> None:
        if folder.exists():
            raise ConfigError(f"{folder} exists; remove it, or choose another folder")
        unfinished = folder.with_name(f".{folder.name}.unfinished")
        unfinished.mkdir(parents=True, exist_ok=True)
        write_stand_in(name, unfinished)
        unfinished.rename(folder)

    try:
        tyro.cli(write, description=__doc__)
    except TranslatorError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
