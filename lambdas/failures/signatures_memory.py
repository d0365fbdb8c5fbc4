"""Signatures of memory: whose it was, and the texts that say that it was too little."""

import re

from lambdas.failures.classes import FailureClass
from lambdas.failures.signatures_base import CERTAIN, FAIR, HINT, LIKELY, STRONG, WEAK, Side, Signature

_SPARK_TUNING = "https://spark.apache.org/docs/latest/tuning.html"
_SPARK_CONFIGURATION = "https://spark.apache.org/docs/latest/configuration.html"
_YARN_ALLOCATOR = "https://github.com/apache/spark/blob/master/resource-managers/yarn/src/main/scala/org/apache/spark/deploy/yarn/YarnAllocator.scala"
_YARN_EXIT = "https://hadoop.apache.org/docs/stable/api/org/apache/hadoop/yarn/api/records/ContainerExitStatus.html"
_YARN_MONITOR = "https://hadoop.apache.org/docs/stable/hadoop-yarn/hadoop-yarn-site/NodeManager.html"
_SPARK_EXIT = (
    "https://github.com/apache/spark/blob/master/core/src/main/scala/org/apache/spark/util/SparkExitCode.scala"
)
_SPARK_ERRORS = "https://spark.apache.org/docs/latest/sql-error-conditions.html"
_JVM = "https://docs.oracle.com/en/java/javase/17/troubleshoot/troubleshooting-memory-leaks.html"
_REPOST_MEMORY = "https://repost.aws/knowledge-center/emr-spark-yarn-memory-limit"
_REPOST_137 = "https://repost.aws/knowledge-center/container-killed-on-request-137-emr"
_REPOST_LOST_TASK = "https://repost.aws/knowledge-center/executorlostfailure-slave-lost-emr"
_SPARK_SCHEDULER = (
    "https://github.com/apache/spark/blob/master/core/src/main/scala/org/apache/spark/scheduler/TaskSchedulerImpl.scala"
)

_EXECUTOR, _DRIVER = FailureClass.EXECUTOR_OUT_OF_MEMORY, FailureClass.DRIVER_OUT_OF_MEMORY

# Looked for in the line, then in the stack under it, then in the lines above it; the first that is found decides.
SIDE_HINTS: tuple[tuple[re.Pattern[str], Side], ...] = tuple(
    (re.compile(pattern), side)
    for pattern, side in (
        (r"build and broadcast the table|sparklyr\.(?:Utils|Backend)", Side.DRIVER),
        (r"[Ll]ost task |Executor task launch|ERROR Executor\b|executor\.Executor\b|Exception in task ", Side.EXECUTOR),
        (r"AM Container|ApplicationMaster|_0[12]_000001\b|\bdriver\b.{0,40}(?:OutOfMemory|out of memory)", Side.DRIVER),
        (r"ExecutorLostFailure|Lost executor|Executor\$TaskRunner|CoarseGrainedExecutorBackend", Side.EXECUTOR),
        (r"stdout writer for|shuffle-(?:client|server)|Idle Worker Monitor|dispatcher-Executor", Side.EXECUTOR),
        (r"Container killed by YARN|api\.python\.PythonException|attempt_\d+_\d+_[mr]_", Side.EXECUTOR),
        (
            r"executor\.YarnCoarse|UnsafeExternalSorter|ShuffleExternalSorter|execution\.python\.|PythonRunner",
            Side.EXECUTOR,
        ),
        (r"[Tt]hread(?: |\[|-)+\"?(?:main|[Dd]river|dag-scheduler|broadcast-exchange|task-result-getter)", Side.DRIVER),
        (r"\[(?:main|Driver)\]|\"(?:main|Driver|dag-scheduler-event-loop|broadcast-exchange-\d+)\"", Side.DRIVER),
        (r"broadcast-exchange|BroadcastExchangeExec|dag-scheduler-event-loop|task-result-getter", Side.DRIVER),
        (
            r"spark-listener|map-output-dispatcher|dispatcher-event-loop|Spark Context Cleaner|TaskResultGetter",
            Side.DRIVER,
        ),
        (
            r"deploy\.SparkSubmit|deploy\.yarn\.(?:Client|ApplicationMaster)|py4j\.|PythonSQLUtils|collectToPython",
            Side.DRIVER,
        ),
        (
            r"DAGScheduler\.submit|SparkContext\.<init>|RDD\.collect\(|Dataset\.collect|executeCollect|toPandas|InMemoryFileIndex",
            Side.DRIVER,
        ),
        (r"spark-shell|spark-submit|Thread-\d+\"|EventLoggingListener|LiveListenerBus|hive\.cli", Side.DRIVER),
        (r"Py4JJavaError|An error occurred while calling", Side.DRIVER),
    )
)

