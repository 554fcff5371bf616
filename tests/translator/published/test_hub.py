"""Imports from a stand-in of the hub, in processes of their own: `huggingface_hub` reads its settings at the start."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import huggingface_hub
import pytest

from tests.translator.published.conftest import marian_model, write_published
from translator.errors import ConfigError
from translator.published import import_model

pytestmark = pytest.mark.slow
REVISION = "0123456789abcdef0123456789abcdef01234567"
NAME = "Own/opus-mt-en-de"


class Hub(ThreadingHTTPServer):
    """Serves the files of one repository as the hub does; others need a login, or do not exist."""

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.folder, self.requests = folder, []
        self.breaks_at: int | None = None
        """The number of bytes after which the connection for the weights breaks, once."""
        self.checksums: dict[str, str] = {}
        """The SHA-256 that are stated for files, instead of those that they have."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Answers(BaseHTTPRequestHandler):
    server: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        path = self.path.partition("?")[0]
        self.server.requests.append((self.command, path, self.headers.get("Range")))
        if path.startswith(f"/api/models/{NAME}/tree/{REVISION}"):
            self.send_json([self.entry(one) for one in sorted(self.server.folder.iterdir())])
        elif path.startswith(f"/api/models/{NAME}"):
            self.send_json({"id": NAME, "sha": REVISION, "siblings": []})
        elif match := re.fullmatch(rf"/{NAME}/resolve/{REVISION}/(.+)", path):
            self.send_file(self.server.folder / match[1])
        else:
            gated = {"X-Error-Code": "GatedRepo"} if "gated" in path else {"X-Error-Code": "RepoNotFound"}
            self.send_json({"error": "no"}, 403 if "gated" in path else 401, gated)

    def entry(self, path):
        digest = hashlib.sha1(path.read_bytes()).hexdigest()
        return {"type": "file", "path": path.name, "size": path.stat().st_size, "oid": digest}

    def send_json(self, value, status=200, headers=()):
        content = json.dumps(value).encode()
        self.begin(status, len(content), {"Content-Type": "application/json", **dict(headers)})
        if self.command == "GET":
            self.wfile.write(content)

    def send_file(self, path):
        if not path.exists():
            self.send_json({}, 404, {"X-Error-Code": "EntryNotFound"})
            return
        content, first = path.read_bytes(), 0
        if asked := re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range") or ""):
            first = int(asked[1])
        headers = {
            "ETag": f'"{self.server.checksums.get(path.name, hashlib.sha256(content).hexdigest())}"',
            "X-Repo-Commit": REVISION,
            "Accept-Ranges": "bytes",
        }
        if first:
            headers["Content-Range"] = f"bytes {first}-{len(content) - 1}/{len(content)}"
        self.begin(206 if first else 200, len(content) - first, headers)
        if self.command == "HEAD":
            return
        if path.name == "model.safetensors" and self.server.breaks_at is not None:
            self.wfile.write(content[: self.server.breaks_at])
            self.wfile.flush()
            self.server.breaks_at = None
            self.close_connection = True
            self.connection.shutdown(2)
            return
        self.wfile.write(content[first:])

    def begin(self, status, length, headers):
        self.send_response(status)
        for name, value in {"Content-Length": str(length), **headers}.items():
            self.send_header(name, value)
        self.end_headers()


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    return write_published(tmp_path_factory.mktemp("hub") / "files", marian_model())


@contextmanager
def serving(folder):
    server = Hub(folder)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def hub(repository):
    with serving(repository) as server:
        yield server


@pytest.fixture
def run_import(tmp_path):
    def run(name, hub_url, **environment):
        out = tmp_path / "ours"
        settings = {"HF_HUB_OFFLINE": "0", "HF_ENDPOINT": hub_url, "HF_HOME": str(tmp_path / "cache")}
        code = "import sys; from translator.__main__ import main; sys.exit(main())"
        done = subprocess.run(
            [sys.executable, "-c", code, "import", name, "--out", str(out)],
            env={**os.environ, **settings, **environment},
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        return done, out

    return run


def test_a_name_is_downloaded_and_its_revision_is_on_the_card(hub, run_import, repository):
    done, out = run_import(NAME, hub.url)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"wrote {out}: opus-mt-en-de, ")
    assert done.stdout.endswith(", licence: cc-by-4.0\n")
    card = json.loads((out / "card.json").read_text(encoding="utf-8"))
    assert card["imported_from"]["source"] == NAME
    assert card["imported_from"]["revision"] == REVISION
    asked = {
        path.rpartition("/")[2] for method, path, _ in hub.requests if method == "GET" and "/resolve/" in path
    }
    assert asked == {path.name for path in repository.iterdir()} - {"generation_config.json"}


