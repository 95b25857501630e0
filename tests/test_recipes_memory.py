"""The estimate of a training's memory beside the memory that real trainings took."""

import json
import os
import subprocess
import sys

import pytest

from resnet.network import catalog
from resnet.network.operations import OPERATIONS
from resnet.network.settings import with_settings
from resnet.recipes.memory import GRADIENT_READS, memory_bytes
from resnet.recipes.recipes import default_recipe

FEW, MANY = 64, 448
TOLERANCE = 0.2


@pytest.mark.training
@pytest.mark.parametrize(
    ("network", "settings"),
    [
        ("resnet8", {}),
        ("resnet8", {"block": "bottleneck", "activation_order": "pre"}),
    ],
)
def test_a_larger_batch_takes_as_much_more_as_is_said(
    network: str, settings: dict[str, object]
) -> None:
    """What 384 more images of a batch take in a process that really trains, as Linux counts it.

    The difference of two batches leaves out TensorFlow's own. Counting every layer's output was 1.6
    times too much.
    """
    command = [
        sys.executable,
        "-m",
        "tests.memory_process",
        network,
        json.dumps(settings),
        str(FEW),
        str(MANY),
    ]
    hidden = {"CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=os.environ | hidden
    )
    assert done.returncode == 0, done.stderr[-2000:]
    few, many = json.loads(done.stdout)
    config = with_settings(catalog.get(network).config, settings)
    said = [
        memory_bytes(config, default_recipe("digits").model_copy(update={"batch_size": size}))
        for size in (FEW, MANY)
    ]
    assert said[1] - said[0] == pytest.approx(many - few, rel=TOLERANCE)


def test_weights_count_with_their_gradients_and_the_optimisers_slots() -> None:
    """Adam's second moment is 4 bytes more for each of ResNet-56's 853,018 weights."""
    config = catalog.get("resnet56").config
    sgd = default_recipe("digits")
    adam = sgd.model_validate(sgd.model_dump() | {"optimiser": {"kind": "adam"}})
    assert memory_bytes(config, adam) - memory_bytes(config, sgd) == 4 * 853_018


def test_every_operation_says_what_its_gradient_reads() -> None:
    """A new operation whose kept maps would be left out of the estimate."""
    assert set(GRADIENT_READS) == set(OPERATIONS)
