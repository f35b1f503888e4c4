"""The token of a shop: from the environment, or from a secret block of Prefect's."""

from __future__ import annotations

from typing import Any

from winback.base.errors import UsageError
from winback.landing import Source


def read_token(source: Source) -> str:
    """The token that a source names. Raises UsageError, without it, where there is none."""
    if not source.block:
        return source.read_secret("token")
    from prefect.blocks.system import Secret

    try:
        block: Any = Secret.load(source.block)
    except ValueError:
        raise UsageError(
            f"{source.file}: block of [{source.name}] names a secret block that Prefect's server "
            "does not have. Next: make it in the control room under Blocks"
        ) from None
    except Exception as error:  # noqa: BLE001  # whatever it was, the token is out of reach
        raise UsageError(
            f"{source.file}: the block of [{source.name}] can't be read ({type(error).__name__}). "
            "Next: winback up, or the PREFECT_API_URL of your server"
        ) from None
    return str(block.get())
