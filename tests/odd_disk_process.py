"""A run from start to end on a disk that lacks something: `odd_disk_process.py FOLDER LACK ERRNO`.

LACK is a system call that the kernel refuses, or "nfs": an exclusive lock needs a file that is open
for writing, as Linux's NFS client has it (nfs(5), flock(2)). Prints the run's last state, or the
error that a person would read.
"""

import errno
import fcntl
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

from resnet.errors import ResNetLabError
from resnet.runs import checkpoint
from tests import runs_support
from tests.refused_calls import refuse


def lock_as_nfs() -> None:
    flock = fcntl.flock

    def nfs(descriptor: Any, operation: int) -> None:
        number = descriptor if isinstance(descriptor, int) else descriptor.fileno()
        reading_only = fcntl.fcntl(number, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY
        if operation & fcntl.LOCK_EX and reading_only:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        flock(descriptor, operation)

    fcntl.flock = nfs


def main(folder: str, lack: str, number: str) -> None:
    if lack == "nfs":
        lock_as_nfs()
    else:
        refuse(lack, int(number))
    try:
        run = runs_support.store(Path(folder), "brief").start(runs_support.spec())
        runs_support.wait_for(lambda: run.state().over)
        run.directory.reserve()  # once as the run was made, once as a worker begins
        values = {"kernel": np.zeros(3, np.float32)}
        checkpoint.save(run.directory.file("checkpoint"), checkpoint.Checkpoint(1, values, {}, {}))
        reserved = run.directory.file("reserve").stat()
        print(run.state().name, 512 * reserved.st_blocks >= reserved.st_size > 0)
    except ResNetLabError as error:
        print(error)


if __name__ == "__main__":
    main(*sys.argv[1:])
