"""Small pictures with metadata as other programs write it."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from curation.domain.faces.regions import StoredPicture
from curation.domain.told.file_told import FileTold
from curation.errors import PhotoError
from curation.photos.files.stored_picture import stored_picture
from curation.photos.told.reading import FolderReader
from tests.xmp_namespaces import NAMESPACES

SPACES = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items())


def packet(inner: str = "", attributes: str = "") -> bytes:
    """A packet with these properties."""
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        f'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" {SPACES} '
        f"{attributes}>{inner}</rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()


def bag(name: str, *values: str) -> str:
    """A list."""
    items = "".join(f"<rdf:li>{value}</rdf:li>" for value in values)
    return f"<{name}><rdf:Bag>{items}</rdf:Bag></{name}>"


def mwg(*regions: tuple[str, float, float, float, float], size: tuple[int, int] = (120, 80), kind: str = "Face") -> str:
    """Regions of the Metadata Working Group: name, centre and size."""
    items = "".join(
        f'<rdf:li><rdf:Description mwg-rs:Name="{name}" mwg-rs:Type="{kind}"><mwg-rs:Area stArea:x="{x}" '
        f'stArea:y="{y}" stArea:w="{w}" stArea:h="{h}" stArea:unit="normalized"/></rdf:Description></rdf:li>'
        for name, x, y, w, h in regions
    )
    return (
        '<mwg-rs:Regions rdf:parseType="Resource">'
        f'<mwg-rs:AppliedToDimensions stDim:w="{size[0]}" stDim:h="{size[1]}" stDim:unit="pixel"/>'
        f"<mwg-rs:RegionList><rdf:Bag>{items}</rdf:Bag></mwg-rs:RegionList></mwg-rs:Regions>"
    )


def microsoft(*regions: tuple[str, str]) -> str:
    """People tags of Windows: name and rectangle."""
    items = "".join(
        f'<rdf:li rdf:parseType="Resource"><MPReg:Rectangle>{place}</MPReg:Rectangle>'
        f"<MPReg:PersonDisplayName>{name}</MPReg:PersonDisplayName></rdf:li>"
        for name, place in regions
    )
    return (
        '<MP:RegionInfo rdf:parseType="Resource"><MPRI:Regions><rdf:Bag>'
        f"{items}</rdf:Bag></MPRI:Regions></MP:RegionInfo>"
    )


def picture(path: Path, xmp: bytes | None = None, *, orientation: int = 1, exif: dict[int, int] | None = None) -> Path:
    """A picture of 120 x 80 stored pixels in the format of its name."""
    image = Image.new("RGB", (120, 80), (90, 120, 150))
    kind = path.suffix.lower()
    made = Image.Exif()
    for tag, value in {**({0x0112: orientation} if orientation != 1 else {}), **(exif or {})}.items():
        made[tag] = value
    block = made.tobytes() if len(made) else None
    if kind in (".heic", ".heif"):
        import pillow_heif

        pillow_heif.from_pillow(image).save(path, quality=50, **({"xmp": xmp} if xmp else {}))
    elif kind == ".png":
        text = PngInfo()
        if xmp:
            text.add_itxt("XML:com.adobe.xmp", xmp.decode(), zip=True)
        image.save(path, pnginfo=text, exif=block)
    elif kind in (".tif", ".tiff"):
        image.save(path, tiffinfo={700: xmp} if xmp else {})
    elif kind == ".psd":
        path.write_bytes(_psd(xmp or b""))
    else:
        options: dict[str, Any] = {**({"xmp": xmp} if xmp else {}), **({"exif": block} if block else {})}
        image.save(path, **options)
    return path


def _psd(xmp: bytes) -> bytes:
    resource = b"8BIM" + struct.pack(">HHI", 0x0424, 0, len(xmp)) + xmp + b"\0" * (len(xmp) % 2)
    header = b"8BPS" + struct.pack(">H6xHIIHH", 1, 3, 80, 120, 8, 3)
    return header + struct.pack(">I", 0) + struct.pack(">I", len(resource)) + resource + struct.pack(">I", 0)


def told(path: Path, *photos: str) -> FileTold:
    """What the files of a photo say; `photos` are other photos of the event in its folder."""
    reader = FolderReader(path.parent, (path.name, *photos), _stored)
    return reader.told(path, reader.beside(path.name))


def _stored(path: Path) -> StoredPicture | None:
    try:
        return stored_picture(path, max_megapixels=10)
    except PhotoError:
        return None
