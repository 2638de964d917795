"""How good a photo is, by the program and by the user: measures, rules, components, score, order, picks."""
