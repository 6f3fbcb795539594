/* === both under one condition */
#ifdef CONFIG_ACME
	np = of_find_node_by_path("/a");
#endif
	use(dev);
#ifdef CONFIG_ACME
	of_node_put(np);
#endif
	return 0;

/* === opposite conditions */
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

/* === put on one side only */
	np = of_find_node_by_path("/a");
#ifdef CONFIG_ACME
	use(np);
#else
	of_node_put(np);
#endif
	return 0; /* leak-on-error */

/* === if and else cut in two */
	np = of_find_node_by_path("/a");
#ifdef CONFIG_ACME
	if (x)
		ret = use(np);
	else
#endif
		ret = use(dev);
	of_node_put(np);
	return ret;

/* === IS_ENABLED */
	np = NULL;
	if (IS_ENABLED(CONFIG_ACME))
		np = of_find_node_by_path("/a");
	ret = use(dev);
	if (IS_ENABLED(CONFIG_ACME))
		of_node_put(np);
	return ret;
