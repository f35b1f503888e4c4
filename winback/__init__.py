"""winback: brings lapsed customers of online shops back."""

__version__ = "0.1.0"
