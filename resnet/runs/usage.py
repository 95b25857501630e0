"""The load of each device: utilisation, memory, power, and processes of other programs. Never
imports TensorFlow."""

from collections.abc import Callable, Container
from dataclasses import dataclass
from typing import Any, NamedTuple

import psutil
import pynvml

from resnet.runs import devices
from resnet.runs.devices import CPU, Device, Stranger

IDLE_FIELDS = ("idle", "iowait")  # iowait: waiting for a disk
GUEST_FIELDS = ("guest", "guest_nice")  # already counted in user and nice
# NVML gives power in milliwatts.
MILLIWATT = 1e-3


@dataclass(frozen=True, slots=True)
class Usage:
    """One device now, in percent, bytes and watts. None where the device or its driver does not
    report a value."""

    device: str
    name: str
    utilisation: float | None = None
    used_bytes: int | None = None
    total_bytes: int | None = None
    power_w: float | None = None
    limit_w: float | None = None
    strangers: tuple[Stranger, ...] = ()


class Ticks(NamedTuple):
    """The work of all processors since the machine's start, in seconds of one processor."""

    busy: float
    total: float


class Meter:
    """Measures all devices. The processor's utilisation is that between two measurements, so it is
    None in the first."""

    def __init__(self) -> None:
        self._before: Ticks | None = None

    def look(self, ours: Container[int] = ()) -> list[Usage]:
        """Every device now. `ours` are the processes of our runs."""
        # The counters run since the machine's start: only their difference shows the load of now.
        now = _ticks()
        utilisation = busy_share(self._before, now)
        self._before = now
        known = devices.list_devices()
        return [
            _processor(device, utilisation) if device.id == CPU else _gpu(device, ours)
            for device in known
        ]


def busy_share(before: Ticks | None, now: Ticks | None) -> float | None:
    """The utilisation between two measurements, in percent."""
    if before is None or now is None or now.total <= before.total:
        return None
    # Linux may lower the counter of iowait, so the share could leave 0 to 100.
    return min(100.0, max(0.0, 100 * (now.busy - before.busy) / (now.total - before.total)))


def _ticks() -> Ticks | None:
    """The system's counters; None where it does not report them."""
    try:
        fields = psutil.cpu_times()._asdict()
    except (OSError, RuntimeError, psutil.Error):
        return None
    times = {name: value for name, value in fields.items() if name not in GUEST_FIELDS}
    total = sum(times.values())
    return Ticks(total - sum(times.get(name, 0.0) for name in IDLE_FIELDS), total)


def _processor(device: Device, utilisation: float | None) -> Usage:
    return Usage(device.id, device.name, utilisation, _used(device), device.total_bytes)


def _used(device: Device) -> int | None:
    if device.total_bytes is None or device.free_bytes is None:
        return None
    return device.total_bytes - device.free_bytes


def _gpu(device: Device, ours: Container[int]) -> Usage:
    with devices.driver() as available:
        handle = (
            _asked(pynvml.nvmlDeviceGetHandleByIndex, int(device.id.removeprefix("gpu")))
            if available
            else None
        )
        if handle is None:
            return Usage(device.id, device.name, None, _used(device), device.total_bytes)
        rates = _asked(pynvml.nvmlDeviceGetUtilizationRates, handle)
        power, limit = (
            _asked(pynvml.nvmlDeviceGetPowerUsage, handle),
            _asked(pynvml.nvmlDeviceGetEnforcedPowerLimit, handle),
        )
    return Usage(
        device=device.id,
        name=device.name,
        utilisation=None if rates is None else float(rates.gpu),
        used_bytes=_used(device),
        total_bytes=device.total_bytes,
        power_w=None if power is None else power * MILLIWATT,
        limit_w=None if limit is None else limit * MILLIWATT,
        strangers=tuple(devices.strangers(device.id, ours)),
    )


def _asked(ask: Callable[..., Any], about: Any) -> Any:
    """The driver's answer; None where this device does not report the value."""
    try:
        return ask(about)
    except pynvml.NVMLError:
        return None
