"""Which files under a folder hold a word, whatever their format: Parquet and what is packed too."""

from __future__ import annotations

import base64
import binascii
import gzip
import hashlib
import json
import re
import zipfile
import zlib
from pathlib import Path

import pyarrow.parquet as pq

_BASE64 = re.compile(rb"(?:[A-Za-z0-9+/]{4}){6,}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")


def traces(folder: Path, *words: str) -> list[str]:
    """The files by name, with the word that each holds."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            text = readable(path).casefold()
            found += [f"{path.name}: {w}" for w in words if w.casefold() in text]
    return found


def hashes_of(*words: str) -> tuple[str, ...]:
    """What lists for ads have in the place of addresses."""
    return tuple(hashlib.sha256(word.encode()).hexdigest() for word in words)


def readable(path: Path) -> str:
    """All text in a file: its bytes, and what they say once unpacked."""
    content = path.read_bytes()
    text = _opened(content)
    if content.startswith(b"PAR1"):
        text += json.dumps(pq.read_table(path).to_pylist(), default=str, ensure_ascii=False)
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as packed:
            text += "".join(_opened(packed.read(name)) for name in packed.namelist())
    return text


def _opened(content: bytes) -> str:
    text = content.decode("latin-1")
    if content.startswith(b"\x1f\x8b"):
        return text + _opened(gzip.decompress(content))
    # Bodies of callbacks, and pictures and files in a page.
    for packed in _BASE64.findall(content):
        try:
            inner = base64.b64decode(packed, validate=True)
            text += inner.decode("latin-1")
            text += zlib.decompress(inner).decode("latin-1")
        except (binascii.Error, zlib.error):
            continue
    return text
