"""People who are known beyond one event, as an event sees them: names that are proposed, enrolment, forgetting."""
