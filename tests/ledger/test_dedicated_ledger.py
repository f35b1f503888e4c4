"""A ledger serves rehearsals or real people, never both; a wrong URL is the user's mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from winback.base.errors import UsageError
from winback.base.settings import Settings
from winback.ledger import LedgerFenced, dedicate, open_ledger

pytestmark = pytest.mark.both_databases


def test_a_ledger_that_rehearsed_refuses_to_go_live(tmp_path: Path) -> None:
    with open_ledger(Settings.load(home=tmp_path)) as ledger:
        dedicate(ledger, "sandbox", is_rehearsal=False)
        dedicate(ledger, "sandbox", is_rehearsal=True)
        dedicate(ledger, "live", is_rehearsal=True)
        with pytest.raises(LedgerFenced, match="used for sandbox and can't be used for live"):
            dedicate(ledger, "live", is_rehearsal=False)


def test_a_ledger_of_real_people_refuses_a_rehearsal(tmp_path: Path) -> None:
    with open_ledger(Settings.load(home=tmp_path)) as ledger:
        dedicate(ledger, "live", is_rehearsal=False)
        dedicate(ledger, "live", is_rehearsal=False)
        with pytest.raises(LedgerFenced, match="used for live"):
            dedicate(ledger, "sandbox", is_rehearsal=False)


@pytest.mark.parametrize("url", ["garbage", "nosuch://user:secret@host/db"])
def test_a_url_that_names_no_ledger_is_one_line_without_its_value(tmp_path: Path, url: str) -> None:
    with pytest.raises(UsageError, match="WINBACK_LEDGER_URL") as wrong:
        open_ledger(Settings.load(home=tmp_path, ledger_url=url))
    assert "secret" not in str(wrong.value)
