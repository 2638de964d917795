"""How good a photo is, by the program and by the user: measures, rules, ranking, bursts, picks."""
