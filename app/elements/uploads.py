"""What an uploader may promise: `server.maxUploadSize` in .streamlit/config.toml is the only place
that says it."""

import streamlit as st

MEGABYTE = 1 << 20


def largest_mb(most_bytes: int) -> int:
    """The largest file in megabytes of 2^20 bytes: what its reader takes, and no more than the
    server lets through.

    The server measures the whole request, which is a little longer than the file in it; hence one
    megabyte less.
    """
    return int(min(most_bytes // MEGABYTE, st.get_option("server.maxUploadSize") - 1))
