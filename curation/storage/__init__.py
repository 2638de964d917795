"""Files and tables that outlive a run."""
