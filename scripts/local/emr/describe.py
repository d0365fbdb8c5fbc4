"""Answers in AWS's shapes: exactly the members of the API reference, timestamps as epoch seconds.

https://docs.aws.amazon.com/emr/latest/APIReference/API_Types.html. A member AWS would leave out is left out.
"""

import math
from typing import Any

from scripts.local.emr.copied import copied
from scripts.local.emr.model import (
    ENDED,
    Cluster,
    ClusterState,
    Instance,
    InstanceState,
    Market,
    Params,
    Pool,
    Reason,
    Role,
    Step,
    Timeline,
)

_SHOWN_AS_REQUESTED = (
    "LogUri",
    "LogEncryptionKmsKeyId",
    "ReleaseLabel",
    "Configurations",
    "SecurityConfiguration",
    "AutoScalingRole",
    "CustomAmiId",
    "EbsRootVolumeSize",
    "EbsRootVolumeIops",
    "EbsRootVolumeThroughput",
    "RepoUpgradeOnBoot",
    "KerberosAttributes",
    "OSReleaseLabel",
    "ExtendedSupport",
    "MonitoringConfiguration",
    "SessionEnabled",
    "ServiceRole",
)
_EC2_SHOWN_AS_REQUESTED = (
    "Ec2KeyName",
    "EmrManagedMasterSecurityGroup",
    "EmrManagedSlaveSecurityGroup",
    "ServiceAccessSecurityGroup",
    "AdditionalMasterSecurityGroups",
    "AdditionalSlaveSecurityGroups",
)
_SECONDS_PER_HOUR = 3600
_NORMALIZATION = {"medium": 2, "large": 4, "xlarge": 8}
"""Units per instance hour by size; N x xlarge counts 8 N. "Instance size flexibility",
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/apply_ri.html."""


def cluster(it: Cluster, now: float) -> Params:
    """Return the `Cluster` of DescribeCluster."""
    request = it.request
    primary = it.primary()
    return cluster_summary(it, now) | _present(
        {key: request.get(key) for key in _SHOWN_AS_REQUESTED}
        | {
            "Ec2InstanceAttributes": _ec2_attributes(it),
            "InstanceCollectionType": "INSTANCE_FLEET" if it.is_fleet else "INSTANCE_GROUP",
            "AutoTerminate": not it.keep_alive,
            "TerminationProtected": it.protected,
            "UnhealthyNodeReplacement": request["Instances"].get("UnhealthyNodeReplacement"),
            "VisibleToAllUsers": True,
            "Applications": request.get("Applications", []),
            "Tags": [{"Key": key, "Value": value} for key, value in it.tags.items()],
            "MasterPublicDnsName": _dns_name(primary) if primary and _is_up(primary) else None,
            "Configurations": request.get("Configurations", []),
            "ScaleDownBehavior": request.get("ScaleDownBehavior", "TERMINATE_AT_TASK_COMPLETION"),
            "StepConcurrencyLevel": it.concurrency,
            "PlacementGroups": request.get("PlacementGroupConfigs"),
            "RequestedAmiVersion": request.get("AmiVersion"),
        }
    )


def cluster_summary(it: Cluster, now: float) -> Params:
    """Return an element of ListClusters."""
    status = {
        "State": it.state.value,
        "StateChangeReason": _reason(it.reason),
        "Timeline": _timeline(it.timeline),
        "ErrorDetails": it.error_details or None,
    }
    return _present(
        {
            "Id": it.id,
            "Name": it.name,
            "Status": _present(status),
            "NormalizedInstanceHours": sum(_normalized_hours(instance, now) for instance in it.instances),
            "ClusterArn": it.arn,
        }
    )


def step(it: Step) -> Params:
    """Return the `Step` of DescribeStep."""
    return step_summary(it) | _present({"ExecutionRoleArn": it.execution_role})


