"""The attribute services without processes and Redis: a client that finds painted faces, and a log in memory."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from curation.domain.attributes.values import Attribute, FaceAttributes, ImageAttributes
from curation.errors import PhotoError, RedisUnavailableError
from curation.photos.files.decoding import open_photo_bytes
from curation.services.answers import SUCCESS, ImageAnswer
from curation.services.role import GRPC_ROLES, Role
from curation.services.trail.line import TrailLine, line_of
from curation.services.trail.step import Step
from curation.services.viewer.face_services import FaceServices
from curation.settings.services import ServicesSettings
from tests.attribute_values import a_face, a_sex, an_age
from tests.fakes import FakeEngine

__all__ = ["FakeFaceServices"]

_WAIT_S = 0.02
_YEARS = {"dlib": 0.0, "openvino": 4.0, "gear": 30.0}
"""How much older each reader takes people for."""


class FakeFaceServices:
    """What stands behind the client; `failure`, `health` and `is_log_away` are for tests to change."""

    def __init__(self) -> None:
        self.failure: ImageAnswer | None = None
        self.health_of: dict[Role, str] = dict.fromkeys(GRPC_ROLES, "SERVING")
        self.is_log_away = False
        self.asked: list[tuple[Mapping[Attribute, str] | None, bool]] = []
        self.is_closed = False
        self.lines: list[TrailLine] = []
        self._told = threading.Condition()

    def connected(self, settings: ServicesSettings) -> FaceServices:
        """What the service is given."""
        return FaceServices(
            settings, connect=lambda _: self, read_steps=lambda _, image: self.steps(image), follow_steps=self.follow
        )

    def process(
        self,
        content: bytes,
        *,
        request_id: str = "",
        readers: Mapping[Attribute, str] | None = None,
        skip_storage: bool = False,
    ) -> ImageAnswer:
        self.asked.append((readers, skip_storage))
        key = hashlib.sha256(content).hexdigest()
        if self.failure is not None:
            failure = replace(self.failure, request_id=request_id, redis_key=key)
            self._tell(Step("image_input", "refused", "error", key, request_id, code=failure.code))
            return failure
        try:
            image = self._image(content, key, dict(readers or {}))
        except PhotoError as error:
            self._tell(Step("image_input", "refused", "error", key, request_id, code=error.code, detail=str(error)))
            return ImageAnswer(
                f"Failed: {error}", None, error.code, str(error), "INVALID_ARGUMENT", request_id=request_id
            )
        self._tell(Step("image_input", "received", sha256=key, request_id=request_id))
        for role, seconds in (("landmarks", 0.041), ("age_gender", 0.052)):
            self._tell(Step(role, "answered", "ok", key, request_id, seconds, len(image.faces)))
        if not skip_storage:
            self._tell(Step("storage", "files written", "ok", key, request_id, 0.012))
        self._tell(Step("image_input", "answered", "ok", key, request_id, 0.109, len(image.faces)))
        paths = () if skip_storage else (f"saved_data/{key}.jpg", f"saved_data/{key}.json")
        return ImageAnswer(SUCCESS, image, runtime_s=0.109, redis_key=key, request_id=request_id, paths=paths)

    def health(self) -> Mapping[Role, str]:
        return self.health_of

    def close(self) -> None:
        self.is_closed = True

    def steps(self, image: str) -> Sequence[TrailLine]:
        self._fail_without_log()
        return [line for line in self.lines if line.sha256.startswith(image)]

    def follow(self, settings: ServicesSettings) -> Iterator[TrailLine | None]:
        self._fail_without_log()
        seen = len(self.lines)
        while True:
            with self._told:
                if len(self.lines) == seen:
                    self._told.wait(_WAIT_S)
                new = self.lines[seen:]
            seen += len(new)
            if new:
                yield from new
            else:
                yield None

    def _fail_without_log(self) -> None:
        if self.is_log_away:
            raise RedisUnavailableError("no Redis server answers at 127.0.0.1:6379: start one, such as redis-server")

    def _tell(self, step: Step) -> None:
        with self._told:
            number = len(self.lines) + 1
            moment = datetime.now(UTC)
            self.lines.append(line_of(step, moment=moment, pid=1, host="here", source="fake", number=number))
            self._told.notify_all()
        time.sleep(0.005)

    @staticmethod
    def _image(content: bytes, key: str, readers: dict[Attribute, str]) -> ImageAttributes:
        photo = open_photo_bytes(content, max_megapixels=10)
        pixels = photo.full()
        by, who = readers.get(Attribute.AGE, "dlib"), readers.get(Attribute.SEX, "dlib")
        faces = []
        for index, face in enumerate(FakeEngine().find(photo)):
            is_known = index != 1  # of the second face nothing can be told
            years = min(90.0, 28.0 + 9 * index + _YEARS.get(by, 0.0))
            sex = a_sex("female" if (index % 2 == 0) != (who == "gear") else "male", is_known=is_known)
            attributes = FaceAttributes(
                age=replace(an_age(years, is_known=is_known), reader=by), sex=replace(sex, reader=who)
            )
            dense = readers.get(Attribute.LANDMARKS, "off") != "off"
            faces.append(a_face(index, face.box, attributes=attributes, with_dense=dense))
        height, width = pixels.array.shape[:2]
        return ImageAttributes(key, width, height, tuple(faces), "fake", (("fake.onnx", "a" * 64),))
