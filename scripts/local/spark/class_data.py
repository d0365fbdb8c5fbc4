"""Start Spark faster: keep the JVM's parsed classes from one step to the next (application class-data sharing).

The first step writes the archive as its JVM ends, which costs it some seconds; every later one starts with it. An
archive that does not fit any more is ignored by the JVM, so nothing can go wrong but the speed.
https://docs.oracle.com/en/java/javase/17/vm/class-data-sharing.html
"""

import contextlib
import hashlib
import logging
import subprocess
import tempfile
from pathlib import Path

from scripts.local.spark.settings import spark_home, spark_version

_log = logging.getLogger(__name__)

_DUMP_SECONDS = 60
_BASE = "base.jsa"
_CLASSES = "spark.jsa"
# The JVM would name every class it cannot keep, on the job's own standard output.
_QUIET = '"-Xlog:cds*=off"'


class ClassData:
    """The archives of one Java and one Spark.

    Parameters
    ----------
    folder
        Where archives are kept; they survive the local cloud.
    java_home
        The Java that runs Spark.
    """

    def __init__(self, folder: Path, java_home: Path) -> None:
        # The JVM refuses an archive whose class path has moved, so the key has where Java and Spark lie.
        key = hashlib.sha256(f"{java_home}\n{spark_home()}\n{spark_version()}".encode()).hexdigest()[:12]
        self._folder = folder / key
        self._java = java_home / "bin" / "java"

    def conf(self) -> Path:
        """Return an empty folder for ``SPARK_CONF_DIR``: it is on the class path, which must not change."""
        folder = self._folder / "conf"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def options(self, step_id: str) -> str:
        """Return the JVM options of a step: use the archive, or write it."""
        base, classes = self._folder / _BASE, self._folder / _CLASSES
        if classes.exists():
            return f'{_QUIET} "-XX:SharedArchiveFile={base}:{classes}"'
        if base.exists() or self._dump_base(base):
            return f'{_QUIET} "-XX:SharedArchiveFile={base}" "-XX:ArchiveClassesAtExit={self._fresh(step_id)}"'
        return ""

    def keep(self, step_id: str) -> None:
        """Put the archive a successful step has written where the next one finds it."""
        fresh = self._fresh(step_id)
        if fresh.exists():
            fresh.replace(self._folder / _CLASSES)

    def discard(self, step_id: str) -> None:
        """Remove what a step that did not succeed may have written."""
        self._fresh(step_id).unlink(missing_ok=True)

    def _fresh(self, step_id: str) -> Path:
        return self._folder / f"{step_id}.part"

    def _dump_base(self, base: Path) -> bool:
        """Write the archive of Java's own classes: not every Java comes with one.

        Where steps do so at the same time the first one's stays, because what is written over one base fits no other.
        """
        base.parent.mkdir(parents=True, exist_ok=True)
        try:
            with tempfile.TemporaryDirectory(prefix=f".{_BASE}-", dir=base.parent) as own:
                fresh = Path(own) / _BASE
                command = [str(self._java), "-Xshare:dump", f"-XX:SharedArchiveFile={fresh}"]
                subprocess.run(command, capture_output=True, timeout=_DUMP_SECONDS, check=True)
                with contextlib.suppress(FileExistsError):
                    base.hardlink_to(fresh)
        except (OSError, subprocess.SubprocessError) as error:
            _log.warning("Spark starts without shared class data: %s", error)
            return False
        return True
