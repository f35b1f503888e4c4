"""Whether it may go live: what doctor looks at, and the modes."""
