"""What is wrong with a trace."""


class TraceError(ValueError):
    """A trace that cannot be read or played; the message says where, what, and what would do."""
