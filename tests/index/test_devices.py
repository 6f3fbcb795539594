"""Adding and deleting devices by functions of other files."""

from __future__ import annotations

import pytest

from getput.model import Confidence

ADD = """\
int acme_register(struct acme *acme)
{
	acme->dev.class = &acme_class;
	return device_register(&acme->dev);
}
"""
ADD_AND_MORE = """\
int acme_register(struct acme *acme)
{
	int ret = device_register(&acme->dev);

	if (ret)
		return ret;
	ret = acme_sysfs_add(acme);
	if (ret)
		device_del(&acme->dev);
	return ret;
}
"""
ADD_AND_LEAVE = ADD_AND_MORE.replace("\tif (ret)\n\t\tdevice_del(&acme->dev);\n", "")
DELETE = """\
void acme_unregister(struct acme *acme)
{
	device_unregister(&acme->dev);
}
"""
INIT = """\
int acme_init(struct acme *acme)
{
	int ret = acme_register(acme);

	if (ret)
		goto err;
	ret = acme_start(acme);
	if (ret)
		goto err;
	return 0;
err:
	%s;
	return ret;
}
"""
DIRECT = INIT % "device_unregister(&acme->dev)"
OTHER = INIT % "acme_unregister(acme)"
APART = DIRECT.replace(
    "\tif (ret)\n\t\tgoto err;\n\tret = acme_start", "\tif (ret)\n\t\tgoto err_put;\n\tret = acme_start"
).replace("device_unregister(&acme->dev);", "device_del(&acme->dev);\nerr_put:\n\tput_device(&acme->dev);")
FOUND = ["put-too-many acme_init"]


@pytest.mark.parametrize(
    ("library", "driver", "found"),
    [
        (ADD, DIRECT, FOUND),
        (ADD_AND_MORE, DIRECT, FOUND),
        (ADD, OTHER, FOUND),
        (ADD, APART, []),
        (ADD_AND_LEAVE, DIRECT, []),  # where it fails late, the device is still there
    ],
)
def test_deleted_although_adding_failed(indexed, library, driver, found):
    indexed.fill({"lib/acme.c": library + DELETE, "drivers/acme/main.c": driver})
    indexed.refresh()
    assert indexed.said("drivers/acme/main.c") == found


def test_alone_nobody_knows_what_was_added(indexed):
    indexed.fill({"drivers/acme/main.c": DIRECT})
    indexed.refresh()
    assert indexed.said("drivers/acme/main.c") == []


@pytest.mark.parametrize(
    ("between", "found"),
    [("acme_start(host)", ["put-too-many acme_try"]), ("host->ops->start(acme)", [])],  # which may have deleted it
)
def test_put_while_added(indexed, between, found):
    put = """\
int acme_try(struct acme_host *host)
{
	struct acme *acme = kzalloc(sizeof(*acme), GFP_KERNEL);
	int ret;

	device_initialize(&acme->dev);
	ret = acme_register(acme);
	if (ret)
		goto err;
	ret = %s;
	if (ret)
		goto err;
	return 0;
err:
	put_device(&acme->dev);
	return ret;
}
"""
    indexed.fill({"lib/acme.c": ADD.replace("device_register", "device_add"), "drivers/acme/main.c": put % between})
    indexed.refresh()
    assert indexed.said("drivers/acme/main.c") == found


NEW_AND_FREE = """\
struct acme_bus *acme_bus_new(struct device *parent)
{
	struct acme_bus *bus = kzalloc(sizeof(*bus), GFP_KERNEL);
	int err;

	if (!bus)
		return ERR_PTR(-ENOMEM);
	bus->dev.parent = parent;
	err = device_register(&bus->dev);
	if (err) {
		put_device(&bus->dev);
		return ERR_PTR(err);
	}
	return bus;
}

void acme_bus_free(struct acme_bus *bus)
{
	acme_bus_stop(bus);
	device_unregister(&bus->dev);
	kfree(bus);
}
"""
PROBE = """\
int acme_probe(struct pci_dev *pdev)
{
	struct acme *acme = kzalloc(sizeof(*acme), GFP_KERNEL);
	int err;

	acme->bus = acme_bus_new(&pdev->dev);
	if (IS_ERR(acme->bus)) {
		err = PTR_ERR(acme->bus);
		goto err_free;
	}
	err = acme_start(acme);
	if (err)
		goto err_bus;
	return 0;
err_bus:
	%s(acme->bus);
err_free:
	kfree(acme);
	return err;
}
"""


