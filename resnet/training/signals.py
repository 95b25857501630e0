"""The size of responses and gradients in each layer of trained networks: the data of figure 7 of He
et al. 2015.

`python -m resnet.training.signals RUN… -o FILE` reads finished runs from their folders, checkpoints
included, and writes a `SignalsFile`. Nothing is trained. The initial weights are drawn again from
the run's seed and checked by hash.

The last weights of a run are measured, not those with the lowest validation error. Networks are
compared after the same number of steps, because weight decay alone shrinks every response with
time.
"""

import argparse
import logging
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from resnet import data, files, history
from resnet.as_keras.model import build_keras_model, deep_recursion, kernel_hashes
from resnet.errors import ResNetLabError, RunError, echo
from resnet.network.config import ResNetConfig
from resnet.network.graph import Graph, Node, build_graph
from resnet.network.operations import Conv, Norm
from resnet.recipes.recipe import Recipe, SgdConfig
from resnet.recipes.schedule import ErrorWarmup, rate_at
from resnet.recipes.split import draw_split
from resnet.runs import checkpoint, devices
from resnet.runs.command import command
from resnet.runs.directory import CHECKPOINTS, ENVIRONMENT, SPEC, RunDirectory
from resnet.runs.run import Run
from resnet.runs.spec import RunSpec
from resnet.training import snapshot
from resnet.training.environment import describe_environment
from resnet.training.loss import data_losses
from resnet.training.parts import load_parts
from resnet.training.signal_record import LayerSignal, NetworkSignals, SignalsFile

MOST_IMAGES = 512
"""Measured in one batch, so that the norms see all of them."""

log = logging.getLogger("resnet.training")

PROGRAM = "python -m resnet.training.signals"


class Batch(NamedTuple):
    """float32 images [images, height, width, channels], normalised, and int32 labels [images]."""

    images: tf.Tensor
    labels: tf.Tensor


def responding(graph: Graph) -> Iterator[tuple[Node, Node]]:
    """Each convolution of the trunk or a branch, with the layer whose output is its response: the
    norm that reads it, or the convolution itself where there is no norm."""
    norm_of = {
        name: node for node in graph.nodes if isinstance(node.op, Norm) for name in node.inputs
    }
    for node in graph.nodes:
        if isinstance(node.op, Conv) and node.path != "shortcut":
            yield node, norm_of.get(node.id, node)


def measure_signals(model: keras.Model, graph: Graph, batch: Batch) -> tuple[LayerSignal, ...]:
    """Responses and gradients of a model that gives logits, on one batch, with the norm statistics
    of this batch.

    This also updates the model's moving averages.
    """
    pairs = list(responding(graph))
    with deep_recursion():
        outputs = [model.get_layer(response.id).output for _, response in pairs]
        probe = keras.Model(model.inputs, [*outputs, model.outputs[0]])
    kernels = [model.get_layer(conv.id).kernel for conv, _ in pairs]
    values = [kernel.value for kernel in kernels]
    with tf.GradientTape() as tape:
        tape.watch(values)
        *responses, logits = probe(batch.images, training=True)
        loss = tf.reduce_mean(data_losses(logits, batch.labels))
    gradients = tape.gradient(loss, values)
    return tuple(
        LayerSignal(
            id=conv.id,
            block=_block(conv),
            response=_deviation(response),
            gradient=_length(gradient),
        )
        for (conv, _), response, gradient in zip(pairs, responses, gradients, strict=True)
    )


