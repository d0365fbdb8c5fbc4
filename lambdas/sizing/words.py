"""Numbers as people write them."""

_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB")
_MIB = 1024 * 1024
_MINUTES_PER_HOUR = 60


def human_bytes(count: int) -> str:
    """Write bytes as people do, such as ``12.3 GiB``."""
    power = min(max(count.bit_length() - 1, 0) // 10, len(_UNITS) - 1)
    return f"{count:,} bytes" if power == 0 else f"{count / 1024**power:,.1f} {_UNITS[power]}"


def human_mib(count: int) -> str:
    """Write MiB as people write bytes."""
    return human_bytes(count * _MIB)


def human_time(minutes: float) -> str:
    """Write minutes as people do, such as ``2 h 05 min``; rounded up, so that a limit is one that is kept."""
    whole = -int(-minutes // 1)
    hours, rest = divmod(whole, _MINUTES_PER_HOUR)
    if not hours:
        return f"{rest} min"
    return f"{hours} h {rest:02} min" if rest else f"{hours} h"


def count_of(number: int, noun: str) -> str:
    """Write a number of things."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def percent(share: float) -> str:
    """Write a share, such as ``12 %``."""
    return f"{share * 100:.0f} %"
