"""A file appears whole or not at all, also where several write it at once."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from winback.base.whole import written_whole


def test_threads_that_write_one_file_at_once_do_not_meet(tmp_path: Path) -> None:
    path, both = tmp_path / "file", threading.Barrier(2)
    failed: list[Exception] = []

    def write(text: str) -> None:
        try:
            with written_whole(path) as beside:
                both.wait()
                beside.write_text(text)
                both.wait()
        except Exception as error:  # noqa: BLE001 - the thread's end would swallow it
            failed.append(error)

    threads = [threading.Thread(target=write, args=(text,)) for text in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert path.read_text() in {"one", "two"}
    assert [it.name for it in tmp_path.iterdir()] == ["file"]


def fail_half_way(path: Path) -> None:
    with written_whole(path) as beside:
        beside.write_text("half")
        raise RuntimeError


def test_a_file_whose_writer_fails_stays_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(RuntimeError):
        fail_half_way(path)
    assert path.read_text() == "old"
    assert [it.name for it in tmp_path.iterdir()] == ["file"]
