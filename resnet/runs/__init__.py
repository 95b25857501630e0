"""Runs: a directory with all records of each training, and the processes that work on it.

from resnet.runs import RunSpec, Store
run = Store("runs").start(RunSpec(...))
run.state().name, run.progress().last_validation_error
"""

from resnet.runs.devices import Device, list_devices
from resnet.runs.journal import START, Cursor
from resnet.runs.progress import Progress
from resnet.runs.records import Notes, Parent
from resnet.runs.run import Run
from resnet.runs.spec import RunSpec
from resnet.runs.state import Patience, State
from resnet.runs.store import Store

__all__ = [
    "START",
    "Cursor",
    "Device",
    "Notes",
    "Parent",
    "Patience",
    "Progress",
    "Run",
    "RunSpec",
    "State",
    "Store",
    "list_devices",
]
