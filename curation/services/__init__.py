"""The attribute services: roles over gRPC with Redis, their client, their queue and their log. Knows no HTTP."""
