"""What EMR does with a type unless it is told otherwise, which no API says; for types the catalogue has not yet."""

# Until the 5th generation EMR counts 1,024 MiB per GiB, since then 976 (the same as the 30.5 GiB of the types before).
# Of both it keeps a quarter, 8 GiB at most. Taken from the table, which it meets for every size of m5, m5a, m5d, r5,
# r5a, r5d, c5, i3, m6g, m6gd, r6g and c6g but two: 8 GiB (kept below) and 192 GiB, where some types have 2 GiB more.
# https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-hadoop-task-config.html
_WHOLE_GIB = frozenset({"m5", "m5a", "m5d", "r5", "r5a", "r5d", "c5", "i3"})
_MIB_PER_GIB = 1024
_MIB_PER_GIB_SINCE = 976
_MOST_KEPT_MIB = 8192
_YARN_MIB_OF_8_GIB = 5632

# 64 GiB for an xlarge, 128 for a 2xlarge, and so on: the page's table is 16 GiB per core up to 24xlarge, here beyond.
# https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-plan-storage.html
_EBS_GIB_PER_VCPU = 16


def yarn_memory_mib(family: str, memory_gib: float) -> int:
    """Return ``yarn.nodemanager.resource.memory-mb`` of a type, in MiB.

    Parameters
    ----------
    family
        Such as ``m7g``.
    memory_gib
        The node's memory.
    """
    if family not in _WHOLE_GIB and memory_gib == 8:
        return _YARN_MIB_OF_8_GIB
    memory = memory_gib * (_MIB_PER_GIB if family in _WHOLE_GIB else _MIB_PER_GIB_SINCE)
    return round(memory - min(memory / 4, _MOST_KEPT_MIB))


def default_ebs_gib(vcpu: int, instance_store_gib: int) -> int:
    """Return the EBS storage EMR attaches, in GiB: none to a type with disks of its own."""
    return 0 if instance_store_gib else vcpu * _EBS_GIB_PER_VCPU