@pytest.mark.parametrize(("free", "found"), [("acme_bus_free", []), ("kfree", ["free-of-counted acme_probe"])])
def test_unregistered_and_then_freed_by_one_function(indexed, free, found):
    indexed.fill({"lib/acme.c": NEW_AND_FREE, "drivers/acme/main.c": PROBE % free})
    indexed.refresh()
    assert indexed.said("drivers/acme/main.c") == found


TEARDOWN = """\
static void acme_host_stop(struct acme_host *host)
{
	acme_unregister(host->acme);
}
int acme_host_init(struct acme_host *host)
{
	int ret;

	host->acme = acme_new(host);
	if (IS_ERR(host->acme))
		return PTR_ERR(host->acme);
	ret = acme_register(host->acme);
	if (ret)
		%s;
	return ret;
}
"""
NEW = """\
struct acme *acme_new(struct acme_host *host)
{
	struct acme *acme = kzalloc(sizeof(*acme), GFP_KERNEL);

	if (!acme)
		return ERR_PTR(-ENOMEM);
	device_initialize(&acme->dev);
	return acme;
}
"""


@pytest.mark.parametrize(
    ("last", "found"), [("acme_host_stop(host)", ["put-too-many acme_host_init"]), ("put_device(&host->acme->dev)", [])]
)
def test_a_helper_that_deletes_what_was_never_added(indexed, last, found):
    library = NEW + ADD.replace("device_register", "device_add") + DELETE
    indexed.fill({"lib/acme.c": library, "drivers/acme/main.c": TEARDOWN % last})
    indexed.refresh()
    assert indexed.said("drivers/acme/main.c", Confidence.MEDIUM) == found


MANAGED = """\
int devm_acme_register(struct device *dev, struct acme *acme)
{
	struct acme_resource *resource = devres_alloc(acme_release, sizeof(*resource), GFP_KERNEL);
	int ret;

	if (!resource)
		return -ENOMEM;
	ret = device_add(&acme->dev);
	if (ret) {
		devres_free(resource);
		return ret;
	}
	resource->acme = acme;
	devres_add(dev, resource);
	return 0;
}
"""
PUT_WHILE_MANAGED = """\
int acme_probe(struct device *dev)
{
	struct acme *acme = kzalloc(sizeof(*acme), GFP_KERNEL);
	int ret;

	device_initialize(&acme->dev);
	ret = %s;
	if (ret)
		goto err;
	ret = acme_start(dev);
	if (ret)
		goto err;
	return 0;
err:
	put_device(&acme->dev);
	return ret;
}
"""


@pytest.mark.parametrize(
    ("add", "found"),
    [("devm_acme_register(dev, acme)", []), ("acme_register(acme)", ["put-too-many acme_probe"])],
)
def test_devres_deletes_what_it_added(indexed, add, found):
    library = MANAGED + ADD.replace("device_register", "device_add")
    indexed.fill({"lib/acme.c": library, "drivers/acme/main.c": PUT_WHILE_MANAGED % add})
    indexed.refresh()
    assert indexed.said("drivers/acme/main.c", Confidence.MEDIUM) == found


@pytest.mark.parametrize(("device", "known"), [("acme->dev", True), ("acme->host->dev", False)])
def test_what_only_hangs_on_an_argument_is_told_to_nobody(indexed, device, known):
    indexed.fill({"lib/acme.c": f"void acme_stop(struct acme *acme)\n{{\n\tdevice_del(&{device});\n}}\n"})
    indexed.refresh()
    names, _ = indexed.knows()
    assert any(name == "acme_stop" for name, *_ in names) == known
