"""When scaling looks at a cluster: at its regular moments, but only those at which there may be something to do."""

import math

from scripts.local.emr.clock import Cancel
from scripts.local.emr.model import READY, Cluster, Role
from scripts.local.emr.scaling import custom, managed
from scripts.local.emr.scaling.managed import MANAGED_SECONDS
from scripts.local.emr.scaling.metrics import METRIC_SECONDS
from scripts.local.emr.world import World

_DIGITS = 6  # moments, being epoch seconds, are no more exact


class Scaler:
    """Scales one cluster from its readiness to its end.

    A cluster that nothing changes on is not looked at for ever: what nobody needs to decide costs no callback.
    """

    def __init__(self, world: World, cluster: Cluster) -> None:
        self._world = world
        self._cluster = cluster
        self._ready = world.now()
        self._core_nodes = sum(instance.role == Role.CORE for instance in cluster.living())
        self._ticking = False
        self._look: tuple[float, Cancel] | None = None
        self._changed = world.now()

    def changed(self) -> None:
        """Take note that demand, capacity or a policy have changed."""
        now = self._world.now()
        self._changed = now
        for pool in self._cluster.pools:
            custom.note_end(self._cluster, pool, now)
        if self._cluster.managed_scaling:
            self._look_at(self._following(MANAGED_SECONDS))
        if any(custom.has_policy(pool) for pool in self._cluster.pools):
            self._tick_later()

    def _following(self, period: float) -> float:
        """Return the next moment after now, counted in whole periods from readiness."""
        return self._ready + period * (math.floor(round((self._world.now() - self._ready) / period, _DIGITS)) + 1)

    def _tick_later(self) -> None:
        if not self._ticking:
            self._ticking = True
            self._world.later(self._following(METRIC_SECONDS) - self._world.now(), self._tick, awaited=False)

    def _tick(self) -> None:
        self._ticking = False
        now = self._world.now()
        if self._cluster.state not in READY:
            return
        number = round((now - self._ready) / METRIC_SECONDS)
        pools = [pool for pool in self._cluster.pools if custom.has_policy(pool)]
        asking = [custom.evaluate(self._world, self._cluster, pool, number) for pool in pools]
        window = max((custom.window_seconds(pool) for pool in pools), default=0.0)
        if any(asking) or (pools and now - self._changed <= window):
            self._tick_later()

    def _look_at(self, moment: float) -> None:
        """Evaluate managed scaling at a moment, or before if that is planned already."""
        if self._look and self._look[0] <= moment:
            return
        if self._look:
            self._look[1]()
        cancel = self._world.later(moment - self._world.now(), self._evaluate, awaited=False)
        self._look = (moment, cancel)

    def _evaluate(self) -> None:
        self._look = None
        if self._cluster.state not in READY:
            return
        again = managed.evaluate(self._world, self._cluster, self._core_nodes)
        if again is not None:
            periods = math.ceil(round((again - self._ready) / MANAGED_SECONDS, _DIGITS))
            # Never this moment again, whatever was rounded.
            self._look_at(max(self._ready + MANAGED_SECONDS * periods, self._following(MANAGED_SECONDS)))


def begin(world: World, cluster: Cluster) -> None:
    """Scale a cluster that has become ready, by the policies it has or will be given."""
    cluster.on_usage = Scaler(world, cluster).changed
