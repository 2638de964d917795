"""Requests to S3 that obstore cannot make: lists in which every key is exact, and objects with odd keys.

obstore's paths know no empty parts, no `.` and no `..`: a bucket with one key such as `a//b` cannot be listed with it
at all, and `folder/` comes back as `folder`. So lists are asked for here, in S3's own words, where the environment
holds the credentials. Signatures: AWS Signature Version 4,
https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
"""

from __future__ import annotations

import hashlib
import hmac
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import Message
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote_plus, urlsplit

from curation.storage.objects.faults import Fault, FaultKind, ShortBodyError, understood
from curation.storage.objects.store import ObjectInfo

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

__all__ = ["SignedS3", "of_request", "signed_s3", "stamp_ns"]

_EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()
_UNRESERVED = "-._~"
_LONGEST_ERROR = 10_000


@dataclass(frozen=True, slots=True)
class SignedS3:
    """A bucket of S3, read by signed requests. Its `repr` holds no key.

    Attributes:
        base: The address of the bucket, without `/` at its end.
        region: As in `AWS_REGION`.
        access_key: As in `AWS_ACCESS_KEY_ID`; empty for requests without a signature.
        secret_key: As in `AWS_SECRET_ACCESS_KEY`.
        session_token: As in `AWS_SESSION_TOKEN`; may be empty.
        timeout_s: Without a byte for so long, a request has failed.
        ca_bundle: As in `AWS_CA_BUNDLE`: a file of certificates that are trusted besides; may be empty.
    """

    base: str
    region: str
    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    session_token: str = field(repr=False)
    timeout_s: float
    ca_bundle: str = ""

    def page(self, prefix: str, token: str) -> tuple[list[ObjectInfo], str]:
        """One page of a list.

        Args:
            prefix: All keys begin with it.
            token: As the page before returned it; empty for the first one.

        Returns:
            The objects, in the order of their keys, and what to ask for the next page; empty after the last one.
        """
        from xml.etree import ElementTree

        query = {"list-type": "2", "encoding-type": "url", "prefix": prefix}
        if token:
            query["continuation-token"] = token
        body, _ = self._asked("GET", "", query=query)
        try:
            root = ElementTree.fromstring(body)
            return _page_of(root)
        except (ElementTree.ParseError, ValueError, KeyError) as error:
            raise ShortBodyError(type(error).__name__) from None

    def head(self, key: str) -> ObjectInfo:
        """What there is to know of an object."""
        _, headers = self._asked("HEAD", key)
        return _info(key, headers)

    def read(self, key: str, *, start: int = 0, length: int | None = None, etag: str = "") -> tuple[bytes, ObjectInfo]:
        """The content of an object, or a part of it; with an etag only if it still has this one."""
        headers = {"If-Match": etag} if etag else {}
        if start or length is not None:
            headers["Range"] = f"bytes={start}-{'' if length is None else start + length - 1}"
        body, answered = self._asked("GET", key, headers=headers)
        return body, _info(key, answered)

    def _asked(
        self, method: str, key: str, *, query: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[bytes, Message]:
        path = quote(f"/{key}", safe=f"/{_UNRESERVED}") if key else ""
        url = self.base + path
        asked = "&".join(
            f"{quote(name, safe=_UNRESERVED)}={quote(value, safe=_UNRESERVED)}"
            for name, value in sorted((query or {}).items())
        )
        request = urllib.request.Request(url + (f"?{asked}" if asked else ""), method=method)
        for name, value in {**(headers or {}), **self._signature(method, url, asked)}.items():
            request.add_header(name, value)
        with _opener(self.ca_bundle).open(request, timeout=self.timeout_s) as answer:
            body = answer.read()
            expected = answer.headers.get("Content-Length")
            if method != "HEAD" and expected is not None and len(body) != int(expected):
                raise ShortBodyError(f"{len(body)} of {expected} bytes")
            return body, answer.headers

    def _signature(self, method: str, url: str, query: str) -> dict[str, str]:
        if not self.access_key:
            return {}
        parts = urlsplit(url)
        now = datetime.now(UTC)
        moment, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
        headers = {"host": parts.netloc, "x-amz-content-sha256": _EMPTY_SHA256, "x-amz-date": moment}
        if self.session_token:
            headers["x-amz-security-token"] = self.session_token
        signed = ";".join(sorted(headers))
        canonical = [method, parts.path or "/", query, *(f"{name}:{headers[name]}" for name in sorted(headers))]
        canonical += ["", signed, _EMPTY_SHA256]
        scope = f"{day}/{self.region}/s3/aws4_request"
        hashed = hashlib.sha256("\n".join(canonical).encode()).hexdigest()
        key = f"AWS4{self.secret_key}".encode()
        for part in (day, self.region, "s3", "aws4_request"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{hashed}"
        signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
        del headers["host"]
        headers["Authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={self.access_key}/{scope}, SignedHeaders={signed}, Signature={signature}"
        )
        return headers


def signed_s3(bucket: str, environment: Mapping[str, str], timeout_s: float) -> SignedS3 | None:
    """The bucket as the environment describes it; None where it holds no credentials."""
    access, secret = environment.get("AWS_ACCESS_KEY_ID", ""), environment.get("AWS_SECRET_ACCESS_KEY", "")
    is_public = environment.get("AWS_SKIP_SIGNATURE", "").lower() in ("1", "true")
    if not is_public and not (access and secret):
        return None
    region = environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION") or "us-east-1"
    endpoint = (
        environment.get("AWS_ENDPOINT_URL_S3")
        or environment.get("AWS_ENDPOINT_URL")
        or environment.get("AWS_ENDPOINT")
        or f"https://s3.{region}.amazonaws.com"
    ).rstrip("/")
    return SignedS3(
        base=f"{endpoint}/{bucket}",
        region=region,
        access_key="" if is_public else access,
        secret_key=secret,
        session_token=environment.get("AWS_SESSION_TOKEN", ""),
        timeout_s=timeout_s,
        ca_bundle=environment.get("AWS_CA_BUNDLE", ""),
    )


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A signature is for one server only."""

    def redirect_request(self, *args: Any) -> None:
        return None


def _opener(ca_bundle: str) -> urllib.request.OpenerDirector:
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(context=_trust(ca_bundle)),
        _NoRedirects(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.UnknownHandler(),
    ):
        opener.add_handler(handler)
    return opener


@cache
def _trust(ca_bundle: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if ca_bundle:
        context.load_verify_locations(cafile=ca_bundle)
    return context


def of_request(error: Exception) -> Fault | None:
    """What an exception of a request means; None if it is none of the storage's."""
    from http.client import HTTPException
    from xml.etree import ElementTree

    if isinstance(error, ShortBodyError | HTTPException):
        return Fault(FaultKind.AGAIN, "the answer was not whole")
    if isinstance(error, urllib.error.HTTPError):
        code = ""
        try:
            root = ElementTree.fromstring(error.read(_LONGEST_ERROR))
            code = next((element.text or "" for element in root.iter() if _tag(element) == "Code"), "")
        except (ElementTree.ParseError, OSError, HTTPException, ValueError):
            pass  # HEAD has no body, and other servers say nothing of use
        finally:
            error.close()
        return understood(error.code, code if code.isalnum() else "")
    if isinstance(error, ValueError):
        # Its text may hold the header, and so the token.
        return Fault(FaultKind.REFUSED, "a variable of the environment (AWS_...) holds what cannot be sent")
    if isinstance(error, OSError):
        return understood(None, "", f"{type(error).__name__} {error}")
    return None


def _tag(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _page_of(root: Element) -> tuple[list[ObjectInfo], str]:
    space, _, name = root.tag.rpartition("}")
    if name != "ListBucketResult":
        raise ValueError("not a list")
    tags = f"{space}}}" if space else ""
    is_encoded = root.find(f"{tags}EncodingType") is not None
    found: list[ObjectInfo] = []
    for item in root.iterfind(f"{tags}Contents"):
        key = item.findtext(f"{tags}Key", "")
        if is_encoded and ("%" in key or "+" in key):
            key = unquote_plus(key)
        etag = item.findtext(f"{tags}ETag", "")
        written = datetime.fromisoformat(item.findtext(f"{tags}LastModified", ""))
        found.append(ObjectInfo(key, int(item.findtext(f"{tags}Size", "")), etag, stamp_ns(written, etag)))
    return found, root.findtext(f"{tags}NextContinuationToken", "")


def _info(key: str, headers: Message) -> ObjectInfo:
    from email.utils import parsedate_to_datetime

    ranged = headers.get("Content-Range", "").rpartition("/")[2]
    size = int(ranged) if ranged.isdigit() else int(headers.get("Content-Length", "0"))
    written = parsedate_to_datetime(headers["Last-Modified"])
    etag = headers.get("ETag", "")
    return ObjectInfo(key, size, etag, stamp_ns(written, etag))


def stamp_ns(written: datetime, etag: str) -> int:
    """The `mtime_ns` of an object: whole seconds, as some answers tell no more, and below them a part of its ETag.

    Whole microseconds, which all file systems keep.
    """
    mark = int.from_bytes(hashlib.sha256(etag.encode()).digest()[:8]) % 1_000_000
    return int(written.timestamp()) * 1_000_000_000 + mark * 1000
