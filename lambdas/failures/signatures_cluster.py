"""Signatures of EMR and EC2: capacity, bootstrap, validation, throttling, and what the statuses say."""

from lambdas.failures.classes import Action, FailureClass
from lambdas.failures.signatures_base import CERTAIN, FAIR, HINT, LIKELY, STRONG, WEAK, Signature

_ERROR_CODES = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-troubleshoot-error-errordetail.html"
_REASONS = "https://docs.aws.amazon.com/emr/latest/APIReference/API_ClusterStateChangeReason.html"
_STEP_STATUS = "https://docs.aws.amazon.com/emr/latest/APIReference/API_StepStatus.html"
_CAPACITY = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-events-response-insuff-capacity.html"
_FLEETS = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-instance-fleet.html"
_QUOTA = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-service-limits-what-are.html"
_BOOTSTRAP = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-troubleshoot-error-errordetail-bootstrap.html"
_BOOTSTRAP_ACTIONS = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-plan-bootstrap.html"
_VALIDATION = (
    "https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-troubleshoot-error-errordetail-validation.html"
)
_RUN_JOB_FLOW = "https://docs.aws.amazon.com/emr/latest/APIReference/API_RunJobFlow.html"
_RETRIES = "https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html"
_EC2_THROTTLING = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-throttling-error.html"
_KMS = "https://docs.aws.amazon.com/kms/latest/developerguide/throttling.html"
_SUBMIT = "https://spark.apache.org/docs/latest/submitting-applications.html"
_YARN_LIMIT = "https://spark.apache.org/docs/latest/running-on-yarn.html"
_SFN = "https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html"

_SHORTAGE, _BOOT = FailureClass.CAPACITY_SHORTAGE, FailureClass.BOOTSTRAP_FAILURE
_INVALID, _THROTTLED = FailureClass.VALIDATION, FailureClass.API_THROTTLED
_KILLED, _LOST, _TIMEOUT = FailureClass.CANCELLED_OR_KILLED, FailureClass.NODE_LOST_OR_SPOT, FailureClass.TIMEOUT

