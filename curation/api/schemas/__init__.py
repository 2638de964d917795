"""What goes over HTTP, with the descriptions that the Swagger page shows; one module for each subject."""
