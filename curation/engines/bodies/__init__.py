"""Networks for whole people: boxes, poses, masks, clothes."""
