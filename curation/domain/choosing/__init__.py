"""Which photos to take home: coverage of people, the choice of the best, exports."""
