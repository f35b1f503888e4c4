"""The MCP server over standard input and output; it needs the package `mcp`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations

from winback import __version__
from winback.base.errors import WinbackError
from winback.base.settings import Settings
from winback.measure.assistant import _tools
from winback.measure.assistant._masked import masked

T = TypeVar("T")
_ABOUT = (
    "Reads what winback, which writes to lapsed customers of a shop, has decided and measured. "
    "Customers are named by the shop's ids. Addresses are never told. Nothing can be changed or "
    "sent. Amounts are in cents unless a column says otherwise; times are UTC."
)


def make_server(settings: Settings) -> MCPServer[Any]:
    """The server with its tools; each reads anew what is published."""
    server: MCPServer[Any] = MCPServer(
        "winback", instructions=_ABOUT, version=__version__, log_level="ERROR"
    )
    reads = ToolAnnotations(read_only_hint=True, destructive_hint=False, open_world_hint=False)

    @server.tool(annotations=reads)
    def why(customer_id: str) -> dict[str, Any]:
        """Tell why one customer got which messages, or none: every decision with its reasons."""
        return _refused(lambda: _tools.why(settings, customer_id))

    @server.tool(annotations=reads)
    def funnel() -> dict[str, Any]:
        """Count who is lapsed, reachable and chosen by playbook, and what drops the others."""
        return _refused(lambda: _tools.funnel(settings))

    @server.tool(annotations=reads)
    def results() -> dict[str, Any]:
        """Tell what the messages of each playbook caused: rates, intervals and verdicts."""
        return _refused(lambda: _tools.results(settings))

    @server.tool(annotations=reads)
    def backtest(name: str = "") -> dict[str, Any]:
        """Read a stored backtest by its name; without a name, list them."""
        return _refused(lambda: _tools.backtests(settings, name))

    @server.tool(annotations=reads)
    def search_docs(words: str) -> dict[str, Any]:
        """Find passages of winback's documents by words."""
        return _refused(lambda: _tools.search_docs(words))

    @server.tool(annotations=reads)
    def read_docs(page: str) -> str:
        """Read one page of winback's documents, such as holdout or rules."""
        return _refused(lambda: _tools.read_docs(page))

    return server


def _refused(ask: Callable[[], T]) -> T:
    """What is asked for, or the one line of a refusal; no other error tells of its insides."""
    try:
        return ask()
    except WinbackError as error:
        raise ToolError(masked(str(error))) from None
    except Exception as error:  # noqa: BLE001  # an assistant is told of no insides
        raise ToolError(f"it can't be read now ({type(error).__name__})") from None
