import hashlib
import json
import os
import random
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from translator.data.shards import CorpusEntry, IdBlock, PreparedCorpus, PreparedData, PreparedWriter
from translator.data.tokenizer import SentencePieceTokenizer, train_tokenizer
from translator.errors import DataError
from translator.model.transformer import Transformer
from translator.training.checkpoint import Checkpoint, save_checkpoint, save_model

IdPair = tuple[list[int], list[int]]
NEWS: list[IdPair] = [([40, 41], [50]), ([], [60, 61, 62]), ([42], [])]
TALKS: list[IdPair] = [([70], [71, 65_535])]
DEV: list[IdPair] = [([5, 6, 7], [8])]


@pytest.fixture(scope="module")
def tokenizer() -> SentencePieceTokenizer:
    return train_tokenizer(["A small owl sat there.", "Dort saß eine kleine Eule."] * 3, 416, threads=1)


@pytest.fixture
def folder(tokenizer: SentencePieceTokenizer, tmp_path: Path) -> Path:
    """A folder with two corpora and a development set."""
    out = tmp_path / "made" / "data"
    with PreparedWriter(out, {"seed": 3}) as writer:
        writer.add_tokenizer(tokenizer)
        writer.add("news", blocks(NEWS[:2], NEWS[2:]), weight=0.5, licence="CC0", drops={"copied": 4})
        writer.add("talks & more", blocks(TALKS))
        writer.add("news", blocks(DEV), dev=True)
    return out


def blocks(*groups: list[IdPair]) -> Iterator[IdBlock]:
    for pairs in groups:
        ids = [piece_id for pair in pairs for side in pair for piece_id in side]
        lengths = [[len(source), len(target)] for source, target in pairs]
        yield np.array(ids, np.int64), np.array(lengths, np.int64).reshape(-1, 2)


def write(out: Path, tokenizer: SentencePieceTokenizer, corpora: dict[str, Iterator[IdBlock]]) -> None:
    with PreparedWriter(out) as writer:
        writer.add_tokenizer(tokenizer)
        for name, blocks_of_corpus in corpora.items():
            writer.add(name, blocks_of_corpus)


def corpus(pairs: list[IdPair]) -> PreparedCorpus:
    ((tokens_N, lengths_P2),) = blocks(pairs)
    return PreparedCorpus("memory", tokens_N.astype(np.uint16), lengths_P2.astype(np.uint16))


def pairs_of(prepared: PreparedCorpus) -> list[IdPair]:
    pairs = [prepared.pair(index) for index in range(len(prepared))]
    return [(source.tolist(), target.tolist()) for source, target in pairs]


def test_writing_and_reading(folder: Path, tokenizer: SentencePieceTokenizer) -> None:
    data = PreparedData.open(folder)
    assert [(c.name, c.weight, c.licence, pairs_of(c)) for c in data.corpora] == [
        ("news", 0.5, "CC0", NEWS),
        ("talks & more", 1.0, None, TALKS),
    ]
    assert {name: pairs_of(c) for name, c in data.dev.items()} == {"news": DEV}
    assert data.tokenizer.sha256 == tokenizer.sha256
    source, target = data.corpora[1].pair(0)
    assert source.dtype == target.dtype == np.uint16


def test_ids_stay_on_the_disk(folder: Path) -> None:
    """A pair is a view of the file, not a copy: a corpus may be larger than a node's memory, and than its disk."""
    base = PreparedData.open(folder).corpora[0].pair(0)[0].base
    while base is not None and not isinstance(base, np.memmap):
        base = base.base
    assert isinstance(base, np.memmap)
    assert base.filename == folder / "000-news.tokens"
    assert not base.flags.writeable


def test_files_on_disk_match_the_documentation(folder: Path, tokenizer: SentencePieceTokenizer) -> None:
    assert sorted(path.name for path in folder.iterdir()) == [
        *("000-news.lengths", "000-news.tokens", "001-talks-more.lengths", "001-talks-more.tokens"),
        *("dev-000-news.lengths", "dev-000-news.tokens", "manifest.json", "tokenizer.model"),
    ]
    assert (folder / "001-talks-more.tokens").read_bytes() == bytes([70, 0, 71, 0, 255, 255])
    assert (folder / "001-talks-more.lengths").read_bytes() == bytes([1, 0, 2, 0])
    assert (folder / "tokenizer.model").read_bytes() == tokenizer.files["tokenizer.model"]
    assert list(folder.parent.iterdir()) == [folder]


