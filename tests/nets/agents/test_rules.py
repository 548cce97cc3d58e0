"""Each rule against a linear solve, an offline sum or an enumeration."""

import numpy as np
import pytest
import torch

from neurofit import nets, worlds
from neurofit.errors import TrainingError, UnknownNameError
from neurofit.nets._stages import draw, forward, readout
from neurofit.nets.agents._rule import Experience

TABLE = {"name": "mlp", "hidden": []}


def random_walk(states=5, discount=0.9):
    """Left or right by chance; both ends end, the right one earns 1 (Sutton 1988)."""
    table = np.zeros((states, 2, states))
    for state in range(states):
        table[state, 0, max(state - 1, 0)] = table[state, 1, min(state + 1, states - 1)] = 1
    ends = np.isin(np.arange(states), [0, states - 1])
    return {
        "name": "world",
        "transitions": table.tolist(),
        "rewards": [0.0] * (states - 1) + [1.0],
        "terminal": ends.tolist(),
        "discount": discount,
    }


def place(choice):
    options = {name: value for name, value in choice.items() if name != "name"}
    return nets.environments[choice["name"]](**options)


def answers(network, environment):
    """The readout for every state."""
    shown = nets.activations(network, environment.stimuli(), layers=["readout"])
    return shown.values


@pytest.mark.parametrize("trace", [0.0, 0.5, 1.0])
def test_temporal_differences_come_to_the_exact_value_of_the_policy(trace):
    walk = random_walk()
    environment = place(walk)
    exact = worlds.evaluate_policy(environment.world, np.full((5, 2), 0.5)).value
    network, rule = None, {"name": "td_lambda", "trace": trace}
    for rate, steps in ((0.5, 300), (0.05, 700)):
        network = nets.train_agent(
            walk, architecture=TABLE, rule=rule, start=network, steps=steps, episodes=64,
            optimizer="sgd", learning_rate=rate, rng=0, progress=False,
        )  # fmt: skip
    # A return's SD is below 0.5; slow steps average over 64 x (2 / 0.05) / 5 of each state: SD 0.02.
    np.testing.assert_allclose(answers(network, environment)[:, 0], exact, atol=0.04)


def episode(rng, stages, environment, length):
    """A made-up episode that ends, in double precision."""
    states = rng.integers(environment.input_shape[0], size=length + 1)
    seen = torch.eye(environment.input_shape[0], dtype=torch.float64)[states]
    actions = torch.from_numpy(rng.integers(environment.outputs, size=length))
    rewards = torch.from_numpy(rng.normal(size=length))
    done = torch.arange(length) == length - 1
    return [
        Experience(seen[t, None], actions[t, None], rewards[t, None], seen[t + 1, None], done[t, None])
        for t in range(length)
    ]


def problem(rule, **options):
    rng = np.random.default_rng(0)
    environment, how = nets.environments["gridworld"](size=3), nets.agent_rules[rule](**options)
    architecture = nets.architectures["mlp"](environment.input_shape, how.outputs(environment), hidden=(7,))
    params = {
        layer: {name: (w + 0.1).double() for name, w in weights.items()}
        for layer, weights in draw(architecture, torch.Generator().manual_seed(0), "cpu").items()
    }
    return how, architecture, params, episode(rng, architecture, environment, 6)


def changes(how, stages, params, experiences, discount):
    """The sum of the changes of an episode with the weights held, and the state that is left."""
    state, total = how.begin(stages, params, 1), None
    for experience in experiences:
        learned = how.learn(stages, params, experience, state, discount)
        change = torch.cat([-w.flatten() for weights in learned.estimate.values() for w in weights.values()])
        total, state = change if total is None else total + change, learned.state
    return total, state


def gradient(stages, params, function):
    leaves = {k: {n: w.clone().requires_grad_() for n, w in weights.items()} for k, weights in params.items()}
    flat = [w for weights in leaves.values() for w in weights.values()]
    found = torch.autograd.grad(function(lambda seen: readout(forward(stages, leaves, seen))), flat)
    return torch.cat([part.flatten() for part in found])


def returns(experiences, discount):
    total, found = 0.0, []
    for experience in reversed(experiences):
        total = float(experience.rewards) + discount * total
        found.insert(0, total)
    return found


@pytest.mark.parametrize("discount", [0.7, 1.0])
def test_with_a_full_trace_and_weights_held_td_is_monte_carlo(discount):
    how, stages, params, experiences = problem("td_lambda", trace=1.0)
    total, _ = changes(how, stages, params, experiences, discount)

    def loss(output):
        values = [output(e.observations)[0, 0] for e in experiences]
        pairs = zip(values, returns(experiences, discount), strict=True)
        return sum(-0.5 * (g - v) ** 2 for v, g in pairs)

    torch.testing.assert_close(total, gradient(stages, params, loss))


