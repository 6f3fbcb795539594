"""What the engine makes of small functions: each case bears, in a comment, the rule it expects on that line, or none.

Cases are bodies of ``int acme(struct device *dev, struct acme_ctx *ctx, int x)`` unless they are whole functions.
"""

from __future__ import annotations

import re

import pytest

from getput.config import Settings
from getput.model import Confidence
from getput.verdict.judge import Judge
from getput_rules import RULES

HEAD = "int acme(struct device *dev, struct acme_ctx *ctx, int x)\n{\n\tstruct device_node *np;\n\tint ret = 0;\n\n"
EXPECTED = re.compile(r"/\* (" + "|".join(rule.id for rule in RULES) + r") \*/")
LEAST = Confidence.MEDIUM

CASES = {
    # --- what is known of a result ---------------------------------------------------------------------------
    "failed get, null test": """
        np = of_find_node_by_path("/a");
        if (!np)
            return -ENODEV;
        of_node_put(np);
        return 0;
    """,
    "failed get, comparison with NULL": """
        np = of_find_node_by_path("/a");
        if (np == NULL)
            return -ENODEV;
        of_node_put(np);
        return 0;
    """,
    "failed get, NULL on the left": """
        np = of_find_node_by_path("/a");
        if (NULL != np) {
            ret = use(np);
            of_node_put(np);
        }
        return ret;
    """,
    "failed get, test of the wrong side": """
        np = of_find_node_by_path("/a");
        if (np)
            return -EBUSY; /* leak-always */
        of_node_put(np);
        return 0;
    """,
    "error pointer": """
        struct clk *clk = clk_get(dev, NULL);
        if (IS_ERR(clk))
            return PTR_ERR(clk);
        ret = use(clk);
        clk_put(clk);
        return ret;
    """,
    "error pointer, second error leaks": """
        struct clk *clk = clk_get(dev, NULL);
        if (IS_ERR(clk))
            return PTR_ERR(clk);
        if (use(clk))
            return -EIO; /* leak-on-error */
        clk_put(clk);
        return 0;
    """,
    "IS_ERR_OR_NULL": """
        struct clk *clk = clk_get(dev, NULL);
        if (IS_ERR_OR_NULL(clk))
            return -ENOENT;
        clk_put(clk);
        return 0;
    """,
    "PTR_ERR_OR_ZERO": """
        struct clk *clk = clk_get(dev, NULL);
        ret = PTR_ERR_OR_ZERO(clk);
        if (ret)
            return ret;
        clk_put(clk);
        return 0;
    """,
    "zero is success: if (ret)": """
        ret = pm_runtime_resume_and_get(dev);
        if (ret)
            return ret;
        pm_runtime_put(dev);
        return 0;
    """,
    "zero is success: if (ret < 0)": """
        ret = pm_runtime_resume_and_get(dev);
        if (ret < 0)
            return ret;
        pm_runtime_put(dev);
        return 0;
    """,
    "zero is success: if (!ret)": """
        ret = pm_runtime_resume_and_get(dev);
        if (!ret) {
            ret = use(dev);
            pm_runtime_put(dev);
        }
        return ret;
    """,
    "the call in the condition": """
        if (pm_runtime_resume_and_get(dev) < 0)
            return -EIO;
        pm_runtime_put(dev);
        return 0;
    """,
    "the assignment in the condition": """
        if ((ret = pm_runtime_resume_and_get(dev)) < 0)
            return ret;
        pm_runtime_put(dev);
        return 0;
    """,
    "the assignment in the condition, with a comparison": """
        if ((np = of_find_node_by_path("/a")) == NULL)
            return -ENODEV;
        if (x)
            return -EINVAL; /* leak-on-error */
        of_node_put(np);
        return 0;
    """,
    "true is success": """
        if (!try_module_get(ctx->owner))
            return -ENODEV;
        ret = use(ctx);
        module_put(ctx->owner);
        return ret;
    """,
    "only positive is success": """
        ret = pm_runtime_get_if_in_use(dev);
        if (ret <= 0)
            return ret;
        use(dev);
        pm_runtime_put(dev);
        return 0;
    """,
    "unlikely": """
        np = of_find_node_by_path("/a");
        if (unlikely(!np))
            return -ENODEV;
        if (unlikely(x))
            return -EINVAL; /* leak-on-error */
        of_node_put(np);
        return 0;
    """,
    "likely around a conjunction": """
        np = of_find_node_by_path("/a");
        if (likely(np && x))
            of_node_put(np);
        return 0; /* leak-on-error */
    """,
    "WARN_ON": """
        np = of_find_node_by_path("/a");
        if (WARN_ON(!np))
            return -ENODEV;
        of_node_put(np);
        return 0;
    """,
    "WARN_ON_ONCE keeps what it was told": """
        np = of_find_node_by_path("/a");
        if (WARN_ON_ONCE(!np || x))
            goto out;
        use(np);
    out:
        of_node_put(np);
        return 0;
    """,
    "BUG does not return": """
        np = of_find_node_by_path("/a");
        if (x)
            BUG();
        of_node_put(np);
        return 0;
    """,
    # --- conditions -------------------------------------------------------------------------------------------
    "conjunction": """
        np = of_find_node_by_path("/a");
        if (np && x)
            ret = use(np);
        of_node_put(np);
        return ret;
    """,
    "disjunction": """
        np = of_find_node_by_path("/a");
        if (!np || x) {
            of_node_put(np);
            return -ENODEV;
        }
        of_node_put(np);
        return 0;
    """,
    "disjunction whose second half holds the node": """
        np = of_find_node_by_path("/a");
        if (!np || x)
            return -ENODEV; /* leak-on-error */
        of_node_put(np);
        return 0;
    """,
    "conditional expression": """
        np = x ? of_find_node_by_path("/a") : NULL;
        ret = np ? use(np) : 0;
        of_node_put(np);
        return ret;
    """,
    "conditional expression leaks": """
        np = of_find_node_by_path("/a");
        return np ? use(np) : -ENODEV; /* leak-always */
    """,
    "elvis": """
        np = of_find_node_by_path("/a") ?: of_find_node_by_path("/b");
        if (!np)
            return -ENODEV;
        of_node_put(np);
        return 0;
    """,
    "the same condition twice": """
        np = NULL;
        if (x)
            np = of_find_node_by_path("/a");
        ret = use(np);
        if (x)
            of_node_put(np);
        return ret;
    """,
    "the opposite conditions": """
        if (x)
            get_device(dev);
        ret = use(dev);
        if (!x)
            return ret;
        put_device(dev);
        return ret;
    """,
    "a flag that remembers": """
        bool held = false;
        if (x > 3 && !pm_runtime_resume_and_get(dev))
            held = true;
        ret = use(dev);
        if (held)
            pm_runtime_put(dev);
        return ret;
    """,
    "two conditions of one field": """
        if (ctx->shared)
            get_device(dev);
        ret = x;
        if (ret < 0 && ctx->shared)
            put_device(dev);
        return ret;
    """,
    # --- ways --------------------------------------------------------------------------------------------------
    "goto unwinding": """
        struct device_node *b;
        np = of_find_node_by_path("/a");
        if (!np)
            return -ENODEV;
        b = of_find_node_by_path("/b");
        if (!b) {
            ret = -ENODEV;
            goto put_a;
        }
        ret = use(np, b);
        if (ret)
            goto put_b;
        ret = use(b, np);
    put_b:
        of_node_put(b);
    put_a:
        of_node_put(np);
        return ret;
    """,
    "goto one label too far": """
        struct device_node *b;
        np = of_find_node_by_path("/a");
        if (!np)
            return -ENODEV;
        b = of_find_node_by_path("/b");
        if (!b)
            goto out;
        ret = use(np, b);
        of_node_put(b);
        of_node_put(np);
        return ret;
    out:
        return -ENODEV; /* leak-on-error */
    """,
    "goto backwards": """
    again:
        np = of_find_node_by_path("/a");
        ret = use(np);
        of_node_put(np);
        if (ret == -EAGAIN)
            goto again;
        return ret;
    """,
    "goto backwards, held": """
    again:
        np = of_find_node_by_path("/a");
        if (use(np) == -EAGAIN && x) {
            of_node_put(np);
            goto again;
        }
        return 0; /* leak-on-error */
    """,
    "a loop that balances": """
        int i;
        for (i = 0; i < x; i++) {
            np = of_parse_phandle(dev->of_node, "a", i);
            if (!np)
                continue;
            use(np);
            of_node_put(np);
        }
        return 0;
    """,
    "a loop left while holding": """
        int i;
        for (i = 0; i < x; i++) {
            np = of_parse_phandle(dev->of_node, "a", i);
            if (use(np))
                break;
            of_node_put(np);
        }
        return 0; /* leak-on-error */
    """,
    "continue that skips the put": """
        int i;
        for (i = 0; i < x; i++) {
            np = of_parse_phandle(dev->of_node, "a", i);
            if (use(np))
                continue;
            of_node_put(np);
        }
        return 0; /* leak-on-error */
    """,
    "do while": """
        do {
            np = of_find_node_by_path("/a");
            ret = use(np);
            of_node_put(np);
        } while (ret > 0);
        return ret;
    """,
    "a walk that consumes": """
        for (np = of_get_parent(dev->of_node); np; np = of_get_next_parent(np))
            if (use(np))
                break;
        ret = np ? 0 : -ENODEV;
        of_node_put(np);
        return ret;
    """,
    "a walk left early": """
        for (np = of_get_parent(dev->of_node); np; np = of_get_next_parent(np))
            if (use(np))
                return 1; /* leak-on-error */
        return 0;
    """,
    "switch, every arm puts": """
        np = of_find_node_by_path("/a");
        switch (x) {
        case 1:
            ret = use(np);
            break;
        case 2:
        case 3:
            ret = -EINVAL;
            break;
        default:
            break;
        }
        of_node_put(np);
        return ret;
    """,
    "switch, one arm leaves": """
        np = of_find_node_by_path("/a");
        switch (x) {
        case 1:
            ret = use(np);
            break;
        case 2:
            return -EINVAL; /* leak-on-error */
        }
        of_node_put(np);
        return ret;
    """,
    "switch that falls through": """
        np = of_find_node_by_path("/a");
        switch (x) {
        case 1:
            use(np);
            fallthrough;
        case 2:
            of_node_put(np);
            return 0;
        default:
            of_node_put(np);
            return -EINVAL;
        }
    """,
    "iterator": """
        for_each_child_of_node(dev->of_node, np)
            use(np);
        return 0;
    """,
    "iterator left by return": """
        for_each_child_of_node(dev->of_node, np)
            if (use(np))
                return -EINVAL; /* leak-on-iterator-exit */
        return 0;
    """,
    "iterator inside an iterator": """
        struct device_node *c;
        for_each_child_of_node(dev->of_node, np) {
            for_each_child_of_node(np, c) {
                if (use(c)) {
                    of_node_put(c);
                    return -EINVAL; /* leak-on-iterator-exit */
                }
            }
        }
        return 0;
    """,
    "scoped iterator": """
        for_each_child_of_node_scoped(dev->of_node, child)
            if (use(child))
                return -EINVAL;
        return 0;
    """,
    "iterator whose cursor is taken along": """
        for_each_child_of_node(dev->of_node, np)
            if (use(np))
                break;
        ctx->np = np;
        return 0;
    """,
    # --- cleanup attributes ---------------------------------------------------------------------------------------
    "cleanup attribute": """
        struct device_node *n __free(device_node) = of_find_node_by_path("/a");
        if (use(n))
            return -EINVAL;
        return 0;
    """,
    "no_free_ptr": """
    struct device_node *acme(void)
    {
        struct device_node *n __free(device_node) = of_find_node_by_path("/a");

        if (use(n))
            return NULL;
        return no_free_ptr(n);
    }
    """,
    "return_ptr": """
    struct device_node *acme(void)
    {
        struct device_node *n __free(device_node) = of_find_node_by_path("/a");

        if (use(n))
            return NULL;
        return_ptr(n);
    }
    """,
    "cleanup attribute and a put": """
        struct device_node *n __free(device_node) = of_find_node_by_path("/a");
        use(n);
        of_node_put(n);
        return 0; /* put-too-many */
    """,
    "cleanup attribute in an inner scope": """
        if (x) {
            struct device_node *n __free(device_node) = of_find_node_by_path("/a");
            if (use(n))
                return -EINVAL;
        }
        return 0;
    """,
    "stored through no_free_ptr": """
        struct device_node *n __free(device_node) = of_find_node_by_path("/a");
        if (!n)
            return -ENODEV;
        ctx->np = no_free_ptr(n);
        return 0;
    """,
    "stored, and put by the cleanup attribute": """
        struct device_node *n __free(device_node) = of_find_node_by_path("/a");
        ctx->np = n;
        return 0; /* stored-without-reference */
    """,
    # --- ownership handed on -----------------------------------------------------------------------------------
    "returned": """
    struct device_node *acme(struct device *dev)
    {
        struct device_node *np = of_get_parent(dev->of_node);

        if (!use(np))
            return np;
        of_node_put(np);
        return NULL;
    }
    """,
    "stored in a parameter's field": """
        ctx->np = of_find_node_by_path("/a");
        return ctx->np ? 0 : -ENODEV;
    """,
    "stored through an out parameter": """
    int acme(struct device_node **out)
    {
        struct device_node *np = of_find_node_by_path("/a");

        if (!np)
            return -ENODEV;
        *out = np;
        return 0;
    }
    """,
    "stored in a local structure": """
        struct acme_args args;
        args.np = of_find_node_by_path("/a");
        return use(&args); /* leak-always */
    """,
    "put on a list": """
        struct acme_ctx *link = kzalloc(sizeof(*link), GFP_KERNEL);
        if (!link)
            return -ENOMEM;
        link->np = of_find_node_by_path("/a");
        list_add(&link->node, &ctx->links);
        return 0;
    """,
    "holder freed with what it holds": """
        struct acme_ctx *link = kzalloc(sizeof(*link), GFP_KERNEL);
        if (!link)
            return -ENOMEM;
        link->np = of_find_node_by_path("/a");
        if (use(link)) {
            kfree(link);
            return -EINVAL; /* leak-on-error */
        }
        list_add(&link->node, &ctx->links);
        return 0;
    """,
    "devm action": """
        np = of_find_node_by_path("/a");
        ret = devm_add_action_or_reset(dev, acme_put, np);
        if (ret)
            return ret;
        return use(np);
    """,
    "devm getter": """
        struct clk *clk = devm_clk_get(dev, NULL);
        if (IS_ERR(clk))
            return PTR_ERR(clk);
        return use(clk);
    """,
    "fd_install keeps": """
        struct file *file = fget(x);
        if (!file)
            return -EBADF;
        fd_install(ret, file);
        return 0;
    """,
    "kept only on success": """
        struct dma_buf *buf = dma_buf_get(x);
        if (IS_ERR(buf))
            return PTR_ERR(buf);
        ret = dma_buf_fd(buf, 0);
        if (ret < 0)
            dma_buf_put(buf);
        return ret;
    """,
    "kept only on success, failure leaks": """
        struct dma_buf *buf = dma_buf_get(x);
        if (IS_ERR(buf))
            return PTR_ERR(buf);
        ret = dma_buf_fd(buf, 0);
        return ret; /* leak-on-error */
    """,
    "another name": """
        struct device_node *alias;
        np = of_find_node_by_path("/a");
        alias = np;
        np = NULL;
        use(alias);
        of_node_put(alias);
        return 0;
    """,
    "embedded device": """
        struct platform_device *pdev = of_find_device_by_node(dev->of_node);
        if (!pdev)
            return -ENODEV;
        ret = use(pdev);
        put_device(&pdev->dev);
        return ret;
    """,
    "container_of": """
        struct device *found = bus_find_device_by_name(&acme_bus, NULL, "a");
        struct acme_dev *acme;
        if (!found)
            return -ENODEV;
        acme = container_of(found, struct acme_dev, dev);
        ret = use(acme);
        put_device(&acme->dev);
        return ret;
    """,
    # --- puts -----------------------------------------------------------------------------------------------------
    "put of NULL": """
        np = NULL;
        if (x)
            np = of_find_node_by_path("/a");
        of_node_put(np);
        return 0;
    """,
    "put twice": """
        np = of_find_node_by_path("/a");
        of_node_put(np);
        of_node_put(np); /* put-too-many */
        return 0;
    """,
    "put, cleared, put": """
        np = of_find_node_by_path("/a");
        of_node_put(np);
        np = NULL;
        of_node_put(np);
        return 0;
    """,
    "put, taken again, put": """
        np = of_find_node_by_path("/a");
        of_node_put(np);
        np = of_find_node_by_path("/b");
        of_node_put(np);
        return 0;
    """,
    "used after the put": """
        np = of_find_node_by_path("/a");
        of_node_put(np);
        return np->phandle; /* use-after-put */
    """,
    "compared after the put": """
        np = of_find_node_by_path("/a");
        of_node_put(np);
        return np == dev->of_node;
    """,
    "a counted parameter is given back": """
    void acme(struct device_node *np)
    {
        use(np);
        of_node_put(np);
    }
    """,
    # --- functions of the same file ------------------------------------------------------------------------------
    "getter of the file": """
    static struct device_node *find(void)
    {
        return of_find_node_by_path("/a");
    }

    int acme(void)
    {
        struct device_node *np = find();

        return use(np); /* leak-always */
    }
    """,
    "putter of the file": """
    static void drop(struct acme_ctx *ctx, struct device_node *np)
    {
        ctx->n--;
        of_node_put(np);
    }

    int acme(struct acme_ctx *ctx)
    {
        struct device_node *np = of_find_node_by_path("/a");

        drop(ctx, np);
        return 0;
    }
    """,
    "keeper of the file": """
    static void keep(struct acme_ctx *ctx, struct device_node *np)
    {
        ctx->np = np;
    }

    int acme(struct acme_ctx *ctx)
    {
        struct device_node *np = of_find_node_by_path("/a");

        if (!np)
            return -ENODEV;
        keep(ctx, np);
        return 0;
    }
    """,
    "out parameter of a function of the file": """
    static int find(struct device_node **out)
    {
        *out = of_find_node_by_path("/a");
        return *out ? 0 : -ENODEV;
    }

    int acme(void)
    {
        struct device_node *np;
        int ret = find(&np);

        if (ret)
            return ret;
        ret = use(np);
        if (ret)
            return ret; /* leak-on-error */
        of_node_put(np);
        return 0;
    }
    """,
    "conditional getter of the file": """
    static int wake(struct device *dev)
    {
        int ret = pm_runtime_resume_and_get(dev);

        return ret < 0 ? ret : 0;
    }

    int acme(struct device *dev, int x)
    {
        int ret = wake(dev);

        if (ret)
            return ret;
        if (x)
            return -EINVAL; /* leak-on-error */
        pm_runtime_put(dev);
        return 0;
    }
    """,
    "callee defined later in the file": """
    static void drop(struct device_node *np);

    int acme(void)
    {
        struct device_node *np = of_find_node_by_path("/a");

        drop(np);
        return 0;
    }

    static void drop(struct device_node *np)
    {
        of_node_put(np);
    }
    """,
    "functions that call each other": """
    static int odd(struct device_node *np, int n);

    static int even(struct device_node *np, int n)
    {
        return n ? odd(np, n - 1) : 1;
    }

    static int odd(struct device_node *np, int n)
    {
        return n ? even(np, n - 1) : 0;
    }

    int acme(int n)
    {
        struct device_node *np = of_find_node_by_path("/a");
        int ret = even(np, n);

        of_node_put(np);
        return ret;
    }
    """,
    # --- the preprocessor ----------------------------------------------------------------------------------------
    "both under one condition": """
#ifdef CONFIG_ACME
        np = of_find_node_by_path("/a");
#endif
        use(dev);
#ifdef CONFIG_ACME
        of_node_put(np);
#endif
        return 0;
    """,
    "opposite conditions": """
#ifdef CONFIG_ACME
        np = of_find_node_by_path("/a");
        use(np);
#endif
#ifndef CONFIG_ACME
        of_node_put(NULL);
#else
        of_node_put(np);
#endif
        return 0;
    """,
    "put on one side only": """
        np = of_find_node_by_path("/a");
#ifdef CONFIG_ACME
        use(np);
#else
        of_node_put(np);
#endif
        return 0; /* leak-on-error */
    """,
    "if and else cut in two": """
        np = of_find_node_by_path("/a");
#ifdef CONFIG_ACME
        if (x)
            ret = use(np);
        else
#endif
            ret = use(dev);
        of_node_put(np);
        return ret;
    """,
    "IS_ENABLED": """
        np = NULL;
        if (IS_ENABLED(CONFIG_ACME))
            np = of_find_node_by_path("/a");
        ret = use(dev);
        if (IS_ENABLED(CONFIG_ACME))
            of_node_put(np);
        return ret;
    """,
}


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge(None, Settings())


def source(case: str) -> str:
    """*case* as a file."""
    lines = [
        "\t".join(line.split("    ")[1:]) if line.startswith("    ") else line for line in case.strip("\n").split("\n")
    ]
    text = "\n".join(lines).rstrip() + "\n"
    return text if text[0] not in "\t#" and "{" in text and "\n{" in text else HEAD + text + "}\n"


def expected(text: str) -> list[tuple[str, int]]:
    """(rule, line) of every comment that names a rule."""
    return sorted((rule, number) for number, line in enumerate(text.splitlines(), 1) for rule in EXPECTED.findall(line))


def found(judge: Judge, text: str) -> list[tuple[str, int]]:
    """(rule, line) of everything the rules find in *text*."""
    unit = judge.unit(text.encode(), "drivers/acme/acme.c")
    judged = judge.judge(unit, unit.sources, None)
    assert not unit.failures
    return sorted((one.rule, one.line) for one in judged if one.found.confidence.rank >= LEAST.rank)


@pytest.mark.parametrize("name", CASES)
def test_engine(judge, name):
    text = source(CASES[name])
    assert found(judge, text) == expected(text), text
