"""Labels that were set by hand, as CSV files beside their readers; README.md describes the columns."""