def step_summary(it: Step) -> Params:
    """Return an element of ListSteps."""
    jar = it.config["HadoopJarStep"]
    logs = it.config.get("StepMonitoringConfiguration", {}).get("S3MonitoringConfiguration", {})
    shown = {
        "Id": it.id,
        "Name": it.config["Name"],
        "Config": _present(
            {
                "Jar": jar["Jar"],
                "Properties": {entry["Key"]: entry.get("Value", "") for entry in jar.get("Properties", [])},
                "MainClass": jar.get("MainClass"),
                "Args": jar.get("Args", []),
            }
        ),
        "ActionOnFailure": it.action_on_failure,
        "Status": _present(
            {
                "State": it.state.value,
                "StateChangeReason": {},
                "FailureDetails": it.failure,
                "Timeline": _timeline(it.timeline, ready="StartDateTime"),
            }
        ),
        "LogUri": logs.get("LogUri"),
        "EncryptionKeyArn": logs.get("EncryptionKeyArn"),
    }
    return _present(shown)


def instance(it: Instance, *, is_fleet: bool) -> Params:
    """Return an element of ListInstances."""
    return {
        "Id": it.id,
        "Ec2InstanceId": it.ec2_id,
        "PublicDnsName": "",
        "PrivateDnsName": _dns_name(it),
        "PrivateIpAddress": it.private_ip,
        "Status": {
            "State": it.state.value,
            "StateChangeReason": _reason(it.reason),
            "Timeline": _timeline(it.timeline),
        },
        "InstanceFleetId" if is_fleet else "InstanceGroupId": it.pool_id,
        "Market": it.market.value,
        "InstanceType": it.type,
        "EbsVolumes": [],
    }


def group(owner: Cluster, it: Pool) -> Params:
    """Return an element of ListInstanceGroups."""
    config = it.config
    running = sum(instance.state == InstanceState.RUNNING for instance in owner.living(it))
    policy = config.get("AutoScalingPolicy")
    return _present(
        {
            "Id": it.id,
            "Name": config.get("Name"),
            "Market": config.get("Market", "ON_DEMAND"),
            "InstanceGroupType": it.role.value,
            "BidPrice": config.get("BidPrice"),
            "InstanceType": config["InstanceType"],
            "RequestedInstanceCount": sum(it.targets.values()),
            "RunningInstanceCount": running,
            "Status": _pool_status(owner, it),
            "Configurations": config.get("Configurations", []),
            "EbsBlockDevices": _ebs_devices(config),
            "EbsOptimized": config.get("EbsConfiguration", {}).get("EbsOptimized"),
            "ShrinkPolicy": it.shrink_policy or {},
            "AutoScalingPolicy": scaling_policy(policy) if policy else None,
            "CustomAmiId": config.get("CustomAmiId"),
        }
    )


def scaling_policy(policy: Params) -> Params:
    """Return a group's scaling policy as it is shown."""
    return {"Status": {"State": "ATTACHED", "StateChangeReason": {"Code": "USER_REQUEST", "Message": ""}}} | policy


def fleet(owner: Cluster, it: Pool) -> Params:
    """Return an element of ListInstanceFleets."""
    config = it.config
    return _present(
        {
            "Id": it.id,
            "Name": config.get("Name"),
            "Status": _pool_status(owner, it),
            "InstanceFleetType": it.role.value,
            "TargetOnDemandCapacity": it.targets[Market.ON_DEMAND],
            "TargetSpotCapacity": it.targets[Market.SPOT],
            "ProvisionedOnDemandCapacity": _units(owner, it, Market.ON_DEMAND),
            "ProvisionedSpotCapacity": _units(owner, it, Market.SPOT),
            "InstanceTypeSpecifications": [_type_specification(item) for item in config["InstanceTypeConfigs"]],
            "LaunchSpecifications": config.get("LaunchSpecifications"),
            "ResizeSpecifications": config.get("ResizeSpecifications"),
            "Context": config.get("Context"),
        }
    )


def bootstrap_action(config: Params) -> Params:
    """Return an element of ListBootstrapActions."""
    script = config["ScriptBootstrapAction"]
    return {"Name": config["Name"], "ScriptPath": script["Path"], "Args": script.get("Args", [])}


