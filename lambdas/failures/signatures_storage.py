"""Signatures of S3, HDFS and disks: throttled, denied, missing, already there, full."""

from lambdas.failures.classes import FailureClass
from lambdas.failures.signatures_base import CERTAIN, FAIR, HINT, LIKELY, STRONG, WEAK, Signature

_S3_ERRORS = "https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"
_S3_503 = "https://repost.aws/knowledge-center/emr-s3-503-slow-down"
_S3_403 = "https://repost.aws/knowledge-center/emr-s3-403-access-denied"
_S3A = "https://hadoop.apache.org/docs/stable/hadoop-aws/tools/hadoop-aws/troubleshooting_s3a.html"
_SPARK_ERRORS = "https://spark.apache.org/docs/latest/sql-error-conditions.html"
_HADOOP_FS = "https://hadoop.apache.org/docs/stable/hadoop-project-dist/hadoop-common/filesystem/filesystem.html"
_REPOST_DISK = "https://repost.aws/knowledge-center/no-space-left-on-device-emr-spark"
_EMR_DISK = "https://docs.aws.amazon.com/emr/latest/APIReference/API_SetUnhealthyNodeReplacement.html"
_NODE_HEALTH = "https://hadoop.apache.org/docs/stable/hadoop-yarn/hadoop-yarn-site/NodeManager.html"
_IAM = "https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html"
_PYTHON = "https://docs.python.org/3/library/exceptions.html#os-exceptions"
_REPLICAS = "https://cwiki.apache.org/confluence/display/HADOOP2/CouldOnlyBeReplicatedTo"

_THROTTLED, _DENIED = FailureClass.S3_THROTTLED, FailureClass.S3_DENIED
_MISSING, _EXISTS, _FULL = FailureClass.INPUT_MISSING, FailureClass.OUTPUT_EXISTS, FailureClass.DISK_FULL

# Files that Spark itself keeps and loses; that they are gone is no fault of the input.
_NOT_LOCAL = r"^(?!.*(?:blockmgr|shuffle_\d|_temporary|Too many open|Permission denied|No space left))"

