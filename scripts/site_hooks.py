"""What mkdocs must know of this repository: documents outside of docs/, and links out of it.

The site shows the documents of the root as pages. A link to any other file of the repository
becomes the file's path, since the site has no copy of it; a path that is not there is an error.
"""

from __future__ import annotations

import logging
import posixpath
import re
from pathlib import Path
from typing import Any, Final

from mkdocs.structure.files import File

ROOT: Final = Path(__file__).resolve().parents[1]
# Where the site has what lies outside of docs/.
DOCUMENTS: Final = {
    "ARCHITECTURE.md": "architecture.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "DECISIONS.md": "decisions.md",
    "benchmarks/README.md": "benchmarks.md",
    "deployments/README.md": "deployments.md",
}
_SHOWN: Final = {**DOCUMENTS, "README.md": "index.md"}
_SOURCES: Final = {shown: source for source, shown in DOCUMENTS.items()}
_LINK: Final = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)#\s]+)(#[^)\s]*)?\)")
# A block that names its file: the name becomes the block's title.
_NAMED: Final = re.compile(r"^```(\w+) ([\w.]+)$", re.MULTILINE)
_log: Final = logging.getLogger("mkdocs.hooks.site")


def on_files(files: Any, *, config: Any) -> Any:
    """Add the documents of the root."""
    for source, shown in DOCUMENTS.items():
        text = (ROOT / source).read_text(encoding="utf-8")
        files.append(File.generated(config, shown, content=text))
    return files


def on_page_markdown(text: str, *, page: Any, config: Any, files: Any) -> str:  # noqa: ARG001
    """Turn the repository's links into the site's."""
    uri = page.file.src_uri
    folder = posixpath.dirname(_SOURCES.get(uri, f"docs/{uri}"))
    return _NAMED.sub(r'```\1 title="\2"', _LINK.sub(lambda found: _shown(found, folder), text))


def _shown(found: re.Match[str], folder: str) -> str:
    label, target, anchor = found[1], found[2], found[3] or ""
    if "://" in target or target.startswith("mailto:"):
        return found[0]
    path = posixpath.normpath(posixpath.join(folder, target))
    if path in _SHOWN:
        return f"[{label}]({_SHOWN[path]}{anchor})"
    if path.startswith("docs/"):
        return f"[{label}]({path.removeprefix('docs/')}{anchor})"
    if not (ROOT / path).exists():
        _log.warning("the link to %s leads nowhere. Next: mend it", path)
    # A label that is no path says something of its own, and keeps it.
    name = label.strip("`")
    return f"`{path}`" if name in (path, target) else f"{label} (`{path}`)"
