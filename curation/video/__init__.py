"""Films as pictures and times: opening files, pictures as they are shown, cuts, films that are drawn over."""