def test_manifest_has_counts_and_checksums(folder: Path, tokenizer: SentencePieceTokenizer) -> None:
    content = json.loads((folder / "manifest.json").read_bytes())["content"]
    assert content["format_version"] == 1
    assert (content["tokenizer_sha256"], content["vocab_size"]) == (tokenizer.sha256, 416)
    assert content["provenance"] == {"seed": 3}
    news = CorpusEntry(**content["corpora"][0])
    assert (news.pairs, news.source_tokens, news.target_tokens, news.drops) == (3, 3, 4, {"copied": 4})
    assert set(content["files"]) == {path.name for path in folder.iterdir()} - {"manifest.json"}
    for name, file in content["files"].items():
        data = (folder / name).read_bytes()
        assert file == {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}


def test_the_hash_depends_on_tokenizer_pairs_and_weights(
    tokenizer: SentencePieceTokenizer, tmp_path: Path
) -> None:
    def make(name: str, pairs: list[IdPair], weight: float) -> str:
        with PreparedWriter(tmp_path / name) as writer:
            writer.add_tokenizer(tokenizer)
            writer.add("news", blocks(pairs), weight=weight)
        return PreparedData.open(tmp_path / name).sha256

    first = make("a", NEWS, 1)
    assert make("b", NEWS, 1) == first
    assert len({first, make("c", NEWS[::-1], 1), make("d", NEWS, 2)}) == 3


def test_drops_are_read_after_the_last_block(tokenizer: SentencePieceTokenizer, tmp_path: Path) -> None:
    drops: dict[str, int] = {}

    def counting() -> Iterator[IdBlock]:
        yield from blocks(NEWS)
        drops["late"] = 1

    with PreparedWriter(tmp_path / "out") as writer:
        writer.add_tokenizer(tokenizer)
        assert writer.add("news", counting(), drops=drops).drops == {"late": 1}


def test_empty_corpus_can_be_read(tokenizer: SentencePieceTokenizer, tmp_path: Path) -> None:
    with PreparedWriter(tmp_path / "out") as writer:
        writer.add_tokenizer(tokenizer)
        writer.add("nothing", iter([]))
    assert len(PreparedData.open(tmp_path / "out").corpora[0]) == 0


def test_pair_outside_the_corpus_is_refused() -> None:
    for index in (-1, 3):
        with pytest.raises(IndexError, match=f"no pair {index}, only 0 to 2"):
            corpus(NEWS).pair(index)


@given(
    st.lists(st.tuples(*[st.lists(st.integers(0, 65_535), max_size=5)] * 2), min_size=1, max_size=8),
    st.data(),
)
def test_gather_equals_pair_by_pair(pairs: list[IdPair], data: st.DataObject) -> None:
    prepared = corpus(pairs)
    chosen = data.draw(st.lists(st.integers(0, len(pairs) - 1), max_size=12))
    for target in (False, True):
        ids_N, lengths_R = prepared.gather(np.array(chosen, np.int64), target=target)
        assert lengths_R.tolist() == [len(pairs[index][target]) for index in chosen]
        assert ids_N.tolist() == [piece_id for index in chosen for piece_id in pairs[index][target]]


def test_lengths_that_do_not_add_up_are_refused() -> None:
    with pytest.raises(DataError, match="news: 5 tokens, but the lengths add up to 4"):
        PreparedCorpus("news", np.zeros(5, np.uint16), np.array([[1, 3]], np.uint16))


# --- failed runs leave nothing behind


def test_exception_leaves_nothing_behind(tokenizer: SentencePieceTokenizer, tmp_path: Path) -> None:
    def broken() -> Iterator[IdBlock]:
        yield from blocks(NEWS)
        raise DataError("the corpus ends here")

    for error, source in ((DataError, broken()), (KeyboardInterrupt, interrupted())):
        with pytest.raises(error):
            write(tmp_path / "new" / "out", tokenizer, {"talks": blocks(TALKS), "news": source})
        assert list(tmp_path.iterdir()) == []


def interrupted() -> Iterator[IdBlock]:
    raise KeyboardInterrupt
    yield


