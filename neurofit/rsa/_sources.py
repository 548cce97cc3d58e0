"""Who said so."""

RSA = "Kriegeskorte et al. 2008, Frontiers in Systems Neuroscience 2:4, doi:10.3389/neuro.06.004.2008"
CROSSNOBIS = "Walther et al. 2016, NeuroImage 137:188, doi:10.1016/j.neuroimage.2015.12.012"
SHRINKAGE = "Ledoit & Wolf 2004, Journal of Multivariate Analysis 88:365, doi:10.1016/S0047-259X(03)00096-4"
COMPARISON = "Schuett et al. 2023, eLife 12:e82566, doi:10.7554/eLife.82566"
SPLIT_HALF = "Spearman 1910, British Journal of Psychology 3:271, doi:10.1111/j.2044-8295.1910.tb00206.x"
CEILING = "Nili et al. 2014, PLoS Computational Biology 10:e1003553, doi:10.1371/journal.pcbi.1003553"
