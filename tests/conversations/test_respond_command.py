"""`winback respond` says what would be answered, and sends nothing."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import duckdb
import pytest

from winback.cli import main

pytestmark = pytest.mark.long


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WINBACK_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "published" / "current"
    folder.mkdir(parents=True)
    with duckdb.connect() as connection:
        connection.execute(
            f"copy (select 'c1' as customer_id, 'percent' as kind, 20.0 as value, 'W20' as code,"
            " timestamptz '2026-03-21 00:00:00+00' as offer_expires_at)"
            f" to '{folder}/live_offers.parquet'"
        )
    return folder


def said(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", ["winback", "respond", *arguments])
    monkeypatch.setattr(sys, "stdin", io.StringIO("What is my code?\nWhere is my order?\n"))
    main()


def test_a_question_gets_its_answer_or_a_human(
    published: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = {
        "run_id": "r", "as_of": "2026-03-10T12:00:00+00:00", "git_sha": "", "row_counts": {},
        "landed_rows": {}, "segment_hashes": {},
    }  # fmt: skip
    (published / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(SystemExit) as ended:
        said(monkeypatch, "--customer", "c1")
    assert not ended.value.code
    code, order = capsys.readouterr().out.splitlines()
    assert code.startswith(
        "Example Shop, automated reply: Your code W20 gives you 20% off until Mar 20: https://shop"
    )
    assert order == "(a human: not_understood)"
    with pytest.raises(SystemExit):
        said(monkeypatch, "--customer", "c2")
    assert capsys.readouterr().out.splitlines()[0] == "(a human: no_live_offer)"


def test_without_a_published_set_it_says_what_comes_next(
    published: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        said(monkeypatch)
    assert "Next: winback build" in capsys.readouterr().err
