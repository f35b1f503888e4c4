"""The token of a shop: the app's own, or one that its id and secret are exchanged for.

They come from the environment, or from a secret block of Prefect's. An exchanged token holds for a
day, and is asked for by each pull: none is kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from winback.base.errors import UsageError, WinbackError
from winback.landing import Source
from winback.providers import Wire
from winback.pulling._client import Unreached, call

_CODE: Final = re.compile(r"[a-z_]{1,60}")


def read_token(source: Source, base_url: str, wire: Wire, wait: Callable[[float], None]) -> str:
    """The token of a source's shop, whose API is below `base_url`.

    Raises UsageError, without any secret, where what names it names nothing; WinbackError where
    the shop gives none.
    """
    secret = _secret(source)
    if not source.client_id:
        return secret
    asked = {
        "grant_type": "client_credentials",
        "client_id": source.read_secret("client_id"),
        "client_secret": secret,
    }
    response = call(wire, f"{base_url}/admin/oauth/access_token", asked, {}, wait)
    if isinstance(response, Unreached):
        raise WinbackError(
            f"{source.shop} {response.why}: nothing was done. Next: try again a little later"
        )
    token = response.json().get("access_token")
    if response.status == 200 and isinstance(token, str) and token:
        return token
    code = str(response.json().get("error") or "")
    why = f", {code}" if _CODE.fullmatch(code) else ""
    raise WinbackError(
        f"{source.shop} gives no token for the client_id and the secret of [{source.name}] "
        f"(HTTP {response.status}{why}). Next: compare both with the app's settings in the Dev "
        "Dashboard, and install the app in the shop"
    )


def _secret(source: Source) -> str:
    if not source.block:
        return source.read_secret("client_secret" if source.client_id else "token")
    from prefect.blocks.system import Secret

    try:
        block: Any = Secret.load(source.block)
    except ValueError:
        raise UsageError(
            f"{source.file}: block of [{source.name}] names a secret block that Prefect's server "
            "does not have. Next: make it in the control room under Blocks"
        ) from None
    except Exception as error:  # noqa: BLE001  # whatever it was, the secret is out of reach
        raise UsageError(
            f"{source.file}: the block of [{source.name}] can't be read ({type(error).__name__}). "
            "Next: winback up, or the PREFECT_API_URL of your server"
        ) from None
    return str(block.get())
