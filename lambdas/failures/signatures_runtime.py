"""Signatures of a run in progress: nodes lost, runs killed, waits that ended."""

from lambdas.failures.classes import FailureClass
from lambdas.failures.signatures_base import FAIR, HINT, LIKELY, STRONG, WEAK, Signature

_YARN_EXIT = "https://hadoop.apache.org/docs/stable/api/org/apache/hadoop/yarn/api/records/ContainerExitStatus.html"
_LOST_NODE = "https://repost.aws/knowledge-center/emr-exit-status-100-lost-node"
_SLAVE_LOST = "https://repost.aws/knowledge-center/executorlostfailure-slave-lost-emr"
_SPOT = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-interruptions.html"
_HDFS = "https://hadoop.apache.org/docs/stable/hadoop-project-dist/hadoop-hdfs/HdfsDesign.html"
_FETCH = "https://spark.apache.org/docs/latest/configuration.html#shuffle-behavior"
_YARN_AM = "https://github.com/apache/spark/blob/master/resource-managers/yarn/src/main/scala/org/apache/spark/deploy/yarn/ApplicationMaster.scala"
_YARN_STATE = "https://hadoop.apache.org/docs/stable/api/org/apache/hadoop/yarn/api/records/FinalApplicationStatus.html"
_DAG_SCHEDULER = (
    "https://github.com/apache/spark/blob/master/core/src/main/scala/org/apache/spark/scheduler/DAGScheduler.scala"
)
_NETWORK = "https://spark.apache.org/docs/latest/configuration.html#networking"
_SQL_TUNING = "https://spark.apache.org/docs/latest/sql-performance-tuning.html"

_LOST, _KILLED, _TIMEOUT = FailureClass.NODE_LOST_OR_SPOT, FailureClass.CANCELLED_OR_KILLED, FailureClass.TIMEOUT

