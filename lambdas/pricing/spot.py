"""What spot instances cost in time: work that is done again because a node was taken away."""

# Interruptions per instance and hour; assumed, until a rate measured on the project's own runs is passed in.
# The Spot Instance advisor tells in bands how much of a type was reclaimed within a month: below 5 %, 5 to 10, and so
# on, above 20 %. This is 20 % in the 730 hours of a month, -ln(0.8) / 730: the end of the worst band that has one.
# https://aws.amazon.com/ec2/spot/instance-advisor/
ASSUMED_INTERRUPTIONS_PER_HOUR = 0.000306

_SECONDS_PER_HOUR = 3600


def expected_rework(
    nodes_spot: int, nodes_all: int, seconds: float, rate: float = ASSUMED_INTERRUPTIONS_PER_HOUR
) -> float:
    """Return by how much interruptions are expected to lengthen a run, in seconds.

    Every spot node is interrupted at the same rate, at any time alike. A node takes its running tasks and its shuffle
    output with it, which is at most what it did since the run began: half the run's time, on average over when it
    goes. The other nodes share that work; EMR starts another node in its place meanwhile. Left out are rework of
    rework, which is rare, and that interruptions come in groups.

    Parameters
    ----------
    nodes_spot, nodes_all
        Workers on spot, and all.
    seconds
        The run's time without interruptions.
    rate
        Interruptions per spot instance and hour.

    Raises
    ------
    ValueError
        More workers on spot than there are, or a negative number.
    """
    if not 0 <= nodes_spot <= nodes_all or seconds < 0 or rate < 0:
        raise ValueError(
            f"expected 0 to {nodes_all} workers on spot, and neither time nor rate below 0; "
            f"found {nodes_spot} workers, {seconds} seconds and a rate of {rate}"
        )
    interruptions = rate * nodes_spot * seconds / _SECONDS_PER_HOUR
    others = max(nodes_all - 1, 1)
    return interruptions * (seconds / 2) / others
