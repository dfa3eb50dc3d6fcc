"""Values and images as tokens: nothing is lost but half a bin, order stays, ends are in, what is no number is refused."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.data.errors import DataError
from playground.data.modalities.continuous import Continuous, Discrete, centre, mu_law, mu_law_inverse, quantised
from playground.data.modalities.images import covered, patches
from playground.data.modalities.ranges import Ranges
from playground.spec.modalities import Modalities

BINS = st.sampled_from([2, 3, 64, 256, 1024])


@given(st.floats(-1, 1), BINS)
def test_a_value_comes_back_within_half_a_bin(value, bins):
    assert abs(float(centre(quantised(value, bins), bins)) - value) <= 1 / bins + 1e-12


@given(st.lists(st.floats(-1e6, 1e6), min_size=2), BINS)
def test_larger_values_never_have_smaller_bins(values, bins):
    ordered = np.sort(np.array(values))
    for kind in (Continuous("x"), Continuous("x", 0.5, bent=True)):
        ids = kind.encode(ordered, bins)
        assert (np.diff(ids) >= 0).all()
        assert ids.min() >= 0
        assert ids.max() < bins


@pytest.mark.parametrize("bins", [2, 256, 1024])
def test_both_ends_lie_in_the_first_and_the_last_bin(bins):
    assert quantised([-1.0, 1.0], bins).tolist() == [0, bins - 1]
    assert quantised([-7.0, 7.0], bins).tolist() == [0, bins - 1]
    assert quantised(np.nextafter(1.0, 2.0), bins) == bins - 1
    # every centre lies in its own bin
    assert quantised(centre(np.arange(bins), bins), bins).tolist() == list(range(bins))


@given(st.floats(-256, 256))
def test_the_mu_law_has_an_inverse_and_keeps_the_ends(value):
    assert float(mu_law_inverse(mu_law(value))) == pytest.approx(value, abs=1e-6, rel=1e-6)


def test_the_mu_law_is_the_printed_one():
    assert float(mu_law(0.5)) == pytest.approx(math.log(0.5 * 100 + 1) / math.log(256 * 100 + 1), abs=1e-12)
    assert float(mu_law(-0.5)) == -float(mu_law(0.5))
    assert mu_law([0.0, 256.0, -256.0, 1e9]).tolist() == pytest.approx([0.0, 1.0, -1.0, 1.0])


@given(st.floats(-50, 50), st.sampled_from([1.0, 0.125, 10.0]))
def test_a_bent_value_comes_back_within_half_a_bin_of_the_bent_one(value, factor):
    kind = Continuous("x", factor, bent=True)
    back = float(kind.decode(kind.encode(value, 1024), 1024))
    assert abs(float(mu_law(back * factor)) - float(mu_law(value * factor))) <= 1 / 1024 + 1e-9


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_refused_in_words(bad):
    for refuses in (lambda values: quantised(values, 256), mu_law, mu_law_inverse):
        with pytest.raises(DataError, match="NaN|infinite"):
            refuses([0.0, bad])
    with pytest.raises(DataError, match=r"NaN|infinite"):
        Continuous("angle", bent=True).encode(bad, 256)
    with pytest.raises(DataError, match="NaN|infinite"):
        Discrete("button", 4).encode([bad])


def test_what_is_no_bin_and_no_button_is_refused():
    with pytest.raises(DataError, match="no bin 256"):
        centre([3, 256], 256)
    with pytest.raises(DataError, match="no bin -1"):
        centre([-1], 256)
    with pytest.raises(DataError, match="from 0 to 3; there is one of 4"):
        Discrete("button", 4).encode([0, 4])
    with pytest.raises(DataError, match=r"one of 1\.5"):
        Discrete("button", 4).encode([1.5])


def test_ids_have_ranges_of_their_own_or_share_those_of_the_text():
    apart = Ranges(100, Modalities(discrete=16, bins=64))
    assert (apart.discrete, apart.bins, apart.separator, apart.padding, apart.vocab) == (100, 116, 180, 181, 182)
    shared = Ranges(100, Modalities(discrete=16, bins=64, overlap=True))
    assert (shared.discrete, shared.bins, shared.vocab) == (0, 100, 166)
    wide = Ranges(10, Modalities(discrete=16, bins=64, overlap=True))  # more values than letters
    assert (wide.discrete, wide.bins) == (0, 16)
    for ranges in (apart, shared, wide):
        assert ranges.decode(Discrete("x", 16), ranges.encode(Discrete("x", 16), range(16))).tolist() == list(range(16))
        middle = centre(np.arange(64), 64)
        ids = ranges.encode(Continuous("x"), middle)
        assert ids.tolist() == list(ranges.allowed(Continuous("x")))
        assert ranges.decode(Continuous("x"), ids) == pytest.approx(middle)
    assert [apart.modality(i) for i in (0, 99, 100, 115, 116, 179, 180, 181)] == [
        "text", "text", "discrete", "discrete", "continuous", "continuous", "separator", "padding",
    ]  # fmt: skip


def test_patches_go_in_raster_order_and_are_scaled_as_printed():
    image = np.arange(8 * 12, dtype=np.float32).reshape(1, 8, 12) / 95
    cut = patches(image, 4)
    assert cut.shape == (1, 6, 1, 4, 4)
    for index, (row, column) in enumerate([(0, 0), (0, 4), (0, 8), (4, 0), (4, 4), (4, 8)]):
        want = (image[0, row : row + 4, column : column + 4] * 2 - 1) / 2  # the square root of the side is 2
        assert cut[0, index, 0] == pytest.approx(want)
    colour = patches(np.zeros((2, 4, 4, 3)), 2)
    assert colour.shape == (2, 4, 3, 2, 2)
    assert colour == pytest.approx(-1 / np.sqrt(2))


def test_an_image_that_cannot_be_cut_is_refused():
    with pytest.raises(DataError, match="10 × 8 pixels cannot be cut into patches of 4 × 4"):
        patches(np.zeros((1, 8, 10)), 4)
    with pytest.raises(DataError, match=r"outside of 0 … 1"):
        patches(np.full((1, 8, 8), 255.0), 4)


def test_the_intervals_of_patches_cover_each_side_once():
    found = covered(8, 8, 4, 128)
    assert found.tolist() == [[0, 63, 0, 63], [0, 63, 64, 127], [64, 127, 0, 63], [64, 127, 64, 127]]
    # an image of any size has the same steps, and a patch narrower than one still has it
    assert covered(80, 64, 16, 128)[0].tolist() == [0, 25, 0, 31]
    assert covered(8, 8, 2, 2).tolist()[:2] == [[0, 0, 0, 0], [0, 0, 0, 0]]
