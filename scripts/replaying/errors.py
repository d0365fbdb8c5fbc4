"""What a user can mend."""


class ReplayRefusedError(RuntimeError):
    """Nobody was there to be asked, so nothing was started."""
