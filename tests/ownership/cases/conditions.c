/* === conjunction */
	np = of_find_node_by_path("/a");
	if (np && x)
		ret = use(np);
	of_node_put(np);
	return ret;

/* === disjunction */
	np = of_find_node_by_path("/a");
	if (!np || x) {
		of_node_put(np);
		return -ENODEV;
	}
	of_node_put(np);
	return 0;

/* === disjunction whose second half holds the node */
	np = of_find_node_by_path("/a");
	if (!np || x)
		return -ENODEV; /* leak-on-error */
	of_node_put(np);
	return 0;

/* === conditional expression */
	np = x ? of_find_node_by_path("/a") : NULL;
	ret = np ? use(np) : 0;
	of_node_put(np);
	return ret;

/* === conditional expression leaks */
	np = of_find_node_by_path("/a");
	return np ? use(np) : -ENODEV; /* leak-always */

/* === elvis */
	np = of_find_node_by_path("/a") ?: of_find_node_by_path("/b");
	if (!np)
		return -ENODEV;
	of_node_put(np);
	return 0;

/* === the same condition twice */
	np = NULL;
	if (x)
		np = of_find_node_by_path("/a");
	ret = use(np);
	if (x)
		of_node_put(np);
	return ret;

/* === the opposite conditions */
	if (x)
		get_device(dev);
	ret = use(dev);
	if (!x)
		return ret;
	put_device(dev);
	return ret;

/* === a flag that remembers */
	bool held = false;
	if (x > 3 && !pm_runtime_resume_and_get(dev))
		held = true;
	ret = use(dev);
	if (held)
		pm_runtime_put(dev);
	return ret;

/* === two conditions of one field */
	if (ctx->shared)
		get_device(dev);
	ret = x;
	if (ret < 0 && ctx->shared)
		put_device(dev);
	return ret;

/* === what is not unequal is equal, whatever was done in between */
	if (x != 1)
		note(ctx);
	np = of_find_node_by_path("/a");
	if (x == 1)
		return -EINVAL; /* leak-on-error */
	of_node_put(np);
	return 0;

/* === what is not unequal is equal, and the put knows */
	if (x != 1)
		note(ctx);
	np = x == 1 ? of_find_node_by_path("/a") : NULL;
	if (x == 1)
		of_node_put(np);
	return 0;

/* === the default of a switch is none of its cases */
	switch (x) {
	case 0:
	case 4:
		break;
	default:
		switch (x) {
		case 0:
			np = of_find_node_by_path("/a");
			break;
		case 4:
			np = of_find_node_by_path("/b");
			break;
		}
	}
	return 0;

/* === the default of a switch may be what no case is */
	switch (x) {
	case 0:
		break;
	default:
		if (x == 4)
			np = of_find_node_by_path("/a");
		break;
	}
	return 0; /* leak-always */
