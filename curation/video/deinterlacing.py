"""Half pictures of interlaced films become whole ones, by FFmpeg's filter bwdif (Bob Weaver with w3fdif and cubic).

The filter looks at the picture before and after, so it gives each picture when the next one has come. A film that is
not interlaced passes unchanged and without delay.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from curation.video.decoding import DecodedPicture

__all__ = ["Deinterlacer"]


class Deinterlacer:
    """Deinterlaces from the first interlaced picture on."""

    def __init__(self, stream: Any) -> None:
        """For the pictures of a stream."""
        self._stream = stream
        self._graph: Any = None
        self._size: tuple[int, int, str] | None = None
        self._before: Any = None
        self._waits: deque[tuple[DecodedPicture, bool]] = deque()

    def passed(self, picture: DecodedPicture, is_needed: bool, *, is_begin: bool) -> Iterator[DecodedPicture]:
        """The pictures that are ready now that another one has come, without those that are not needed.

        Raises:
            StartNotReadableError: The first picture that is needed is interlaced, and the one before it is not known.
        """
        from curation.video.decoding import StartNotReadableError

        frame = picture.frame
        if frame is None or (self._graph is None and not frame.interlaced_frame):
            self._before = frame
            if is_needed:
                yield picture
            return
        size = (frame.width, frame.height, frame.format.name)
        if self._graph is not None and size != self._size:
            yield from self.rest()
        if self._graph is None:
            if self._before is None and is_needed and not is_begin:
                raise StartNotReadableError
            self._graph, self._size = self._new_graph(frame), size
            if self._before is not None and (self._before.width, self._before.height) == size[:2]:
                self._push(picture, None, self._before)
        self._before = frame
        self._push(picture, is_needed, frame)
        yield from self._ready()

    def rest(self) -> Iterator[DecodedPicture]:
        """What the filter still holds; afterwards it begins anew."""
        if self._graph is not None:
            self._graph.push(None)
            yield from self._ready()
            self._graph = None
            self._waits.clear()

    def _push(self, picture: DecodedPicture, is_needed: bool | None, frame: Any) -> None:
        self._waits.append((picture, bool(is_needed)))
        frame.pts = None  # the filter drops pictures whose stamps run backwards; ours go beside it
        self._graph.push(frame)

    def _ready(self) -> Iterator[DecodedPicture]:
        import av

        while True:
            try:
                frame = self._graph.pull()
            except (av.FFmpegError, EOFError):
                return
            picture, is_needed = self._waits.popleft()
            if is_needed:
                yield replace(picture, frame=frame)

    def _new_graph(self, frame: Any) -> Any:
        import av
        from av.filter import Graph

        graph = Graph()
        source = graph.add_buffer(
            width=frame.width, height=frame.height, format=frame.format, time_base=self._stream.time_base
        )
        bwdif = graph.add("bwdif", "mode=send_frame:parity=auto:deint=interlaced")
        graph.link_nodes(source, bwdif, graph.add("buffersink")).configure()
        assert av
        return graph
