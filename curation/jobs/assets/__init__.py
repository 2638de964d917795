"""Working through assets in the background: workers, tries, the sweeper."""
