"""What names say where no table does: conversions, loads, and callees that sound as if they kept or dropped."""

from __future__ import annotations

from getput.pattern import pattern

CALL = pattern(rb"\b(?!(?:return|if|while|for|switch|sizeof)\b)([A-Za-z_]\w*)\s*\(")  # a callee, in the text
CONVERSION = pattern(
    r"^to_\w+$|^(?=.*_to_)(?!.*(?:pfn|nid|idx|index|virt|phys|name|irq|gpiod_|_id$))[a-z0-9]+(?:_[a-z0-9]+)*_to_[a-z0-9_]+$|^page_folio$|^compound_head$"
    r"|^virt_to_(?:head_)?page$|^(?:page|folio)_address$|^page_to_virt$|^[a-z0-9]+_sk$|^[A-Z0-9]+_I$|^of_fwnode_handle$|^software_node_fwnode$|^inet_(?:tw|re)sk$|^inet_reqsk$|^folio_file_page$|^dst_rt6?_?(?:table|info)$|^netdev_priv$|^folio_page$|^[a-z0-9]+_from_[a-z0-9]+$"
)
# What leads from one node of a firmware tree to another is a look-up, whatever it is called; these name the same node.
SAME_NODE = pattern(r"^to_|fwnode|of_node")
COMPARES = pattern(r"^device_match_\w+$")  # look at an address only
ASKS = pattern(
    r"^(?!READ_ONCE|WARN|BUG|XA_|PTR_ERR|ERR_PTR|ERR_CAST)[A-Z][A-Z0-9]*_[A-Z0-9_]+$"
)  # macros: shorthands for a look at their arguments
NO_OBJECTS = frozenset({"xa_is_value", "is_uncached_acl", "is_error_page"})  # say of a pointer that it is a number
SEVERAL = pattern(r"^(?:get|pin)_user_pages")  # take as many as they are asked for, and return how many they took
STORES = {"device_set_node": "fwnode"}  # put their second argument into a member of the first
RETURNED = {"dev_err_probe": 1, "dev_warn_probe": 1}  # callees that give back one of their arguments, an error
LOADS = {
    "d_inode": "d_inode",
    "file_inode": "f_inode",
    "dev_of_node": "of_node",
    "dev_fwnode": "fwnode",
    "sock_net": "sk_net",
    "dev_net": "nd_net",
}
VERIFY = pattern(r"_verify_(?:client|adapter)$|^dev_to_i3cdev$")
DRVDATA = pattern(r"^\w*(?:get_drvdata|get_clientdata|get_intfdata|get_hostdata)$")
SET_DRVDATA = pattern(r"^\w*(?:set_drvdata|set_clientdata|set_intfdata)$")
UNCHANGING = pattern(
    r"^(?:IS_ENABLED|IS_BUILTIN|IS_REACHABLE)$|(?:^|_)(?:is|has|can|are|was|supports?|enabled|disabled|valid|capable|eq|equal)(?:_|$)|^dev_name$|^dev_fwnode$|^is[a-z]+$"
)
DROPPING_NAME = pattern(
    r"put|free|release|destroy|unref|drop|unregister|remove|delete|cleanup|teardown|close|fini|kill|exit|detach"
)
PUTS = pattern(r"(?:^|_)(?:put|unref|drop)(?:_|$)")
LOOKUP_NAME = pattern(r"(?:^|_)(?:find|lookup|get|by|search)(?:_|$)")  # what they return lives already
TAKING_NAME = pattern(r"(?:^|_)(?:try)?(?:get|hold|ref|grab|pin|inc)(?:_|$)")
KEEPING_NAME = pattern(
    r"(?:^|_)add(?:_(?:tail|rcu|head|host|one\w*|nofail))?$|(?:^|_)(?:register|attach|assign|queue|enqueue|requeue|insert|link|bind|install"
    r"|publish|store|give|push|adopt|own|connect|associate|schedule)(?:_|$)"
)
HARMLESS_NAME = pattern(
    r"^(?:of_property|fwnode_property|device_property|of_device_is|of_get_property|of_node_to|dev_(?:err|warn|info|dbg|name)|pr_|print|netdev_(?:err|warn|info|dbg)|mutex_|spin_)"
    # what looks at a page, or at its flags, its lock and its content
    r"|^_*(?:folio|page)_(?:test|set|clear|mark|lock|unlock|trylock|wait|mapped|mapcount|maybe|ref_count|nr|size|order|zone|nid|pfn|index|pos"
    r"|contains|zero|copy|end|start_writeback|mapping|memcg|has|is|swap|next)(?:_|$)|^_*(?:Test)?(?:Set|Clear)?Page[A-Z]\w*$|^(?:un|try)?lock_page"
    r"|^set_page_|^(?:mark_page|touch_buffer)|^wait_on_page|^end_page_|^flush_dcache_|^kunmap|^(?:clear|copy|memcpy|memset|memmove)_(?:high|user_|from_|to_)?page"
    r"|^zero_user|^is_(?:zero|zone|device|huge_zero)_|^xas_retry$|^prefetch|^dump_page$|^VM_(?:BUG|WARN)_ON"
)


