/* === goto unwinding */
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

/* === goto one label too far */
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

/* === goto backwards */
again:
	np = of_find_node_by_path("/a");
	ret = use(np);
	of_node_put(np);
	if (ret == -EAGAIN)
		goto again;
	return ret;

/* === goto backwards, held */
again:
	np = of_find_node_by_path("/a");
	if (use(np) == -EAGAIN && x) {
		of_node_put(np);
		goto again;
	}
	return 0; /* leak-on-error */

/* === a loop that balances */
	int i;
	for (i = 0; i < x; i++) {
		np = of_parse_phandle(dev->of_node, "a", i);
		if (!np)
			continue;
		use(np);
		of_node_put(np);
	}
	return 0;

/* === a loop left while holding */
	int i;
	for (i = 0; i < x; i++) {
		np = of_parse_phandle(dev->of_node, "a", i);
		if (use(np))
			break;
		of_node_put(np);
	}
	return 0; /* leak-on-error */

/* === continue that skips the put */
	int i;
	for (i = 0; i < x; i++) {
		np = of_parse_phandle(dev->of_node, "a", i);
		if (use(np))
			continue;
		of_node_put(np);
	}
	return 0; /* leak-on-error */

/* === do while */
	do {
		np = of_find_node_by_path("/a");
		ret = use(np);
		of_node_put(np);
	} while (ret > 0);
	return ret;

/* === a walk that consumes */
	for (np = of_get_parent(dev->of_node); np; np = of_get_next_parent(np))
		if (use(np))
			break;
	ret = np ? 0 : -ENODEV;
	of_node_put(np);
	return ret;

/* === a walk left early */
	for (np = of_get_parent(dev->of_node); np; np = of_get_next_parent(np))
		if (use(np))
			return 1; /* leak-on-error */
	return 0;

/* === switch, every arm puts */
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

/* === switch, one arm leaves */
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

/* === switch that falls through */
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

/* === iterator */
	for_each_child_of_node(dev->of_node, np)
		use(np);
	return 0;

/* === iterator left by return */
	for_each_child_of_node(dev->of_node, np)
		if (use(np))
			return -EINVAL; /* leak-on-iterator-exit */
	return 0;

/* === iterator inside an iterator */
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

/* === scoped iterator */
	for_each_child_of_node_scoped(dev->of_node, child)
		if (use(child))
			return -EINVAL;
	return 0;

/* === iterator whose cursor is taken along */
	for_each_child_of_node(dev->of_node, np)
		if (use(np))
			break;
	ctx->np = np;
	return 0;

/* === a walk by hand that keeps two of what it finds */
	struct device_node *one = NULL, *two = NULL;

	for (np = NULL; (np = of_get_next_child(ctx->parent, np)) != NULL;) {
		if (is_one(np) && !one)
			one = of_node_get(np);
		else if (is_two(np) && !two)
			two = of_node_get(np);
	}
	of_node_put(one);
	of_node_put(two);
	return 0;
