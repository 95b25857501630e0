"""The path of each page's script, so that pages can link to each other, in a checkout and in a
wheel.

Streamlit reads a relative path from the folder of the script that was started. That folder is not
the same in the two.
"""

from pathlib import Path

APP = Path(__file__).parents[1]
"""The folder app/, which also holds the icon and the style sheet."""

ARCHITECTURE = str(APP / "pages" / "architecture.py")
COMPARE = str(APP / "pages" / "compare.py")
TRAIN = str(APP / "pages" / "train.py")
RUNS = str(APP / "pages" / "runs.py")
STUDY = str(APP / "pages" / "study.py")
LEARN = str(APP / "pages" / "learn.py")
