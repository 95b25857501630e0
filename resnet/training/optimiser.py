"""The Keras optimiser of a recipe, with its slots created and weight decay on the right
variables."""

import keras

from resnet.recipes.recipe import AdamConfig, Recipe, SgdConfig
from resnet.training.loss import decayed


def build_optimiser(model: keras.Model, recipe: Recipe) -> keras.optimizers.Optimizer:
    """The learning rate is a variable; the step sets it before each update."""
    decay = recipe.weight_decay
    decoupled = decay.value if decay.semantics == "decoupled" and decay.value else None
    optimiser = _keras_optimiser(recipe.optimiser, decoupled)
    if decoupled:
        covered = {id(variable) for variable in decayed(model, decay)}
        not_covered = [
            variable for variable in model.trainable_variables if id(variable) not in covered
        ]
        optimiser.exclude_from_weight_decay(var_list=not_covered)  # no effect after `build`
    if recipe.precision == "mixed_float16":
        # float16 has few bits for small numbers: the loss is scaled up, gradients scaled back.
        optimiser = keras.optimizers.LossScaleOptimizer(optimiser)
    optimiser.build(model.trainable_variables)
    return optimiser


def _keras_optimiser(
    config: SgdConfig | AdamConfig, decay: float | None
) -> keras.optimizers.Optimizer:
    """Keras's optimiser; `decay` is the decoupled weight decay, None for none.

    Settings are given by name: SGD, Adam and AdamW take them in different orders.
    """
    match config:
        case SgdConfig():
            return keras.optimizers.SGD(
                learning_rate=0.0,
                momentum=config.momentum,
                nesterov=config.nesterov,
                weight_decay=decay,
            )
        case AdamConfig():
            # Keras's Adam with a weight decay is the same as its AdamW, which does not accept None.
            return keras.optimizers.Adam(
                learning_rate=0.0,
                beta_1=config.beta_1,
                beta_2=config.beta_2,
                epsilon=config.epsilon,
                weight_decay=decay,
            )
