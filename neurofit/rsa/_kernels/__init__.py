"""The mathematics on plain arrays: no names, no units; missing pairs are NaN."""
