"""Doing what a shop's system asks on behalf of its customers."""

from winback.people.requests._serve import (
    Served,
    Told,
    finish_request,
    serve_requests,
    tell_requests,
)

__all__ = ["Served", "Told", "finish_request", "serve_requests", "tell_requests"]
