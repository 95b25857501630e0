"""A visitor without a browser: speaks Streamlit's websocket protocol with a running server.

    with running_app(tmp_path) as app, Visitor(app.url) as visitor:
        visitor.rerun()
        visitor.set(visitor.find("slider"), double_array_value=[9.0])
        visitor.rerun()
        assert not visitor.exceptions

A browser costs seconds and hides what the server answers; hundreds of reruns and foreign headers
need neither.
"""

import http.client
import socket
import uuid
from typing import Any, Self
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

WITHIN_S = 60.0


class Visitor:
    """One session. `elements` are those on the page now, by their place; `exceptions` all that were
    ever shown."""

    def __init__(
        self, url: str, *, origin: str | None = None, host: str | None = None, page: str = ""
    ) -> None:
        place = urlsplit(url)
        self.address = (place.hostname or "", place.port or 80)
        self.page = page
        self.elements: dict[tuple[int, ...], tuple[str, Any]] = {}
        self.blocks: dict[tuple[int, ...], Any] = {}
        self.exceptions: list[str] = []
        self.session_id = ""
        self.page_hash = ""
        self._pages: dict[str, str] = {}
        self._widgets: dict[str, WidgetState] = {}
        self._known: dict[str, bytes] = {}
        self.origin = Origin(origin) if origin else None
        self.target = f"ws://{host or place.netloc}/_stcore/stream"

    def __enter__(self) -> Self:
        """Open the session. Raises websockets.exceptions.InvalidStatus where the server refuses."""
        # The socket leads to the server whatever host the target names, as a rebound name does.
        line = socket.create_connection(self.address, timeout=WITHIN_S)
        try:
            protocols = [Subprotocol("streamlit"), Subprotocol("PLACEHOLDER")]
            self._connection = connect(
                self.target,
                origin=self.origin,
                subprotocols=protocols,
                max_size=None,
                open_timeout=WITHIN_S,
                sock=line,
            )
            self._socket = self._connection.__enter__()
        except BaseException:
            line.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.__exit__(None, None, None)

    def rerun(self, query: str = "") -> None:
        """Run the page with what the widgets hold; returns when it is done."""
        message = BackMsg()
        asked = message.rerun_script
        asked.query_string = query
        asked.page_script_hash = self._pages.get(self.page, self.page_hash)
        asked.page_name = "" if asked.page_script_hash else self.page
        for state in self._widgets.values():
            asked.widget_states.widgets.add().CopyFrom(state)
        self._socket.send(message.SerializeToString())
        while not self._take(self._next()):
            pass

    def find(self, kind: str, label: str = "") -> Any:
        """The first element of a kind on the page whose label begins so. Raises LookupError."""
        for found, element in self.elements.values():
            if found == kind and getattr(element, "label", "").startswith(label):
                return element
        raise LookupError(
            f"no {kind} {label!r} among {sorted({found for found, _ in self.elements.values()})}"
        )

    def all(self, kind: str) -> list[Any]:
        """Every element of a kind that is on the page."""
        return [element for found, element in self.elements.values() if found == kind]

    def open(self, label: str) -> None:
        """Unfold an expander or a popover that is built when it is opened."""
        for block in reversed(self.blocks.values()):
            kind = block.WhichOneof("type")
            if kind in ("expandable", "popover") and getattr(block, kind).label.startswith(label):
                self.set(getattr(block, kind), bool_value=True)
                self.rerun()
                return
        raise LookupError(f"nothing to open is called {label!r}")

    def set(self, element: Any, **value: Any) -> None:
        """Give a widget a value; `rerun` sends it."""
        state = WidgetState(id=element.id)
        for field, content in value.items():
            if isinstance(content, list):
                getattr(state, field).data.extend(content)
            else:
                setattr(state, field, content)
        self._widgets[element.id] = state

    def upload(self, element: Any, name: str, data: bytes) -> int:
        """Send a file as the browser does; returns the HTTP status. `rerun` shows the page what has
        arrived."""
        message = BackMsg()
        message.file_urls_request.request_id = "one"
        message.file_urls_request.file_names.append(name)
        message.file_urls_request.session_id = self.session_id
        self._socket.send(message.SerializeToString())
        while (answer := self._next()).WhichOneof("type") != "file_urls_response":
            self._take(answer)
        place = answer.file_urls_response.file_urls[0]
        status = self._put(place.upload_url, name, data)
        state = self._widgets.setdefault(element.id, WidgetState(id=element.id))
        info = state.file_uploader_state_value.uploaded_file_info.add()
        info.file_id, info.name, info.size = place.file_id, name, len(data)
        info.file_urls.CopyFrom(place)
        return status

    def _put(self, url: str, name: str, data: bytes) -> int:
        link = http.client.HTTPConnection(*self.address, timeout=WITHIN_S)
        link.request("GET", "/_stcore/health")
        answer = link.getresponse()
        answer.read()
        cookie = next(
            (
                value.split(";")[0]
                for key, value in answer.getheaders()
                if key.lower() == "set-cookie" and "_streamlit_xsrf" in value
            ),
            "",
        )
        mark = f"part{uuid.uuid4().hex}"
        head = f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
        body = head.encode() + data + f"\r\n--{mark}--\r\n".encode()
        headers = {
            "Content-Type": f"multipart/form-data; boundary={mark}",
            "Cookie": cookie,
            "X-Xsrftoken": cookie.partition("=")[2],
        }
        try:
            link.request("PUT", url if url.startswith("/") else f"/{url}", body, headers)
            return link.getresponse().status
        except (BrokenPipeError, ConnectionResetError):
            return 413  # the server hung up in the middle of what is too large
        finally:
            link.close()

    def _next(self) -> ForwardMsg:
        message = ForwardMsg()
        message.ParseFromString(bytes(self._socket.recv(timeout=WITHIN_S)))  # type: ignore[arg-type]  always binary
        return message

    def _take(self, message: ForwardMsg) -> bool:
        """Keep what a message says. Returns whether the rerun is over."""
        kind = message.WhichOneof("type")
        if kind == "ref_hash":
            place = message.metadata
            message = ForwardMsg.FromString(self._known[message.ref_hash])
            message.metadata.CopyFrom(place)
            kind = message.WhichOneof("type")
        if message.metadata.cacheable and message.hash:
            self._known[message.hash] = message.SerializeToString()
        if kind == "new_session":
            self.session_id = message.new_session.initialize.session_id or self.session_id
            self.page_hash = message.new_session.page_script_hash
            self.elements, self.blocks = {}, {}
        elif kind == "navigation":
            self._pages |= {
                page.url_pathname: page.page_script_hash for page in message.navigation.app_pages
            }
        elif kind == "delta":
            self._keep(tuple(message.metadata.delta_path), message.delta)
        return kind == "script_finished"

    def _keep(self, place: tuple[int, ...], delta: Any) -> None:
        if delta.WhichOneof("type") == "add_block":
            self.blocks[place] = delta.add_block
            return
        kind = delta.new_element.WhichOneof("type")
        element = getattr(delta.new_element, kind)
        self.elements[place] = (kind, element)
        if kind == "exception":
            self.exceptions.append(f"{element.type}: {element.message}")
