/* === put of NULL */
	np = NULL;
	if (x)
		np = of_find_node_by_path("/a");
	of_node_put(np);
	return 0;

/* === put twice */
	np = of_find_node_by_path("/a");
	of_node_put(np);
	of_node_put(np); /* put-too-many */
	return 0;

/* === put, cleared, put */
	np = of_find_node_by_path("/a");
	of_node_put(np);
	np = NULL;
	of_node_put(np);
	return 0;

/* === put, taken again, put */
	np = of_find_node_by_path("/a");
	of_node_put(np);
	np = of_find_node_by_path("/b");
	of_node_put(np);
	return 0;

/* === used after the put */
	np = of_find_node_by_path("/a");
	of_node_put(np);
	return np->phandle; /* use-after-put */

/* === compared after the put */
	np = of_find_node_by_path("/a");
	of_node_put(np);
	return np == dev->of_node;

/* === a counted parameter is given back */
void acme(struct device_node *np)
{
	use(np);
	of_node_put(np);
}

/* === taken again when it is gone */
	np = of_find_node_by_path("/a");
	if (!np)
		return -ENODEV;
	of_node_put(np);
	of_node_get(np); /* use-after-put */
	of_node_put(np);
	return 0;

/* === taken again while it is there */
	np = of_find_node_by_path("/a");
	if (!np)
		return -ENODEV;
	of_node_get(np);
	of_node_put(np);
	of_node_put(np);
	return 0;

/* === more references than are told apart */
	np = of_find_node_by_path("/a");
	of_node_get(np);
	of_node_get(np);
	of_node_get(np);
	of_node_get(np);
	of_node_get(np);
	of_node_get(np);
	of_node_put(np);
	of_node_put(np);
	of_node_put(np);
	of_node_put(np);
	of_node_put(np);
	of_node_put(np);
	of_node_put(np);
	return 0;

/* === what a failed callee did not fill is NULL as before */
static int acme_fill(struct acme_ctx *ctx, struct device_node **out)
{
	struct device_node *np = of_find_node_by_path("/a");

	if (!np)
		return -ENODEV;
	*out = np;
	return 0;
}

int acme(struct acme_ctx *ctx)
{
	struct device_node *np = NULL;
	int ret;

	ret = acme_fill(ctx, &np);
	if (ret) {
		of_node_get(np);
		of_node_put(np);
		of_node_put(np);
		return ret;
	}
	of_node_put(np);
	return 0;
}
