"""When and with what the photos of an event were taken: times, scenes, cameras."""
