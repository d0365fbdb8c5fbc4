"""How long things take. AWS publishes no official numbers.

Reports agree on five to ten minutes from RunJobFlow to WAITING, and the API reference says "up to 1-5 minutes" for
TerminateJobFlows (https://docs.aws.amazon.com/emr/latest/APIReference/API_TerminateJobFlows.html). The numbers here
are our choice within that: 240 + 150 s to WAITING, 90 s to end. All are virtual seconds.
"""

PROVISION_SECONDS = 240.0
"""From the launch of an instance to the start of its bootstrap actions."""

BOOTSTRAP_SECONDS = 150.0
"""Bootstrap actions and the installation of the applications."""

TERMINATE_SECONDS = 90.0
"""From TERMINATING to the end; the instances are paid until then."""

CANCEL_STEP_SECONDS = 10.0
"""From CANCEL_PENDING to CANCELLED for a running step."""

CAPACITY_RETRY_SECONDS = 60.0
"""Between two requests to EC2 for capacity it did not have."""

FLEET_GIVE_UP_SECONDS = 1200.0
"""After this long without On-Demand capacity a fleet that the cluster cannot do without ends the cluster.

It ends so according to "INTERNAL_ERROR_EC2_INSUFFICIENT_CAPACITY_AZ",
https://docs.aws.amazon.com/emr/latest/ManagementGuide/INTERNAL_ERROR_EC2_INSUFFICIENT_CAPACITY_AZ.html, which does not
say when. The same for a primary node on Spot without `SpotSpecification`.
"""
