"""The methods by name."""

from __future__ import annotations

from ...registry import Registry
from . import _crossing, _deconvolution, _marginal, _quantile
from ._methods import Method

RULE = "Lim et al. 2015, Nature Neuroscience 18:1804, doi:10.1038/nn.4158"
PARAMETRIC = "Pereira & Brunel 2018, Neuron 99:227, doi:10.1016/j.neuron.2018.05.038"
BAND = "Doksum & Sievers 1976, Biometrika 63:421, doi:10.1093/biomet/63.3.421"
EXTRAPOLATED = "Cook & Stefanski 1994, JASA 89:1314, doi:10.1080/01621459.1994.10476871"
MIXTURE = "Kiefer & Wolfowitz 1956, Annals of Mathematical Statistics 27:887, doi:10.1214/aoms/1177728066"
SMOOTHED = "Silverman et al. 1990, JRSS B 52:271, doi:10.1111/j.2517-6161.1990.tb01788.x"
PROFILE = "Venzon & Moolgavkar 1988, Applied Statistics 37:87, doi:10.2307/2347496"
INPUT_SD = "sd of the input"

rate_methods: Registry[Method] = Registry("method for rules from rates")
for _name, _method in {
    "quantile": Method(_quantile.estimate, thins=True, units=INPUT_SD, references=(RULE,)),
    "crossing": Method(_crossing.estimate, thins=True, units="Hz", references=(BAND, EXTRAPOLATED, RULE)),
    "deconvolution": Method(
        _deconvolution.estimate, thins=False, units=INPUT_SD, references=(MIXTURE, SMOOTHED, RULE)
    ),
    "marginal": Method(
        _marginal.estimate, thins=False, units=INPUT_SD, references=(PARAMETRIC, PROFILE, RULE), family=True
    ),
}.items():
    rate_methods.register(_name)(_method)
