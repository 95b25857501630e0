"""Opens every page of a running app as a browser would, but without a browser; fails if a page
shows an error.

    .venv/bin/python tools/visit.py PORT [SECONDS]   waits up to SECONDS (60) for the app to answer

It speaks Streamlit's own protocol: a page's address returns the same HTML for every page, and shows
no error.
"""

import asyncio
import sys
import time
import urllib.request

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

PAGE_WITHIN_S = 120


def wait_until_healthy(port: int, seconds: float) -> None:
    """Return once the app answers. Raises TimeoutError."""
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    raise TimeoutError(f"Nothing answers on port {port} after {seconds:g} s.")


async def visit(port: int) -> dict[str, list[str]]:
    """Title of each page in the navigation -> what is wrong with it."""
    address = f"ws://127.0.0.1:{port}/_stcore/stream"
    async with websockets.connect(address, subprotocols=["streamlit"], max_size=None) as socket:
        first = await shown(socket, "")
        pages = next(
            message.navigation.app_pages for message in first if message.HasField("navigation")
        )
        return {
            page.page_name: errors(await shown(socket, page.page_script_hash)) for page in pages
        }


async def shown(socket: websockets.ClientConnection, page_hash: str) -> list[ForwardMsg]:
    """All messages that make this page, up to the last one. Raises TimeoutError."""
    request = BackMsg()
    request.rerun_script.page_script_hash = page_hash
    await socket.send(request.SerializeToString())
    messages: list[ForwardMsg] = []
    async with asyncio.timeout(PAGE_WITHIN_S):
        while not messages or messages[-1].WhichOneof("type") != "script_finished":
            messages.append(ForwardMsg.FromString(bytes(await socket.recv())))
    return messages


def errors(messages: list[ForwardMsg]) -> list[str]:
    elements = [message.delta.new_element for message in messages if message.HasField("delta")]
    found = [element.exception.message for element in elements if element.HasField("exception")]
    if not elements:
        found.append("The page is empty.")
    if messages[-1].script_finished != ForwardMsg.FINISHED_SUCCESSFULLY:
        found.append(ForwardMsg.ScriptFinishedStatus.Name(messages[-1].script_finished))
    return found


def main(port: int, seconds: float = 60) -> int:
    try:
        wait_until_healthy(port, seconds)
        pages = asyncio.run(visit(port))
    except (TimeoutError, OSError) as error:
        print(error or "A page did not come to an end.", file=sys.stderr)
        return 1
    for title, wrong in pages.items():
        print(f"{title}: {'; '.join(wrong) or 'answers'}")
    return 1 if any(pages.values()) else 0


if __name__ == "__main__":
    raise SystemExit(main(*map(int, sys.argv[1:])))
