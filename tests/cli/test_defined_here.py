"""Macros and cleanup classes that a patch itself brings, without an index."""

from __future__ import annotations

HEADER = """\
#ifndef DEMO_H
#define DEMO_H

#define demo_put(demo) of_node_put((demo)->np)

DEFINE_FREE(demo_node, struct device_node *, if (_T) of_node_put(_T))

#endif
"""
DRIVER = """\
#include <linux/demo.h>

int demo_read(struct demo *demo)
{
	struct device_node *np __free(demo_node) = of_find_node_by_name(NULL, "demo");

	if (!np)
		return -ENODEV;

	return demo_look(np);
}

int demo_start(struct demo *demo)
{
	demo->np = of_find_node_by_name(NULL, "demo");
	if (!demo->np)
		return -ENODEV;

	if (demo_look(demo->np)) {
		demo_put(demo);
		return -EIO;
	}

	return 0;
}
"""
TWICE = DRIVER.replace("\treturn demo_look(np);\n", "\tdemo_look(np);\n\tof_node_put(np);\n\n\treturn 0;\n")


def staged(getput, kernel, driver, *options):
    """What ``check --staged`` says of the header and *driver*, which are new."""
    kernel.write(HEADER, "include/linux/demo.h")
    kernel.write(driver, "drivers/demo/new.c")
    kernel.git("add", "-A")
    return getput("check", "--staged", *options, cwd=kernel.top)


def test_a_class_of_the_patch_puts(getput, kernel):
    done = staged(getput, kernel, DRIVER)
    assert done.returncode == 0, done.stdout


def test_a_put_beside_it_is_one_too_many(getput, kernel):
    done = staged(getput, kernel, TWICE, "--min-confidence", "low")
    assert done.returncode == 1
    assert "drivers/demo/new.c:13:" in done.stdout
    assert "[put-too-many]" in done.stdout


def test_a_macro_of_the_patch_puts(getput, kernel):
    twice = DRIVER.replace("\t\tdemo_put(demo);\n", "\t\tdemo_put(demo);\n\t\tof_node_put(demo->np);\n")
    done = staged(getput, kernel, twice, "--min-confidence", "low")
    assert done.returncode == 1
    assert "drivers/demo/new.c:21:" in done.stdout
