"""Where each page's script is, so that one page can link to another, in a checkout as in a wheel.

Streamlit would take a relative path from the folder of the script it was started with, which the
two have elsewhere.
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
