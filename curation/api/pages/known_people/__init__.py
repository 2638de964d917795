"""The page Known people, and names that are proposed on other pages."""
