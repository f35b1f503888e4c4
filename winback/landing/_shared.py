"""Landing shared by several machines: what WINBACK_LANDING_URL has, and this machine's copy of it.

A machine reads and writes its own files, as if there were no URL. Before a load, an erasure or a
build they are made those of the URL, and what a load or an erasure made of them is put there. Of
what both have changed nobody can say which is right: then nothing is done.

`landing/.shared.json` tells which set the files here are of.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final, Literal

from winback.base.errors import WinbackError
from winback.base.settings import Settings
from winback.base.storage import SharedFile, SharedPlace, SharedSet, new_set_id, sha256_of
from winback.base.whole import written_whole

# What a load reads of earlier ones, and a build of all: the ledger's files are made anew from the
# ledger, and the callbacks are those of the machine that receives them.
_SHARED: Final = ("shop/*.parquet", "loads/*.json", "erased/*.json")

# A file's size, the time of its last change, and its SHA-256.
_Seen = tuple[int, int, str]


@dataclass
class _Memory:
    """The set that the files here are of, and how they were then."""

    url: str = ""
    set_id: str = ""
    seen: dict[str, _Seen] = field(default_factory=dict)
    # What was about to take its place here, and may have.
    coming: dict[str, str] = field(default_factory=dict)
    # Whether older files must not be left at the URL, and may be.
    forgets: bool = False


def compare_landing(settings: Settings) -> Literal["", "ahead", "behind"]:
    """Whether the files here are not those of the URL: `ahead` of it, or `behind`; empty if they
    are. Raises WinbackError where the URL can't be read, or has nothing."""
    if not settings.landing_url:
        return ""
    now = SharedPlace(settings.landing_url, settings).read()
    memory = _remembered(settings)
    if now is None:
        raise _nothing(settings, memory)
    if memory.set_id != now.set_id:
        return "behind"
    here = _hashes(settings, memory)
    if now.files.keys() - here.keys():
        return "behind"
    is_same = not memory.forgets and here == {name: it.sha256 for name, it in now.files.items()}
    return "" if is_same else "ahead"


@contextmanager
def shared_landing(settings: Settings, *, forgets: bool = False) -> Iterator[None]:
    """Have the newest files for the block, and put there what it made of them. Nobody else writes
    meanwhile. Nothing is put there if the block fails. Without a URL nothing is done."""
    if not settings.landing_url:
        yield
        return
    place = SharedPlace(settings.landing_url, settings)
    with place.writing():
        now = _bring(settings, place)
        yield
        _share(settings, place, now, forgets=forgets)


def bring_landing(settings: Settings) -> None:
    """Have the newest files, while others may write to the URL; nobody else writes here."""
    _bring(settings, SharedPlace(settings.landing_url, settings))


def _bring(settings: Settings, place: SharedPlace) -> SharedSet | None:
    """Make the files here those of the URL. Killed half way, the next one finishes it."""
    now, memory = place.read(), _remembered(settings)
    if now is None:
        if memory.set_id:
            raise _nothing(settings, memory)
        return None
    here = _hashes(settings, memory)
    there = {name: file.sha256 for name, file in now.files.items()}
    if now.set_id == memory.set_id:
        # What differs here is news.
        _fetch(settings, place, {name: now.files[name] for name in there.keys() - here.keys()})
        return now
    _refuse_both_changed(settings, memory, here, there)
    wanted = {name: file for name, file in now.files.items() if here.get(name) != file.sha256}
    _fetch(settings, place, wanted)
    for name in here.keys() - there.keys():
        (settings.landing_dir / name).unlink()
    _remember(settings, _Memory(set_id=now.set_id, forgets=memory.forgets))
    return now


def _refuse_both_changed(
    settings: Settings, memory: _Memory, here: Mapping[str, str], there: Mapping[str, str]
) -> None:
    # What stands where nothing ever landed are the empty tables that a build makes.
    if not memory.set_id and not any(name.startswith("loads/") for name in here):
        return
    known = {name: {_sha(seen)} for name, seen in memory.seen.items()}
    for told in (there, memory.coming):
        for name, sha256 in told.items():
            known.setdefault(name, set()).add(sha256)
    if own := [name for name, sha256 in here.items() if sha256 not in known.get(name, ())]:
        raise WinbackError(
            f"{len(own)} files in {settings.landing_dir} were changed here ({min(own)}), and "
            f"others have landed at {settings.landing_url} since: nobody can say which are right. "
            "Next: docs/scale.md, 'When two machines have landed'"
        )


