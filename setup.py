"""The one step of building a wheel that pyproject.toml cannot say: where the pages start.

In a checkout Streamlit starts at the top: `streamlit_app.py`, with `.streamlit/config.toml` beside
it. A wheel must put nothing but `resnet` and `app` among other people's packages, so there the same
two files stand in `app/start`. `resnet-lab app` looks in both places.
"""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

START = ("streamlit_app.py", ".streamlit/config.toml")


class BuildWithStart(build_py):
    """Copies the modules as always, then the two files that start the pages."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:  # then the checkout itself is what is installed
            return
        for name in START:
            target = Path(self.build_lib, "app", "start", name)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(name, target)


setup(cmdclass={"build_py": BuildWithStart})
