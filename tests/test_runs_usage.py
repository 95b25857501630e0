"""How busy devices are: an imitated driver, one that says nothing, and processors between two
looks."""

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from resnet.runs import devices, usage
from resnet.runs.devices import CPU, Stranger
from resnet.runs.usage import Meter, Ticks, busy_share


class _Refusal(Exception):  # noqa: N818  as NVML's own is called an error only by its base
    pass


class _Driver:
    """One GPU with two processes on it. Where it is `mute`, it refuses what some virtual GPUs
    refuse."""

    NVMLError = _Refusal

    def __init__(self, *, mute: bool = False) -> None:
        self.mute = mute

    def nvmlInit(self) -> None: ...  # noqa: N802

    def nvmlShutdown(self) -> None: ...  # noqa: N802

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802
        return 1

    def nvmlDeviceGetHandleByIndex(self, number: int) -> int:  # noqa: N802
        return number

    def nvmlDeviceGetName(self, handle: int) -> str:  # noqa: N802
        return "NVIDIA Imitation"

    def __getattr__(self, name: str) -> Any:
        answers: dict[str, Any] = {
            "nvmlDeviceGetMemoryInfo": SimpleNamespace(free=60, total=100, used=40),
            "nvmlDeviceGetUtilizationRates": SimpleNamespace(gpu=87, memory=20),
            "nvmlDeviceGetPowerUsage": 250_000,
            "nvmlDeviceGetEnforcedPowerLimit": 700_000,
            "nvmlDeviceGetComputeRunningProcesses": [
                SimpleNamespace(pid=11, usedGpuMemory=30),
                SimpleNamespace(pid=12, usedGpuMemory=10),
            ],
        }
        answer = answers[name]

        def ask(handle: int) -> Any:
            if self.mute:
                raise _Refusal(name)
            return answer

        return ask


@pytest.fixture
def driver(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> _Driver:
    imitated = _Driver(mute=getattr(request, "param", False))
    for module in (devices, usage):
        monkeypatch.setattr(module, "pynvml", imitated)
    return imitated


def test_a_gpu_says_what_it_does(driver: _Driver) -> None:
    """Catches milliwatts shown as watts, and our own run named a stranger."""
    gpu, cpu = Meter().look(ours={11})
    assert (gpu.device, gpu.name, gpu.utilisation) == ("gpu0", "NVIDIA Imitation", 87.0)
    assert (gpu.used_bytes, gpu.total_bytes) == (40, 100)
    assert (gpu.power_w, gpu.limit_w) == (pytest.approx(250.0), pytest.approx(700.0))
    assert gpu.strangers == (Stranger(12, 10),)
    assert cpu.device == CPU
    assert cpu.power_w is None


@pytest.mark.parametrize("driver", [True], indirect=True)
def test_a_gpu_that_says_nothing_is_shown_by_name(driver: _Driver) -> None:
    """Catches a page that fails on a virtual GPU."""
    gpu = Meter().look()[0]
    assert gpu == usage.Usage("gpu0", "NVIDIA Imitation")


def test_a_processor_is_measured_between_two_looks(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What guests used is counted in user and nice already; waiting for a disk is no work."""
    stat = tmp_path / "stat"
    monkeypatch.setattr(psutil, "PROCFS_PATH", str(tmp_path))
    meter = Meter()
    stat.write_text("cpu  100 0 0 800 100 0 0 0 50 0\ncpu0 1 2\n")
    assert meter.look()[-1].utilisation is None
    stat.write_text("cpu  150 0 25 850 125 0 0 0 75 0\ncpu0 1 2\n")
    assert meter.look()[-1].utilisation == pytest.approx(50.0)


def test_no_time_between_two_looks_is_no_utilisation() -> None:
    """Catches a division by zero on two looks within a tick, and a clock that went back."""
    for before, now in (
        (None, Ticks(1, 2)),
        (Ticks(1, 2), None),
        (Ticks(1, 2), Ticks(1, 2)),
        (Ticks(5, 9), Ticks(1, 2)),
    ):
        assert busy_share(before, now) is None


def test_a_machine_that_hides_its_counters_says_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A container may hide them; the Runs page shows its devices all the same."""
    monkeypatch.setattr(psutil, "PROCFS_PATH", str(tmp_path))
    meter = Meter()
    meter.look()
    processor = meter.look()[-1]
    assert (processor.utilisation, processor.used_bytes, processor.total_bytes) == (
        None,
        None,
        None,
    )


def test_memory_and_cores_are_those_the_system_counts() -> None:
    """Catches kibibytes taken for bytes: the kernel's own table."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    line = next(line for line in lines if line.startswith("MemTotal"))
    device = devices.get_device(CPU)
    assert device.total_bytes == int(line.split()[1]) * 1024
    assert f", {len(os.sched_getaffinity(0))} core" in device.name
