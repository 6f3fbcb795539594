"""``getput apis --mined``: pairs that the callers in a tree show."""

from __future__ import annotations

import pytest

PAIR = """\
void demo_ctx_get(struct demo_ctx *ctx)
{
	kref_get(&ctx->ref);
}

void demo_ctx_put(struct demo_ctx *ctx)
{
	kref_put(&ctx->ref, demo_ctx_free);
}

void demo_port_hold(struct demo_port *port)
{
	port->users++;
}

void demo_port_release(struct demo_port *port)
{
	port->users--;
}

void demo_lock_acquire(struct demo_port *port)
{
	port->locked = true;
}

void demo_lock_release(struct demo_port *port)
{
	port->locked = false;
}

void demo_bus_get(struct demo_bus *bus)
{
	kref_get(&bus->ref);
}

void demo_bus_put(struct demo_bus *bus)
{
	kref_put(&bus->ref, demo_bus_free);
}
"""
USER = """\
int demo_use{number}(struct demo *demo)
{{
	demo_ctx_get(demo->ctx);
	demo_port_hold(demo->port);
	demo_lock_acquire(demo->port);
	demo_bus_get(demo->bus);
	demo_lock_release(demo->port);
	demo_port_release(demo->port);
	{put}(demo->ctx);
	return 0;
}}
"""


@pytest.fixture
def tree(tmp_path, getput):
    top = tmp_path / "linux"
    (top / "drivers/demo").mkdir(parents=True)
    (top / "drivers/demo/pair.c").write_text(PAIR)
    for number, put in enumerate(["demo_ctx_put"] * 4 + ["demo_ctx_forget"]):
        (top / f"drivers/demo/use{number}.c").write_text(USER.format(number=number, put=put))
    assert getput("index", "-q", "--tree", top).returncode == 0
    return top


def test_the_pairs_with_their_support(getput, tree):
    done = getput("apis", "--mined", "--tree", tree)
    assert [line.split() for line in done.stdout.splitlines()] == [
        ["demo_ctx_get", "demo_ctx_put", "kref", "4", "of", "5", "files", "body", "drivers/demo/pair.c"],
        ["demo_port_hold", "demo_port_release", "?", "5", "of", "5", "files", "name", "drivers/demo/pair.c"],
    ]


def test_one_pair(getput, tree):
    done = getput("apis", "--mined", "demo_ctx_put", "--tree", tree)
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["demo_ctx_get"]


def test_what_nobody_pairs_is_said(getput, tree):
    done = getput("apis", "--mined", "demo_bus_get", "--tree", tree)
    assert (done.returncode, done.stdout) == (2, "")
    assert "no pair with demo_bus_get" in done.stderr


def test_a_tree_without_index(getput, tmp_path):
    done = getput("apis", "--mined", "--tree", tmp_path)
    assert done.returncode == 2
    assert "getput index --tree" in done.stderr
