"""Following faces through a film: looks matched, tracks kept pure, segments joined."""
