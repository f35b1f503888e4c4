"""Prefect flows: the order of work. The rules are SQL, the effects are the engine's."""
