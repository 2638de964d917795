"""The pages about single pictures: what the attribute services see in them, the services' log, and their charts."""
