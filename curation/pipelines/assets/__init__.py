"""One picture taken apart into people, masks, clothes and colours."""
