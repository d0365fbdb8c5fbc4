"""Signatures of the application's own errors: exceptions by name, and what all of them look like."""

from lambdas.failures.classes import FailureClass
from lambdas.failures.signatures_base import FAIR, HINT, LIKELY, WEAK, Signature

_YARN_AM = "https://github.com/apache/spark/blob/master/resource-managers/yarn/src/main/scala/org/apache/spark/deploy/yarn/ApplicationMaster.scala"
_SPARK_ERRORS = "https://spark.apache.org/docs/latest/sql-error-conditions.html"
_PYTHON = "https://docs.python.org/3/library/exceptions.html"
_JAVA = "https://docs.oracle.com/en/java/javase/17/docs/api/java.base/java/lang/Throwable.html"
_JNI = "https://docs.oracle.com/en/java/javase/17/docs/api/java.base/java/lang/LinkageError.html"
_HADOOP = "https://hadoop.apache.org/docs/stable/hadoop-aws/tools/hadoop-aws/troubleshooting_s3a.html"

_APPLICATION = FailureClass.APPLICATION_ERROR

# Exceptions that only carry another one, or that everything throws once the context or the executor is gone.
_CARRIERS = (
    r"Py4J\w*|CapturedException|CalledProcessError|ExitCodeException|InvocationTargetException|ExecutionException"
    r"|UndeclaredThrowableException|PrivilegedActionException|ShellExitCodeException|UncheckedExecutionException"
    r"|InterruptedException|ClosedByInterruptException|InterruptedIOException|ClosedChannelException|EOFException"
    r"|RejectedExecutionException|RpcEndpointNotFoundException|TaskKilledException|TaskCompletionListenerException"
    r"|FetchFailedException|MetadataFetchFailedException|SparkUserAppException|AskTimeoutException"
    r"|BrokenPipeError|ConnectionResetError|ConnectionRefusedError|EOFError|SystemExit|AirflowException|StepFailedException|EmrExecutionError|ClientError"
    r"|UserWarning|FutureWarning|DeprecationWarning|BindException|SparkException|NoSuchObjectException"
)
# Exceptions whose own signature says more than that the application failed.
_NAMED = (
    r"\w*Timeout\w*|\w*TimedOut\w*|\w*OutOfMemory\w*|\w*MemoryError|FileNotFound\w*"
    r"|NoSuchFileException|\w*AlreadyExists\w*"
    r"|AccessDenied\w*|\w*Throttl\w*|\w*TooManyRequests\w*|InvalidInputException"
    r"|DiskErrorException|BlockMissingException"
    r"|AmazonS3Exception|S3Exception|NoCredentialsError|ValidationException|InvalidRequestException"
)
# What everything throws once its partner is gone.
_AFTERMATH = (
    r"(?!: (?:Cannot call methods on a stopped|RpcEnv|Shutdown in progress|Promise already"
    r"|Connection (?:reset|from|refused)"
    r"|Error running job|Failed to (?:send|connect)|Broken pipe|Filesystem closed"
    r"|Stream is (?:corrupted|closed)|Job aborted))"
)
_JAVA_NAME = (
    r"(?:[a-z][\w$]*\.){1,12}(?!(?:" + _CARRIERS + r"|" + _NAMED + r")\b)"
    r"[A-Z][\w$]*(?:Exception|Error|Failure|Throwable)\b(?!\()" + _AFTERMATH
)
_PYTHON_NAME = (
    r"(?:[A-Za-z_]\w*\.){0,8}(?!(?:" + _CARRIERS + r"|" + _NAMED + r")\b)"
    r"[A-Z]\w*(?:Error|Exception|NotFound|StopIteration)(?=:|$)" + _AFTERMATH
)
_MAIN = (
    r"Exception in thread \"(?:main|Driver)\" |User class threw exception: |User application (?:threw|raised).{0,20}: "
)

