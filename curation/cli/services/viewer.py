"""`services viewer`: the viewer in Gradio, for who has it; the page `/review/faces` needs nothing more."""

from __future__ import annotations

import argparse
from typing import Any

from curation.settings import Settings

__all__ = ["add_commands"]

_PORT = 7860
_HOST = "127.0.0.1"


def add_commands(groups: Any) -> None:
    """Add the command `viewer`."""
    viewer = groups.add_parser(
        "viewer",
        help="a viewer in Gradio, if it is installed",
        description="Shows in the browser what the services see in a picture. Gradio needs an environment of its own: "
        "without it, the command says how to make one. The page /review/faces of the web service shows more, and needs "
        "no other package. The viewer answers this machine only, and has no sign-in.",
    )
    viewer.add_argument("--port", type=int, default=_PORT, metavar="N", help="default: %(default)s")
    viewer.set_defaults(command=_viewer)


def _viewer(arguments: argparse.Namespace, settings: Settings) -> int:
    from curation.services.viewer.face_services import FaceServices
    from curation.services.viewer.gradio_app import build_viewer, gradio_module

    gradio = gradio_module()
    with FaceServices(settings.services) as services:
        page = build_viewer(services, gradio)
        print(f"the viewer: http://{_HOST}:{arguments.port}/ (Ctrl-C ends it)", flush=True)
        page.launch(server_name=_HOST, server_port=arguments.port, share=False, quiet=True)
    return 0
