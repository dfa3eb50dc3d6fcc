"""The measurements of the product: a module each with one function `measure`. Ratios are of one run, figures are medians."""

WHAT = ("launch", "train", "live", "edit", "views")
"""Their names, as `playground bench` takes them."""
