"""Downloads of MNIST, from a server on this machine: files are replaced only by verified ones."""

import gzip
import hashlib
import runpy
import socket
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch
from torchvision.datasets import MNIST

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


@pytest.fixture
def mirror(monkeypatch, tmp_path_factory):
    """Return a folder that a server on this machine sends, which stands for MNIST's."""
    folder = tmp_path_factory.mktemp("mirror")
    handler = partial(SimpleHTTPRequestHandler, directory=folder)
    monkeypatch.setenv("no_proxy", "*")
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=[0.01]).start()
        monkeypatch.setattr(MNIST, "mirrors", [f"http://127.0.0.1:{server.server_port}/"])
        yield folder
        server.shutdown()


def offer(monkeypatch, mirror: Path, files: dict[str, bytes]) -> None:
    """Let the mirror send these files, and torchvision expect their archives' checksums."""
    sums = []
    for file, content in files.items():
        packed = gzip.compress(content, 1)
        (mirror / f"{file}.gz").write_bytes(packed)
        sums.append((f"{file}.gz", hashlib.md5(packed).hexdigest()))
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


def test_a_complete_set_is_not_downloaded_again(few, monkeypatch, root, capsys):
    monkeypatch.setattr(MNIST, "mirrors", [])
    folder = put(few)
    before = snapshot(root)
    assert download_mnist() == folder
    assert capsys.readouterr().out == f"Full MNIST is already in {folder}.\n"
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
    broken = mirror / f"{TEST}.gz"
    broken.write_bytes(broken.read_bytes()[:-10])
    failed_download(root, old, "login")


def test_a_file_with_another_sha256(old, few, mirror, monkeypatch, root):
    other = four_files(30, 20, seed=5)
    offer(monkeypatch, mirror, few | {TEST: other[TEST]})
    came, expected = (hashlib.sha256(files[TEST]).hexdigest()[:12] for files in (other, few))
    failed_download(root, old, TEST, f"SHA-256 {came}", f"SHA-256 {expected}")


def test_no_connection(old, monkeypatch, root):
    with socket.socket() as deaf:  # its port is taken, and no server answers there
        deaf.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}/"
        monkeypatch.setattr(MNIST, "mirrors", [url])
        monkeypatch.setenv("no_proxy", "*")
        failed_download(root, old, f"Error downloading {TRAIN}.gz", url)


def test_an_interrupted_download(old, monkeypatch, root):
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