def test_a_second_import_needs_no_network(hub, run_import, tmp_path):
    assert run_import(NAME, hub.url)[0].returncode == 0
    (tmp_path / "ours").rename(tmp_path / "first")
    done, out = run_import(NAME, "http://127.0.0.1:9", HF_HUB_OFFLINE="1")
    assert done.returncode == 0, done.stderr
    for path in (tmp_path / "first").iterdir():
        assert (out / path.name).read_bytes() == path.read_bytes()


def test_a_broken_download_continues_where_it_stopped(run_import, tmp_path):
    """`huggingface_hub` writes 10 MB at a time, so the file must be larger."""
    wide = {"d_model": 256, "encoder_ffn_dim": 4096, "decoder_ffn_dim": 4096}
    with serving(write_published(tmp_path / "files", marian_model(**wide))) as hub:
        hub.breaks_at = 15_000_000
        done, _ = run_import(NAME, hub.url)
        assert done.returncode == 0, done.stderr
        weights = [
            asked for method, path, asked in hub.requests if path.endswith("safetensors") and method == "GET"
        ]
    assert len(weights) == 2
    again = re.fullmatch(r"bytes=(\d+)-", weights[1])
    assert again
    assert 10_000_000 < int(again[1]) <= 15_000_000


def test_a_wrong_checksum_is_noticed_and_the_remedy_helps(hub, run_import):
    hub.checksums["model.safetensors"] = "0" * 64
    for environment in ({}, {"HF_HUB_OFFLINE": "1"}):  # a damaged file in the cache is refused, too
        done, out = run_import(NAME, hub.url, **environment)
        assert done.returncode == 1
        assert "error: model.safetensors is damaged: its SHA-256 is " in done.stderr
        assert not out.exists()
    Path(re.search(r"delete (\S+) and import again", done.stderr)[1]).unlink()
    hub.checksums.clear()
    assert run_import(NAME, hub.url)[0].returncode == 0


def test_weights_of_other_architectures_are_not_downloaded(run_import, repository, tmp_path):
    folder = shutil.copytree(repository, tmp_path / "files")
    (folder / "config.json").write_text('{"model_type": "m2m_100"}', encoding="utf-8")
    with serving(folder) as hub:
        done, out = run_import(NAME, hub.url)
        asked = [path for _, path, _ in hub.requests if path.endswith("model.safetensors")]
    assert f"error: the model {NAME} is m2m_100; only MarianMTModel" in done.stderr
    assert not asked
    assert not out.exists()


def test_a_repository_without_weights_in_one_file_is_named(run_import, repository, tmp_path):
    folder = shutil.copytree(repository, tmp_path / "files")
    (folder / "model.safetensors").rename(folder / "model-00001-of-00002.safetensors")
    with serving(folder) as hub:
        done, out = run_import(NAME, hub.url)
    assert (
        f"error: {NAME} has neither model.safetensors nor pytorch_model.bin, or the hub cannot" in done.stderr
    )
    assert not out.exists()


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (OSError(28, "No space left"), "No space left; free space, or set HF_HOME to another disk"),
        (OSError(30, "Read-only"), "Read-only; free space, or set HF_HOME to another disk"),
        (
            OSError("The size is wrong: 3 (of 5.0).\nSet an option."),
            r"The size is wrong: 3 \(of 5\.0\); try again",
        ),
    ],
)
def test_a_cache_that_cannot_be_written_is_named(monkeypatch, tmp_path, error, message):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(huggingface_hub, "snapshot_download", fail)
    with pytest.raises(ConfigError, match=f"^cannot download {NAME}: {message}$"):
        import_model(NAME, tmp_path / "ours")


@pytest.mark.parametrize("environment", [{"HF_HUB_OFFLINE": "1"}, {}])
def test_without_a_network_the_remedy_is_named(run_import, environment):
    done, out = run_import(NAME, "http://127.0.0.1:9", **environment)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        f"error: {NAME} is not in the cache, and the hub cannot be reached; check the network and HF_HUB_OFFLINE, "
        "or give a folder with the files"
    )
    assert not out.exists()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "Own/private-or-missing",
            "the hub has no repository Own/private-or-missing, or it is private; check the name",
        ),
        ("Own/gated", "Own/gated asks for consent to its terms"),
        ("Own/a--b", "Own/a--b is neither a folder nor a name of the hub"),
    ],
)
def test_repositories_that_cannot_be_read_are_named(hub, run_import, name, message):
    done, out = run_import(name, hub.url)
    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not out.exists()
