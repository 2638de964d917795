"""What only a disk says that is not there, or does not answer, and never a single file."""

from __future__ import annotations

import errno

__all__ = ["DISK_IS_AWAY"]

DISK_IS_AWAY = frozenset(
    {
        errno.EHOSTDOWN,
        errno.EHOSTUNREACH,
        errno.ENETDOWN,
        errno.ENETUNREACH,
        errno.ENODEV,
        errno.ENOLINK,
        errno.ENOTCONN,
        errno.ENXIO,
        errno.ESHUTDOWN,
        errno.ESTALE,
        errno.ETIMEDOUT,
    }
)
