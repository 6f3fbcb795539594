/* === failed get, null test */
	np = of_find_node_by_path("/a");
	if (!np)
		return -ENODEV;
	of_node_put(np);
	return 0;

/* === failed get, comparison with NULL */
	np = of_find_node_by_path("/a");
	if (np == NULL)
		return -ENODEV;
	of_node_put(np);
	return 0;

/* === failed get, NULL on the left */
	np = of_find_node_by_path("/a");
	if (NULL != np) {
		ret = use(np);
		of_node_put(np);
	}
	return ret;

/* === failed get, test of the wrong side */
	np = of_find_node_by_path("/a");
	if (np)
		return -EBUSY; /* leak-always */
	of_node_put(np);
	return 0;

/* === error pointer */
	struct clk *clk = clk_get(dev, NULL);
	if (IS_ERR(clk))
		return PTR_ERR(clk);
	ret = use(clk);
	clk_put(clk);
	return ret;

/* === error pointer, second error leaks */
	struct clk *clk = clk_get(dev, NULL);
	if (IS_ERR(clk))
		return PTR_ERR(clk);
	if (use(clk))
		return -EIO; /* leak-on-error */
	clk_put(clk);
	return 0;

/* === IS_ERR_OR_NULL */
	struct clk *clk = clk_get(dev, NULL);
	if (IS_ERR_OR_NULL(clk))
		return -ENOENT;
	clk_put(clk);
	return 0;

/* === PTR_ERR_OR_ZERO */
	struct clk *clk = clk_get(dev, NULL);
	ret = PTR_ERR_OR_ZERO(clk);
	if (ret)
		return ret;
	clk_put(clk);
	return 0;

/* === zero is success: if (ret) */
	ret = pm_runtime_resume_and_get(dev);
	if (ret)
		return ret;
	pm_runtime_put(dev);
	return 0;

/* === zero is success: if (ret < 0) */
	ret = pm_runtime_resume_and_get(dev);
	if (ret < 0)
		return ret;
	pm_runtime_put(dev);
	return 0;

/* === zero is success: if (!ret) */
	ret = pm_runtime_resume_and_get(dev);
	if (!ret) {
		ret = use(dev);
		pm_runtime_put(dev);
	}
	return ret;

/* === the call in the condition */
	if (pm_runtime_resume_and_get(dev) < 0)
		return -EIO;
	pm_runtime_put(dev);
	return 0;

/* === the assignment in the condition */
	if ((ret = pm_runtime_resume_and_get(dev)) < 0)
		return ret;
	pm_runtime_put(dev);
	return 0;

/* === the assignment in the condition, with a comparison */
	if ((np = of_find_node_by_path("/a")) == NULL)
		return -ENODEV;
	if (x)
		return -EINVAL; /* leak-on-error */
	of_node_put(np);
	return 0;

/* === true is success */
	if (!try_module_get(ctx->owner))
		return -ENODEV;
	ret = use(ctx);
	module_put(ctx->owner);
	return ret;

/* === only positive is success */
	ret = pm_runtime_get_if_in_use(dev);
	if (ret <= 0)
		return ret;
	use(dev);
	pm_runtime_put(dev);
	return 0;

/* === unlikely */
	np = of_find_node_by_path("/a");
	if (unlikely(!np))
		return -ENODEV;
	if (unlikely(x))
		return -EINVAL; /* leak-on-error */
	of_node_put(np);
	return 0;

/* === likely around a conjunction */
	np = of_find_node_by_path("/a");
	if (likely(np && x))
		of_node_put(np);
	return 0; /* leak-on-error */

/* === WARN_ON */
	np = of_find_node_by_path("/a");
	if (WARN_ON(!np))
		return -ENODEV;
	of_node_put(np);
	return 0;

/* === WARN_ON_ONCE keeps what it was told */
	np = of_find_node_by_path("/a");
	if (WARN_ON_ONCE(!np || x))
		goto out;
	use(np);
out:
	of_node_put(np);
	return 0;

/* === BUG does not return */
	np = of_find_node_by_path("/a");
	if (x)
		BUG();
	of_node_put(np);
	return 0;
