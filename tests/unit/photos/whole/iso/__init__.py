"""Tests of `curation.photos.whole.iso`."""