def _fetch(settings: Settings, place: SharedPlace, files: Mapping[str, SharedFile]) -> None:
    """Everything arrives beside landing before the first file takes its place."""
    if not files:
        return
    beside = settings.landing_dir / ".bringing"
    shutil.rmtree(beside, ignore_errors=True)
    wanted = {beside / _own_name(settings, name): file for name, file in files.items()}
    for path in wanted:
        path.parent.mkdir(parents=True, exist_ok=True)
    place.fetch(wanted)
    memory = _remembered(settings)
    memory.coming |= {name: file.sha256 for name, file in files.items()}
    _remember(settings, memory, is_now=False)
    for name in files:
        target = settings.landing_dir / name
        target.parent.mkdir(parents=True, exist_ok=True)
        (beside / name).replace(target)
    shutil.rmtree(beside)


def _share(settings: Settings, place: SharedPlace, now: SharedSet | None, *, forgets: bool) -> None:
    memory = _remembered(settings)
    here = _hashes(settings, memory)
    there = {name: file.sha256 for name, file in now.files.items()} if now else {}
    if now is None and not any(name.startswith("loads/") for name in here):
        return  # nothing has landed
    if forgets and here != there and not memory.forgets:
        memory.forgets = True
        _remember(settings, memory, is_now=False)
    try:
        if now is None or here != there:
            files = {name: (settings.landing_dir / name, sha) for name, sha in here.items()}
            now = place.put(new_set_id(), files)
            memory.set_id = now.set_id
            _remember(settings, memory)
            place.forget(now, at_once=memory.forgets)
        elif memory.forgets:
            place.forget(now, at_once=True)
    except WinbackError as error:
        raise WinbackError(
            f"{str(error).partition(' Next:')[0]}: what was done here did not get to "
            f"{settings.landing_url} whole. Next: the same command again"
        ) from None
    if memory.forgets:
        _remember(settings, _Memory(set_id=now.set_id))


def _nothing(settings: Settings, memory: _Memory) -> WinbackError:
    url = settings.landing_url
    if memory.set_id:
        return WinbackError(
            f"there is nothing at {url} any more, where this machine has landed before. Next: see "
            f"WINBACK_LANDING_URL; if it is right, remove {_memory(settings)} and load again"
        )
    return WinbackError(
        f"nothing is loaded at {url} yet. Next: winback load DIR, or see WINBACK_LANDING_URL"
    )


def _files(settings: Settings) -> Iterator[str]:
    for pattern in _SHARED:
        for path in sorted(settings.landing_dir.glob(pattern)):
            if not path.name.startswith("."):
                yield path.relative_to(settings.landing_dir).as_posix()


def _hashes(settings: Settings, memory: _Memory) -> dict[str, str]:
    """The SHA-256 of each file here; one that looks as it did is not read again."""
    return {name: _sha(_look(settings, memory, name)) for name in _files(settings)}


def _look(settings: Settings, memory: _Memory, name: str) -> _Seen:
    path = settings.landing_dir / name
    found, seen = path.stat(), memory.seen.get(name)
    if seen is not None and seen[:2] == (found.st_size, found.st_mtime_ns):
        return seen
    return found.st_size, found.st_mtime_ns, sha256_of(path)


def _sha(seen: _Seen | None) -> str:
    return seen[2] if seen else ""


def _own_name(settings: Settings, name: str) -> str:
    """A set names its files; none of them may lead out of landing."""
    if not any(PurePosixPath(name).match(pattern) for pattern in _SHARED) or ".." in name:
        raise WinbackError(f"{settings.landing_url} names a file {name!r}, which no landing has")
    return name


def _memory(settings: Settings) -> Path:
    return settings.landing_dir / ".shared.json"


def _remembered(settings: Settings) -> _Memory:
    """Nothing is known of another URL, nor from a file that can't be read."""
    with suppress(OSError, ValueError, TypeError):
        told = json.loads(_memory(settings).read_text(encoding="utf-8"))
        memory = _Memory(**told)
        if memory.url == settings.landing_url:
            memory.seen = {name: (*it[:2], it[2]) for name, it in memory.seen.items()}
            return memory
    return _Memory()


def _remember(settings: Settings, memory: _Memory, *, is_now: bool = True) -> None:
    """Remember the files as they are now, or as they were."""
    if is_now:
        before = _remembered(settings)
        memory.seen = {name: _look(settings, before, name) for name in _files(settings)}
        memory.coming = {}
    memory.url = settings.landing_url
    with written_whole(_memory(settings)) as path:
        path.write_text(json.dumps(asdict(memory)), encoding="utf-8")
