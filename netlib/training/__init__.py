"""How a network learns: a recipe, the loop that follows it, and the recipes of the bundled weights."""
