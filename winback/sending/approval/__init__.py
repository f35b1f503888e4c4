"""Approval: whole steps wait for a person's yes before something new, large or costly leaves."""
