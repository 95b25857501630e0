"""How long a training takes to begin: what Keras imports only to offer it to others is left out of
our processes."""

import subprocess
import sys

import pytest

PROGRAM = """
import sys
from resnet.as_keras.start import EXTRAS, import_keras
import_keras()
print(*sorted(set(EXTRAS) & set(sys.modules)))
import keras, matplotlib, pandas, scipy, sklearn
print(keras.Sequential([keras.layers.Dense(1)])(keras.ops.ones((2, 3))).shape)
"""


@pytest.mark.keras
def test_our_processes_import_keras_without_its_extras_and_the_extras_afterwards() -> None:
    """Catches a Keras that takes two seconds more at the start of each training, and a package that
    stays hidden."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["", "(2, 1)"]