def test_leftovers_of_killed_processes_are_removed(tokenizer: SentencePieceTokenizer, tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "60"]) as running:
        killed = subprocess.Popen(["true"])
        killed.wait()
        names = {
            "killed": f".mine.partial-{killed.pid}",
            "running": f".mine.partial-{running.pid}",
            "mine": f".mine.partial-{os.getpid()}",
            "another": f".other.partial-{killed.pid}",
            "somebody's": ".mine.partial-old",
        }
        for name in names.values():
            (tmp_path / name).mkdir()
            (tmp_path / name / "dev.tokens").write_bytes(b"1234")
        with PreparedWriter(tmp_path / "mine") as writer:
            left = {path.name for path in tmp_path.iterdir()}
            assert left == {names[who] for who in ("running", "mine", "another", "somebody's")}
            assert list((tmp_path / names["mine"]).iterdir()) == []
            writer.add_tokenizer(tokenizer)
        running.kill()


def test_existing_data_are_not_overwritten(folder: Path, tokenizer: SentencePieceTokenizer) -> None:
    with pytest.raises(DataError, match="exists and is not empty; remove it or choose another"):
        PreparedWriter(folder)
    with pytest.raises(DataError, match="is a file, not a folder"):
        PreparedWriter(folder / "manifest.json")
    assert len(PreparedData.open(folder).corpora) == 2


def test_prepared_data_cannot_replace_a_file(tmp_path: Path) -> None:
    (tmp_path / "mine.tsv").write_text("a\tb\n")
    with pytest.raises(DataError, match=r"mine\.tsv is a file, not a folder; choose another"):
        PreparedWriter(tmp_path / "mine.tsv")


def test_empty_folder_is_used(tokenizer: SentencePieceTokenizer, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with PreparedWriter(tmp_path / "out") as writer:
        writer.add_tokenizer(tokenizer)
        writer.add("news", blocks(NEWS))
    assert pairs_of(PreparedData.open(tmp_path / "out").corpora[0]) == NEWS


def test_a_folder_that_cannot_be_created_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(DataError, match=r"cannot write .*Not a directory"),
        PreparedWriter(tmp_path / "file" / "out"),
    ):
        pass
    with pytest.raises(DataError, match=r"cannot write .*File name too long"):
        PreparedWriter(tmp_path / ("x" * 300))
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_vocabulary_too_large_for_16_bits_is_refused(tmp_path: Path) -> None:
    class Huge(SentencePieceTokenizer):
        vocab_size = 65_537  # type: ignore[assignment]

    huge = Huge.__new__(Huge)
    with (
        pytest.raises(DataError, match="65537 pieces does not fit into 16 bits; use at most 65536"),
        PreparedWriter(tmp_path / "out") as writer,
    ):
        writer.add_tokenizer(huge)
    assert list(tmp_path.iterdir()) == []


