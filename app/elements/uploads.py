"""The largest file that an upload control accepts. `server.maxUploadSize` in .streamlit/config.toml
is the only place where the server's limit is set."""

import streamlit as st

MEGABYTE = 1 << 20


def largest_mb(most_bytes: int) -> int:
    """The largest file, in megabytes of 2^20 bytes: the limit of the code that reads it or of the
    server, the smaller one.

    The server's limit is for the whole request, which is a little longer than the file. So one
    megabyte is subtracted.
    """
    return int(min(most_bytes // MEGABYTE, st.get_option("server.maxUploadSize") - 1))