SIGNATURES: tuple[Signature, ...] = (
    # No capacity. A quota is counted here too: other families and the other market have a quota of their own, so the
    # next rung may start where this one cannot. So is a subnet without addresses: the rung may name another.
    Signature(
        r"INSTANCE_FLEET_TIMEOUT|INSUFFICIENT_CAPACITY|SPOT_NO_CAPACITY|SPOT_PRICE_INCREASE",
        _SHORTAGE,
        CERTAIN,
        _ERROR_CODES,
    ),
    Signature(
        r"(?i)(?:not|n't) (?:have )?(?:sufficient|enough)\b.{0,60}\bcapacity"
        r"|insufficient \S{0,20} ?(?:instance )?capacity|InsufficientInstanceCapacity"
        r"|InsufficientCapacity|UnfulfillableCapacity|no spot capacity available"
        r"|capacity-not-available|capacity-oversubscribed",
        _SHORTAGE,
        CERTAIN,
        _CAPACITY,
    ),
    Signature(
        r"(?i)timed out (?:while )?(?:provisioning|waiting for)\b.{0,80}(?:instance|capacity"
        r"|fleet)|(?:provisioning|fleet).{0,80}timed out|failed to provision|unable to provision"
        r"|could not provision|provisioning timeout|InsufficientHostCapacity"
        r"|InsufficientReservedInstanceCapacity",
        _SHORTAGE,
        STRONG,
        _FLEETS,
    ),
    Signature(
        r"(?i)VcpuLimitExceeded|vcpu (?:capacity|limit|quota)|MaxSpotInstanceCountExceeded"
        r"|max spot instance count|SpotMaxPriceTooLow|price-too-low|InstanceLimitExceeded|(?:ec2"
        r"|spot) (?:instance |vcpu )?(?:quota|limit)\b|exceed\w*.{0,60}(?:ec2"
        r"|instance|spot) (?:instance )?(?:quota|limit)",
        _SHORTAGE,
        STRONG,
        _QUOTA,
    ),
    Signature(
        r"(?i)InsufficientFreeAddresses|(?:not|n't) (?:have |contain )?(?:enough"
        r"|sufficient)\b.{0,40}(?:free |private )*(?:ip )?address|no free (?:ip )?addresses"
        r"|insufficient (?:free )?(?:ip )?addresses",
        _SHORTAGE,
        CERTAIN,
        _FLEETS,
    ),
    Signature(
        r"Initial job has not accepted any resources|cluster resource is empty"
        r"|waiting for AM container to be allocated|Queue's AM resource limit exceeded",
        _SHORTAGE,
        HINT,
        _SUBMIT,
    ),
    # Bootstrap. Only a download that failed may pass on its own.
    Signature(
        r"BA_DOWNLOAD_FAILED|failed attempting to download bootstrap action",
        _BOOT,
        CERTAIN,
        _ERROR_CODES,
        action=Action.RETRY_AS_IS,
    ),
    Signature(
        r"BOOTSTRAP_FAILURE|(?i:bootstrap action).{0,80}(?i:returned a non-zero|failed|timed out"
        r"|exit)|(?i:bootstrap failed|failed (?:in|during) bootstrap|bootstrap failure)",
        _BOOT,
        0.96,
        _BOOTSTRAP,
    ),
    Signature(
        r"application provisioning failed|APPLICATION_PROVISIONING|SCRIPT_EXECUTION_FAILED_CODE"
        r"|Source: BOOTSTRAP_ACTION",
        _BOOT,
        STRONG,
        _BOOTSTRAP,
    ),
    Signature(
        r"bootstrap-actions/\d+/|/bootstrap-?actions?/.{0,60}(?:error|fail|No such|not found)",
        _BOOT,
        FAIR,
        _BOOTSTRAP_ACTIONS,
    ),
    Signature(
        r"No matching distribution found|Could not find a version that satisfies"
        r"|^No package \S+ available|Unable to locate package|Unable to find a match"
        r"|Failed building wheel",
        _BOOT,
        HINT,
        _BOOTSTRAP_ACTIONS,
    ),
    # Refused. EMR's texts first, then spark-submit's and YARN's answers to a step that cannot be started as written.
    Signature(
        r"(?i)instance type.{0,60} (?:is |are )?not (?:supported|valid|available)"
        r"|not supported in (?:the requested|your requested|this) (?:availability zone|AZ|region)"
        r"|INSTANCE_TYPE_NOT_SUPPORTED",
        _INVALID,
        CERTAIN,
        _VALIDATION,
    ),
    Signature(
        r"(?i)release ?label.{0,40}(?:invalid|not valid|not supported|does not exist)|(?:invalid"
        r"|not valid|unsupported).{0,20}release ?label|supplied release label",
        _INVALID,
        CERTAIN,
        _RUN_JOB_FLOW,
    ),
    Signature(
        r"(?i)invalid ?instance ?profile|instance ?profile.{0,80}(?:required|invalid"
        r"|does not exist|not found|cannot be found)|\brole\b.{0,80}(?:invalid"
        r"|insufficient EC2 permissions|insufficient permissions)|\brole .{0,80}(?:does not exist"
        r"|is invalid|not well-formed)",
        _INVALID,
        STRONG,
        _RUN_JOB_FLOW,
    ),
    Signature(
        r"(?i)subnet.{0,60}(?:invalid|not valid|does not exist|required)|InvalidSubnetID"
        r"|security ?group.{0,80}(?:invalid|does not exist|not exist|conflict|same VPC|one VPC)"
        r"|InvalidGroup|key ?pair.{0,60}(?:not|invalid)|INVALID_SSH_KEY_NAME"
        r"|SSH key name was invalid|authorize instance profile|InvalidKeyPair|(?:NOT_FROM_ONE"
        r"|VPC/subnet configuration)",
        _INVALID,
        STRONG,
        _VALIDATION,
    ),
    Signature(r"not authorized to perform:? (?:elasticmapreduce|iam|ec2):", _INVALID, STRONG, _RUN_JOB_FLOW),
    Signature(
        r"ParamValidationError|Parameter validation failed|InvalidRequestException"
        r"|A job flow that is shutting down|Specified job flow ID|Maximum number of active steps"
        r"|termination protected|Cluster id .{0,40}is not valid|Step id .{0,40}is not valid",
        _INVALID,
        STRONG,
        _RUN_JOB_FLOW,
    ),
    Signature(r"VALIDATION_ERROR|ValidationException|UnauthorizedOperation", _INVALID, LIKELY, _REASONS),
    Signature(
        r"Required (?:executor|AM) memory .{0,160}(?:above|max threshold)"
        r"|InvalidResourceRequestException|Invalid resource request|requested (?:memory"
        r"|virtual cores) .{0,60}max",
        _INVALID,
        STRONG,
        _YARN_LIMIT,
    ),
    Signature(
        r"Must specify a primary resource|No main class set in JAR|Unrecognized option"
        r"|Unrecognized argument|deploy mode is (?:currently )?not (?:supported|compatible"
        r"|applicable)|HADOOP_CONF_DIR or YARN_CONF_DIR must be set|Could not parse Master URL"
        r"|master must (?:either be yarn|start with)|must be set before submitting|(?:Executor"
        r"|Driver) (?:memory|cores) must be a positive",
        _INVALID,
        STRONG,
        _SUBMIT,
    ),
    Signature(
        r"submitted by user \S+ to unknown queue|Failed to submit application.{0,80}queue|unknown queue",
        _INVALID,
        LIKELY,
        _YARN_LIMIT,
    ),
    # AWS's APIs, S3 apart.
    Signature(r"[Tt]hrottled from |due to throttling", _THROTTLED, CERTAIN, _EC2_THROTTLING),
    Signature(
        r"ThrottlingException|Rate exceeded|Rate limit exceeded|RequestLimitExceeded"
        r"|TooManyRequestsException|ThrottledException|\(Throttling\)|Throttling:|Code: Throttling"
        r"|ProvisionedThroughputExceeded",
        _THROTTLED,
        0.96,
        _RETRIES,
    ),
    Signature(
        r"exceeded the rate at which you may call KMS|LimitExceededException|Status Code: 429"
        r"|HTTP 429|429 Too Many Requests",
        _THROTTLED,
        STRONG,
        _KMS,
    ),
    # What the statuses say on their own.
    Signature(
        r"INSTANCE_FAILURE|The master failed"
        r"|Master instance.{0,60}(?:terminated|failed)|NO_SLAVE_LEFT",
        _LOST,
        LIKELY,
        _REASONS,
    ),
    Signature(r"States\.(?:Heartbeat)?Timeout|step state: TIMED_OUT", _TIMEOUT, LIKELY, _SFN),
    Signature(
        r"^step (?:state|status): (?:CANCELLED|CANCEL_PENDING|INTERRUPTED)"
        r"|\"State\": \"(?:CANCELLED|INTERRUPTED)\"|Step .{0,60}(?:was cancelled|interrupted)",
        _KILLED,
        0.75,
        _STEP_STATUS,
    ),
    # Whoever runs steps ends the cluster after one failed: a request to end it says less than the failed step.
    Signature(r"USER_REQUEST|[Tt]erminated by user request", _KILLED, 0.40, _REASONS),
    Signature(r"^step state: FAILED", FailureClass.UNKNOWN, 0.41, _STEP_STATUS),
    # An internal error is worth one more try.
    Signature(
        r"^cluster (?:code|reason|message|errorcode): INTERNAL_ERROR|\"Code\": \"INTERNAL_ERROR\""
        r"|[Aa]n internal error occurred|due to an internal error|code: INTERNAL_ERROR",
        FailureClass.UNKNOWN,
        WEAK,
        _ERROR_CODES,
        action=Action.RETRY_AS_IS,
    ),
    # A waiter's report that something failed is a traceback, but not the application's.
    Signature(
        r"AirflowException: EMR job failed|WaiterError|Waiter \w+ failed",
        FailureClass.UNKNOWN,
        0.5,
        "https://airflow.apache.org/docs/apache-airflow-providers-amazon/stable/operators/emr/emr.html",
    ),
)
