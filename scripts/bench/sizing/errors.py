"""What is wrong with measurements, and where one gets some."""

INSTANCES_FILE = "instances.csv"
RUNS_FILES = "*_runs.csv"
INSTANCE_COLUMNS = ("instance_type", "vcpu", "mem_gib", "ebs_mbps", "ec2_usd_h", "emr_usd_h")
RUN_COLUMNS = (
    *("dataset", "job", "job_class", "family", "context"),
    *("data_bytes", "instance_type", "nodes", "runtime_s"),
)

_SOURCES = (
    "The measurements are not part of this project. Public ones: C3O (github.com/dos-group/c3o-experiments), "
    "scout (github.com/oxhead/scout) and Dataproc (github.com/dos-group/spark-autoscaling-evaluation). A folder has "
    f"{INSTANCES_FILE} ({', '.join(INSTANCE_COLUMNS)}) and files {RUNS_FILES} ({', '.join(RUN_COLUMNS)}), "
    "a row for each measured run."
)


class MeasurementsError(ValueError):
    """A folder that cannot be read as measurements; the message says what is wrong and where sets come from."""

    def __init__(self, problem: str) -> None:
        super().__init__(f"{problem}. {_SOURCES}")