TEARDOWN_NAME = pattern(
    r"(?:^|_)(?:remove|release|destroy|exit|cleanup|free|fini|unregister|del|disconnect|deactivate|teardown|detach|close|dtor|revert)(?:_|$)"
)

# Who takes an object out of a list or a tree ends what that held, and its reference.
REMOVES = pattern(
    r"(?:^|_)(?:del|delete|remove|unlink|unhash|erase|replace|evict|dequeue|detach|disconnect|rcu_assign_pointer)(?:_|$)|xchg"
)

WAKES = pattern(
    r"^(?:complete(?:_all)?|up|wake_up\w*)$"
)  # who is woken has a reference of his own, and keeps it until then
AWAITS = pattern(r"^wait_for_completion")  # who waits for what a release callback completes frees the object himself
PRINTS = pattern(
    r"^_?(?:pr_|dev_|netdev_|wiphy_|drm_|v4l2_)\w*(?:err|warn|info|dbg|notice|debug|crit|emerg|alert)\w*$|^printk$|^snprintf$"
)
CONVERSIONS = pattern(r"%[-+ #0-9.*]*(?:hh|h|ll|l|z|t|L)?([a-zA-Z]\w*)")  # of a format, what stands for an argument
ONLY_ADDRESS = pattern(r"p[xK]?")  # a conversion that prints where an object lies, not what it holds

# What they return belongs to the subsystem until it is unregistered: nobody has to drop it at once.
REGISTERS = pattern(r"register|_create|_add$|_new_|_alloc_dummy")
# Their objects must not be freed directly, not even before anybody else has seen them.
NEVER_FREED = frozenset(
    {
        "device",
        "kobject",
        "of_node",
        "fwnode",
        "netdev",
        "dentry",
        "inode",
        "file",
        "task",
        "pid",
        "mm_users",
        "mm_count",
        "cred",
        "sock",
    }
)
# They drop the reference that the owner got when the object came to life, not one that was taken since.
OWNERS_PUT = pattern(r"unregister|_del$|_remove$")
# What it takes is given back when a device (a test) goes away: whoever calls it owes nothing.
MANAGED = pattern(r"^_*(?:devm|drmm|pcim|kunit)_")

PROBES = pattern(r"(?:^|_)(?:probe|bind)(?:_|$)")
OUTCOME = pattern(
    r"(?:^|_)(?:err|error|errno|ret|retval|rc|res|result|status)\Z"
)  # members that tell how something went
NODES = frozenset({"of_node", "fwnode"})  # families of nodes, and the members of a device that hold one
PAGES = frozenset({"page_folio", "page_pin"})  # families of pages, of which one call may take many
# Families whose objects a cache, a table or a tree keeps: the last put seldom frees them.
KEPT_ANYWAY = NODES | PAGES | {"buffer_head", "inode", "dentry", "path", "mount", "sock", "cgroup"}
# Counters of any kind of object, by which the object of a family is counted where the member is that family's.
BARE = frozenset({"refcount_t", "kref", "lockref", "rcuref", "percpu_ref", "atomic_t"})
IN_MEMBERS = "atomic_t"  # counts nothing but such members: most atomic numbers are no counts of references
EMBEDDED = ("kref", "refcount_t")  # counters without an object of their own: members of what they count
