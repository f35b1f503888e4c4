"""Quicker ways to what dbt works out anew for each node: a quarter of a small build.

dbt looks for a node's table among all tables, makes 650 macros anew to compile a node and again to
run it, compiles templates that the last build of this process compiled, and words events that
nobody hears. Each way here gives what dbt's own gives. Where dbt no longer has the method that a
way stands in for, dbt does it in its own way.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any, Final

# The project's models and macros are some six hundred templates; who edits them makes more.
_MOST_TEMPLATES: Final = 5_000
_templates: dict[tuple[type, str], Any] = {}
# What a thread last compiled, and with which macros: the same that it runs next.
_compiled = threading.local()

Way = Callable[..., Any]


@contextmanager
def quick_dbt() -> Iterator[None]:
    """Let dbt go the quicker ways in this process, for as long as this lasts."""
    from dbt import compilation
    from dbt.adapters.base.impl import BaseAdapter
    from dbt.context.macros import MacroNamespaceBuilder
    from dbt.context.manifest import ManifestContext
    from dbt.task import run
    from dbt_common.clients.jinja import MacroFuzzEnvironment
    from dbt_common.events.base_types import BaseEvent

    with ExitStack() as ways:
        for owner, name, way in (
            (BaseAdapter, "get_relation", _find_relation),
            (MacroNamespaceBuilder, "build_namespace", _gather_macros),
            (ManifestContext, "to_dict", _tell_context),
            (MacroFuzzEnvironment, "compile", _compile_once),
        ):
            if hasattr(owner, name):
                ways.enter_context(_replaced(owner, name, _method(way, getattr(owner, name))))
        for module, make in ((compilation, _context_to_compile), (run, _context_to_run)):
            name = "generate_runtime_model_context"
            if hasattr(module, name):
                ways.enter_context(_replaced(module, name, partial(make, getattr(module, name))))
        first = BaseEvent.__init__
        ways.enter_context(_replaced(BaseEvent, "__init__", _method(_word_later, first)))
        ways.enter_context(_replaced(BaseEvent, "pb_msg", _Worded(first)))
        yield


@contextmanager
def _replaced(owner: Any, name: str, by: object) -> Iterator[None]:
    """Give a class or module another attribute, and then what it had of its own, if anything."""
    own = vars(owner).get(name)
    setattr(owner, name, by)
    try:
        yield
    finally:
        if own is None:
            delattr(owner, name)
        else:
            setattr(owner, name, own)


def _method(way: Way, plain: Way) -> Way:
    """A method that is told of dbt's own, for what is not quick."""

    def method(self: Any, *arguments: Any, **named: Any) -> Any:
        return way(plain, self, *arguments, **named)

    return method


def _find_relation(plain: Way, adapter: Any, database: str, schema: str, identifier: str) -> Any:
    """The table or view of that name, by its key in dbt's cache."""
    cache = adapter.cache
    if not (database and schema and identifier) or (database, schema) not in cache:
        return plain(adapter, database, schema, identifier)
    with cache.lock:
        found = cache.relations.get((database.lower(), schema.lower(), identifier.lower()))
    if found is None:
        return None
    # It refuses a name that differs in upper and lower case.
    search = adapter._make_match_kwargs(database, schema, identifier)  # noqa: SLF001
    return found.inner if found.inner.matches(**search) else None


def _gather_macros(plain: Way, builder: Any, by_package: Any, context: Any) -> Any:
    """Every macro as a function, by package: whose it is need not be asked of each."""
    from dbt.clients.jinja import MacroGenerator

    for package, macros in by_package.items():
        made = {
            name: MacroGenerator(macro, context, builder.node, builder.thread_ctx)
            for name, macro in macros.items()
        }
        if package in builder.internal_package_names:
            builder.internal_packages[package] = made
            continue
        builder.packages[package] = made
        if package == builder.search_package:
            builder.locals.update(made)
        elif package == builder.root_package:
            builder.globals.update(made)
    return plain(builder, {}, context)


def _context_to_compile(_: Way, node: Any, config: Any, manifest: Any) -> Any:
    """The names of a node's template; its macros are kept for when it is run."""
    from dbt.context.providers import ModelContext, RuntimeProvider

    context: Any = ModelContext(node, config, manifest, RuntimeProvider(), None)
    _compiled.last = (node, config, manifest, context)
    return context.to_dict()


def _context_to_run(plain: Way, node: Any, config: Any, manifest: Any) -> Any:
    """The names of a node that is run: as it is now, with the macros that it was compiled with."""
    last: tuple[Any, ...] = getattr(_compiled, "last", ())
    _compiled.last = ()
    told = (node, config, manifest)
    if not last or any(one is not other for one, other in zip(last[:3], told, strict=True)):
        return plain(*told)
    context = last[3]
    context.sql_results.clear()
    return context.to_dict()


def _tell_context(plain: Way, context: Any) -> Any:
    """What a template may name: of two macros of a name the one that dbt finds first."""
    from dbt.context.macros import MacroNamespace
    from dbt.context.manifest import ManifestContext

    found = context.namespace
    if type(found) is not MacroNamespace:
        return plain(context)
    names = super(ManifestContext, context).to_dict()
    for place in reversed(list(found._search_order())):  # noqa: SLF001
        names.update(place)
    return names


def _compile_once(plain: Way, environment: Any, source: Any, *arguments: Any, **named: Any) -> Any:
    """A template's code, which its text and the kind of environment decide."""
    if arguments or named or not isinstance(source, str):
        return plain(environment, source, *arguments, **named)
    key = (type(environment), source)
    code = _templates.get(key)
    if code is None:
        if len(_templates) >= _MOST_TEMPLATES:
            _templates.clear()
        code = _templates[key] = plain(environment, source)
    return code


def _word_later(plain: Way, event: Any, *arguments: Any, **named: Any) -> None:
    """Let an event that is for dbt's log alone be worded when somebody reads it."""
    from dbt_common.events.base_types import EventLevel

    if event.level_tag() is EventLevel.DEBUG:
        vars(event)["_told"] = (arguments, named)
    else:
        plain(event, *arguments, **named)


class _Worded:
    """The words of an event: made by the first who reads them."""

    def __init__(self, word: Way) -> None:
        self.word = word

    def __get__(self, event: Any, owner: type | None = None) -> Any:
        if "_told" in vars(event):
            arguments, named = vars(event).pop("_told")
            self.word(event, *arguments, **named)
        return vars(event)["pb_msg"]

    def __set__(self, event: Any, words: Any) -> None:
        vars(event)["pb_msg"] = words
