"""Hold the licenses of all packages to licenses.toml: `python scripts/licenses.py [--write]`.

Needs no network: it reads what is installed. `--write` lists them in docs/licenses.md; without
it, a page that is out of date is a finding too.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Final

from locked import ROOT, Locked, is_allowed, policy, read_lock

PAGE: Final = ROOT / "docs" / "licenses.md"
_HEAD: Final = """# Licenses of the packages that we install

`make licenses` writes this page from what the packages say of themselves. `make check` holds each
of them to the licenses that `scripts/licenses.toml` allows, and this page to both. A shop installs
what is used to run; the rest is for tests. winback itself is under Apache-2.0.
`tests/assets/caniemail` holds the data of the npm package `caniemail` 1.0.5 (MIT), from which
`winback/content/lint/mail_features.csv` is made. `tests/deployments/assets/compose-spec.json` is
the schema of compose files of compose-spec/compose-spec (Apache-2.0).

| package | license | used to |
|---|---|---|
"""


def refused(packages: Sequence[Locked]) -> list[str]:
    """One line for each package that may not be installed under its license."""
    return [
        f"{item.name} {item.version} is under {item.license}, which scripts/licenses.toml does not "
        "allow. Next: read its license, then allow it there or do without the package"
        for item in packages
        if not is_allowed(item.license)
    ]


def page(runtime: Sequence[Locked], everything: Sequence[Locked]) -> str:
    """docs/licenses.md as it should be."""
    names = {item.name for item in runtime}
    rows = [
        f"| {item.name} | {item.license} | {'run' if item.name in names else 'test'} |"
        for item in everything
    ]
    return _HEAD + "\n".join(rows) + "\n"


def main(arguments: Sequence[str]) -> int:
    """Check, or write; 1 where something is to be done."""
    runtime, everything = read_lock("requirements.lock"), read_lock("requirements-dev.lock")
    found = refused([*everything, *read_lock("requirements-build.lock")])
    known = {item.name for item in everything}
    found += [
        f"scripts/licenses.toml states a license of {name}, which no lock has. Next: take it out"
        for name in policy()["stated"]
        if name not in known
    ]
    text = page(runtime, everything)
    if "--write" in arguments:
        PAGE.write_text(text, encoding="utf-8")
    elif not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text:
        found.append("docs/licenses.md is out of date. Next: make licenses")
    for line in found:
        sys.stderr.write(f"licenses: {line}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
