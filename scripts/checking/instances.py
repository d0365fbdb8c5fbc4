"""What is known of EC2's instance families."""

# Families from before the AWS Nitro System and its SSDs, and the first Graviton: slower for their price than what
# followed them. https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-types.html
OLD_FAMILIES = frozenset(
    ("a1", "c1", "c3", "c4", "d2", "h1", "i2", "i3", "m1", "m2", "m3", "m4", "r3", "r4", "t1", "t2", "x1", "x1e")
)


def family(instance_type: str) -> str:
    """Return the part before the dot, such as ``m7g``."""
    return instance_type.partition(".")[0]


def is_old(instance_type: str) -> bool:
    """Whether a type, or a family, is of a generation that newer ones have replaced."""
    return family(instance_type) in OLD_FAMILIES
