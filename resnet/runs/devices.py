"""The devices for runs: each NVIDIA GPU, and the CPU. Never imports TensorFlow."""

import contextlib
import os
import platform
from collections.abc import Container, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pynvml

from resnet.errors import ConfigError, UnknownNameError

CPU = "cpu"
JOINT = "+"
# Of the GPU's memory.
NEGLIGIBLE_SHARE = 0.02
CPU_INFO = Path("/proc/cpuinfo")


@dataclass(frozen=True, slots=True)
class Device:
    """`id` is the value in a run's spec: "cpu", or "gpu" and the number in PCI order. Sizes are
    None where unknown."""

    id: str
    name: str
    free_bytes: int | None
    total_bytes: int | None


def list_devices() -> list[Device]:
    """Every GPU the driver knows, then the CPU. A machine without GPU or driver is not an error."""
    return [*_gpus(), _cpu()]


def offered() -> list[Device]:
    """The devices to choose from: each one, and all GPUs together where there are several."""
    single = list_devices()
    gpus = [device.id for device in single if device.id != CPU]
    return [*single, get_device(JOINT.join(gpus))] if len(gpus) > 1 else single


def get_device(name: str) -> Device:
    """The device of this id, or several together, as "gpu0+gpu1". Raises UnknownNameError, and
    ConfigError."""
    known = {device.id: device for device in list_devices()}
    ids = parts(name)
    for one in ids:
        if one not in known:
            raise UnknownNameError("device", one, known)
    if len(ids) == 1:
        return known[name]
    if set(ids) != {CPU} and (len(set(ids)) < len(ids) or CPU in ids):
        raise ConfigError(
            "Several devices must be different GPUs, for example gpu0+gpu1, or equal parts of the"
            f" CPU, for example cpu+cpu; received {name!r}."
        )
    together = [known[one] for one in dict.fromkeys(ids)]
    # The device with the least memory limits the run, since all get equal shares of a batch.
    free = [device.free_bytes for device in together if device.free_bytes is not None]
    total = [device.total_bytes for device in together if device.total_bytes is not None]
    return Device(
        name, f"{len(ids)} × {together[0].name}", min(free, default=None), min(total, default=None)
    )


def parts(device: str) -> tuple[str, ...]:
    """The single devices of an id: "gpu0+gpu1" are two, and each gets its share of every batch."""
    return tuple(device.split(JOINT))


@dataclass(frozen=True, slots=True)
class Stranger:
    """A process of another program on a GPU. `used_bytes` is None where unknown."""

    pid: int
    used_bytes: int | None


def strangers(device: str, ours: Container[int] = ()) -> list[Stranger]:
    """Processes of other programs on a GPU; none for the CPU. Processes with very little memory,
    such as a desktop's, are ignored."""
    if CPU in parts(device):
        return []
    if len(parts(device)) > 1:
        return [stranger for one in parts(device) for stranger in strangers(one, ours)]
    with driver() as available:
        if not available:
            return []
        try:
            # NVML counts GPUs in PCI order, as the ids do. CUDA's default order may be another.
            handle = pynvml.nvmlDeviceGetHandleByIndex(int(device.removeprefix("gpu")))
            total = int(pynvml.nvmlDeviceGetMemoryInfo(handle).total)
            running = pynvml.nvmlDeviceGetComputeRunningProcesses(handle)
        except pynvml.NVMLError:
            return []
    others = [
        Stranger(process.pid, process.usedGpuMemory)
        for process in running
        if process.pid not in ours
    ]
    return [
        one for one in others if one.used_bytes is None or one.used_bytes > NEGLIGIBLE_SHARE * total
    ]


@contextlib.contextmanager
def driver() -> Iterator[bool]:
    """Open the NVIDIA driver during the block; False where there is none."""
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        yield False
        return
    try:
        yield True
    finally:
        pynvml.nvmlShutdown()


def _gpus() -> list[Device]:
    with driver() as available:
        return [_gpu(number) for number in range(pynvml.nvmlDeviceGetCount())] if available else []


def _gpu(number: int) -> Device:
    handle = pynvml.nvmlDeviceGetHandleByIndex(number)
    free = total = None
    with contextlib.suppress(pynvml.NVMLError):  # some virtual GPUs do not report it
        memory = pynvml.nvmlDeviceGetMemoryInfo(handle)
        free, total = int(memory.free), int(memory.total)
    return Device(f"gpu{number}", str(pynvml.nvmlDeviceGetName(handle)), free, total)


def _cpu() -> Device:
    cores = (
        # The cores that this process may use: a container may have fewer than the machine. macOS
        # does not know this call.
        len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else psutil.cpu_count() or 1
    )
    name = f"{_model()}, {cores} core{'s' if cores > 1 else ''}"
    try:
        memory = psutil.virtual_memory()
    except (OSError, psutil.Error):  # a container may hide it
        return Device(CPU, name, None, None)
    return Device(CPU, name, memory.available, memory.total)


def _model() -> str:
    """The processor's name from Linux. psutil does not know it; other systems lack this file."""
    try:
        lines = CPU_INFO.read_text().splitlines()
    except OSError:
        lines = []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return next(iter(models), platform.processor() or "CPU")
