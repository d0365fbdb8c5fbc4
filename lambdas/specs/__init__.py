"""Jobs, clusters and instance types as ``emr_specs/`` describes them, checked while they are loaded."""

from lambdas.specs.catalogue import Catalogue, InstanceType
from lambdas.specs.cluster import BootstrapAction, Cluster
from lambdas.specs.code import code_files, code_prefix
from lambdas.specs.errors import Finding, SpecError, UnknownSpecError
from lambdas.specs.job import Job, Limits, OnFailure, Step
from lambdas.specs.load import load_catalogue, load_cluster, load_job, load_jobs, load_scaling
from lambdas.specs.paths import SPECS
from lambdas.specs.scaling import CustomScaling, ManagedScaling, Scaling
from lambdas.specs.triggers import Batch, ObjectCreated, Schedule, Trigger

__all__ = [
    "SPECS",
    "Batch",
    "BootstrapAction",
    "Catalogue",
    "Cluster",
    "CustomScaling",
    "Finding",
    "InstanceType",
    "Job",
    "Limits",
    "ManagedScaling",
    "ObjectCreated",
    "OnFailure",
    "Scaling",
    "Schedule",
    "SpecError",
    "Step",
    "Trigger",
    "UnknownSpecError",
    "code_files",
    "code_prefix",
    "load_catalogue",
    "load_cluster",
    "load_job",
    "load_jobs",
    "load_scaling",
]
