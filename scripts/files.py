"""Files and folders that appear whole or not at all, though several processes may make them at once."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def appearing(target: Path) -> Iterator[Path]:
    """Lend a path of this process's own; what is made there takes the target's place when the block ends.

    Parameters
    ----------
    target
        A file, which is replaced, or a folder. Where two processes make the same folder, the first one's stays.

    Yields
    ------
    Path
        Does not exist yet, in a new folder beside the target; if the block fails, nothing is left of it.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    own = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        fresh = own / target.name
        yield fresh
        try:
            fresh.replace(target)
        except OSError:
            if not target.is_dir():
                raise
    finally:
        shutil.rmtree(own, ignore_errors=True)


def write_whole(target: Path, text: str) -> None:
    """Write a text file that nobody ever reads half."""
    with appearing(target) as fresh:
        fresh.write_text(text, encoding="utf-8")
