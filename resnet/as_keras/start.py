"""Keras imported for this project's own processes: a training, an export, a picture."""

import sys

EXTRAS = ("matplotlib", "pandas", "scipy", "sklearn")
"""What Keras and TensorFlow import only to offer it to others, where it is installed: two fifths of
their start."""


def import_keras() -> None:
    """Import TensorFlow and Keras, and none of the packages they can do without, before anything
    else does.

    Python takes `None` in `sys.modules` for "not installed", which Keras provides for. The packages
    can be imported afterwards as always; only Keras has made up its mind. So this is for processes
    that are ours alone: in a notebook it would take `keras.wrappers.SKLearnClassifier` away.
    """
    hidden = [name for name in EXTRAS if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None is what Python asks for
    try:
        import keras  # noqa: F401, PLC0415  this is the place where it is imported
        import tensorflow  # noqa: F401, PLC0415
    finally:
        for name in hidden:
            del sys.modules[name]
