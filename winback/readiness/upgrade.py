"""What an upgrade of winback changes in a home, told before it does."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from winback import __version__
from winback.base.places import HOUSE_DIR, SHOP_DIR
from winback.base.releases import Change, changes_after, read_releases
from winback.base.settings import Settings
from winback.ledger import accept_release, migrations, open_ledger, read_standing
from winback.readiness.own_project import accept, everything_own

_ACCEPT: Final = "winback upgrade --accept"


@dataclass(frozen=True)
class Upgrade:
    """What lies between the release that a home knows and this one.

    `revisions` are those of the ledger that are still to be applied, in words. `changes` are all
    since `accepted`, the oldest first. `own` names what of the shop's own stands over ours that
    has changed since the shop looked at it.
    """

    written_by: str
    accepted: str
    release: str
    revision: str
    newest_revision: str
    has_sent: bool
    revisions: tuple[str, ...]
    changes: tuple[Change, ...]
    own: tuple[str, ...]

    @property
    def may_send(self) -> tuple[Change, ...]:
        """The changes that may send differently."""
        return tuple(it for it in self.changes if it.may_send)

    @property
    def is_to_accept(self) -> bool:
        """Whether live mode waits for a person."""
        return self.has_sent and bool(self.may_send)


def look_at_upgrade(settings: Settings) -> Upgrade | None:
    """What this release changes in the home, which stays as it is; None where no ledger is.

    Raises LedgerUnavailable and UsageError as opening the ledger does.
    """
    standing = read_standing(settings)
    if standing is None:
        return None
    changed = () if SHOP_DIR is None else everything_own(HOUSE_DIR, SHOP_DIR)
    return Upgrade(
        standing.written_by,
        standing.accepted,
        __version__,
        standing.revision,
        migrations.newest(),
        standing.has_sent,
        tuple(_revisions_after(standing.revision)),
        changes_after(read_releases(HOUSE_DIR), standing.accepted),
        tuple(it.name for it in changed if it.is_ours_changed),
    )


def accept_upgrade(settings: Settings) -> None:
    """Bring the ledger's tables up to date and keep that the operator agrees to how this release
    sends, and has looked at what it changed beneath the shop's own. Safe to repeat."""
    with open_ledger(settings) as ledger, ledger.write() as connection:
        accept_release(connection)
    if SHOP_DIR is not None:
        accept(HOUSE_DIR, SHOP_DIR)


def upgrade_lines(upgrade: Upgrade) -> Iterator[str]:
    """All of it in lines, for a person; none where nothing is to be done."""
    if upgrade.revisions:
        yield (
            f"the ledger was last written by winback {upgrade.written_by} (revision "
            f"{upgrade.revision}); the next command that opens it applies {len(upgrade.revisions)}"
            " revisions, after which an earlier winback can't open it:"
        )
        yield from (f"  {line}" for line in upgrade.revisions)
    if upgrade.is_to_accept:
        yield (
            f"{len(upgrade.may_send)} of {len(upgrade.changes)} changes since winback "
            f"{upgrade.accepted} may send differently:"
        )
        yield from (f"  {it.release}  {it.what} ({it.sends})" for it in upgrade.may_send)
    if upgrade.own:
        yield f"ours has changed beneath {len(upgrade.own)} of the shop's own:"
        yield from (f"  {name}" for name in upgrade.own)


def next_line(upgrade: Upgrade) -> str:
    """The commands that come next, in their order; empty where nothing is to be done."""
    steps = []
    if upgrade.revisions:
        steps.append("winback backup")
    if upgrade.is_to_accept:
        steps.append("winback upgrade --compare")
    if upgrade.own:
        steps.append("winback project diff --release")
    if upgrade.revisions or upgrade.is_to_accept or upgrade.own:
        steps.append(_ACCEPT)
    return f"Next: {', then '.join(steps)}" if steps else ""


def upgrade_finding(upgrade: Upgrade | None) -> str:
    """Why live mode waits, in one line; empty where it doesn't."""
    if upgrade is None or not upgrade.is_to_accept:
        return ""
    return (
        f"winback {upgrade.release} may send differently than winback {upgrade.accepted}, which "
        f"sent here before ({len(upgrade.may_send)} changes), and nobody has agreed yet. "
        f"Next: winback upgrade, then {_ACCEPT}"
    )


def _revisions_after(revision: str) -> Iterator[str]:
    """The ledger's revisions after one, each with the first sentence about it."""
    for path in sorted(migrations.VERSIONS.glob("[0-9]*.py")):
        number = path.stem.partition("_")[0]
        if number > revision:
            told = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or path.stem
            yield f"{number}  {' '.join(told.partition(chr(10) * 2)[0].split())}"
