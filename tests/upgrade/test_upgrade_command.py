"""What an upgrade changes is told before it does, and live mode waits for a person's yes."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from kept_homes import KeptHome, unpack

from winback import __version__
from winback.base.errors import WinbackError
from winback.cli import main
from winback.ledger import migrations, open_ledger, read_standing
from winback.readiness.modes import resolve_run
from winback.readiness.upgrade import Upgrade, next_line, upgrade_finding, upgrade_lines

pytestmark = pytest.mark.long

Call = Callable[..., str]


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> KeptHome:
    found = unpack("0.4.0", tmp_path)
    monkeypatch.chdir(tmp_path)
    for name, value in found.variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("WINBACK_HOME", str(found.home))
    return found


@pytest.fixture
def winback(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """Run a command; what it says."""

    def call(line: str, code: int = 0) -> str:
        monkeypatch.setattr("sys.argv", ["winback", *line.split()])
        with pytest.raises(SystemExit) as ended:
            main()
        assert (ended.value.code or 0) == code
        told = capsys.readouterr()
        return told.out + told.err

    return call


def revision(kept: KeptHome) -> str:
    standing = read_standing(kept.settings())
    assert standing is not None
    return standing.revision


def test_doctor_names_what_an_upgrade_changes_and_leaves_the_ledger(
    kept: KeptHome, winback: Call
) -> None:
    for line in ("doctor", "upgrade"):
        said = " ".join(winback(line, code=1 if line == "doctor" else 0).split())
        assert "last written by winback 0.4.0 (revision 0022)" in said
        assert "0029 What a provider's records showed" in said
        assert "0022 " not in said.replace("(revision 0022)", "")
        assert "0.5.0" in said
        assert "(yes" in said
        assert "(no, until" not in said
        assert (
            "Next: winback backup, then winback upgrade --compare, then winback upgrade --accept"
            in said
        )
    facts = json.loads(winback("upgrade --json"))
    assert (facts["written_by"], facts["accepted"]) == ("0.4.0", "0.4.0")
    assert facts["waits"]
    assert len(facts["revisions"]) == int(migrations.newest()) - 22
    releases = {it["release"] for it in facts["changes"]}
    assert releases == {"0.5.0", __version__}
    assert json.loads(winback("doctor --json", code=1))["upgrade"]["revision"] == "0022"
    assert revision(kept) == "0022"


def test_a_backup_before_an_upgrade_is_of_what_the_upgrade_finds(
    kept: KeptHome, winback: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    winback(f"backup {tmp_path / 'kept'}")
    assert revision(kept) == "0022"
    [manifest] = (tmp_path / "kept").rglob("*T*Z-*.json")
    told = manifest.read_text()
    assert '"0022"' in told
    assert '"0.4.0"' in told
    monkeypatch.setenv("WINBACK_HOME", str(tmp_path / "copy"))
    winback(f"restore {tmp_path / 'kept'}")
    copy = KeptHome(tmp_path / "copy", kept.variables, kept.about)
    assert revision(copy) == migrations.newest()
    count = "select state, count(*) from messages group by 1 order by 1"
    assert copy.rows(count) == kept.rows(count)
    standing = read_standing(copy.settings())
    assert standing is not None
    assert standing.accepted == "0.4.0", "a copy waits for the same yes"


def live(kept: KeptHome) -> None:
    settings = kept.settings(
        public_base_url="https://hooks.copper.example.com",
        sendgrid_api_key="SG.k",
        sendgrid_webhook_public_keys="k",
        twilio_account_sid="AC1",
        twilio_auth_token="t",
        twilio_messaging_service_sid="MG1",
        sms_campaign_status="registered",
    )
    resolve_run(settings, mode="live")


def test_live_mode_waits_until_a_person_agrees(kept: KeptHome, winback: Call) -> None:
    with pytest.raises(WinbackError, match=r"may send differently than winback 0\.4\.0") as refused:
        live(kept)
    assert "\n" not in str(refused.value)
    assert resolve_run(kept.settings(), mode="sandbox").sends
    # Whatever opens the ledger brings it up to date; the yes is still a person's.
    with open_ledger(kept.settings()):
        pass
    assert revision(kept) == migrations.newest()
    said = winback("upgrade")
    assert "applies" not in said
    assert "may send differently:" in said
    with pytest.raises(WinbackError, match=r"winback upgrade --accept"):
        live(kept)
    assert "Agreed" in winback("upgrade --accept")
    live(kept)
    assert winback("upgrade").strip() == f"winback {__version__} changes nothing here."
    assert json.loads(winback("upgrade --json"))["waits"] is False


def test_a_ledger_of_a_newer_winback_is_refused_in_one_line(kept: KeptHome, winback: Call) -> None:
    with sqlite3.connect(kept.home / "ledger.db") as ledger:
        ledger.execute("update alembic_version set version_num = '9000'")
    ledger.close()
    for line, code in (("upgrade", 2), ("upgrade --accept", 2), ("backup elsewhere", 2)):
        said = winback(line, code=code).strip()
        assert "newer winback (revision 9000" in said
        assert "\n" not in said
    assert "newer winback (revision 9000" in winback("doctor", code=2)


def test_a_comparison_needs_a_run_to_compare_with(kept: KeptHome, winback: Call) -> None:
    assert "no release has published decisions here" in winback("upgrade --compare", code=1)
    assert "--compare changes nothing" in winback("upgrade --compare --accept", code=2)
    assert revision(kept) == "0022"


def test_what_changed_beneath_the_shop_s_own_is_named() -> None:
    upgrade = Upgrade("0.5.0", "0.5.0", "0.6.0", "0029", "0029", True, (), (), ("segments/a.sql",))
    assert list(upgrade_lines(upgrade)) == [
        "ours has changed beneath 1 of the shop's own:", "  segments/a.sql",
    ]  # fmt: skip
    assert next_line(upgrade) == (
        "Next: winback project diff --release, then winback upgrade --accept"
    )
    assert upgrade_finding(upgrade) == ""


def test_a_home_that_never_sent_has_nothing_to_agree_to(
    kept: KeptHome, winback: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = KeptHome(kept.home.parent / "new", kept.variables, {})
    monkeypatch.setenv("WINBACK_HOME", str(empty.home))
    assert "no ledger yet" in winback("upgrade")
    assert not (empty.home / "ledger.db").exists()
    with open_ledger(empty.settings()):
        pass
    assert "changes nothing here" in winback("upgrade")
    live(empty)