@pytest.mark.parametrize("trace", [0.0, 0.6, 1.0])
def test_with_weights_held_td_is_the_lambda_return(trace):
    """Sutton & Barto 2018, section 12.1: G = r + gamma ((1 - lambda) V(s') + lambda G')."""
    discount = 0.9
    how, stages, params, experiences = problem("td_lambda", trace=trace)
    total, _ = changes(how, stages, params, experiences, discount)
    aims, ahead = [], 0.0
    for e in reversed(experiences):
        value = 0.0 if bool(e.done) else float(readout(forward(stages, params, e.following)))
        ahead = float(e.rewards) + discount * ((1 - trace) * value + trace * ahead)
        aims.insert(0, ahead)

    def loss(output):
        values = [output(e.observations)[0, 0] for e in experiences]
        return sum(-0.5 * (g - v) ** 2 for v, g in zip(values, aims, strict=True))

    torch.testing.assert_close(total, gradient(stages, params, loss))


def test_with_weights_held_reinforce_is_the_return_times_the_score():
    how, stages, params, experiences = problem("reinforce")
    total, _ = changes(how, stages, params, experiences, 0.9)

    def gain(output):
        logs = [output(e.observations).log_softmax(1)[0, int(e.actions)] for e in experiences]
        return sum(g * log for g, log in zip(returns(experiences, 0.9), logs, strict=True))

    torch.testing.assert_close(total, gradient(stages, params, gain))


def test_with_a_full_trace_and_weights_held_actor_critic_is_reinforce_with_a_baseline():
    how, stages, params, experiences = problem("actor_critic", trace=1.0, value_weight=0.3)
    total, _ = changes(how, stages, params, experiences, 0.9)
    aims = returns(experiences, 0.9)

    def gain(output):
        given = [output(e.observations)[0] for e in experiences]
        terms = zip(given, aims, experiences, strict=True)
        return sum(
            (g - o[-1].detach()) * (o[:-1].log_softmax(0)[int(e.actions)] + 0.3 * o[-1]) for o, g, e in terms
        )

    torch.testing.assert_close(total, gradient(stages, params, gain))


def test_expected_reinforce_is_the_gradient_of_the_expected_reward():
    """Over all actions of one decision, by enumeration."""
    how, stages, params, experiences = problem("reinforce")
    pay, seen = torch.tensor([0.3, -1.0, 0.5, 2.0]).double(), experiences[-1].observations
    chance = readout(forward(stages, params, seen)).softmax(1)[0]
    total = 0
    for action in range(4):
        one = experiences[-1]._replace(actions=torch.tensor([action]), rewards=pay[action, None])
        total = total + chance[action] * changes(how, stages, params, [one], 0.9)[0]
    torch.testing.assert_close(
        total, gradient(stages, params, lambda output: (output(seen).softmax(1)[0] * pay).sum())
    )


def test_score_of_continuous_actions_is_that_of_a_normal_distribution():
    how, stages, params, experiences = problem("reinforce", sigma=0.5)
    wanted = torch.tensor([[0.2, -0.4, 1.0, 0.0]]).double()
    total, _ = changes(how, stages, params, [experiences[-1]._replace(actions=wanted)], 0.9)

    def gain(output):
        mean = output(experiences[-1].observations)
        return float(experiences[-1].rewards) * torch.distributions.Normal(mean, 0.5).log_prob(wanted).sum()

    torch.testing.assert_close(total, gradient(stages, params, gain))


@pytest.mark.parametrize("rule", ["actor_critic", "td_lambda", "reinforce", "q_learning"])
def test_an_end_clears_the_trace_and_episodes_do_not_mix(rule):
    how, stages, params, experiences = problem(rule)
    _, after = changes(how, stages, params, experiences, 0.9)
    assert all((w == 0).all() for weights in after.values() for w in weights.values())
    _, before = changes(how, stages, params, experiences[:-1], 0.9)
    assert any((w != 0).any() for weights in before.values() for w in weights.values())
    pairs = [
        Experience(*map(torch.cat, zip(a, b, strict=True)))
        for a, b in zip(experiences, experiences[::-1], strict=True)
    ]
    both, _ = changes_of_two(how, stages, params, pairs)
    alone = [changes(how, stages, params, one, 0.9)[0] for one in (experiences, experiences[::-1])]
    torch.testing.assert_close(both, (alone[0] + alone[1]) / 2)


def changes_of_two(how, stages, params, pairs):
    state, total = how.begin(stages, params, 2), 0
    for pair in pairs:
        learned = how.learn(stages, params, pair, state, 0.9)
        state = learned.state
        total = total - torch.cat([w.flatten() for ws in learned.estimate.values() for w in ws.values()])
    return total, state


