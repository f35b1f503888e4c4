"""Check the code in the documents: `python scripts/check_docs.py`. One line for each fault.

Each `winback …` in them is put to the real command line without being run: the command exists,
and takes these options and arguments. Each `make …` is a target. Blocks of Python, SQL, TOML,
YAML, JSON and CSV can be read.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import re
import shlex
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import duckdb
import yaml
from typer.main import get_command

# The package, not its `_app`: importing it registers the commands.
from winback.cli import _app

ROOT: Final = Path(__file__).resolve().parents[1]
_BLOCK: Final = re.compile(r"^(`{3})([^\n]*)\n(.*?)^\1$", re.MULTILINE | re.DOTALL)
_SHELLS: Final = ("", "sh", "console")
_INLINE: Final = re.compile(r"`((?:\.venv/bin/)?winback [^`]+|make [\w-]+)`")
_CALL: Final = re.compile(r"^(?:\$ )?(?:[A-Z_]+=\S* )*(?:\.venv/bin/)?(winback|make)(?= |$)(.*)$")
_JINJA: Final = (
    (re.compile(r"\{\{.*?\}\}", re.DOTALL), "it"),
    (re.compile(r"\{[%#].*?[%#]\}"), ""),
)
# What the shell does after a call, or with it.
_SHELL: Final = re.compile(r" (?:&&|\||<|>) ")
# A command that stands for all of its kind.
_ANY: Final = re.compile(r"[A-Z]{2,}|…|\.\.\.")
# A line of usage: what stands before is a command, and the rest no call of it.
_USAGE: Final = ("[OPTIONS]", "COMMAND")
_MISSING: Final = ("NoArgsIsHelpError", "MissingParameter")
_root: Final = get_command(_app.app)
_targets: Final = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def documents() -> list[Path]:
    """All documents; the changelog and the decisions tell of what was, too."""
    left = {"CHANGELOG.md", "DECISIONS.md"}
    found = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("*/README.md")]
    return sorted(path for path in found if path.name not in left)


def faults(text: str) -> Iterator[str]:
    """What is wrong with the code of a document, each with its line."""
    for block in _BLOCK.finditer(text):
        line = text.count("\n", 0, block.start()) + 2
        language = _language(block)
        if language in _SHELLS:
            for place, command in enumerate(block[3].splitlines()):
                yield from _told(line + place, _wrong_call(command, whole=True))
        elif language in _READERS:
            yield from _told(line, _unread(_READERS[language], block[3]))
    # A block is blanked, not cut, so that the lines keep their numbers.
    prose = _BLOCK.sub(lambda block: re.sub(r"[^\n]", " ", block[0]), text)
    for span in _INLINE.finditer(prose):
        command = " ".join(span[1].split())
        yield from _told(prose.count("\n", 0, span.start()) + 1, _wrong_call(command, whole=False))


def calls(text: str) -> Iterator[list[str]]:
    """The words after `winback` of each call in a block, without those that stand for others."""
    for block in _BLOCK.finditer(text):
        if _language(block) in _SHELLS:
            for program, *words in filter(None, map(_call, block[3].splitlines())):
                is_usage = any(word in _USAGE or word.startswith("[") for word in words)
                if program == "winback" and words and not is_usage:
                    yield words


def _language(block: re.Match[str]) -> str:
    return (block[2].split() or [""])[0]


def _call(line: str) -> list[str]:
    """The words of a line that calls winback or make; none of any other line."""
    found = _CALL.match(line.strip())
    return [found[1], *shlex.split(_SHELL.split(found[2])[0], comments=True)] if found else []


def _told(line: int, fault: str) -> Iterator[str]:
    if fault:
        yield f"line {line}: {fault}"


def _wrong_call(text: str, *, whole: bool) -> str:
    program, *words = _call(text) or [""]
    if program == "make":
        unknown = [word for word in words if "=" not in word and word not in _targets]
        return f"make has no target {unknown[0]}" if unknown else ""
    if not program or (words and _ANY.fullmatch(words[0])):
        return ""
    return _parsed(_root, program, words, whole=whole)


def _parsed(command: Any, path: str, words: list[str], *, whole: bool) -> str:
    """Why the command line refuses these words; empty: it takes them."""
    parts = getattr(command, "commands", {})
    if parts and words and not words[0].startswith("-"):
        name, *rest = words
        if name in parts:
            return _parsed(parts[name], f"{path} {name}", rest, whole=whole)
        return "" if name in _USAGE else f"{path} has no command {name}"
    if any(word in _USAGE for word in words):
        return ""
    try:
        # A group without a command prints its help.
        with contextlib.redirect_stdout(io.StringIO()):
            command.make_context(path, list(words))
    except Exception as error:  # noqa: BLE001 - typer has classes of its own like click's
        kind = type(error).__name__
        is_fine = kind == "Exit" or (kind in _MISSING and not (whole and words))
        return "" if is_fine else f"{path}: {getattr(error, 'message', '') or error}"
    return ""


def _unread(reader: Callable[[str], object], text: str) -> str:
    try:
        reader(text)
    except (SyntaxError, ValueError, yaml.YAMLError, duckdb.Error) as error:
        return str(error).splitlines()[0]
    return ""


def _sql(text: str) -> None:
    for pattern, instead in _JINJA:
        text = pattern.sub(instead, text)
    duckdb.extract_statements(text)


def _csv(text: str) -> None:
    widths = {len(row) for row in csv.reader(io.StringIO(text)) if row}
    if len(widths) > 1:
        raise ValueError(f"rows have {min(widths)} to {max(widths)} columns")


_READERS: Final[dict[str, Callable[[str], object]]] = {
    "csv": _csv,
    "json": json.loads,
    "python": lambda text: compile(text, "<block>", "exec"),
    "sql": _sql,
    "toml": tomllib.loads,
    "yaml": yaml.safe_load,
}


def main() -> int:
    """Check all documents; 1 where one has a fault."""
    found = [
        f"{path.relative_to(ROOT)}, {fault}"
        for path in documents()
        for fault in faults(path.read_text(encoding="utf-8"))
    ]
    for line in found:
        sys.stderr.write(f"docs: {line}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
