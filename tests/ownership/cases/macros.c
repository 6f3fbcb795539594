/* === a macro that wraps a put is one */
#define acme_put(ctx) of_node_put((ctx)->np)

static int acme_hold(struct acme_ctx *ctx)
{
	ctx->np = of_node_get(ctx->parent);
	if (acme_start(ctx)) {
		acme_put(ctx);
		return -EIO;
	}

	return 0;
}

/* === what a macro takes is owed */
#define acme_node(name) \
	of_find_node_by_name(NULL, name)

int acme(struct acme_ctx *ctx)
{
	struct device_node *np = acme_node("acme");
	int ret;

	if (!np)
		return -ENODEV;

	ret = acme_read(np);
	if (ret)
		return ret; /* leak-on-error */

	of_node_put(np);

	return 0;
}

/* === a macro of several statements, by way of another macro */
#define __acme_put(np) of_node_put(np)
#define acme_done(np) do {	\
	acme_trace();		\
	__acme_put(np);		\
} while (0)

int acme(struct acme_ctx *ctx)
{
	struct device_node *np = of_find_node_by_name(NULL, "acme");
	int ret;

	if (!np)
		return -ENODEV;

	ret = acme_read(np);
	if (ret)
		return ret; /* leak-on-error */

	acme_done(np);

	return 0;
}

/* === put twice, once by a macro */
#define acme_done(np) ({ of_node_put(np); })

int acme(struct acme_ctx *ctx)
{
	struct device_node *np = of_find_node_by_name(NULL, "acme");

	if (!np)
		return -ENODEV;

	of_node_put(np);
	acme_done(np); /* put-too-many */

	return 0;
}

/* === a macro that clears its argument says nothing of it */
#define acme_clear(np) do { of_node_put(np); (np) = NULL; } while (0)

int acme(struct acme_ctx *ctx)
{
	struct device_node *np = of_find_node_by_name(NULL, "acme");

	acme_clear(np);
	of_node_put(np);

	return 0;
}

/* === a function wins over a macro of its name */
#ifdef CONFIG_ACME
static void acme_done(struct device_node *np)
{
	acme_trace(np);
}
#else
#define acme_done(np) of_node_put(np)
#endif

int acme(struct acme_ctx *ctx)
{
	struct device_node *np = of_find_node_by_name(NULL, "acme");

	if (!np)
		return -ENODEV;

	of_node_put(np);
	acme_done(np); /* use-after-put */

	return 0;
}

/* === a cleanup class that the file defines drops at the end of the scope */
DEFINE_FREE(acme_node, struct device_node *, if (!IS_ERR_OR_NULL(_T)) of_node_put(_T))

int acme(struct acme_ctx *ctx)
{
	struct device_node *np __free(acme_node) = of_find_node_by_name(NULL, "acme");

	if (!np)
		return -ENODEV;

	return acme_read(np);
}

/* === and once more is too many */
DEFINE_FREE(acme_node, struct device_node *, if (_T) of_node_put(_T))

int acme(struct acme_ctx *ctx)
{
	struct device_node *np __free(acme_node) = of_find_node_by_name(NULL, "acme");

	if (!np)
		return -ENODEV;

	acme_read(np);
	of_node_put(np);

	return 0; /* put-too-many */
}

/* === a class makes what it puts */
DEFINE_CLASS(acme_node, struct device_node *, if (_T) of_node_put(_T),
	     of_find_node_by_name(NULL, name), const char *name)

int acme(struct acme_ctx *ctx)
{
	CLASS(acme_node, np)("acme");

	if (!np)
		return -ENODEV;

	return acme_read(np);
}

/* === what leaves the scope of a class alive is not put */
DEFINE_CLASS(acme_node, struct device_node *, if (_T) of_node_put(_T),
	     of_find_node_by_name(NULL, name), const char *name)

struct device_node *acme(struct acme_ctx *ctx)
{
	CLASS(acme_node, np)("acme");

	if (!np)
		return NULL;

	return no_free_ptr(np);
}

/* === a guard gets and puts */
DEFINE_GUARD(acme_pm, struct device *, get_device(_T), put_device(_T))

int acme(struct acme_ctx *ctx)
{
	guard(acme_pm)(ctx->dev);

	return acme_read(ctx);
}

/* === a guard, and a put too many */
DEFINE_GUARD(acme_pm, struct device *, get_device(_T), put_device(_T))

int acme(struct acme_ctx *ctx)
{
	struct device *dev = bus_find_device_by_name(ctx->bus, NULL, "acme");

	if (!dev)
		return -ENODEV;

	scoped_guard(acme_pm, dev) {
		if (acme_read(ctx))
			return -EIO; /* leak-on-error */
	}

	put_device(dev);

	return 0;
}
