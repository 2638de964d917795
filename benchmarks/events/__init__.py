"""Events that benchmarks run on: folders of real photos, large group photos composed of them, synthetic events."""
