"""Whole picture files in large numbers and of all kinds, to try whether any of them is taken for a broken one.

What is in them is hard on purpose: black bars, frames and corners, nights, drawings, texts, collages on black, pictures
of one colour; saved by several encoders with all kinds of options, from 1 to 400 pixels wide.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

__all__ = ["PictureFile", "picture_files"]

_LONGEST_PX = 400
_PROGRAM_EVERY = 40  # other programs take a tenth of a second for each file
_BLACK = (0, 0, 0)
_FORMS = ("PNG", "GIF", "WEBP", "WEBP", "AVIF", "AVIF", "HEIF", "HEIF", "JPEG2000", "BMP", "PPM")


class PictureFile(NamedTuple):
    """A file.

    Attributes:
        name: What is in it and who saved it how.
        content: Its bytes.
    """

    name: str
    content: bytes


def picture_files(count: int, photos: Sequence[Path], *, seed: int = 0) -> Iterator[PictureFile]:
    """Make files.

    Args:
        count: How many.
        photos: Pictures that are cropped and changed.
        seed: Of all that is drawn by chance.
    """
    chance = random.Random(seed)
    for number in range(count):
        look, image = _picture(chance, photos)
        saved = _saved_by_program(chance, image) if number % _PROGRAM_EVERY == 0 else None
        name, content = saved or _saved(chance, image)
        yield PictureFile(f"{look}, {image.width} x {image.height}, {name}", content)


def _picture(chance: random.Random, photos: Sequence[Path]) -> tuple[str, Image.Image]:
    """A picture, and what it is."""
    with Image.open(chance.choice(photos)) as opened:
        opened.draft("RGB", (_LONGEST_PX, _LONGEST_PX))
        photo = opened.convert("RGB")
    longest = chance.choice((chance.randint(1, 60), chance.randint(60, 200), chance.randint(200, _LONGEST_PX)))
    photo.thumbnail((longest, longest))
    look = chance.choice(tuple(_LOOKS))
    return look, _LOOKS[look](chance, photo)


def _turned(chance: random.Random, photo: Image.Image) -> Image.Image:
    angle = chance.choice((chance.uniform(-45, 45), chance.uniform(-2, 2)))
    return photo.rotate(angle, chance.choice((Image.Resampling.NEAREST, Image.Resampling.BICUBIC)))


def _framed(chance: random.Random, photo: Image.Image) -> Image.Image:
    across, down = chance.choice(((0, 1), (1, 0), (1, 1)))
    page = Image.new("RGB", (photo.width + across * chance.randint(1, 90), photo.height + down * chance.randint(1, 90)))
    page.paste(photo, (chance.randint(0, page.width - photo.width), chance.randint(0, page.height - photo.height)))
    return page


def _night(chance: random.Random, photo: Image.Image) -> Image.Image:
    dark = np.asarray(photo).astype(float) * chance.uniform(0.02, 0.5) - chance.uniform(0, 20)
    return Image.fromarray(np.clip(dark, 0, 255).astype(np.uint8))


def _vignette(chance: random.Random, photo: Image.Image) -> Image.Image:
    rows, columns = np.mgrid[0 : photo.height, 0 : photo.width]
    far = np.hypot(columns / photo.width - 0.5, rows / photo.height - 0.5)
    light = np.clip(1.3 - chance.uniform(1.5, 3.5) * far, 0, 1)[..., None]
    return Image.fromarray((np.asarray(photo) * light).astype(np.uint8))


def _with_shapes(chance: random.Random, photo: Image.Image) -> Image.Image:
    image = photo.copy()
    _draw(chance, image, _BLACK, chance.randint(1, 10))
    return image


def _drawing(chance: random.Random, photo: Image.Image) -> Image.Image:
    page = Image.new("RGB", photo.size, chance.choice(((255, 255, 255), _BLACK, (230, 20, 20), (12, 12, 12))))
    _draw(chance, page, chance.choice((_BLACK, (255, 255, 255), (0, 90, 200))), chance.randint(1, 20))
    return page


def _draw(chance: random.Random, image: Image.Image, colour: tuple[int, int, int], count: int) -> None:
    pen = ImageDraw.Draw(image)
    for _ in range(count):
        left, right = sorted(chance.randint(0, image.width) for _ in range(2))
        top, bottom = sorted(chance.randint(0, image.height) for _ in range(2))
        kind = chance.randrange(4)
        if kind == 0:
            pen.rectangle((left, top, right, bottom), fill=colour)
        elif kind == 1:
            pen.ellipse((left, top, right, bottom), fill=colour)
        elif kind == 2:
            pen.line((left, top, right, chance.choice((top, bottom))), fill=colour, width=chance.randint(1, 4))
        else:
            pen.text((left, top), "Curation 2026", fill=colour)


def _collage(chance: random.Random, photo: Image.Image) -> Image.Image:
    page = Image.new("RGB", photo.size)
    for _ in range(chance.randint(1, 5)):
        small = photo.resize((chance.randint(1, photo.width), chance.randint(1, photo.height)))
        page.paste(small, (chance.randrange(photo.width), chance.randrange(photo.height)))
    return page


def _one_colour(chance: random.Random, photo: Image.Image) -> Image.Image:
    page = Image.new(
        "RGB", photo.size, chance.choice((_BLACK, (255, 255, 255), (128, 128, 128), (0, 0, 1), (9, 200, 31)))
    )
    if chance.random() < 0.5:
        page.putpixel((page.width - 1, page.height - 1), (255, 255, 255))
    return page


def _gradient(chance: random.Random, photo: Image.Image) -> Image.Image:
    ramp = np.linspace(chance.choice((0, 90)), 255, photo.width if chance.random() < 0.5 else photo.height)
    array = np.broadcast_to(ramp if len(ramp) == photo.width else ramp[:, None], (photo.height, photo.width))
    return Image.fromarray(array.astype(np.uint8)).convert("RGB")


def _as_it_is(chance: random.Random, photo: Image.Image) -> Image.Image:
    return photo


_LOOKS: dict[str, Callable[[random.Random, Image.Image], Image.Image]] = {
    "a photo": _as_it_is,
    "a photo with black corners": _turned,
    "a photo with black bars": _framed,
    "a night": _night,
    "a vignette": _vignette,
    "a photo with black shapes": _with_shapes,
    "a drawing": _drawing,
    "a collage on black": _collage,
    "one colour": _one_colour,
    "a gradient": _gradient,
}


def _saved(chance: random.Random, image: Image.Image) -> tuple[str, bytes]:
    """A file that Pillow or pillow-heif saves, and how."""
    form = chance.choice(_FORMS)
    mode, options = _OPTIONS[form](chance, image)
    buffer = BytesIO()
    picture = image.convert(mode)
    if mode == "RGBA":
        picture.putalpha(
            image.convert("L") if chance.random() < 0.5 else Image.new("L", image.size, chance.choice((0, 255, 90)))
        )
    if form == "HEIF":
        import pillow_heif

        pillow_heif.from_pillow(picture).save(buffer, **options)
    else:
        picture.save(buffer, form, **options)
    return f"{form} {mode} {options}", buffer.getvalue()


_Options = tuple[str, dict[str, object]]


def _png(chance: random.Random, image: Image.Image) -> _Options:
    return chance.choice(("1", "L", "P", "RGB", "RGBA", "I;16")), {"compress_level": chance.randint(0, 9)}


def _gif(chance: random.Random, image: Image.Image) -> _Options:
    options: dict[str, object] = {"interlace": chance.randint(0, 1), "optimize": chance.random() < 0.5}
    if chance.random() < 0.3:
        options |= {"save_all": True, "append_images": [image.transpose(Image.Transpose.FLIP_TOP_BOTTOM)]}
    return chance.choice(("1", "L", "P")), options


def _webp(chance: random.Random, image: Image.Image) -> _Options:
    options: dict[str, object] = {"quality": chance.randint(0, 100), "method": chance.choice((0, 1, 2, 4, 6))}
    options["lossless"] = chance.random() < 0.4
    if chance.random() < 0.2:
        options |= {"save_all": True, "append_images": [image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)]}
    return chance.choice(("RGB", "RGB", "RGBA")), options


def _avif(chance: random.Random, image: Image.Image) -> _Options:
    options: dict[str, object] = {"quality": chance.randint(0, 100), "speed": chance.randint(7, 10)}
    options["subsampling"] = chance.choice(("4:2:0", "4:2:2", "4:4:4"))
    return chance.choice(("RGB", "RGB", "RGBA", "L")), options


def _heif(chance: random.Random, image: Image.Image) -> _Options:
    options: dict[str, object] = {"quality": chance.choice((-1, *range(0, 101, 5)))}
    options["chroma"] = chance.choice((420, 422, 444))
    return chance.choice(("RGB", "RGB", "RGBA", "L")), options


def _jpeg_2000(chance: random.Random, image: Image.Image) -> _Options:
    options: dict[str, object] = {"irreversible": chance.random() < 0.5, "no_jp2": chance.random() < 0.3}
    layers = sorted((chance.uniform(1, 80) for _ in range(chance.randint(0, 12))), reverse=True)
    if layers:
        options |= {"quality_mode": "rates", "quality_layers": layers}
    if chance.random() < 0.4:
        options["tile_size"] = (chance.choice((32, 64, 100)),) * 2
    if chance.random() < 0.3:
        options |= {"precinct_size": (64, 64), "codeblock_size": (16, 16)}
    options["progression"] = chance.choice(("LRCP", "RLCP", "RPCL", "PCRL", "CPRL"))
    # OpenJPEG ends the process for a tile that is too small for its resolutions.
    options["num_resolutions"] = 1 if "tile_size" in options else max(1, min(6, min(image.size).bit_length() - 1))
    return chance.choice(("RGB", "L", "RGBA")), options


def _bmp(chance: random.Random, image: Image.Image) -> _Options:
    return chance.choice(("1", "L", "P", "RGB", "RGBA")), {}


def _ppm(chance: random.Random, image: Image.Image) -> _Options:
    return chance.choice(("1", "L", "RGB", "I;16")), {}


_OPTIONS: dict[str, Callable[[random.Random, Image.Image], _Options]] = {
    "PNG": _png,
    "GIF": _gif,
    "WEBP": _webp,
    "AVIF": _avif,
    "HEIF": _heif,
    "JPEG2000": _jpeg_2000,
    "BMP": _bmp,
    "PPM": _ppm,
}


def _saved_by_program(chance: random.Random, image: Image.Image) -> tuple[str, bytes] | None:
    """A file that another program saves; None if it is not installed, or does not take the picture."""
    quality = str(chance.randint(5, 95))
    commands: dict[str, tuple[str, ...]] = {
        "heif-enc": ("-q", quality, "-o", "out.heic", "in.png"),
        "avifenc": ("--min", "10", "--max", "40", "-s", "9", "in.png", "out.avif"),
        "cwebp": ("-q", quality, "in.png", "-o", "out.webp"),
        "opj_compress": ("-i", "in.png", "-o", "out.jp2"),
        "convert": (
            "in.png",
            chance.choice(
                (
                    "out.psd",
                    "-compress RLE out.bmp",
                    "-interlace PNG out.png",
                    "-interlace GIF out.gif",
                    "-compress None out.psd",
                    "-compress None out.ppm",
                    "-depth 16 out.ppm",
                )
            ),
        ),
    }
    program = chance.choice(tuple(commands))
    if shutil.which(program) is None:
        return None
    with tempfile.TemporaryDirectory(prefix="curation-files-") as folder:
        image.save(Path(folder) / "in.png")
        arguments = [word for argument in commands[program] for word in argument.split(" ")]
        done = subprocess.run([program, *arguments], cwd=folder, capture_output=True, check=False)
        made = sorted(Path(folder).glob("out*"))
        if done.returncode or not made:
            return None
        return f"{program} {' '.join(arguments)}", made[0].read_bytes()