SIGNATURES: tuple[Signature, ...] = (
    # A node is gone.
    Signature(
        r"[Cc]ontainer released on a ?\*?lost\*? ?node|(?:[Ee]xit (?:status|code)|exitCode)(?: is)?:? ?-100\b",
        _LOST,
        0.94,
        _LOST_NODE,
    ),
    Signature(
        r"(?i)instance-terminated-(?:by-price|no-capacity|by-service)"
        r"|spot (?:instance )?(?:interrupt|terminat|reclaim)|(?:terminated|reclaimed|interrupted"
        r"|lost).{0,60}\bspot\b|due to spot",
        _LOST,
        STRONG,
        _SPOT,
    ),
    Signature(
        r"[Ww]orker (?:is )?decommission"
        r"|[Ee]xecutor (?:is )?decommission(?:ed)?\b.{0,40}(?:finished|lost)"
        r"|[Nn]ode (?:is )?(?:being )?decommission|Decommissioned node"
        r"|Container marked as failed.{0,200}(?:lost node|decommission)",
        _LOST,
        FAIR,
        _SLAVE_LOST,
    ),
    Signature(
        r"\bSlave lost\b|[Ww]orker lost\b|\bHost lost\b"
        r"|Node .{0,60}(?:is LOST|transitioned from \w+ to LOST|state LOST)|to LOST\b|Lost node",
        _LOST,
        0.7,
        _SLAVE_LOST,
    ),
    Signature(
        r"[Ee]xit (?:status|code):? ?-102\b|Container preempted|was preempted|preempted by scheduler",
        _LOST,
        FAIR,
        _YARN_EXIT,
    ),
    Signature(
        r"BlockMissingException|Could not obtain block|All datanodes .{0,100}are bad"
        r"|NoRouteToHostException|No route to host|Host is unreachable|[Pp]od \S+ (?:was )?(?:deleted|evicted)",
        _LOST,
        FAIR,
        _HDFS,
    ),
    Signature(r"FetchFailed.{0,200}Failed to connect|Failed to connect to \S+:\d+", _LOST, WEAK, _FETCH),
    # Somebody ended it.
    Signature(
        r"(?i)killed by user|killed by (?:admin|dr\.who|hadoop|yarn application -kill)"
        r"|application (?:was |has been )?killed by|cancel+ed by user|killed via the web ui"
        r"|user (?:requested|cancel)\w*.{0,30}(?:kill|cancel|terminat)|part of cancelled job group"
        r"|kill(?:ed)? request from|was cancelled by|received kill",
        _KILLED,
        STRONG,
        _YARN_STATE,
    ),
    Signature(
        r"(?:[Ff]inal|[Ff]inished with|exited unexpectedly with|ended with"
        r"|already exited with) ?(?:app )?(?:status|state):? ?(?:of )?:?KILLED|state: KILLED"
        r"|State ?: ?KILLED|status: KILLED|KILLED\.? ?(?:final status|by)"
        r"|finished with killed status|Application \S+ is killed\b",
        _KILLED,
        LIKELY,
        _YARN_STATE,
    ),
    Signature(
        r"[Ss]tate(?: is|:)? ?\"?'?CANCEL(?:LED|ED|_PENDING|LING)|shouldn't be running anymore",
        _KILLED,
        LIKELY,
        "https://docs.aws.amazon.com/emr/latest/APIReference/API_StepStatus.html",
    ),
    Signature(
        r"KeyboardInterrupt|Job \d+ cancelled(?! because)|Job cancelled(?! because)|SparkContext was cancelled",
        _KILLED,
        LIKELY,
        _DAG_SCHEDULER,
    ),
    Signature(
        r"(?:ApplicationMaster|Driver|SparkSubmit).{0,20}RECEIVED SIGNAL|signal (?:15|TERM|INT)\b.{0,20}driver",
        _KILLED,
        FAIR,
        _YARN_AM,
    ),
    Signature(
        r"RECEIVED SIGNAL|SIGTERM|[Ee]xit (?:status|code)(?: is|:)? ?:?143\b|exitCode[:=] ?143\b"
        r"|exit code 143|ret '?143|exited with code 143",
        _KILLED,
        HINT,
        _YARN_EXIT,
    ),
    Signature(
        r"SparkContext was shut ?down|SparkContext has been shut ?down|on a stopped SparkContext"
        r"|Stage cancelled\b|Job \d+ cancelled because",
        _KILLED,
        WEAK,
        _DAG_SCHEDULER,
    ),
    # A wait that ended.
    Signature(
        r"Could not execute broadcast in|broadcast.{0,40}timed out|_LEGACY_ERROR_TEMP_1208"
        r"|spark\.sql\.broadcastTimeout.{0,60}(?:increase|exceed)",
        _TIMEOUT,
        STRONG,
        _SQL_TUNING,
    ),
    Signature(r"Futures timed out after|TimeoutException\b", _TIMEOUT, 0.76, _NETWORK),
    Signature(
        r"SocketTimeoutException|ConnectTimeoutException|Read timed out"
        r"|[Cc]onnect(?:ion)? timed out|connect timed out|ReadTimeoutError|ConnectTimeoutError"
        r"|TimeoutError|Timeout waiting for connection from pool|timed out waiting for"
        r"|DEADLINE_EXCEEDED",
        _TIMEOUT,
        0.74,
        _NETWORK,
    ),
    Signature(
        r"[Hh]eartbeat timed out|heartbeats? timeout|No recent heartbeats|RpcTimeoutException"
        r"|has been quiet for \d+ ms|did not initialize after waiting"
        r"|Cannot receive any reply .{0,60}in \d+|Error communicating with MapOutputTracker",
        _TIMEOUT,
        FAIR,
        _NETWORK,
    ),
    Signature(
        r"(?i)\b(?:job|step|run|task|query|session|application|execution)\b.{0,40}(?:timed out"
        r"|exceeded (?:the |its )?(?:maximum |max )?(?:run ?time|timeout|time limit))",
        _TIMEOUT,
        FAIR,
        _NETWORK,
    ),
    # Whoever waited for the step or the cluster gave up.
    Signature(
        r"Session \d+ did not start up in \d+ seconds|SensorTimeout"
        r"|Snap\. Time is OUT|Waiter \w+ failed: Max attempts exceeded|WaiterError.{0,80}Max attempts",
        _TIMEOUT,
        LIKELY,
        "https://docs.aws.amazon.com/cli/latest/reference/emr/wait/cluster-running.html",
    ),
    Signature(r"\btimed out\b|Timed out after", _TIMEOUT, WEAK, _NETWORK),
)

# Lines that say nothing about the failure, whatever words they hold: what Spark, YARN and Hadoop print on every run.
NOISE = (
    r"NativeCodeLoader|Truncated the string representation|[Kk]illed by driver|Executor killed by driver"
    r"|(?:exited|killed) (?:from|because of|due to) explicit termination|has been idle|idle for|Reason: idle"
    r"|SparkUI' could not bind|log4j:WARN|SLF4J:|StatusLogger|Failed to get database|ObjectStore: |HiveConf of name"
    r"|RetryingHMSHandler|DFSClient: Caught exception|DFSInputStream|LiveListenerBus|AsyncEventQueue"
    r"|TransportResponseHandler|ShutdownHookManager|Exception while deleting (?:Spark|local)|MetricsSystemImpl"
    r"|spark\.yarn\.jars nor|Unable to detect a? ?region|EmrFileSystem: |SparkConf: |ExecutorAllocationManager: "
    r"|WARN Utils: |JettyUtils|AbstractLifeCycle|Illegal reflective|illegal-access|reflective access"
    r"|will retry|[Rr]etrying (?:in|after|connect|request)|WARN .{0,80}[Rr]etry|Re-?attempting"
    r"|already exists!? ?[Ss]kip"
    r"|UserWarning|DeprecationWarning|FutureWarning"
)