def measure_run(folder: Path) -> NetworkSignals:
    """A finished run at its start and after its last step. Raises RunError where the run is not
    finished, or its initial weights cannot be drawn again, and the errors of reading its images."""
    directory = RunDirectory(folder)
    spec = directory.read(SPEC, RunSpec)
    last = checkpoint.load_last(directory.file(CHECKPOINTS), log.warning)
    if spec is None or last is None or last.step != spec.recipe.steps:
        raise RunError(
            f"A finished run with its last checkpoint is needed; {echo(folder.name)} has none."
        )
    dataset = data.read(spec.dataset, spec.data_folder)
    split = draw_split(dataset, spec.recipe.validation_images, spec.recipe.seed)
    held_out = load_parts(dataset, split, spec.recipe).validation
    count = min(MOST_IMAGES, held_out.size)
    batch = Batch(*held_out.batch(tf.range(count)))
    start, end = _at_start(spec, directory), build_keras_model(_with_logits(spec.config))
    snapshot.restore(snapshot.weights(end), last.weights)
    graph = build_graph(_with_logits(spec.config))
    lines, _ = directory.read_metrics()
    evaluation = history.last_of(lines, history.Evaluation)
    if evaluation is None or evaluation.validation_error is None:
        raise RunError(
            f"A run with at least one evaluation is needed; {echo(folder.name)} has none."
        )
    return NetworkSignals(
        network=spec.network,
        fingerprint=spec.config.fingerprint,
        depth=spec.config.depth,
        shortcut=spec.config.shortcut,
        dataset=spec.dataset,
        images=count,
        seed=spec.recipe.seed,
        steps=spec.recipe.steps,
        validation_error=evaluation.validation_error,
        scale_by_decay=scale_by_decay(spec.recipe),
        command=command(Run(folder)) or "",
        start=measure_signals(start, graph, batch),
        end=measure_signals(end, graph, batch),
    )


def _with_logits(config: ResNetConfig) -> ResNetConfig:
    return config.model_copy(update={"head_activation": "none"})


def _at_start(spec: RunSpec, directory: RunDirectory) -> keras.Model:
    """The network before its first step."""
    model = build_keras_model(_with_logits(spec.config), spec.recipe.seed)
    recorded = (directory.read_json(ENVIRONMENT) or {}).get("initial_weights")
    if recorded != kernel_hashes(model):
        raise RunError(
            f"{directory.path.name} began with other weights than its seed gives here; train it"
            " again with this version."
        )
    return model


def scale_by_decay(recipe: Recipe) -> float | None:
    """The value that a norm's scale of 1 would have at the end if only weight decay changed it: the
    arithmetic of SGD, step by step. None for another optimiser or decay, and for a warm-up whose
    end depends on the training."""
    optimiser, decay = recipe.optimiser, recipe.weight_decay
    if not isinstance(optimiser, SgdConfig) or isinstance(recipe.warmup, ErrorWarmup):
        return None
    if optimiser.nesterov or decay.semantics != "l2" or decay.covers != "all":
        return None
    scale, velocity = 1.0, 0.0
    # The gradient of (decay / 2) · scale² is decay · scale:
    # velocity = momentum · velocity − rate · decay · scale;  scale = scale + velocity.
    for step in range(recipe.steps):
        rate = rate_at(recipe.schedule, recipe.warmup, step, warm=True)
        velocity = optimiser.momentum * velocity - rate * decay.value * scale
        scale += velocity
    return float(f"{scale:.6g}")


def _block(node: Node) -> str:
    return f"{node.section}.block{node.block}" if node.block else node.section


def _deviation(values: tf.Tensor) -> float:
    return _short(np.std(values.numpy(), dtype=np.float64))


def _length(values: tf.Tensor) -> float:
    return _short(np.linalg.norm(values.numpy().astype(np.float64)))


def _short(value: np.floating) -> float:
    """Six digits, about the precision of float32."""
    return float(f"{value:.6g}")


def main(arguments: Sequence[str]) -> int:
    """Measure the runs and write the file. Returns the exit status: 1 where a run cannot be
    measured."""
    parser = argparse.ArgumentParser(
        prog=PROGRAM, description="Responses and gradients in finished runs, as JSON."
    )
    parser.add_argument(
        "runs", nargs="+", type=Path, metavar="RUN", help="the folder of a finished run"
    )
    parser.add_argument(
        "-o", "--output", required=True, type=Path, metavar="FILE", help="the JSON file to write"
    )
    options = parser.parse_args(arguments)
    environment = describe_environment(devices.CPU)
    try:
        measured = SignalsFile(
            command=" ".join(
                [PROGRAM, *(run.name for run in options.runs), "-o", options.output.name]
            ),
            environment={key: value for key, value in environment.items() if key != "boot_id"},
            networks=tuple(measure_run(run) for run in options.runs),
        )
        files.write(options.output, measured.model_dump_json(indent=1) + "\n")
    except ResNetLabError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
