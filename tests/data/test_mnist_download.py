"""Downloads of MNIST, from a server on this machine: files are replaced only by verified ones."""

import gzip
import hashlib
import runpy
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch

from made_course.data.mnist import load_mnist
from made_course.data.mnist_download import download_mnist
from tests.data.mnist_files import (
    COMMAND,
    FOUR_FILES,
    PAGE,
    TEST,
    TEST_LABELS,
    TRAIN,
    four_files,
    pixels,
    put,
    snapshot,
)


class Mirror:
    """A server on this machine that stands for MNIST's; answers and requests are by file name."""

    def __init__(self):
        self.answers: dict[str, bytes] = {}
        self.requests: list[str] = []
        mirror = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                name = self.path.strip("/")
                mirror.requests.append(name)
                content = mirror.answers.get(name)
                if content is None:
                    self.send_error(404)
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(content)

            do_HEAD = do_GET

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"


@pytest.fixture
def mirror(monkeypatch):
    from torchvision.datasets import MNIST

    mirror = Mirror()
    monkeypatch.setattr(MNIST, "mirrors", [mirror.url])
    monkeypatch.setenv("no_proxy", "*")
    thread = threading.Thread(target=mirror.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield mirror
    mirror.server.shutdown()
    thread.join()
    mirror.server.server_close()


def offer(monkeypatch, mirror: Mirror, files: dict[str, bytes]) -> None:
    """Let the mirror send these files, and torchvision expect their archives' checksums."""
    from torchvision.datasets import MNIST

    packed = {f"{file}.gz": gzip.compress(content, 1) for file, content in files.items()}
    mirror.answers = packed
    sums = [(name, hashlib.md5(content).hexdigest()) for name, content in packed.items()]
    monkeypatch.setattr(MNIST, "resources", sums)


OLD_STATES = {
    "absent": lambda files: {},
    "a part": lambda files: {TRAIN: files[TRAIN], "note.txt": b"mine"},
    "broken": lambda files: {**files, TRAIN: files[TRAIN][:100], TEST_LABELS: PAGE},
}


@pytest.fixture(params=OLD_STATES)
def old(request, few, root):
    """Fill the root before a download, and return a snapshot of the folder around it."""
    if files := OLD_STATES[request.param](few):
        put(files)
    return snapshot(root.parent)


@pytest.mark.usefixtures("old")
def test_download_brings_four_whole_files_and_keeps_others(few, mirror, monkeypatch, root, capsys):
    offer(monkeypatch, mirror, few)
    others = {f: c for f, c in snapshot(root).items() if Path(f).name not in FOUR_FILES}
    folder = download_mnist()
    out, err = capsys.readouterr()
    assert folder == root / "MNIST" / "raw"
    assert f"to {folder}\n" in out
    assert 'From now on, name="auto" loads it.' in out
    assert "100%" in err  # torchvision's bar
    expected = {f"MNIST/raw/{file}": content for file, content in few.items()}
    found = {Path(file).as_posix(): content for file, content in snapshot(root).items()}
    kept = {Path(file).as_posix(): content for file, content in others.items()}
    assert found == kept | expected
    assert torch.equal(load_mnist()[0], pixels(few[TRAIN]))


def test_a_complete_set_is_not_downloaded_again(few, mirror, root, capsys):
    folder = put(few)
    before = snapshot(root)
    assert download_mnist() == folder
    assert capsys.readouterr().out == f"Full MNIST is already in {folder}.\n"
    assert mirror.requests == []
    assert snapshot(root) == before


def failed_download(root: Path, before: dict, *words: str) -> None:
    """Download; it must fail with these words and leave the folder around the root as it was."""
    with pytest.raises(OSError, match="full MNIST could not be downloaded to") as caught:
        download_mnist()
    folder = str(root / "MNIST" / "raw")
    for word in (folder, *words, "are unchanged", "MADE_COURSE_DATA", COMMAND):
        assert word in str(caught.value)
    assert snapshot(root.parent) == before


def test_a_broken_archive(old, few, mirror, monkeypatch, root):
    offer(monkeypatch, mirror, few)
    mirror.answers[f"{TEST}.gz"] = mirror.answers[f"{TEST}.gz"][:-10]
    failed_download(root, old, "login")


def test_a_file_with_another_sha256(old, few, mirror, monkeypatch, root):
    other = four_files(30, 20, seed=5)
    offer(monkeypatch, mirror, few | {TEST: other[TEST]})
    came, expected = (hashlib.sha256(files[TEST]).hexdigest()[:12] for files in (other, few))
    failed_download(root, old, TEST, f"SHA-256 {came}", f"SHA-256 {expected}")


def test_no_connection(old, monkeypatch, root):
    from torchvision.datasets import MNIST

    with socket.socket() as deaf:  # its port is taken, and no server answers there
        deaf.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}/"
        monkeypatch.setattr(MNIST, "mirrors", [url])
        monkeypatch.setenv("no_proxy", "*")
        failed_download(root, old, f"Error downloading {TRAIN}.gz", url)


def test_an_interrupted_download(old, monkeypatch, root):
    from torchvision.datasets import MNIST

    def download(self):
        Path(self.raw_folder).mkdir(parents=True)
        raise KeyboardInterrupt

    monkeypatch.setattr(MNIST, "download", download)
    with pytest.raises(KeyboardInterrupt):
        download_mnist()
    assert snapshot(root.parent) == old


def test_the_command_ends_with_only_the_message_when_it_fails(root):
    root.write_bytes(b"a file where a folder should be")
    with pytest.raises(SystemExit, match=f"^full MNIST could not be downloaded to {root}.*$"):
        runpy.run_module("made_course.data", run_name="__main__")
    assert root.read_bytes() == b"a file where a folder should be"
