"""What is known of an event, and what changes it: catalogue, people, rules, pictures. Knows no HTTP."""
