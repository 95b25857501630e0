"""The cause of a failed run, in one sentence. The traceback goes to the log."""

import errno

from resnet.errors import ResNetLabError


class NotANumberError(ResNetLabError):
    """Loss or weights became infinite or not a number. Steps count from 1 here, as in the
    records."""

    def __init__(self, step: int) -> None:
        super().__init__(
            f"Not a number at step {step:,}: loss or weights are no longer finite; the last good"
            " checkpoint is kept. Try a lower learning rate, a warm-up, or float32."
        )


class NoProgressError(ResNetLabError):
    """The validation error did not fall in as many evaluations as the recipe's patience."""

    def __init__(self, evaluations: int, best_error: float) -> None:
        super().__init__(
            f"No progress: the validation error has not been below {best_error:.2f} % for"
            f" {evaluations} evaluations; the last checkpoint is kept. Try another learning rate,"
            " or set sentinels.no_progress to 'go_on'."
        )


def explain_failure(error: BaseException, device: str) -> str:
    """The cause, for exit.json."""
    refused = error.__cause__ if isinstance(error, ResNetLabError) else error
    if isinstance(refused, OSError) and refused.errno in (errno.ENOSPC, errno.EDQUOT):
        return "The disk is full: free some space, then resume the run."
    if isinstance(error, ResNetLabError):
        return str(error)
    if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":
        return (
            f"Out of memory on {device}: take a smaller batch or a smaller network, or a device"
            " with more memory."
        )
    if isinstance(error, OSError):
        return f"The disk refused: {error.strerror or error}; see the log."
    first_line = (str(error).splitlines() or ["no message"])[0][:200]
    return (
        f"An unexpected error ({type(error).__name__}: {first_line}); the log holds the traceback."
    )
