"""What each role does with a request: gRPC messages in, the work, gRPC messages out."""
