"""Rights of people: to silence, and to be forgotten."""
