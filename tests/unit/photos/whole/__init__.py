"""Tests of `curation.photos.whole`."""
