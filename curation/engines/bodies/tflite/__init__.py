"""Networks of TensorFlow Lite as ONNX models: reading the file, rewriting its operators, keeping the result."""
