"""How much memory a training really takes: `memory_process.py NETWORK SETTINGS BATCH…`.

SETTINGS are JSON. Trains two real steps on random images with one batch after the other, the
smallest first. Prints for each the highest resident memory of this process until then, as Linux
counts it (VmHWM), in bytes, as a JSON list.
"""

import json
import sys
from pathlib import Path

import numpy as np

from resnet.as_keras.model import build_keras_model
from resnet.network import catalog
from resnet.network.config import ResNetConfig
from resnet.network.settings import with_settings
from resnet.recipes.recipe import Recipe
from resnet.recipes.recipes import default_recipe
from resnet.training.batches import batch_indices
from resnet.training.device import claim
from resnet.training.fused_norm import with_fused_norms
from resnet.training.normalise import fit_normalisation
from resnet.training.optimiser import build_optimiser
from resnet.training.parts import Part
from resnet.training.step import compile_steps

STEPS = 2


def highest_bytes() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) * 1024


def train(config: ResNetConfig, recipe: Recipe) -> None:
    """The trainer's own step, compiled as it does."""
    size = recipe.batch_size
    images = np.random.default_rng(0).integers(0, 256, (size, *config.input_shape), np.uint8)
    part = Part(images, np.zeros(size, np.int32), fit_normalisation("scale", images))
    model = with_fused_norms(build_keras_model(config, 0))
    take_steps = compile_steps(model, build_optimiser(model, recipe), recipe, part.batch)
    take_steps(0, batch_indices(0, size, size, 0, STEPS), np.full(STEPS, 0.01, np.float32))


def main(network: str, settings: str, *batches: str) -> None:
    config = with_settings(
        catalog.get(network).config, {"head_activation": "none"} | json.loads(settings)
    )
    recipe = default_recipe("digits")
    claim("cpu", recipe)
    highest = []
    for batch in batches:
        train(config, recipe.model_copy(update={"batch_size": int(batch)}))
        highest.append(highest_bytes())
    print(json.dumps(highest))


if __name__ == "__main__":
    main(*sys.argv[1:])
