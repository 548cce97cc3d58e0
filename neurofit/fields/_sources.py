"""Who said so."""

MARBLESTONE = (
    "Marblestone, Wayne & Kording 2016, Frontiers in Computational Neuroscience 10:94, "
    "doi:10.3389/fncom.2016.00094"
)
SONG = "Song et al. 2012, Journal of Machine Learning Research 13:1393"
SARGAN = "Sargan 1958, Econometrica 26:393, doi:10.2307/1907619"
OLS = "Greene 2018, Econometric Analysis, 8th edition, section 4.3.2"
