"""What is installed is what the locks hash, under licenses that we allow, and is listed."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from winback import __version__

ROOT = Path(__file__).parents[2]
LOCKS = (
    "requirements.lock",
    "requirements-dev.lock",
    "requirements-build.lock",
    "requirements-spark.lock",
)


def run(script: Path, *arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, script, *arguments], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_has_names_versions_and_hashes_alone(lock: str) -> None:
    text = (ROOT / lock).read_text()
    pin = r"[a-z0-9._-]+==[A-Za-z0-9.+!]+( \\\n    --hash=sha256:[0-9a-f]{64})+\n"
    assert re.fullmatch(f"({pin})+", text)


def test_whatever_make_installs_must_have_a_hash_of_a_lock() -> None:
    commands = [
        line for line in (ROOT / "Makefile").read_text().replace("\\\n", "").splitlines()
        if re.search(r"pip install|INSTALL\)", line) and not line.startswith("INSTALL")
    ]  # fmt: skip
    assert len(commands) == 5
    for command in commands:
        assert re.search(r"--require-hashes|\(LOCKED\)|--no-deps --no-build-isolation -e", command)
    assert "--require-hashes" in (ROOT / "Makefile").read_text().partition("LOCKED := ")[2]


@pytest.mark.parametrize(
    ("expression", "is_fine"),
    [
        ("MIT", True),
        ("Apache-2.0 OR GPL-3.0-only", True),
        ("GPL-3.0-only OR MIT", True),
        ("Apache-2.0 AND GPL-3.0-only", False),
        ("MPL-2.0 AND (GPL-2.0-only OR MIT)", True),
        ("(GPL-2.0-only) OR MIT", True),
        ("(MIT AND GPL-2.0-only) OR (AGPL-3.0-only AND MIT)", False),
        ("AGPL-3.0-or-later", False),
        ("SSPL-1.0", False),
        ("Commercial", False),
        ("no license", False),
        ("", False),
        ("MIT WITH something", False),
        ("(MIT", False),
        ("MIT)", False),
    ],
)
def test_a_license_is_allowed_where_one_side_of_or_and_all_of_and_are(
    expression: str, is_fine: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(ROOT / "scripts")
    import locked

    assert locked.is_allowed(expression) == is_fine


def test_every_package_is_listed_under_a_license_that_is_allowed() -> None:
    assert run(ROOT / "scripts" / "licenses.py") == (0, "")


def test_a_license_that_is_not_allowed_is_one_line_that_names_its_package(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts")
    (tmp_path / "docs").mkdir()
    for name in LOCKS:
        shutil.copy(ROOT / name, tmp_path)
    shutil.copy(ROOT / "docs" / "licenses.md", tmp_path / "docs")
    policy = tmp_path / "scripts" / "licenses.toml"
    policy.write_text(policy.read_text().replace('"LGPL-3.0-only", ', ""))
    code, said = run(tmp_path / "scripts" / "licenses.py")
    assert code == 1
    lines = said.splitlines()
    assert [line.split()[1] for line in lines] == ["psycopg", "psycopg-binary"]
    assert all("is under LGPL-3.0-only, which scripts/licenses.toml" in line for line in lines)


def test_the_bill_of_materials_has_all_of_the_lock_and_comes_out_the_same(tmp_path: Path) -> None:
    script = ROOT / "scripts" / "make_sbom.py"
    first, again = tmp_path / "first.json", tmp_path / "again.json"
    assert run(script, str(first)) == run(script, str(again)) == (0, "")
    assert first.read_bytes() == again.read_bytes()
    bill = json.loads(first.read_text())
    pins = re.findall(r"^([^ =]+)==([^ ]+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    assert [(item["name"], item["version"]) for item in bill["components"]] == pins
    assert all(item["hashes"] and item["licenses"] for item in bill["components"])
    needs = {item["ref"]: item["dependsOn"] for item in bill["dependencies"]}
    assert set(needs) == {item["bom-ref"] for item in bill["components"]} | {
        f"winback@{__version__}"
    }
    assert any(ref.startswith("pkg:pypi/greenlet@") for ref in needs[_ref(bill, "sqlalchemy")])


def _ref(bill: dict, name: str) -> str:
    return next(item["bom-ref"] for item in bill["components"] if item["name"] == name)
