"""Decoder processes: pictures of other people are decoded there within limits; one that goes beyond is killed."""