SIGNATURES: tuple[Signature, ...] = (
    # The application's own mistakes, by name.
    Signature(
        r"AnalysisException|ParseException|UNRESOLVED_COLUMN|TABLE_OR_VIEW_NOT_FOUND"
        r"|[Tt]able or view not found|cannot resolve"
        # Spark's error conditions, which look like EMR's reason codes.
        r"|\[(?!(?:STEP|INSTANCE|BOOTSTRAP)_FAILURE|VALIDATION_ERROR|USER_REQUEST|ALL_STEPS)"
        r"[A-Z]+_[A-Z_]+(?:\.[A-Z_]+)?\] ",
        _APPLICATION,
        LIKELY,
        _SPARK_ERRORS,
    ),
    Signature(
        r"ClassNotFoundException|NoClassDefFoundError|NoSuchMethodError|NoSuchFieldError"
        r"|AbstractMethodError|UnsupportedClassVersionError|IncompatibleClassChangeError"
        r"|UnsatisfiedLinkError|ExceptionInInitializerError|Could not find or load main class"
        r"|Cannot load main class|No main class set|Failed to load class|Failed to find data source"
        r"|No FileSystem for scheme|VerifyError"
        r"|LinkageError",
        _APPLICATION,
        0.82,
        _JNI,
    ),
    Signature(
        r"ModuleNotFoundError|No module named|SyntaxError|IndentationError|ImportError"
        r"|command not found|unrecognized arguments|the following arguments are required"
        r"|Permission denied|Cannot run program",
        _APPLICATION,
        LIKELY,
        _PYTHON,
    ),
    # The staging folder is gone because the driver ended before, or never spoke to YARN (a master set in the code).
    Signature(r"(?:does not exist|not found|No such file).{0,120}\.sparkStaging", _APPLICATION, 0.84, _YARN_AM),
    Signature(
        r"Task not serializable|NotSerializableException|Kryo serialization failed|KryoException"
        r"|Size exceeds Integer\.MAX_VALUE|Too large frame|exceeds max allowed|larger than 8GB"
        r"|CANNOT_PARSE|UPGRADE_TO_SPARK|SparkUpgradeException|did not initialize spark ?context"
        r"|Python in worker has different version|StackOverflowError|Too many open files"
        r"|A JNI error has occurred|Unsupported class file",
        _APPLICATION,
        LIKELY,
        "https://spark.apache.org/docs/latest/tuning.html",
    ),
    Signature(
        r"api\.python\.PythonException|DateTimeException|ArithmeticException|NullPointerException"
        r"|ClassCastException|NumberFormatException|IndexOutOfBounds|MatchError"
        r"|ConcurrentModificationException|UnsupportedOperationException",
        _APPLICATION,
        0.71,
        _JAVA,
    ),
    Signature(r"(?:" + _MAIN + r")" + _JAVA_NAME, _APPLICATION, 0.72, _JAVA, is_generic=True),
    Signature(r"^(?:\S+ ){0,6}?" + _PYTHON_NAME, _APPLICATION, 0.72, _PYTHON, is_generic=True),
    Signature(r"^Exception: (?!YARN application|Job failed|EMR )", _APPLICATION, 0.72, _PYTHON, is_generic=True),
    Signature(r"Caused by: " + _JAVA_NAME, _APPLICATION, FAIR, _JAVA, is_generic=True),
    Signature(r"(?<![\w.$/])" + _JAVA_NAME, _APPLICATION, 0.62, _JAVA, is_generic=True),
    Signature(
        r"FAILED: (?:SemanticException|ParseException|Execution Error)|MetaException|HiveException|SQLException",
        _APPLICATION,
        0.7,
        "https://cwiki.apache.org/confluence/display/Hive/LanguageManual",
    ),
    Signature(
        r"SparkException: (?!Job aborted|Job \d+|Application application|Exception thrown in"
        r"|Yarn application|Task failed while|Could not execute broadcast|Failed to get broadcast"
        r"|Error asking|Error sending|Stage|Writing job aborted)\S",
        _APPLICATION,
        HINT,
        _SPARK_ERRORS,
    ),
    Signature(
        r"Traceback \(most recent call last\)|User class threw exception"
        r"|User application exited with|[Ee]xit ?[Cc]ode[:=]? ?1[356]\b|SparkUserAppException"
        r"|Shutdown hook called before final status",
        _APPLICATION,
        WEAK,
        _YARN_AM,
    ),
    Signature(
        r"most recent failure: Lost task .{0,160}: [\w.$]{1,120}(?:Exception|Error)\b(?!: Job aborted)",
        _APPLICATION,
        WEAK,
        _SPARK_ERRORS,
        is_generic=True,
    ),
    Signature(r"ConnectException|Connection refused|ConnectionRefusedError", _APPLICATION, WEAK, _JAVA),
    Signature(r"(?:SIGSEGV|SIGABRT|core dumped|exit code 139|[Ee]xit status: 1(?:34|39))", _APPLICATION, HINT, _HADOOP),
)
