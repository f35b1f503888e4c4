"""The files of deployments, read by the programs that know their formats. None of them is run."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deployments"
COMPOSE = FOLDER / "containers" / "compose.yaml"
IMAGE = FOLDER / "containers" / "Containerfile"
JOB = FOLDER / "kubernetes" / "job-template.json"
# The services that run winback or Prefect for good.
LASTING = ("server", "worker", "receiver")


def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())["services"]
    return found


def test_hadolint_finds_nothing_in_the_image() -> None:
    # Under GPL-3.0, which we don't install for anybody.
    if (hadolint := shutil.which("hadolint")) is None:
        pytest.skip("hadolint is missing")
    done = subprocess.run([hadolint, IMAGE], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_image_copies_all_that_a_wheel_is_made_of_and_runs_without_root() -> None:
    text = IMAGE.read_text()
    copied = {name for line in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE)
              for name in line.split()}  # fmt: skip
    setup = (ROOT / "setup.py").read_text()
    brought = re.findall(r'"([\w.]+)"', setup[setup.index("house:") : setup.index("def run")])
    assert {*brought, "winback", "flows", "quality", "pyproject.toml"} <= copied
    assert all((ROOT / name).exists() for name in copied)
    wanted = {line[1:] for line in (ROOT / ".dockerignore").read_text().split() if line[0] == "!"}
    assert wanted == copied
    assert text.splitlines()[-3].startswith("USER 10001")


def test_the_compose_file_is_one_by_the_published_schema() -> None:
    schema = json.loads((Path(__file__).parent / "assets" / "compose-spec.json").read_text())
    jsonschema.Draft7Validator(schema).validate(yaml.safe_load(COMPOSE.read_text()))


@pytest.mark.parametrize("name", sorted(services()))
def test_no_service_has_root_or_a_filesystem_that_it_may_write(name: str) -> None:
    service = services()[name]
    assert service["read_only"] is True
    assert service["user"].split(":")[0] != "0"
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))


@pytest.mark.parametrize("name", [*LASTING, "postgres"])
def test_each_service_that_lasts_says_whether_it_is_well(name: str) -> None:
    assert services()[name]["healthcheck"]["test"][0] == "CMD"
    assert services()[name]["restart"] == "unless-stopped"


def test_a_password_is_asked_for_and_none_is_written_down() -> None:
    text = COMPOSE.read_text()
    filled_in = re.findall(r"\$\{(\w*PASSWORD)(:\?)?", text)
    assert len(filled_in) > 1
    assert set(filled_in) == {("POSTGRES_PASSWORD", ":?")}


def manifest() -> dict[str, Any]:
    """The job of a flow run with the template's defaults, as a worker of the pool fills it in."""
    template = json.loads(JOB.read_text())
    values = {name: it["default"] for name, it in template["variables"]["properties"].items()
              if "default" in it}  # fmt: skip
    values |= {"command": ["prefect", "flow-run", "execute"], "env": []}

    def filled(it: Any) -> Any:
        if isinstance(it, dict):
            return {name: filled(value) for name, value in it.items()}
        if isinstance(it, list):
            return [filled(value) for value in it]
        whole = re.fullmatch(r"\{\{ (\w+) \}\}", it) if isinstance(it, str) else None
        if whole:
            return values[whole[1]]
        return (
            re.sub(r"\{\{ (\w+) \}\}", lambda hit: str(values[hit[1]]), it)
            if isinstance(it, str)
            else it
        )

    found: dict[str, Any] = filled(template["job_configuration"]["job_manifest"])
    return found


def test_the_job_of_kubernetes_is_one_by_its_published_schema() -> None:
    job = manifest()
    # The worker of Prefect wants these two here; Kubernetes knows them a level higher.
    pod = job["spec"]["template"]["spec"]
    assert (pod.pop("parallelism"), pod.pop("completions")) == (1, 1)
    kubernetes_validate.validate(job, "1.31", strict=True)
    [container] = pod["containers"]
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert pod["securityContext"]["runAsNonRoot"] is True
    # A job that failed is run again by Prefect, which knows what has left.
    assert job["spec"]["backoffLimit"] == 0


@pytest.fixture
def units(tmp_path: Path) -> list[Path]:
    """The units, with this checkout's commands in the place of /opt/winback's."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is missing")
    for path in [*FOLDER.glob("*.service"), *FOLDER.glob("*.timer")]:
        text = path.read_text().replace("/opt/winback/.venv/bin", str(Path(sys.executable).parent))
        text = text.replace("/opt/winback", str(tmp_path)).replace("User=winback\n", "")
        (tmp_path / path.name).write_text(text)
    return sorted(tmp_path.iterdir())


def test_systemd_takes_each_unit(units: list[Path]) -> None:
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "SYSTEMD_LOG_LEVEL": "warning"},
    )
    assert len(units) == 8
    assert (done.returncode, done.stderr) == (0, "")


def test_a_unit_can_write_its_folder_alone(units: list[Path]) -> None:
    for path in units:
        if path.suffix == ".service":
            text = path.read_text()
            assert "ProtectSystem=strict\n" in text
            own = [str(path.parent), "/mnt/backup"] if "backup" in path.name else [str(path.parent)]
            assert re.findall(r"^ReadWritePaths=(.*)$", text, re.MULTILINE) == [" ".join(own)]
            # Another home than the project's would be a ledger that knows of no message.
            assert "WINBACK_HOME" not in text
