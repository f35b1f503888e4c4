"""Write what a shop installs as a CycloneDX bill of materials: `python scripts/make_sbom.py FILE`.

The same locks give the same file: its serial number comes from them, and it holds no time.
"""

from __future__ import annotations

import json
import re
import sys
import uuid
from pathlib import Path
from typing import Any

from locked import ROOT, Locked, read_lock
from packaging.requirements import Requirement

from winback import __version__


def bill(packages: list[Locked]) -> dict[str, Any]:
    """CycloneDX 1.6 of the packages, and which of them needs which."""
    lock = (ROOT / "requirements.lock").read_text()
    own = f"winback@{__version__}"
    names = {item.name for item in packages}
    needs = {_ref(item): _needs(item, names, packages) for item in packages}
    needed = {ref for refs in needs.values() for ref in refs}
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, own + lock)}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": own,
                "name": "winback",
                "version": __version__,
                "licenses": [{"license": {"id": "Apache-2.0"}}],
            }
        },
        "components": [_component(item) for item in packages],
        "dependencies": [
            {"ref": own, "dependsOn": sorted(set(needs) - needed)},
            *({"ref": ref, "dependsOn": refs} for ref, refs in needs.items()),
        ],
    }


def _component(item: Locked) -> dict[str, Any]:
    return {
        "type": "library",
        "bom-ref": _ref(item),
        "name": item.name,
        "version": item.version,
        "purl": _ref(item),
        "licenses": [{"expression": item.license}],
        # Of each file in which the package is published; one of them is installed.
        "hashes": [{"alg": "SHA-256", "content": digest} for digest in item.hashes],
    }


def _ref(item: Locked) -> str:
    return f"pkg:pypi/{item.name}@{item.version}"


def _needs(item: Locked, names: set[str], packages: list[Locked]) -> list[str]:
    wanted = set()
    for text in item.distribution.requires or ():
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            wanted.add(re.sub(r"[-_.]+", "-", requirement.name).lower())
    return [_ref(other) for other in packages if other.name in wanted & names]


if __name__ == "__main__":
    text = json.dumps(bill(read_lock("requirements.lock")), indent=1)
    Path(sys.argv[1]).write_text(text + "\n", encoding="utf-8")
