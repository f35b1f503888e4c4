"""winback: brings lapsed customers of online shops back."""

__version__ = "0.6.0"
