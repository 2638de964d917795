"""People in films: times, tracks of faces, who they are, how long they are seen, and posters."""
