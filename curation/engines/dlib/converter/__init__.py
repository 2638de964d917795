"""Converting the networks that dlib saved into ONNX models; runs once, before the workers start."""
