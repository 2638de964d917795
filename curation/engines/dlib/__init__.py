"""The engine of dlib: detectors and face descriptor, run by ONNX Runtime."""
