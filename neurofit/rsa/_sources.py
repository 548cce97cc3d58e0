"""Who said so."""

RSA = "Kriegeskorte et al. 2008, Frontiers in Systems Neuroscience 2:4, doi:10.3389/neuro.06.004.2008"
CROSSNOBIS = "Walther et al. 2016, NeuroImage 137:188, doi:10.1016/j.neuroimage.2015.12.012"
SHRINKAGE = "Ledoit & Wolf 2004, Journal of Multivariate Analysis 88:365, doi:10.1016/S0047-259X(03)00096-4"
SHRINKAGE_TO_VARIANCES = (
    "Schaefer & Strimmer 2005, Statistical Applications in Genetics and Molecular Biology 4:32, "
    "doi:10.2202/1544-6115.1175"
)
COMPARISON = "Schuett et al. 2023, eLife 12:e82566, doi:10.7554/eLife.82566"
WHITENED = (
    "Diedrichsen et al. 2021, Neurons, Behavior, Data analysis, and Theory 5(3), doi:10.51628/001c.27664"
)
RIEMANNIAN = "Shahbazi et al. 2021, NeuroImage 239:118271, doi:10.1016/j.neuroimage.2021.118271"
BURES = "Harvey, Larsen & Williams 2024, UniReps, PMLR 243:11, arXiv:2311.11436"
SPLIT_HALF = "Spearman 1910, British Journal of Psychology 3:271, doi:10.1111/j.2044-8295.1910.tb00206.x"
CEILING = "Nili et al. 2014, PLoS Computational Biology 10:e1003553, doi:10.1371/journal.pcbi.1003553"
SEARCHLIGHT = "Kriegeskorte, Goebel & Bandettini 2006, PNAS 103:3863, doi:10.1073/pnas.0600244103"
RIDGE = "Hoerl & Kennard 1970, Technometrics 12:55, doi:10.1080/00401706.1970.10488634"
SPECTRAL = "Canatar et al. 2023, NeurIPS 36, arXiv:2309.12821"
PLS = "Wold et al. 1984, SIAM Journal on Scientific and Statistical Computing 5:735, doi:10.1137/0905052"
HIERARCHICAL = "Yamins et al. 2014, PNAS 111:8619, doi:10.1073/pnas.1403112111"
CONVERGENT = "Li et al. 2016, ICLR, arXiv:1511.07543"
SOFT_MATCHING = "Khosla & Williams 2024, UniReps, PMLR 243:326, arXiv:2311.09466"
SIGNAL_POWER = "Sahani & Linden 2003, NeurIPS 15:125"
NORMALISED = "Schoppe et al. 2016, Front. Comput. Neurosci. 10:10, doi:10.3389/fncom.2016.00010"
JACKKNIFE = "Kott 2001, Journal of Official Statistics 17:521"
CROSS_TEMPORAL = "King & Dehaene 2014, Trends in Cognitive Sciences 18:203, doi:10.1016/j.tics.2014.01.002"
