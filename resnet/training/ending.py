"""The end of a run: one test with the chosen weights, and the trained model as a file."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras

from resnet.as_keras.model import build_keras_model, save_keras_model
from resnet.network.config import ResNetConfig
from resnet.runs.checkpoint import Arrays
from resnet.training import snapshot
from resnet.training.evaluate import Evaluator
from resnet.training.exact_norm import exact_statistics, images_counted
from resnet.training.parts import Parts


def final_test(
    model: keras.Model,
    evaluate: Evaluator,
    parts: Parts,
    batch_size: int,
    between: Callable[[], None],
) -> dict[str, Any]:
    """The fields of the test record, for the model's current weights: with moving averages, and
    with exact statistics.

    The validation part is evaluated with both too, so that the choice between them does not need
    the test set.
    """

    def both() -> tuple[float, float, float]:
        test = evaluate(parts.test, parts.test.size, between)
        held_out = evaluate(parts.validation, parts.validation.size, between)
        return test.error, test.data_loss, held_out.error

    error, loss, held_out = both()
    fields = {"test_error": error, "test_data_loss": loss, "tested_validation_error": held_out}
    weights = snapshot.weights(model)
    before = snapshot.capture(weights)
    exact = exact_statistics(model, parts.train, batch_size, between)
    # No batch norm, so both evaluations would be the same.
    if not exact:
        return fields
    try:
        snapshot.restore(weights, before | exact)
        error, loss, held_out = both()
    # The saved model keeps the moving averages, also where the evaluation is stopped.
    finally:
        snapshot.restore(weights, before)
    return fields | {
        "test_error_exact_statistics": error,
        "test_data_loss_exact_statistics": loss,
        "tested_validation_error_exact_statistics": held_out,
        "exact_statistics_images": images_counted(parts.train, batch_size),
    }


def write_model(config: ResNetConfig, values: Arrays, path: Path) -> None:
    """The network with these weights as a .keras file that loads wherever Keras is. Raises
    ExportError."""
    model = build_keras_model(config)
    snapshot.restore(snapshot.weights(model), values)
    save_keras_model(model, path)
