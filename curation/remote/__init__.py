"""What a worker of another machine is told and does: tasks as JSON, its own folders, weights by hash."""
