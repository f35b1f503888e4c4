"""A template folder as Jinja reads it: what a page says of one person, and which version it is."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from jinja2 import (
    Environment,
    FileSystemLoader,
    StrictUndefined,
    TemplateNotFound,
    UndefinedError,
    meta,
)
from jinja2.sandbox import ImmutableSandboxedEnvironment
from mjml import mjml2html

from winback.base.languages import ROOT, Language, languages
from winback.content._blocked import RenderBlocked

# Jinja's error has the missing name in its words only.
_UNDEFINED: Final = re.compile(r"^'(\w+)' is undefined|has no attribute '(\w+)'")


class _Mjml(FileSystemLoader):
    """Reads `x.html`, or compiles it from `x.mjml`: tables and styles that mail programs know.

    Jinja's tags pass through it, so that a template is compiled once and filled for each person.
    """

    def get_source(
        self, environment: Environment, template: str
    ) -> tuple[str, str, Callable[[], bool]]:
        stem, dot, kind = template.rpartition(".")
        if kind == "html":
            with suppress(TemplateNotFound):
                source, path, is_fresh = super().get_source(environment, f"{stem}{dot}mjml")
                return mjml2html(source), path, is_fresh
        return super().get_source(environment, template)


class Templates:
    """The files of one templates folder; a fact that is missing blocks a page."""

    def __init__(self, folder: Path) -> None:
        self._environment = ImmutableSandboxedEnvironment(
            loader=_Mjml(folder),
            undefined=StrictUndefined,
            autoescape=lambda name: bool(name and name.endswith(".html")),
            auto_reload=False,
        )
        self._folder = folder
        self._version = lru_cache(maxsize=None)(self._read_version)
        self._edition = lru_cache(maxsize=None)(self._find_edition)
        self.files = lru_cache(maxsize=None)(self._files)
        self._piece = lru_cache(maxsize=None)(self._environment.from_string)

    def has(self, name: str) -> bool:
        """Whether a file is there; a page may be written in MJML."""
        path = self._folder / name
        return path.is_file() or (name.endswith(".html") and path.with_suffix(".mjml").is_file())

    def edition(self, names: tuple[str, ...], wanted: tuple[str, ...]) -> Language:
        """The first of the wanted languages in which a message's files are there, else English.

        Raises RenderBlocked where some files of a language are there and others aren't: nothing
        is sent that is half in one language and half in another.
        """
        return self._edition(names, wanted)

    def _find_edition(self, names: tuple[str, ...], wanted: tuple[str, ...]) -> Language:
        for tag in wanted:
            if tag == ROOT:
                break
            edition = languages()[tag]
            lacking = [name for name in names if not self.has(edition.folder + name)]
            if not lacking:
                return edition
            if len(lacking) < len(names):
                raise RenderBlocked(
                    "half_translated",
                    f"templates/{edition.folder}{lacking[0]} is missing, and the message's other "
                    "files are there",
                    field=edition.tag,
                )
        return languages()[ROOT]

    def fill(self, name: str, context: Mapping[str, Any]) -> str:
        """One page with a person's facts. Raises RenderBlocked, naming what is missing."""
        try:
            return self._environment.get_template(name).render(context)
        except UndefinedError as error:
            raise _missing(name, error) from None
        except TemplateNotFound as error:
            raise RenderBlocked("no_template", f"templates/{error.name} is missing") from None

    def fill_text(self, name: str, source: str, context: Mapping[str, Any]) -> str:
        """A piece of the file `name`, filled in the same way."""
        try:
            return self._piece(source).render(context)
        except UndefinedError as error:
            raise _missing(name, error) from None

    def source(self, name: str) -> str:
        """A file as it was written. Raises RenderBlocked where there is none."""
        try:
            return self._source(name)
        except TemplateNotFound as error:
            raise RenderBlocked("no_template", f"templates/{error.name} is missing") from None

    def version(self, names: tuple[str, ...], edition: Language) -> str:
        """A hash of the template files, all that they include or extend, and the language."""
        return self._version(names, edition.tag)

    def _files(self, names: tuple[str, ...]) -> list[str]:
        """The files of these names and all that they include or extend, the nearest first."""
        found, pending = list[str](), list(names)
        while pending:
            name = pending.pop(0)
            if name in found:
                continue
            found.append(name)
            parsed = self._environment.parse(self._source(name))
            pending += filter(None, meta.find_referenced_templates(parsed))
        return found

    def written(self, name: str) -> str:
        """A file as its author wrote it: MJML as it was before it was compiled."""
        path = self._folder / name
        return (path if path.is_file() else path.with_suffix(".mjml")).read_text(encoding="utf-8")

    def _read_version(self, names: tuple[str, ...], tag: str) -> str:
        digest = hashlib.sha256(json.dumps([tag, languages()[tag].table]).encode())
        for name in self.files(names):
            digest.update(f"{name}\0{self._source(name)}\0".encode())
        return digest.hexdigest()[:16]

    def _source(self, name: str) -> str:
        loader = self._environment.loader
        assert loader is not None  # noqa: S101 - set above
        return loader.get_source(self._environment, name)[0]


def _missing(name: str, error: UndefinedError) -> RenderBlocked:
    named = _UNDEFINED.search(str(error))
    field = next(filter(None, named.groups())) if named else ""
    return RenderBlocked("render_missing", f"{name}: {error}", field=field)
