"""Why a catalogue was not written."""


class PricesError(RuntimeError):
    """A source contradicts itself or lacks what a cluster spec needs; the message says what."""
