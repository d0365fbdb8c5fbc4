from hypothesis import given
from hypothesis import strategies as st

from lambdas.sizing.storage import (
    GIB,
    GP3_BYTES_PER_SECOND,
    MAX_VOLUME_GIB,
    MAX_VOLUMES,
    MAX_VOLUMES_OF_A_LAUNCH,
    MIN_VOLUME_GIB,
    Storage,
    ebs_configuration,
    needed_gib,
    worker_storage,
)
from lambdas.specs.catalogue import InstanceType
from tests.unit.lambdas.sizing.accepted import CATALOGUE

TYPES = st.sampled_from(CATALOGUE.types)
EBS_ONLY = st.sampled_from([known for known in CATALOGUE.types if not known.instance_store_gib])
SPILL = st.one_of(st.just(0), st.integers(1, 500 * 1024 * GIB))
WORKERS = st.integers(1, 1_999)
M7G = CATALOGUE.get("m7g.8xlarge")


@given(SPILL, WORKERS, TYPES)
def test_emr_attaches_it(spill: int, workers: int, known: InstanceType) -> None:
    storage = worker_storage(spill, workers, known)
    assert 0 <= storage.volumes <= MAX_VOLUMES
    assert storage.volumes <= 1 or (storage.volumes + 1) * workers <= MAX_VOLUMES_OF_A_LAUNCH
    assert not storage.volumes or MIN_VOLUME_GIB <= storage.gib_each <= MAX_VOLUME_GIB


@given(SPILL, st.integers(1, 90), TYPES)
def test_what_is_needed_fits_and_not_much_more_is_paid(spill: int, workers: int, known: InstanceType) -> None:
    storage = worker_storage(spill, workers, known)
    needed, store = needed_gib(spill, workers), known.instance_store_gib
    if storage.volumes < MAX_VOLUMES:
        assert storage.gib_per_node + store >= needed
    assert storage.gib_per_node <= max(known.ebs_gib, needed) + storage.volumes * MIN_VOLUME_GIB
    if needed <= store:
        assert storage.volumes == 0


@given(SPILL, WORKERS, EBS_ONLY)
def test_never_less_than_emrs_own(spill: int, workers: int, known: InstanceType) -> None:
    storage = worker_storage(spill, workers, known)
    if storage.gib_each < MAX_VOLUME_GIB:
        assert storage.gib_per_node >= known.ebs_gib
        assert storage.gib_per_node < max(known.ebs_gib, needed_gib(spill, workers)) + storage.volumes + MIN_VOLUME_GIB


@given(st.integers(0, 100 * 1024 * GIB), st.integers(0, 100 * 1024 * GIB), st.integers(1, 90), EBS_ONLY)
def test_more_is_never_less(spill: int, more: int, workers: int, known: InstanceType) -> None:
    small, big = (worker_storage(size, workers, known) for size in (spill, spill + more))
    assert big.gib_per_node + big.volumes >= small.gib_per_node
    assert worker_storage(spill, workers + 1, known).gib_per_node <= small.gib_per_node + small.volumes


def test_the_volumes_do_what_the_instance_can() -> None:
    storage = worker_storage(GIB, 4, M7G)
    assert storage.volumes * GP3_BYTES_PER_SECOND >= M7G.ebs_mbps * 10**6
    assert M7G.ebs_gib <= storage.gib_per_node < M7G.ebs_gib + storage.volumes


def test_the_share_of_a_worker() -> None:
    # 9,000 GiB on 10 workers, half as much again on the fullest, 90 % of a disk, and 10 GiB for the rest.
    assert needed_gib(9_000 * GIB, 10) == 1_510


def test_an_instance_store_that_is_too_small_gets_volumes_that_hold_the_same_share() -> None:
    known = CATALOGUE.get("m5d.xlarge")
    storage = worker_storage(600 * GIB, 1, known)
    share = needed_gib(600 * GIB, 1) / (storage.volumes + 1)
    assert storage.volumes >= 1
    assert share <= known.instance_store_gib
    assert storage.gib_each >= share


def test_what_emr_is_told() -> None:
    assert ebs_configuration(Storage(4, 200)) == {
        "EbsBlockDeviceConfigs": [
            {"VolumeSpecification": {"VolumeType": "gp3", "SizeInGB": 200}, "VolumesPerInstance": 4}
        ]
    }
