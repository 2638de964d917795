"""Other programs on the same photos, weights and machine: loops of deepface and of face_recognition.

Each loop is a script as users of the package write it, and runs in its own process: `deepface_loop.py` and
`face_recognition_loop.py`. `compare.py` runs them beside run_clustering.py.
"""

from benchmarks.peers.compare import rows

__all__ = ["rows"]
