/* === getter of the file */
static struct device_node *find(void)
{
	return of_find_node_by_path("/a");
}

int acme(void)
{
	struct device_node *np = find();

	return use(np); /* leak-always */
}

/* === putter of the file */
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

/* === keeper of the file */
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

/* === out parameter of a function of the file */
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

/* === conditional getter of the file */
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

/* === callee defined later in the file */
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

/* === functions that call each other */
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
