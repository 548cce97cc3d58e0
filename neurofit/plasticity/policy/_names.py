"""Names of what is told of each decision."""

REGRESSOR = "regressor"
CHOICE = "choice"
REWARD = "reward"
CONTRAST = "contrast"
WEIGHT = "weight"
ALTERNATIVE = "alternative"
