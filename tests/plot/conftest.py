import matplotlib as mpl
import pytest


@pytest.fixture(autouse=True)
def no_window():
    import matplotlib.pyplot as plt

    mpl.use("agg")
    yield
    plt.close("all")
