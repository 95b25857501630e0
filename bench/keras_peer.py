"""Today's way to a picture of a network: build it in Keras, call plot_model. Reads names, prints
seconds.

`plot_model` is `model_to_dot` and Graphviz's `dot`. There may be no `dot` on the PATH, so the same
Graphviz is called in process, which favours this side; and splines are polylines, since with the
default "ortho" Graphviz aborts.
"""

import sys
import time

import keras
import pygraphviz

from resnet import build_keras_model
from resnet.as_keras.model import deep_recursion
from resnet.network import catalog


def main() -> None:
    for line in sys.stdin:
        print(build_and_plot_s(line.strip()), flush=True)


def build_and_plot_s(name: str) -> float:
    config = catalog.get(name).config
    keras.backend.clear_session()
    begin = time.perf_counter()
    model = build_keras_model(config)
    with deep_recursion():
        dot = keras.utils.model_to_dot(model, splines="polyline").to_string()
    pygraphviz.AGraph(string=dot).draw(format="svg", prog="dot")
    return time.perf_counter() - begin


if __name__ == "__main__":
    main()
