"""The study that comes with the project, as `python -m resnet study export` wrote it: real runs,
as a first example.

Plain against residual on the digits, at two depths, with three seeds. Its README says how it was
made.
"""

from pathlib import Path

NAME = "plain_or_residual"


def folder() -> Path:
    """Its unpacked folder, for `resnet.studies.export.bundle.read_bundle`."""
    return Path(__file__).parent / NAME
