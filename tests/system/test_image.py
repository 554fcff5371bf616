"""The container image, built and run without an engine: `make test-image`.

BASE is the base image: a reference, or a tar archive of a root file system. By default, debootstrap makes one of this
machine's Debian or Ubuntu release. PIP_ARGS and LOCK are build arguments; BUILD_FLAGS are passed to `buildah build`.
"""

import http.client
import json
import os
import platform
import shlex
import shutil
import socket
import subprocess
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
IMAGE, BASE_IMAGE = "localhost/translator:test-image", "localhost/translator:test-image-base"
READY_SECONDS = 120
# If this machine is a container itself, the engine's default limits are more than it may set.
LIMITS = ("--ulimit=nofile=1024:1024", "--ulimit=nproc=1024:1024")
COMPILERS = ("cc", "c++", "gcc", "g++", "clang", "tcc", "ld", "as", "make")


def why_not():
    """The reason to skip, or an empty string."""
    if os.environ.get("TEST_IMAGE") != "1":
        return "building the image takes minutes: make test-image"
    missing = [tool for tool in ("buildah", "podman", "runc") if not shutil.which(tool)]
    if missing:
        return f"needs {', '.join(missing)}"
    if os.geteuid() != 0:
        return "needs root"
    if not os.environ.get("BASE") and not shutil.which("debootstrap"):
        return "needs debootstrap, or BASE=a base image"
    return ""


pytestmark = [pytest.mark.hard, pytest.mark.skipif(bool(why_not()), reason=why_not())]


def run(*command):
    command = [str(part) for part in command]
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, f"{command}\n{finished.stdout[-4000:]}\n{finished.stderr[-4000:]}"
    return finished.stdout.strip()


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """Reference of the base image."""
    given = os.environ.get("BASE", "")
    if given and not Path(given).is_file():
        return given
    archive = Path(given)
    if not given:
        folder = tmp_path_factory.mktemp("base")
        archive = folder / "root.tar"
        release = platform.freedesktop_os_release()["VERSION_CODENAME"]
        packages = "python3,python3-venv,ca-certificates"
        run("debootstrap", "--variant=minbase", f"--include={packages}", release, folder / "root")
        left_out = ("./dev/*", "./var/cache/apt/*", "./var/lib/apt/lists/*")
        flags = [f"--exclude={pattern}" for pattern in left_out]
        run("tar", "--directory", folder / "root", *flags, "--create", "--file", archive, ".")
    run("podman", "import", archive, BASE_IMAGE)
    return BASE_IMAGE


@pytest.fixture(scope="module")
def image(base):
    arguments = {name: os.environ[name] for name in ("PIP_ARGS", "LOCK") if name in os.environ}
    run(
        "buildah", "build", "--runtime=runc", "--network=host", "--format=docker", *LIMITS, "--tag", IMAGE,
        f"--build-arg=BASE={base}", *(f"--build-arg={name}={value}" for name, value in arguments.items() if value),
        *shlex.split(os.environ.get("BUILD_FLAGS", "")), ".",
    )  # fmt: skip
    return IMAGE


class Container:
    """The service in a container with the restrictions of `compose.yaml`, and without any writable folder."""

    def __init__(self, image, *command):
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.started = time.perf_counter()
        self.id = run(
            "podman", "--runtime=runc", "run", "--detach", "--network=host", "--read-only",
            "--read-only-tmpfs=false", "--cap-drop=ALL", "--security-opt=no-new-privileges", *LIMITS,
            # The engine's timer for health checks needs systemd, so the test runs the command itself.
            "--no-healthcheck", "--env=TRANSLATOR_HOST=127.0.0.1", f"--env=TRANSLATOR_PORT={self.port}",
            image, *command,
        )  # fmt: skip

    def __enter__(self):
        return self

    def __exit__(self, *_):
        run("podman", "rm", "--force", "--time", "0", self.id)

    def request(self, method, path, body=None):
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)) as connection:
            headers = {"Content-Type": "application/json"}
            connection.request(method, path, body and json.dumps(body), headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

    def status(self, path):
        try:
            return self.request("GET", path)[0]
        except OSError:
            return 0

    def wait_until_ready(self):
        """Return the seconds from the start of the container until it is ready."""
        while self.status("/readyz") != 200:
            passed = time.perf_counter() - self.started
            assert passed < READY_SECONDS, run("podman", "logs", self.id)
            time.sleep(0.05)
        return time.perf_counter() - self.started

    def inside(self, *command):
        command = ["podman", "exec", self.id, *command]
        return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def container(image):
    with Container(image) as running:
        running.wait_until_ready()
        yield running


def test_size_and_start_up_time(image, capsys):
    seconds = []
    for _ in range(3):
        with Container(image) as running:
            seconds.append(running.wait_until_ready())
    size = int(run("podman", "image", "inspect", "--format={{.Size}}", image))
    with capsys.disabled():
        print(f"\nimage: {size / 1e6:.0f} MB; ready after {', '.join(f'{s:.1f}' for s in seconds)} s")  # noqa: T201


def test_the_container_translates(container):
    status, body = container.request("POST", "/translate", {"text": "Where is the nearest station?"})
    assert status == 200
    assert "Bahnhof" in json.loads(body)["translations"][0]["text"]


def test_the_container_runs_without_root_and_cannot_write(container):
    assert container.inside("id", "-u").stdout.strip() == "10001"
    status = container.inside("cat", "/proc/1/status").stdout
    facts = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert int(facts["CapEff"], 16) == int(facts["CapBnd"], 16) == 0
    assert facts["NoNewPrivs"] == "1"
    for folder in ("/", "/tmp", "/app", "/venv"):
        assert "Read-only" in container.inside("touch", f"{folder}/probe").stderr


def test_the_image_has_no_compiler_no_pip_and_no_pytorch(container):
    found = container.inside("sh", "-c", f"for name in {' '.join(COMPILERS)}; do command -v $name; done")
    assert found.stdout == ""
    assert container.inside("python", "-c", "import pip").returncode == 1
    if os.environ.get("LOCK", "requirements.lock") == "requirements.lock":
        assert container.inside("python", "-c", "import torch").returncode == 1


def test_the_health_check_fails_without_a_service(image, container):
    kind, *command = json.loads(
        run("podman", "image", "inspect", "--format={{json .HealthCheck.Test}}", image)
    )
    assert kind == "CMD"
    assert container.inside(*command).returncode == 0
    with Container(image, "sleep", "600") as idle:
        assert idle.inside(*command).returncode == 1


def test_sigterm_lets_a_request_finish(image):
    answers = []
    texts = [f"Sentence number {number} is translated while the service stops." for number in range(100)]

    def ask():
        answers.append(running.request("POST", "/translate", {"text": texts, "beam_size": 8}))

    with Container(image) as running:
        running.wait_until_ready()
        client = threading.Thread(target=ask)
        client.start()
        while "\ntranslator_in_flight_sentences 0.0" in running.request("GET", "/metrics")[1]:
            assert client.is_alive(), "the request was over before the signal"
        run("podman", "kill", "--signal=TERM", running.id)
        client.join(timeout=120)
        assert run("podman", "wait", running.id) == "0"
        (status, body), *_ = answers
        assert status == 200
        assert len(json.loads(body)["translations"]) == len(texts)
