"""What people see of the attribute services: one way to them for the review page, the JSON routes and Gradio."""