def test_q_learning_cuts_the_trace_where_it_explores():
    how, stages, params, experiences = problem("q_learning", trace=0.9)
    first = experiences[0]
    values = readout(forward(stages, params, experiences[1].observations))[0]
    best, worst = values.argmax()[None], values.argmin()[None]
    state = how.learn(stages, params, first, how.begin(stages, params, 1), 0.9).state
    for action, cut in ((best, False), (worst, True)):
        second = experiences[1]._replace(actions=action)
        traced = how.learn(stages, params, second, state, 0.9).state
        alone = how.learn(stages, params, second, how.begin(stages, params, 1), 0.9).state
        assert (
            all(torch.equal(traced[layer][name], w) for layer, ws in alone.items() for name, w in ws.items())
            is cut
        )


def test_q_learning_comes_to_the_optimal_values():
    choice = {"name": "gridworld", "size": 3}
    agent = nets.train_agent(
        choice, architecture=TABLE, rule={"name": "q_learning", "epsilon": 0.5}, optimizer="sgd",
        learning_rate=3.0, steps=1000, rng=0, progress=False,
    )  # fmt: skip
    environment = place(choice)
    exact = worlds.value_iteration(environment.world).action_value
    # Without slip and with ties that no policy minds, the table has no noise of its own.
    np.testing.assert_allclose(answers(agent, environment), exact, atol=0.02)


def discounted(network, n=200):
    seen = nets.behaviour(network, n=n, length=60, rng=1)
    weights = 0.95 ** np.arange(60)
    return float((seen["reward"].fillna(0) * weights).sum("decision").mean())


@pytest.mark.parametrize("architecture", [TABLE, "mlp"], ids=["table", "mlp"])
def test_actor_critic_comes_near_the_optimal_return(architecture):
    choice = {"name": "gridworld", "size": 3}
    options = {"architecture": architecture, "learning_rate": 0.02, "steps": 600, "rng": 0}
    agent = nets.train_agent(choice, **options, progress=False)
    world = place(choice).world
    best = float(worlds.value_iteration(world).value.values @ world.initial)
    chance = float(worlds.evaluate_policy(world, np.full((9, 4), 0.25)).value.values @ world.initial)
    assert chance < 0.7 * best
    assert discounted(agent) > 0.95 * best


def test_surprise_moves_from_the_reward_to_the_cue():
    """Schultz, Dayan & Montague 1997: a cue comes by chance and, three moments later, reward."""
    wait, cue, last = 0, 1, 4
    table = np.zeros((5, 1, 5))
    table[wait, 0, [wait, cue]] = 0.9, 0.1
    for state in range(cue, last):
        table[state, 0, state + 1] = 1
    table[last, 0, wait] = 1
    task = {"name": "world", "transitions": table.tolist(), "rewards": [0, 0, 0, 0, 1.0], "discount": 0.8}
    agent = nets.train_agent(
        task, architecture=TABLE, rule={"name": "td_lambda", "trace": 0.9}, optimizer="sgd",
        learning_rate=1.0, steps=800, rng=0, progress=False,
    )  # fmt: skip
    # Values start at random; here they shall start at nothing.
    nothing = {layer: {n: 0 * w for n, w in ws.items()} for layer, ws in agent.initial.items()}
    naive = nets.Network(agent.stages, (nothing,), agent.recipe, agent.history)
    value = worlds.evaluate_policy(place(task).world, np.ones((5, 1))).value.values

    def surprise(network, environment=None):
        seen = nets.behaviour(network, environment=environment, n=40, length=60, rng=0)
        state, error = seen.state.values, seen.prediction_error.values
        onset = (state[:, :-1] == wait) & (state[:, 1:] == cue)
        return error[:, :-1][onset].mean(), error[state == last].mean()

    at_cue, at_reward = surprise(naive)
    assert (at_cue, at_reward) == pytest.approx((0, 1), abs=1e-6)
    at_cue, at_reward = surprise(agent)
    assert at_cue == pytest.approx(0.8 * value[cue] - value[wait], abs=0.05)
    assert at_reward == pytest.approx(0, abs=0.05)
    # Where the reward is left out, less comes than was expected.
    _, omitted = surprise(agent, {**task, "rewards": [0] * 5})
    assert omitted == pytest.approx(-1, abs=0.05)


def test_rules_say_where_they_cannot_act():
    with pytest.raises(TrainingError, match=r"'bci' has continuous actions.*actor_critic, reinforce"):
        nets.train_agent("bci", rule="q_learning", progress=False)
    with pytest.raises(TrainingError, match=r"trace must be in \[0, 1\], not 2"):
        nets.train_agent("gridworld", rule={"name": "td_lambda", "trace": 2}, progress=False)
    with pytest.raises(UnknownNameError, match="Did you mean 'q_learning'"):
        nets.train_agent("gridworld", rule="q_lerning", progress=False)
