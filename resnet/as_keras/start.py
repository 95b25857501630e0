"""Importing Keras in processes of this project: training, export, picture."""

import sys

EXTRAS = ("matplotlib", "pandas", "scipy", "sklearn")
"""Packages that Keras and TensorFlow import only for optional features: two fifths of their start
time."""


def import_keras() -> None:
    """Import TensorFlow and Keras without the optional packages of `EXTRAS`. Call it before any
    other import of Keras.

    For Python, `None` in `sys.modules` means "not installed", and Keras handles this. The packages
    can be imported later as usual; only Keras works without them. So use this only in processes of
    this project: in a notebook, `keras.wrappers.SKLearnClassifier` would be missing.
    """
    hidden = [name for name in EXTRAS if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None is what Python asks for
    try:
        import keras  # noqa: F401, PLC0415  imported here on purpose
        import tensorflow  # noqa: F401, PLC0415
    finally:
        for name in hidden:
            del sys.modules[name]
