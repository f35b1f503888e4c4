"""`winback build` publishes nothing older than what is known."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import duckdb
import pytest

from winback import warehouse
from winback.base.errors import WinbackError
from winback.base.settings import Settings
from winback.cli._app import main
from winback.inbound._log import log_part_path
from winback.ledger import open_ledger
from winback.providers import Record

AT = datetime(2026, 3, 10, 20, tzinfo=UTC)
PHONE = "+14155550101"


@pytest.mark.parametrize(
    ("arguments", "read"),
    [((), f"the build read [('{PHONE}', 'stop')]"), (("--no-collect",), "the build read nothing")],
)
def test_a_stop_that_was_acknowledged_is_in_landing_before_the_build_begins_unless_it_is_left(
    arguments: tuple[str, ...],
    read: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("WINBACK_HOME", str(tmp_path))
    settings = Settings.load(home=tmp_path)
    with open_ledger(settings):
        settings.events_dir.mkdir(parents=True)
    text = {"MessageSid": "SM1", "From": PHONE, "To": "+15550009999", "Body": "STOP"}
    record = Record("twilio", "inbound", AT, "", {}, urlencode(text).encode())
    log_part_path(settings.events_dir, "w", 1).write_text(record.to_line())

    def build(settings: Settings, *_: object, **__: object) -> None:
        folder = settings.ledger_landing_dir / "suppressions"
        if not folder.exists():
            raise WinbackError("the build read nothing")
        landed = folder / "*.parquet"
        query = f"select address, reason from read_parquet('{landed}')"
        raise WinbackError(f"the build read {duckdb.execute(query).fetchall()}")

    monkeypatch.setattr(warehouse, "build", build)
    monkeypatch.setattr(warehouse, "read_project", lambda _: None)
    monkeypatch.setattr(sys, "argv", ["winback", "build", *arguments])
    with pytest.raises(SystemExit):
        main()
    assert read in capsys.readouterr().err
