"""A deployment as the Lambdas know theirs: what they read is read here before they do."""

from dataclasses import dataclass

from lambdas import aws
from lambdas.settings import Settings
from scripts.deployment import Deployment

# Which ones does not show in what is made of it here: sizes and prices are those of the region.
_SUBNETS = ("subnet-of-the-deployment",)


@dataclass(frozen=True)
class Stage:
    """A deployment whose runs are replayed."""

    deployed: Deployment

    @property
    def run_table(self) -> str:
        """The name of the run table."""
        return self.deployed.outputs["RunTable"]

    def machine_arn(self, job: str) -> str:
        """Return the ARN of a job's state machine.

        Raises
        ------
        DeploymentError
            No such job is deployed.
        """
        return self.deployed.machine_arn(job)

    def settings(self, job: str) -> Settings:
        """Return the settings that plan_run has, as far as planning goes: nothing is started with them."""
        return Settings(
            stage=self.deployed.stage,
            region=aws.stepfunctions().meta.region_name,
            data_bucket=self.deployed.data_bucket,
            code_bucket=self.deployed.code_bucket,
            log_bucket=self.deployed.outputs["LogBucket"],
            run_table=self.run_table,
            start_table="",
            start_queue_url="",
            machine_prefix=self.machine_arn(job).removesuffix(job),
            subnet_ids=_SUBNETS,
        )
