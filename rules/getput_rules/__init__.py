"""The rules of getput, in the order in which they are listed and run."""

from __future__ import annotations

from getput_rules import (
    contract_changed,
    free_of_counted,
    get_discarded,
    get_failed_counted,
    leak_always,
    leak_by_overwrite,
    leak_of_stored,
    leak_on_error,
    leak_on_iterator_exit,
    page_revived,
    put_after_failed_get,
    put_bypasses_devmap,
    put_in_iterator,
    put_of_borrowed,
    put_of_managed,
    put_too_many,
    refusal_ignored,
    siblings_diverge,
    stored_without_reference,
    unbalanced_teardown,
    use_after_put,
    use_without_reference,
)
from getput_rules.rule import Rule

RULES: tuple[Rule, ...] = (
    leak_on_error.RULE,
    leak_always.RULE,
    leak_on_iterator_exit.RULE,
    leak_by_overwrite.RULE,
    leak_of_stored.RULE,
    unbalanced_teardown.RULE,
    get_discarded.RULE,
    refusal_ignored.RULE,
    get_failed_counted.RULE,
    put_too_many.RULE,
    put_after_failed_get.RULE,
    put_of_borrowed.RULE,
    put_of_managed.RULE,
    put_in_iterator.RULE,
    use_after_put.RULE,
    use_without_reference.RULE,
    stored_without_reference.RULE,
    free_of_counted.RULE,
    page_revived.RULE,
    put_bypasses_devmap.RULE,
    contract_changed.RULE,
    siblings_diverge.RULE,
)
