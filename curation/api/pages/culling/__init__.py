"""The gallery by time: headings by hour and scene, and the strip on which a span of time is chosen."""
