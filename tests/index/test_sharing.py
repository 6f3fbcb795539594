"""What functions of other files keep by a reference of their own."""

from __future__ import annotations

import pytest

from getput.model import Confidence

ALLOC = """\
struct acme_context *acme_context_alloc(struct acme *acme, struct net_device *dev)
{
	struct acme_context *context = acme_find_context(acme);

	if (!context)
		return ERR_PTR(-EBUSY);
	%scontext->dev = dev;
	return context;
}
"""
OPEN = """\
int acme_open(struct acme *acme)
{
	acme->context = acme_context_alloc(acme, dev_get_by_name(&init_net, acme->name));
	if (IS_ERR(acme->context))
		return PTR_ERR(acme->context);
	return 0;
}
"""


@pytest.mark.parametrize(("taken", "found"), [("dev_hold(dev);\n\t", ["get-discarded acme_open"]), ("", [])])
def test_a_reference_taken_for_a_callee(indexed, taken, found):
    indexed.fill({"lib/acme.c": ALLOC % taken, "drivers/acme/main.c": OPEN})
    indexed.refresh()
    assert indexed.said("drivers/acme/main.c", Confidence.MEDIUM) == found
