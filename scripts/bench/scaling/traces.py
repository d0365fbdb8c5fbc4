"""Load traces: how many containers a job wants over time, from a CSV file, a Spark event log, or those shipped here."""

from dataclasses import dataclass
from pathlib import Path

from scripts.bench.scaling.csv_trace import read_csv
from scripts.bench.scaling.errors import TraceError
from scripts.bench.scaling.spark_log import read_event_logs
from scripts.local.emr.load import Load

_SHIPPED = Path(__file__).parent / "traces"


@dataclass(frozen=True)
class Trace:
    """A named load.

    Attributes
    ----------
    phases
        What is wanted, one phase after the other.
    """

    name: str
    phases: Load

    @property
    def container_seconds(self) -> float:
        """The work."""
        return sum(phase.seconds * phase.containers for phase in self.phases)

    @property
    def seconds(self) -> float:
        """How long it takes where all containers are had at once."""
        return sum(phase.seconds for phase in self.phases)

    @property
    def peak(self) -> int:
        """The most containers wanted at the same time."""
        return max(phase.containers for phase in self.phases)

    @property
    def mean(self) -> float:
        """The containers wanted on average over ``seconds``."""
        return self.container_seconds / self.seconds


def shipped_traces() -> list[str]:
    """Return the names of the traces that come with the project."""
    return sorted(path.stem for path in _SHIPPED.glob("*.csv"))


def read_trace(source: str) -> Trace:
    """Read a trace.

    Parameters
    ----------
    source
        The name of a shipped trace, or the path of a CSV file (``csv_trace``) or of Spark event logs (``spark_log``).

    Raises
    ------
    TraceError
        There is none, or it is wrong.
    """
    if source in shipped_traces():
        return Trace(source, read_csv(_SHIPPED / f"{source}.csv"))
    path = Path(source)
    if not path.exists():
        raise TraceError(
            f"{source} is neither a file or folder nor a shipped trace; shipped are {', '.join(shipped_traces())}"
        )
    load = read_csv(path) if path.suffix == ".csv" else read_event_logs(path)
    if not any(phase.containers * phase.seconds for phase in load):
        raise TraceError(f"{source} never wants a container: there is nothing to play")
    return Trace(path.stem, load)
