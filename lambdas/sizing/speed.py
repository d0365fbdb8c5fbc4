"""How fast a vCPU of an instance family is, next to one of the fifth generation."""

import re

# Half of what AWS claims each generation gains "up to" over the one before; assumed, and only until a job has runs on
# both. https://aws.amazon.com/ec2/instance-types/
_SPEED = {
    "3": 0.9,
    "4i": 1.1,
    "5": 1.0,
    "5a": 0.9,
    "6i": 1.1,
    "6a": 1.1,
    "6g": 1.1,
    "7i": 1.2,
    "7a": 1.4,
    "7g": 1.25,
    "8g": 1.4,
}
_FAMILY = re.compile(r"[a-z]+([0-9])([aig]?)d?")


def vcpu_speed(instance_type: str) -> float:
    """Return the speed of a vCPU, 1 for a family nobody knows."""
    found = _FAMILY.match(instance_type)
    return _SPEED.get(found[1] + found[2], 1.0) if found else 1.0
