"""Which pixels of people are clothes: a network for skin, clothes and hair, joined with what else is known of them."""
