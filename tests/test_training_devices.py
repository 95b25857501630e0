"""One run on two devices: two logical CPUs, each with half of every batch, in a worker of its
own."""

from typing import Any

import numpy as np
import pytest

from resnet import with_settings
from resnet.errors import ConfigError
from resnet.runs import devices
from resnet.runs.queue import due
from resnet.runs.spec import check_possible
from tests.training_support import SGD, SMALL, Make, Run, recipe_of, spec_with

pytestmark = pytest.mark.training

STEPS = 12
FEW = SGD | {"log_every": 1, "evaluate_every": 6, "checkpoint_every": 12}
GROUP = {"norm.kind": "group", "norm.groups": 4}


def finished(make: Make, device: str, network: dict[str, Any], recipe: dict[str, Any]) -> Run:
    spec = spec_with(recipe_of(STEPS, FEW | recipe), config=SMALL, device=device)
    run = make(spec.model_copy(update={"config": with_settings(spec.config, network)}))
    run.start()
    last_word = run.wait()
    assert last_word is not None, run.log()
    assert last_word["outcome"] == "finished", run.log()
    return run


def losses(run: Run) -> list[float]:
    return [record["data_loss"] for record in run.records() if record["kind"] == "train"]


def test_without_batch_norm_one_device_with_64_and_two_with_32_agree(make_run: Make) -> None:
    """Gradients summed instead of averaged, or a batch cut wrongly, would part the curves at the
    second step."""
    one, two = (finished(make_run, device, GROUP, {}) for device in ("cpu", "cpu+cpu"))
    assert losses(two) == pytest.approx(losses(one), rel=1e-4)
    for field in ("gradient_norm", "train_error", "l2_penalty", "learning_rate"):
        first = [line[field] for line in one.records() if line["kind"] == "train"]
        second = [line[field] for line in two.records() if line["kind"] == "train"]
        assert second == pytest.approx(first, rel=1e-3), field
    assert all(
        np.allclose(two.weights().weights[name], value, atol=1e-4)
        for name, value in one.weights().weights.items()
    )
    starts = [run.records()[0] for run in (one, two)]
    assert [(start["devices"], start["images_per_statistic"]) for start in starts] == [
        (1, None),
        (2, None),
    ]


def test_statistics_are_over_each_share_or_over_the_whole_batch(make_run: Make) -> None:
    """Synchronised, two devices are one; per device they are not, and the record says over how many
    images."""
    whole = finished(make_run, "cpu", {}, {})
    synchronised = finished(make_run, "cpu+cpu", {}, {"batch_norm_statistics": "synchronised"})
    apart = finished(make_run, "cpu+cpu", {}, {})
    assert losses(synchronised)[:4] == pytest.approx(losses(whole)[:4], rel=1e-3)
    assert losses(apart)[:4] != pytest.approx(losses(whole)[:4], rel=1e-3)
    behind = [run.records()[0]["images_per_statistic"] for run in (whole, synchronised, apart)]
    assert behind == [64, 64, 32]
    first = next(name for name in whole.weights().weights if name.endswith("/moving_mean"))
    moving = [run.weights().weights[first] for run in (synchronised, apart)]
    assert np.allclose(*moving, atol=0.02)  # the mean over the shares is nearly that over the batch


def test_a_batch_that_cannot_be_shared_and_mixed_devices_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"must be a multiple of 2.* received 63"):
        check_possible(spec_with(recipe_of(STEPS, FEW | {"batch_size": 63}), device="cpu+cpu"))
    with pytest.raises(ConfigError, match="device"):
        spec_with(recipe_of(STEPS, FEW), device="cpu+gpu0")
    assert devices.get_device("cpu+cpu").name.startswith("2 × ")


def test_a_run_on_two_devices_waits_for_both_and_is_not_overtaken() -> None:
    waiting = [("both", "gpu0+gpu1"), ("late", "gpu1"), ("other", "gpu2")]
    assert due(waiting, busy={"gpu0"}) == ["other"]
    assert due(waiting, busy=set()) == ["both", "other"]
