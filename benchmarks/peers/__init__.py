"""What people use today, on the same photos, weights and machine: loops of deepface and of face_recognition.

Each loop is a script of its own, as somebody would write it, and runs as a process of its own:
`deepface_loop.py` and `face_recognition_loop.py`. `compare.py` runs them beside run_clustering.py.
"""

from benchmarks.peers.compare import rows

__all__ = ["rows"]