def _present(shown: dict[str, Any]) -> Params:
    return {key: copied(value) for key, value in shown.items() if value is not None}


def _reason(it: Reason) -> Params:
    return _present({"Code": it.code, "Message": it.message})


def _timeline(it: Timeline, ready: str = "ReadyDateTime") -> Params:
    return _present({"CreationDateTime": it.created, ready: it.ready, "EndDateTime": it.ended})


def _ec2_attributes(it: Cluster) -> Params:
    wanted = it.request["Instances"]
    subnets = wanted.get("Ec2SubnetIds") or [wanted[key] for key in ("Ec2SubnetId",) if key in wanted]
    zones = wanted.get("Placement", {}).get("AvailabilityZones", [])
    attributes = {key: wanted.get(key) for key in _EC2_SHOWN_AS_REQUESTED} | {
        "Ec2SubnetId": subnets[0] if subnets else None,
        "RequestedEc2SubnetIds": subnets,
        "Ec2AvailabilityZone": it.zone,
        "RequestedEc2AvailabilityZones": zones,
        "IamInstanceProfile": it.request.get("JobFlowRole"),
    }
    return _present(attributes)


def _units(owner: Cluster, it: Pool, market: Market) -> int:
    return sum(instance.units for instance in owner.living(it) if instance.market == market)


def _pool_status(owner: Cluster, it: Pool) -> Params:
    reason = Reason("Cluster was terminated.", "CLUSTER_TERMINATED") if owner.state in ENDED else Reason("")
    return {
        "State": _pool_state(owner, it),
        "StateChangeReason": _reason(reason),
        "Timeline": _timeline(it.timeline),
    }


def _pool_state(owner: Cluster, it: Pool) -> str:
    if owner.state in ENDED:
        return "TERMINATED"
    if owner.state == ClusterState.TERMINATING:
        return "TERMINATING"
    states = {instance.state for instance in owner.living(it)}
    if it.timeline.ready is not None:
        settled = owner.is_settled(it)
        return "RUNNING" if settled else "RESIZING"
    return "PROVISIONING" if InstanceState.PROVISIONING in states or not states else "BOOTSTRAPPING"


def _type_specification(config: Params) -> Params:
    specification = {
        "InstanceType": config["InstanceType"],
        "WeightedCapacity": config.get("WeightedCapacity", 1),
        "BidPrice": config.get("BidPrice"),
        "BidPriceAsPercentageOfOnDemandPrice": config.get(
            "BidPriceAsPercentageOfOnDemandPrice", None if "BidPrice" in config else 100.0
        ),
        "Configurations": config.get("Configurations", []),
        "EbsBlockDevices": _ebs_devices(config),
        "EbsOptimized": config.get("EbsConfiguration", {}).get("EbsOptimized"),
        "CustomAmiId": config.get("CustomAmiId"),
        "Priority": config.get("Priority"),
    }
    return _present(specification)


def _ebs_devices(config: Params) -> list[Params]:
    wanted = config.get("EbsConfiguration", {}).get("EbsBlockDeviceConfigs", [])
    volumes = [item["VolumeSpecification"] for item in wanted for _ in range(item.get("VolumesPerInstance", 1))]
    return [
        {"VolumeSpecification": volume, "Device": f"/dev/sd{chr(ord('b') + index)}"}
        for index, volume in enumerate(volumes)
    ]


def _dns_name(it: Instance) -> str:
    return f"ip-{it.private_ip.replace('.', '-')}.ec2.internal"


def _is_up(it: Instance) -> bool:
    return it.role == Role.MASTER and it.state != InstanceState.PROVISIONING


def _normalized_hours(it: Instance, now: float) -> int:
    size = it.type.partition(".")[2]
    factor = 8 * int(size.removesuffix("xlarge")) if size.removesuffix("xlarge").isdigit() else _NORMALIZATION.get(size)
    hours = math.ceil(((it.timeline.ended or now) - it.timeline.created) / _SECONDS_PER_HOUR)
    return hours * (factor or 0)
