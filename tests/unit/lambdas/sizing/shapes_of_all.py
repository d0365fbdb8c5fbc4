"""Shapes of any type in the catalogue, as choosing and recovering may come to, and cluster specs that allow them."""

from dataclasses import replace

from hypothesis import strategies as st

from lambdas.sizing.layout import DRIVER_HEAP_MIB, layout_of
from lambdas.sizing.shapes import Shape
from lambdas.specs import Cluster
from lambdas.specs.cluster import Market
from tests.unit.lambdas.sizing.accepted import CATALOGUE, SPARK

MAX_WORKERS = 60
DRIVER_HEAPS = [DRIVER_HEAP_MIB * 2**doublings for doublings in range(8)]
MARKETS: list[Market] = ["spot", "on_demand"]
PRIMARY = {"arm64": "m7g.xlarge", "x86_64": "m5.xlarge"}


@st.composite
def sized(draw: st.DrawFn) -> tuple[Shape, Cluster]:
    """Return a sound shape, and a spec under which any type of its architecture is allowed."""
    known = draw(st.sampled_from(CATALOGUE.types))
    sound = [layout for heap in DRIVER_HEAPS if (layout := layout_of(known, heap)).is_sound]
    layout = draw(st.sampled_from(sound))
    layout = replace(layout, cores=max(1, layout.cores // draw(st.sampled_from([1, 2, 4]))))
    market = draw(st.sampled_from(MARKETS))
    cluster = SPARK.model_copy(
        update={
            "architecture": known.arch,
            "primary_type": PRIMARY[known.arch],
            "families": tuple(sorted({other.family for other in CATALOGUE.types if other.arch == known.arch})),
            "task_market": market,
            "capacity": draw(st.sampled_from(["fleets", "groups"])),
        }
    )
    return Shape(known, draw(st.integers(1, MAX_WORKERS)), layout, market), cluster