SIGNATURES: tuple[Signature, ...] = (
    # Throttled by S3.
    Signature(
        r"(?i)please reduce your request rate|503[ ,:]+slow ?down|error code: (?:503 )?slow ?down"
        r"|\(SlowDown\)|<Code>SlowDown|Slow Down \(Service",
        _THROTTLED,
        CERTAIN,
        _S3_503,
    ),
    Signature(
        r"(?:S3|s3a?).{0,400}(?:[Ss]tatus ?[Cc]ode|Response ?Code)[:=] ?503|AWSStatus503Exception"
        r"|(?:Slow Down|SlowDown).{0,80}503|503 Service Unavailable.{0,80}S3",
        _THROTTLED,
        STRONG,
        _S3_ERRORS,
    ),
    Signature(r"\bSlowDown\b|: Slow Down\b|AWSServiceThrottledException", _THROTTLED, LIKELY, _S3A),
    # Denied: S3, its keys in KMS, or no credentials to ask with.
    Signature(
        r"(?i)access ?denied.{0,80}Service: (?:Amazon )?S3"
        r"|Service: (?:Amazon )?S3.{0,40}Status Code: 403|S3.{0,200}(?:ResponseCode"
        r"|Status Code)[:=] ?403",
        _DENIED,
        CERTAIN,
        _S3_403,
    ),
    Signature(
        r"\((?:AccessDenied|403|Forbidden|AllAccessDisabled|InvalidAccessKeyId"
        r"|SignatureDoesNotMatch|ExpiredToken)\) when calling the (?:\w*Object\w*|\w*Bucket\w*"
        r"|\w*Multipart\w*|UploadPart\w*) operation",
        _DENIED,
        CERTAIN,
        _S3_ERRORS,
    ),
    Signature(r"not authorized to perform:? \[?\"?'?(?:s3|kms|s3-object-lambda|s3express):", _DENIED, CERTAIN, _IAM),
    Signature(
        r"InvalidAccessKeyId|SignatureDoesNotMatch|AllAccessDisabled"
        r"|AWS Access Key Id you provided does not exist|The provided token has expired"
        r"|ExpiredToken|provided security credentials are not valid|InvalidToken|provided token is malformed",
        _DENIED,
        STRONG,
        _S3_ERRORS,
    ),
    Signature(
        r"(?:s3[an]?://|S3|s3a?\.|AmazonS3|KMS|kms).{0,300}(?:Access ?Denied|403 Forbidden"
        r"|\bForbidden\b)|(?:Access ?Denied|403 Forbidden|\bForbidden\b).{0,200}(?:s3[an]?://|S3\b"
        r"|KMS|kms)",
        _DENIED,
        STRONG,
        _S3_403,
    ),
    Signature(
        r"(?i)unable to (?:load|locate) (?:aws )?credentials|No AWS Credentials provided"
        r"|NoCredentialsError|NoAuthWithAWSException|AWSCredentialProviderChain"
        r"|must be specified (?:as the username or password|by setting the fs\.s3)",
        _DENIED,
        LIKELY,
        _S3A,
    ),
    Signature(
        r"AccessDeniedException|Access ?Denied\b|Status Code: 403|\b403 Forbidden"
        r"|is not authorized to perform:? (?!elasticmapreduce|iam|ec2)"
        r"|Insufficient Lake Formation permission",
        _DENIED,
        0.81,
        _IAM,
    ),
    # Missing. A step's own script or jar is an input too: the run was told to read it, and it is not there.
    Signature(
        r"[Pp]ath does not exist|PATH_NOT_FOUND|Input (?:path|Pattern).{0,300}(?:does not exist|matches 0 files)",
        _MISSING,
        CERTAIN,
        _SPARK_ERRORS,
    ),
    Signature(
        r"NoSuchKey|NoSuchBucket|specified (?:key|bucket) does not exist"
        r"|Service: (?:Amazon )?S3.{0,40}Status Code: 404|An error occurred \(404\) when calling",
        _MISSING,
        STRONG,
        _S3_ERRORS,
    ),
    Signature(
        r"Unable to infer schema for|UNABLE_TO_INFER_SCHEMA|mapred\.InvalidInputException"
        r"|input\.InvalidInputException|Can not create a Path from an empty string",
        _MISSING,
        STRONG,
        _SPARK_ERRORS,
    ),
    Signature(
        r"(?:No such file or directory|does not exist|[Nn]ot [Ff]ound)[^\n]{0,40}:? ?'?s3[an]?://"
        r"|s3[an]?://\S+'?:? ?(?:\(?No such file|does not exist|not found)"
        r"|(?i:fatal error).{0,80}\(404\)",
        _MISSING,
        STRONG,
        _HADOOP_FS,
    ),
    Signature(
        _NOT_LOCAL + r".*?(?:FileNotFoundError|FileNotFoundException|NoSuchFileException|\[Errno 2\]"
        r"|can't open file '|^(?:\S+: )?File \S+ does not exist)",
        _MISSING,
        LIKELY,
        _PYTHON,
    ),
    Signature(_NOT_LOCAL + r".*?No such file or directory", _MISSING, FAIR, _PYTHON),
    Signature(
        r"(?:Local|local) (?:jar|file) \S+ does not exist|(?:[Jj]ar|JAR|script"
        r"|file) (?:file )?\S*'? ?(?:does not exist|not found)|Not a valid JAR"
        r"|Unable to access jarfile|Error opening job jar",
        _MISSING,
        FAIR,
        _HADOOP_FS,
    ),
    Signature(
        r"It is possible the underlying files have been updated|FAILED_READ_FILE\.FILE_NOT_EXIST",
        _MISSING,
        LIKELY,
        _SPARK_ERRORS,
    ),
    # Already there. A part file that exists is what a second attempt of a task meets: the first one says why.
    Signature(
        r"Output directory .{0,300}already exists|[Pp]ath .{0,400} already exists"
        r"|PATH_ALREADY_EXISTS|Output (?:directory|path) already exists|OUTPUT_DIRECTORY_EXISTS",
        _EXISTS,
        CERTAIN,
        _SPARK_ERRORS,
    ),
    Signature(r"FileAlreadyExistsException(?!.*(?:part-|_temporary|attempt_))", _EXISTS, STRONG, _HADOOP_FS),
    Signature(
        r"TABLE_OR_VIEW_ALREADY_EXISTS|LOCATION_ALREADY_EXISTS|TableAlreadyExistsException"
        r"|associated location.{0,300}already exists|[Tt]able (?:or view )?\S+ already exists"
        r"|DELTA_TABLE_ALREADY_EXISTS|BucketAlreadyExists",
        _EXISTS,
        STRONG,
        _SPARK_ERRORS,
    ),
    Signature(r"(?:FileAlreadyExistsException|[Ff]ile already exists).*part-", _EXISTS, FAIR, _HADOOP_FS),
    # Full. Nodes whose disks fill up become unhealthy and are lost.
    Signature(
        r"(?i)no space left on device|ENOSPC|not enough space on the disk|disk quota exceeded"
        r"|There is no(?:t enough)? (?:free )?space",
        _FULL,
        CERTAIN,
        _REPOST_DISK,
    ),
    Signature(
        r"DiskErrorException|Could not find any valid local directory"
        r"|[Nn]o space available in any of the local directories|(?:local|log)-dirs (?:are"
        r"|have) (?:bad|errors)|(?:local|log)-dirs turned bad|local-dirs usable space",
        _FULL,
        STRONG,
        _NODE_HEALTH,
    ),
    Signature(
        r"usable space is below configured utilization|used space above threshold|disk utilization"
        r"|storage capacity exceed|DISK_FULL|Most of the disks failed",
        _FULL,
        STRONG,
        _EMR_DISK,
    ),
    Signature(
        r"DSQuotaExceededException|NSQuotaExceededException|DiskOutOfSpaceException|Out of space|Insufficient space",
        _FULL,
        LIKELY,
        "https://hadoop.apache.org/docs/stable/hadoop-project-dist/hadoop-hdfs/HdfsQuotaAdminGuide.html",
    ),
    Signature(
        r"could only be (?:replicated|written) to 0 |NO_SLAVE_LEFT.{0,200}(?:disk|FAILED_BY_MASTER)|FAILED_BY_MASTER",
        _FULL,
        FAIR,
        _REPLICAS,
    ),
    Signature(
        r"Failed to create local dir|ExecutorExitCode.DISK_STORE|exit(?:ed with)? code:? 53\b",
        _FULL,
        HINT,
        _REPOST_DISK,
    ),
    Signature(
        r"Input path is empty|No input paths specified|No files? (?:were )?found|empty input",
        _MISSING,
        WEAK,
        _HADOOP_FS,
    ),
)