SIGNATURES: tuple[Signature, ...] = (
    # YARN's watch over a container's memory.
    Signature(r"AM Container for .{0,80}exited with\s+exitCode: -10[34]", _DRIVER, CERTAIN, _YARN_EXIT),
    Signature(r"containerID=container_\w+_000001\] is running (?:\d+B )?beyond", _DRIVER, CERTAIN, _YARN_MONITOR),
    Signature(
        r"[Kk]illed by YARN for exceeding|running (?:\d+B )?beyond (?:the '?)?(?:physical|virtual)"
        r"|Container killed.{0,40}exceed\w* (?:physical |virtual )?memory",
        _EXECUTOR,
        CERTAIN,
        _YARN_MONITOR,
        by_side=True,
    ),
    Signature(
        r"Consider (?:boosting|disabling) (?:spark\.(?:yarn\.)?(?:executor|driver)\.memoryOverhead"
        r"|yarn\.nodemanager\.vmem)",
        _EXECUTOR,
        STRONG,
        _YARN_ALLOCATOR,
        by_side=True,
    ),
    Signature(
        r"[Ee]xit (?:status|code)(?: is)?:? ?-10[34]\b|exitCode: -10[34]\b", _EXECUTOR, STRONG, _YARN_EXIT, by_side=True
    ),
    Signature(
        r"memory limit(?:s)? exceeded|[Oo]ut of memory: Kill(?:ed)? process|oom-kill"
        r"|IOException: Out of memory|OOMKilled|cgroup out of memory",
        _EXECUTOR,
        STRONG,
        _REPOST_MEMORY,
        by_side=True,
    ),
    # The driver's own limits.
    Signature(
        r"(?:bigger than|exceeds limit of) (?:spark\.driver\.maxResultSize|local maxResultSize)",
        _DRIVER,
        CERTAIN,
        _SPARK_CONFIGURATION,
    ),
    Signature(
        r"Not enough memory to build and broadcast|_LEGACY_ERROR_TEMP_2250|OutOfMemorySparkException",
        _DRIVER,
        CERTAIN,
        _SPARK_ERRORS,
    ),
    Signature(
        r"(?i)please increase spark\.driver\.memory"
        r"|increase (?:the )?heap size using the --driver-memory"
        r"|System memory \d+ must be at least",
        _DRIVER,
        STRONG,
        _SPARK_TUNING,
    ),
    Signature(
        r"(?i)please increase executor memory using the --executor-memory|Executor memory \d+ must be at least",
        _EXECUTOR,
        STRONG,
        _SPARK_TUNING,
    ),
    # The JVM. Its own options (-XX:OnOutOfMemoryError) are in every command line and are no sign.
    Signature(
        r"java\.lang\.Out[Oo]fMemoryError|(?<![-:+\w.])OutOfMemoryError\b|SparkOutOfMemoryError"
        r"|\bOutOfMemoryException\b",
        _EXECUTOR,
        CERTAIN,
        _JVM,
        by_side=True,
    ),
    Signature(
        r"GC overhead limit exceeded|Java heap space|unable to create (?:new )?native thread|PermGen space",
        _EXECUTOR,
        STRONG,
        _JVM,
        by_side=True,
    ),
    Signature(
        r"Unable to acquire \d+ bytes of memory|UNABLE_TO_ACQUIRE_MEMORY|Could not acquire \d+ bytes",
        _EXECUTOR,
        STRONG,
        _SPARK_ERRORS,
        by_side=True,
    ),
    Signature(
        r"[Ii]nsufficient memory for the Java Runtime|Native memory allocation"
        r"|Cannot allocate memory|os::commit_memory",
        _EXECUTOR,
        STRONG,
        _JVM,
        by_side=True,
        side=Side.DRIVER,
    ),
    Signature(
        r"Not enough spark off-heap|Failed to allocate a page|Cannot reserve (?:additional )?(?:contiguous )?(?:bytes"
        r"|memory)|OutOfDirectMemoryError|failed to allocate \d+ byte\(s\) of direct memory",
        _EXECUTOR,
        STRONG,
        _SPARK_TUNING,
        by_side=True,
    ),
    # Python.
    Signature(
        r"^(?:\s*\w+: )?(?:numpy\.core\._exceptions\.)?_?(?:Array)?MemoryError\b"
        r"|Unable to allocate [\d.]+ [KMGT]iB for an array|pyarrow\.lib\.ArrowMemoryError",
        _EXECUTOR,
        STRONG,
        "https://docs.python.org/3/library/exceptions.html#MemoryError",
        by_side=True,
        side=Side.DRIVER,
    ),
    Signature(
        r"Python worker exited unexpectedly|Python worker failed to connect back.{0,40}memory",
        _EXECUTOR,
        0.7,
        "https://github.com/apache/spark/blob/master/core/src/main/scala/org/apache/spark/api/python/PythonRunner.scala",
    ),
    # The kernel's kill. In a step's own process it is the driver of client mode.
    Signature(r"AM Container for .{0,80}exited with\s+exitCode: 137", _DRIVER, FAIR, _REPOST_137),
    Signature(
        r"Command exiting with ret '?137|ended with exit code 137|Step failed with exitCode 137"
        r"|\d+ Killed\s+.{0,40}(?:spark|java|python|hadoop)",
        _DRIVER,
        FAIR,
        _REPOST_137,
    ),
    Signature(
        r"[Ee]xit (?:status|code)(?: is|:)? ?:?137\b|exitCode[:=] ?137\b|exited with code 137|exit code 137\b",
        _EXECUTOR,
        FAIR,
        _REPOST_137,
        by_side=True,
    ),
    Signature(
        r"[Ee]xit (?:status|code)(?: is|:)? ?:?52\b|exit code 52\b|exited with code 52\b",
        _EXECUTOR,
        LIKELY,
        _SPARK_EXIT,
        by_side=True,
    ),
    Signature(r"Could not reserve enough space|^Killed(?:: 9)?$", _DRIVER, FAIR, _JVM),
    # What mostly follows from memory when nothing else is named.
    Signature(
        r"(?:ExecutorLostFailure|Lost executor|Container (?:marked as failed"
        r"|from a bad node)).{0,300}[Ee]xit status: 143",
        _EXECUTOR,
        0.57,
        _REPOST_LOST_TASK,
    ),
    Signature(r"Answer from Java side is empty", _DRIVER, 0.5, "https://www.py4j.org/faq.html"),
    Signature(
        r"remote (?:Akka|Rpc) client disassociated|Executor Process Lost|ExecutorLostFailure \(executor \S+ lost\)",
        _EXECUTOR,
        WEAK,
        _SPARK_SCHEDULER,
    ),
    Signature(
        r"Remote RPC client disassociated\. Likely due to containers exceeding thresholds",
        _EXECUTOR,
        HINT,
        _SPARK_SCHEDULER,
    ),
    Signature(r"FetchFailedException|Missing an output location for shuffle", _EXECUTOR, WEAK, _REPOST_LOST_TASK),
)
