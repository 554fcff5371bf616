"""The folder with the results: a file for each shard, a manifest, and the rows that failed.

    manifest.json                  what the job was made from, its input files, and at the end its shards
    part-00012.tsv                 the results of a shard
    quarantine/part-00012.jsonl    its rows that failed, with their reasons
    progress/part-00012.json       says that the shard is finished, until the manifest does

A shard is finished if its record in `progress` exists. The record is written last, and each file is complete when it
gets its name, so a shard is done again from its start, or not at all.
"""

import fcntl
import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from translator.cluster.inputs import InputFile, Shard, file_system, protocols
from translator.errors import ConfigError
from translator.files.durable import replace_file
from translator.files.unfinished_file import refuse_other

Record = dict[str, Any]
_MANIFEST, _LOCK = "manifest.json", ".lock"


class OutputFolder:
    """The results of a job, in a folder or at an address such as s3://…."""

    def __init__(self, place: str, ending: str) -> None:
        """`ending` is that of the names of the shards' files."""
        self.place = place
        self._ending = ending
        self._system, self._root = file_system(place)
        self._is_local = "file" in protocols(self._system)
        self.finished: dict[int, Record] = {}
        """The records of finished shards, by their numbers."""

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Make the folder, and lock it if it is on this machine; raises ConfigError if that is impossible."""
        try:
            self._system.makedirs(self._root, exist_ok=True)
            lock = (Path(self._root) / _LOCK).open("w") if self._is_local else nullcontext()
        except OSError as error:
            raise ConfigError(
                f"cannot write {self.place}: {error.strerror or error}; choose another folder"
            ) from error
        with lock as file:
            if file is not None:
                self._lock(file)
                self._remove_half_written()
            yield

    def _lock(self, file: IO[str]) -> None:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigError(
                f"{self.place} is being written by another process; wait for it, or choose another folder"
            ) from None

    def _remove_half_written(self) -> None:
        """Remove what `replace_file` leaves behind if it is killed."""
        for path in Path(self._root).rglob(".*.writing-*"):
            path.unlink()

    def begin(self, made_from: dict[str, Any], files: Sequence[InputFile], rows_per_shard: int) -> bool:
        """Begin a job, or go on with it; returns False if it is complete.

        `made_from` describes in JSON everything but the files that determines the results. Raises ConfigError if the
        folder has something else, or the results of a job with other files or other options.
        """
        described = {
            **made_from,
            "list of files": [file.name for file in files],
            **{f"checksum of {file.name}": file.sha256 for file in files},
            "rows per shard": rows_per_shard,
        }
        before = self._read(_MANIFEST)
        if before is None:
            if set(self._names("")) - {_LOCK}:
                raise ConfigError(
                    f"{self.place} has files, but no {_MANIFEST}; choose another folder for the results"
                )
            self._manifest = {"made_from": described, "files": [asdict(file) for file in files]}
            self._write(_MANIFEST, _json(self._manifest))
            return True
        self._manifest = before
        refuse_other(before["made_from"], described, self.place, "the folder")
        if "shards" in before:
            self._remove_progress()
            return False
        self._read_progress()
        return True

    def _read_progress(self) -> None:
        for name in self._names("progress"):
            record = self._read(f"progress/{name}")
            if record and all(self._has(file, size) for file, size in record["sizes"].items()):
                self.finished[record["shard"]] = record

    def write(self, shard: Shard, content: bytes, failures: Sequence[dict[str, Any]]) -> None:
        """Write the results of a shard, and the rows that failed."""
        name = f"part-{shard.number:06}"
        contents = {f"{name}{self._ending}": content}
        if failures:
            lines = (json.dumps(one, ensure_ascii=False) + "\n" for one in failures)
            contents[f"quarantine/{name}.jsonl"] = "".join(lines).encode(errors="backslashreplace")
        contents = {file: content for file, content in contents.items() if content}
        for file, one in contents.items():
            self._write(file, one)
        record = {
            "shard": shard.number,
            "file": shard.file,
            "first_row": shard.first_row,
            "rows": shard.rows,
            "failed_rows": len(failures),
            "sizes": {file: len(one) for file, one in contents.items()},
            "sha256": hashlib.sha256(content).hexdigest(),
        }
        self._write(f"progress/{name}.json", _json(record))
        self.finished[shard.number] = record

    def finish(self) -> None:
        """Complete the manifest."""
        shards = [self.finished[number] for number in sorted(self.finished)]
        self._write(_MANIFEST, _json({**self._manifest, "shards": shards}))
        self._remove_progress()

    def _remove_progress(self) -> None:
        if self._system.isdir(f"{self._root}/progress"):
            self._system.rm(f"{self._root}/progress", recursive=True)

    def _names(self, folder: str) -> list[str]:
        path = f"{self._root}/{folder}".rstrip("/")
        found = self._system.ls(path, detail=False) if self._system.isdir(path) else []
        return [str(name).rstrip("/").rpartition("/")[2] for name in found]

    def _has(self, name: str, size: int) -> bool:
        path = f"{self._root}/{name}"
        return bool(self._system.exists(path) and self._system.size(path) == size)

    def _read(self, name: str) -> dict[str, Any] | None:
        path = f"{self._root}/{name}"
        if not self._system.exists(path):
            return None
        try:
            return dict(json.loads(self._system.cat_file(path)))
        except ValueError as error:
            raise ConfigError(f"{self.place}/{name} is damaged: {error}; remove the folder") from error

    def _write(self, name: str, content: bytes) -> None:
        """Write a file atomically. Object stores always do."""
        path = f"{self._root}/{name}"
        self._system.makedirs(path.rpartition("/")[0], exist_ok=True)
        if self._is_local:
            replace_file(Path(path), content)
        else:
            self._system.pipe_file(path, content)


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=2).encode() + b"\n"
