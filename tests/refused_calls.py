"""System calls that the kernel refuses in this process and its children, as on a disk or kernel
without them.

A seccomp filter: the call really is made and really is refused. Needs no root. It cannot be taken
back, so it belongs into a process of its own.
"""

import ctypes
import os
import platform

NUMBERS = {
    "x86_64": {"fallocate": 285, "fsync": 74, "flock": 73},
    "aarch64": {"fallocate": 47, "fsync": 82, "flock": 32},
}
NO_NEW_PRIVILEGES, SECCOMP, FILTER = 38, 22, 2
LOAD_NUMBER, JUMP_IF_EQUAL, ANSWER = 0x20, 0x15, 0x06
REFUSE, ALLOW = 0x00050000, 0x7FFF0000


class Instruction(ctypes.Structure):
    """One of a BPF program, as in linux/filter.h."""

    _fields_ = (
        ("code", ctypes.c_ushort),
        ("yes", ctypes.c_ubyte),
        ("no", ctypes.c_ubyte),
        ("value", ctypes.c_uint),
    )


class Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("first", ctypes.POINTER(Instruction)))


def refuse(call: str, error: int) -> None:
    """From now on this call fails with this errno."""
    number = NUMBERS[platform.machine()][call]
    instructions = (Instruction * 4)(
        Instruction(LOAD_NUMBER, 0, 0, 0),
        Instruction(JUMP_IF_EQUAL, 0, 1, number),
        Instruction(ANSWER, 0, 0, REFUSE | error),
        Instruction(ANSWER, 0, 0, ALLOW),
    )
    program = Program(len(instructions), instructions)
    libc = ctypes.CDLL(None, use_errno=True)
    for arguments in (
        (NO_NEW_PRIVILEGES, 1, 0, 0, 0),
        (SECCOMP, FILTER, ctypes.byref(program), 0, 0),
    ):
        if libc.prctl(*arguments):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
