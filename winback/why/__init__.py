"""Why somebody got what they got: one person's story, with every rule that failed."""

from winback.why._read import Story, why
from winback.why._tell import tell

__all__ = ["Story", "tell", "why"]
