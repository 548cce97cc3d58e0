"""A rule of plasticity as a polynomial in pre, post, weight and reward, fitted through whole trajectories."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from ... import provenance
from ...errors import SchemaError
from ...names import TERM
from ...provenance import label
from ._aliases import aliases
from ._descend import Fit, Start
from ._generate import MEHTA, predict
from ._inputs import complete, of_recorded
from ._marginal_terms import choose
from ._score import Predictor
from ._select import Chosen, linearised, select
from ._tell import tell_first_weights, tell_marginal, tell_terms
from ._terms import FACTORS, powers, spelled, up_to

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ._marginal import Marginal
    from ._score import Prediction
    from ._terms import Numbers, Term
    from ._unroll import Observed

EBIC = "Chen & Chen 2008, Biometrika 95:759, doi:10.1093/biomet/asn034"
GU = "Gu & Kong 1998, Proceedings of the National Academy of Sciences 95:7270, doi:10.1073/pnas.95.13.7270"
INITIAL = ("known", "fitted", "marginal")


@dataclass
class TaylorRule(Predictor):
    r"""A learning rule in pre, post, weight and reward, from trajectories of activity, weights or choices.

    The rule is a sum of few terms up to a given order,

    .. math::
        y = \phi(W x), \qquad
        W'_{ij} = W_{ij} + \eta \sum_{abcd} \theta_{abcd}\, x_j^a\, y_i^b\, W_{ij}^c\, r^d .

    It is fitted through the whole trajectory: only inputs are taken as they are, and activity and weights of
    each step are those that the rule predicts from the first weights. Noise of what was observed, of activity
    or of weights, thus does not bias the coefficients as it does a regression of weight changes. Units that
    were not recorded, and steps without weights, take no part in the misfit.

    Terms are chosen stepwise: each move (adding one or two terms, dropping one, exchanging one) is found on
    the linearised trajectory and kept if the refitted one improves the extended BIC, which asks for
    log n + 2 log(number of candidates) for a term. Coefficients are fitted by Levenberg and Marquardt's
    method; errors are Wald's. With choices the likelihood is Bernoulli's and y the probability of yes; where
    the order leaves out post and weight the fit is that of a generalised linear model, which is convex.

    Each first weight that is fitted costs data, and noise of them biases the rule. With
    ``initial="marginal"`` they are drawn from a normal distribution that is learned with the rule,

    .. math::
        W^{(0)}_{ij} \sim N(a + b\, G_{ij}, \sigma_0^2), \qquad
        L(\theta, \ldots) = \prod_i \int p(\mathrm{data}_i \mid \theta, W_i)\, p(W_i)\, dW_i ,

    where G are the initial weights that were given, if any: a guess that may be worthless (b = 0). The slope
    of log L is a mean over draws from the posterior of first weights; steps follow it as Gu and Kong's (1998)
    do, and errors are those of Louis (1982).

    Parameters
    ----------
    order
        Highest powers of pre, post and weight, and of reward as a fourth.
    learning_rate
        eta: coefficients are in its units.
    activation
        Name of phi: ``linear``, ``sigmoid``, ``tanh`` or ``rectified``. Choices need ``sigmoid``.
    initial
        First weights: ``"known"``, as given, without error; ``"fitted"``, each a parameter, which needs many
        more observations than weights; ``"marginal"``, integrated out (below), which takes longer. ``fit``
        warns where known ones do not fit, and where others are too uncertain: wrong first weights make wrong
        terms.
    collinear
        Cosine of two terms' effects on the observations from which they count as aliases.
    progress
        Whether to show a bar while first weights are integrated out, which takes many seconds.

    Attributes
    ----------
    terms_
        Powers of the terms of the rule.
    coef_
        Coefficient of each (term).
    se_
        Standard error of each (term), given that these are the terms.
    aliases_
        For each term, those that the data cannot tell from it; the term itself is the simplest.
    result_
        Dataset of all that, with what to cite.

    References
    ----------
    Mehta et al. 2024, Advances in Neural Information Processing Systems 37:48519,
    doi:10.1101/2023.12.11.571103;
    Chen & Chen 2008, Biometrika 95:759, doi:10.1093/biomet/asn034;
    Gu & Kong 1998, Proceedings of the National Academy of Sciences 95:7270, doi:10.1073/pnas.95.13.7270;
    Louis 1982, Journal of the Royal Statistical Society B 44:226, doi:10.1111/j.2517-6161.1982.tb01203.x

    Examples
    --------
    >>> from neurofit.plasticity.taylor import plastic_trajectories
    >>> data = plastic_trajectories({(1, 1, 0): 1.0, (0, 2, 1): -1.0}, units=(6, 4), noise=0.1, rng=0)
    >>> rule = TaylorRule(order=(1, 2, 1), learning_rate=0.04, initial="known")
    >>> rule = rule.fit(data.inputs, activity=data.activity, initial_weights=data.first_weights)
    >>> rule.terms_
    [(1, 1, 0), (0, 2, 1)]
    """

    order: Sequence[int] = (2, 2, 2)
    learning_rate: float = 1.0
    activation: str = "linear"
    initial: str = "fitted"
    collinear: float = 0.98
    progress: bool = True
    terms_: list[Term] = field(init=False, repr=False, default_factory=list)
    coef_: xr.DataArray = field(init=False, repr=False)
    se_: xr.DataArray = field(init=False, repr=False)
    aliases_: dict[Term, list[Term]] = field(init=False, repr=False, default_factory=dict)
    result_: xr.Dataset = field(init=False, repr=False)

    def fit(
        self,
        pre: xr.DataArray,
        *,
        activity: xr.DataArray | None = None,
        weights: xr.DataArray | None = None,
        choices: xr.DataArray | None = None,
        reward: xr.DataArray | None = None,
        initial_weights: xr.DataArray | None = None,
        recorded: xr.DataArray | None = None,
    ) -> TaylorRule:
        """Choose the terms of the rule, and fit their coefficients.

        Parameters
        ----------
        pre
            Inputs (trajectory, step, pre). ``trajectory`` may be left out where there is one.
        activity
            Activity (trajectory, step, post), NaN where it was not recorded.
        weights
            Weights (trajectory, step, post, pre), or (step, synapse) with coords ``pre`` and ``post``, before
            they change at that step; NaN where they were not observed.
        choices
            Yes (1) or no (0), dims (trajectory, step), in place of activity.
        reward
            Reward of each step (trajectory, step), less what was expected if the rule is of its error.
        initial_weights
            Weights (trajectory, post, pre) before the first step, or (post, pre) if they are the same in all.
        recorded
            Whether each unit (post) was recorded; values of others are not looked at.

        Returns
        -------
        TaylorRule
            Itself.

        Raises
        ------
        SchemaError
            If shapes do not fit, inputs have NaN, or known first weights are not given.
        RecordingError
            If nothing was observed.
        """
        candidates = self._candidates(reward, choices)
        seen, first = self._observed(
            pre=pre,
            activity=activity,
            weights=weights,
            choices=choices,
            reward=reward,
            initial_weights=initial_weights,
            recorded=recorded,
        )
        start = self._start(seen, first)
        count = seen.counts.sum()
        table = powers(candidates)
        price = np.log(count) + 2 * np.log(len(candidates))
        chosen, fit = select(seen, table, start, price=price)
        found = None
        if self.initial == "marginal":
            seen, first = of_recorded(seen, first)
            chosen, found = choose(seen, table, first, chosen, price=price, progress=self.progress)
            fit, start = found.state.fit, found.state.prior.start
        products, _ = linearised(seen, table, start, chosen, fit)
        self._keep(candidates, chosen, fit, products, found)
        tell_terms(candidates, products, self.aliases_)
        if found is None:
            tell_first_weights(seen, table[list(chosen)], fit, start)
        else:
            tell_marginal(found)
        return self

    def _predicted(self, seen: Observed, first: Numbers) -> tuple[Prediction, Prediction]:
        rule = dict(zip(self.terms_, self.coef_.values.tolist(), strict=True))
        return predict(seen, first, rule), predict(seen, first, {})

    def _candidates(self, reward: xr.DataArray | None, choices: xr.DataArray | None) -> list[Term]:
        if self.initial not in INITIAL:
            raise SchemaError(f"no way to take initial weights called {self.initial!r}. There is: {INITIAL}.")
        if choices is not None and self.activation != "sigmoid":
            raise SchemaError(f"choices need activation='sigmoid', a probability; got {self.activation!r}.")
        with_reward = 4
        if (len(self.order) == with_reward) != (reward is not None):
            raise SchemaError(
                f"order {tuple(self.order)} and reward do not go together: give reward= and its highest "
                "power as the fourth number of the order, or neither."
            )
        return up_to(self.order)

    def _start(self, seen: Observed, first: Numbers | None) -> Start:
        if self.initial == "known":
            instead = (
                " Where they are not known, use initial='fitted', with as much activity as there are weights "
                "or with weights observed."
            )
            return Start(complete(first, of="initial='known'", otherwise=instead), free=False)
        return Start(np.nan_to_num(seen.weights[:, 0] if first is None else first), free=True)

    def _keep(
        self, candidates: list[Term], chosen: Chosen, fit: Fit, products: Numbers, found: Marginal | None
    ) -> None:
        covariance = np.linalg.inv(products[np.ix_(chosen, chosen)]) if chosen else np.zeros((0, 0))
        covariance = covariance if found is None else found.covariance
        alike = aliases(products, chosen, collinear=self.collinear)
        self.terms_ = [candidates[term] for term in chosen]
        self.aliases_ = {candidates[term]: [candidates[other] for other in alike[term]] for term in chosen}
        names = [spelled(term) for term in self.terms_]
        exponents = powers(candidates)[list(chosen)]
        coords = {TERM: names} | {
            f"{what}_power": (TERM, exponents[:, at]) for at, what in enumerate(FACTORS)
        }
        told = [", ".join(map(spelled, self.aliases_[term])) for term in self.terms_]
        columns = {
            "coefficient": (fit.theta, "coefficient of the term, in units of the learning rate"),
            "standard_error": (np.sqrt(np.diag(covariance)), "standard error of the coefficient"),
            "aliases": (np.array(told, dtype=str), "terms that the data cannot tell from this one"),
        }
        result = xr.Dataset(
            {
                name: label(xr.DataArray(values, coords, (TERM,)), units="1", long_name=text)
                for name, (values, text) in columns.items()
            }
        )
        if found is not None:
            sd = xr.DataArray(found.state.prior.precision**-0.5)
            result["initial_sd"] = label(sd, units="1", long_name="sd of first weights")
        self.result_ = provenance.stamp(
            result,
            "plasticity.TaylorRule",
            references=[MEHTA, EBIC] + ([] if found is None else [GU]),
            order=tuple(self.order),
            learning_rate=self.learning_rate,
            activation=self.activation,
            initial=self.initial,
        )
        self.coef_, self.se_ = self.result_["coefficient"], self.result_["standard_error"]