def test_full_disk_is_reported_and_leaves_nothing(
    tokenizer: SentencePieceTokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(DataError, match="No space left on device; free space"):
        write(tmp_path / "out", tokenizer, {"news": blocks(NEWS)})
    assert list(tmp_path.iterdir()) == []


def test_two_corpora_with_one_name_are_refused(tokenizer: SentencePieceTokenizer, tmp_path: Path) -> None:
    with PreparedWriter(tmp_path / "out") as writer:
        writer.add_tokenizer(tokenizer)
        writer.add("news", blocks(NEWS))
        with pytest.raises(DataError, match="two corpora are named news"):
            writer.add("news", blocks(TALKS))


def test_sides_too_long_for_16_bits_are_refused(tokenizer: SentencePieceTokenizer, tmp_path: Path) -> None:
    with PreparedWriter(tmp_path / "out") as writer:
        writer.add_tokenizer(tokenizer)
        writer.add("just", blocks([([7] * 65_535, [8])]))
        with pytest.raises(
            DataError, match="long: pair 2 has a side of 65536 tokens, more than 65535; split it"
        ):
            writer.add("long", blocks(NEWS[:2], [([7], [8] * 65_536)]))


# --- damage


@pytest.mark.parametrize(
    "name",
    ["manifest.json", "tokenizer.model", "000-news.tokens", "001-talks-more.lengths", "dev-000-news.tokens"],
)
@pytest.mark.parametrize(
    "damage",
    [
        Path.unlink,
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.write_bytes(path.read_bytes() + b"\0"),
        lambda path: path.write_bytes(b""),
    ],
    ids=["missing", "cut off", "too long", "empty"],
)
def test_missing_and_resized_files_are_named(
    folder: Path, name: str, damage: Callable[[Path], object]
) -> None:
    damage(folder / name)
    with pytest.raises(DataError, match=name):
        PreparedData.open(folder)


def test_every_flipped_bit_is_noticed(folder: Path, tmp_path: Path) -> None:
    choose = random.Random(5)
    originals = {path.name: path.read_bytes() for path in folder.iterdir()}
    for _ in range(100):
        name = choose.choice(sorted(originals))
        damaged = bytearray(originals[name])
        bit = choose.randrange(8 * len(damaged))
        damaged[bit // 8] ^= 1 << bit % 8
        if name == "manifest.json" and _same_json(damaged, originals[name]):
            continue
        (folder / name).write_bytes(damaged)
        with pytest.raises(DataError, match=name):
            PreparedData.open(folder)
        (folder / name).write_bytes(originals[name])
    PreparedData.open(folder)


def _same_json(one: bytes, other: bytes) -> bool:
    try:
        return bool(json.loads(one) == json.loads(other))
    except ValueError:
        return False


def test_other_formats_are_refused(folder: Path, tmp_path: Path) -> None:
    path = folder / "manifest.json"
    manifest = json.loads(path.read_bytes())
    manifest["content"]["format_version"] = 2
    path.write_text(json.dumps(manifest))
    with pytest.raises(DataError, match="format 2, not 1"):
        PreparedData.open(folder)
    for text in ("[]", "{}", '{"content": 1, "sha256": ""}', "nonsense"):
        path.write_text(text)
        with pytest.raises(DataError, match=r"manifest\.json is damaged"):
            PreparedData.open(folder)


def test_folders_of_other_kinds_are_refused(
    tmp_path: Path, folder: Path, tokenizer: SentencePieceTokenizer, untrained: Transformer
) -> None:
    weights = untrained.state_dict()
    save_model(tmp_path / "model", untrained.config, weights, tokenizer, {})
    checkpoint = tmp_path / "run" / "step-00000007"
    save_checkpoint(checkpoint, Checkpoint(weights, {}, {}))
    (tmp_path / "empty").mkdir()
    for path, problem in [
        (tmp_path / "model", "is a model folder, not prepared data"),
        (checkpoint, "is a checkpoint, not prepared data"),
        (tmp_path / "run", "has no prepared data: there is no manifest.json in it"),
        (tmp_path / "empty", "has no prepared data: there is no manifest.json in it"),
        (tmp_path / "nowhere", "does not exist"),
        (folder / "tokenizer.model", "is not a folder"),
    ]:
        message = f"{path} {problem}; pass a folder that `translator prepare` wrote"
        with pytest.raises(DataError, match=f"^{re.escape(message)}$"):
            PreparedData.open(path)


def test_names_with_the_same_file_name_stay_separate(
    tokenizer: SentencePieceTokenizer, tmp_path: Path
) -> None:
    with PreparedWriter(tmp_path / "out") as writer:
        writer.add_tokenizer(tokenizer)
        for dev in (False, True):
            writer.add("a b", blocks(NEWS), dev=dev)
            writer.add("a-b", blocks(DEV), dev=dev)
    data = PreparedData.open(tmp_path / "out")
    assert [pairs_of(corpus) for corpus in data.corpora] == [NEWS, DEV]
    assert {name: pairs_of(corpus) for name, corpus in data.dev.items()} == {"a b": NEWS, "a-b": DEV}


def test_development_sets_without_a_number_are_still_read(folder: Path) -> None:
    """Older folders were prepared before two sets could have similar names."""
    for path in folder.glob("dev-000-*"):
        path.rename(path.with_name(path.name.replace("dev-000-", "dev-")))
    content = json.loads((folder / "manifest.json").read_bytes())["content"]
    # replacing keeps the order of the keys, on which the checksum depends
    text = json.dumps(content, sort_keys=True, separators=(",", ":")).replace("dev-000-", "dev-")
    manifest = {"content": json.loads(text), "sha256": hashlib.sha256(text.encode()).hexdigest()}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    assert pairs_of(PreparedData.open(folder).dev["news"]) == DEV


def test_folder_can_be_moved(folder: Path, tmp_path: Path) -> None:
    shutil.move(folder, tmp_path / "elsewhere")
    assert pairs_of(PreparedData.open(tmp_path / "elsewhere").corpora[0]) == NEWS
