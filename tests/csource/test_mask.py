"""What the mask makes the grammar see: the shape of the tree, not only that there is no error."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from getput.csource.macros import bundled, clang_format_iterators, for_tree
from getput.csource.mask import mask, quieted
from getput.csource.parse import parse_all
from getput.csource.split import functions
from getput.csource.syntax import FunctionSource

Outline = Callable[[str], str]

LOOPS = [
    (
        "for_each_possible_cpu(cpu) { a(cpu); }",
        "(loop:for_each_possible_cpu (paren cpu) (block (do (call a (args cpu)))))",
    ),
    ("for_each_possible_cpu(cpu)\n\ta(cpu);", "(loop:for_each_possible_cpu (paren cpu) (do (call a (args cpu))))"),
    (
        "for_each_a(p, c)\n\tif (c)\n\t\ta(c);",
        "(loop:for_each_a (paren (comma p c)) (if (paren c) (do (call a (args c)))))",
    ),
    ("for_each_idle_thing() { a(); }", "(loop:for_each_idle_thing (paren () (block (do (call a ()))))"),
    (
        "if (x)\n\tfor_each_a(p, c)\n\t\tb();\nelse\n\ta();",
        "(if (paren x) (loop:for_each_a (paren (comma p c)) (do (call b ()))) (else_clause (do (call a ()))))",
    ),
    (
        "skb_walk_frags(skb, frag)\n\t*n += 1;",
        "(loop:skb_walk_frags (paren (comma skb frag)) (do (assign (deref * n) += 1)))",
    ),
    ("do { a(); } while_each_thread(g, t);", "(do (block (do (call a ()))) (paren (comma g t)))"),
    (
        "do_each_pid_task(pid, type, t) { a(t); } while_each_pid_task(pid, type, t);",
        "(loop:do_each_pid_task (paren (comma pid (comma type t))) (block (do (call a (args t))))) ;",
    ),
]
ONCE = [
    ("scoped_guard(mutex, m) { a(); }", "(once:scoped_guard (paren (comma mutex m)) (block (do (call a ()))))"),
    (
        "scoped_cond_guard(mutex_intr, return -EINTR, m)\n\ta();",
        "(once:scoped_cond_guard (paren (comma mutex_intr (comma return -EINTR m))) (do (call a ())))",
    ),
    ("with_lock(m) { a(); }", "(once:with_lock (paren m) (block (do (call a ()))))"),
    ("IF_DEBUG(m)\n\ta();", "(once:IF_DEBUG (paren m) (do (call a ())))"),
]
DECLARATIONS = [
    ("struct a *np __free(device_node) = b();", "(decl (struct a) (init (pointer np) (call b ())))"),
    ("int x __maybe_unused, y __foo = 1;", "(decl int x (init y 1))"),
    ("void __iomem *base = p->__unused;", "(decl void (init (pointer base) (field p -> __unused)))"),
    ("struct a __percpu *__rcu y;", "(decl (struct a) (pointer y))"),
    ("struct a __x[2];", "(decl (struct a) (array __x 2))"),
    ("int __ret __maybe_unused = 0;", "(decl int (init __ret 0))"),
    ("const __u32 *x = (const __be32 *)y;", "(decl const __u32 (init (pointer x) (cast (type const __be32 *) y)))"),
    ("typeof(*p) *q = (typeof(p))r;", "(decl typeof(*p) (init (pointer q) (cast (type typeof(p)) r)))"),
    ('register long r asm("r0") = x;', "(decl register long (init r x))"),
    ("static DEFINE_RATELIMIT_STATE(rs, HZ, 1);", "(decl static DEFINE_RATELIMIT_STATE rs)"),
    ("DECLARE_BITMAP(m, 4) = { 0 };", "(decl DECLARE_BITMAP (init m (list 0)))"),
    ("u64 AUTO_KFREE(x);", "(decl u64 (pointer x))"),
    ("int a[] = {\n\tFOO(1)\n};", "(decl int (init (array a) (list (call FOO (args 1)))))"),
]
EXPRESSIONS = [
    ("x = container_of(p, struct foo, m);", "(do (assign x = (call container_of (args p struct foo m))))"),
    ("y = min_t(unsigned int, a, b);", "(do (assign y = (call min_t (args unsigned int a b))))"),
    ("z = va_arg(ap, char *);", "(do (assign z = (call va_arg (args ap char *))))"),
    (
        "w = entry(&p->l, const struct a, n);",
        "(do (assign w = (call entry (args (deref & (field p -> l)) const struct a n))))",
    ),
    ("v = f((struct a *)b, *c);", "(do (assign v = (call f (args (cast (type (struct a) *) b) (deref * c)))))"),
    ("u = sizeof(struct a);", "(do (assign u = (sizeof (type (struct a)))))"),
    ("x = offsetof(struct a, b.c[1]);", "(do (assign x = (offsetof (type (struct a)) b.c[1])))"),
    ("x = a ?: b;", "(do (assign x = (cond a b)))"),
    ("x = &&lab;", "(do (assign x = (deref & (deref & lab))))"),
    ("x = FOO(.a = 1, .b = 2);", "(do (assign x = (call FOO (args 1 2))))"),
    ("ASSERTCMP(a, ==, b);", "(do (call ASSERTCMP (args a == b)))"),
    ("CHECK(x, return -EINVAL);", "(do (call CHECK (args x return -EINVAL)))"),
    ("CHECK(y, goto out);", "(do (call CHECK (args y goto out)))"),
    ('pr(KERN_ERR PFX "x" FOO "y");', "(do (call pr (args (concat (str x) FOO (str y)))))"),
    ('pr(KERN_ERR "x");', "(do (call pr (args (concat KERN_ERR (str x)))))"),
    (
        'asm("a" B(1) : "=r" (x));\na();',
        '(do (asm (str a" B(1)) (outputs (output (str =r) x)))) (do (call a ()))',
    ),
]
STATEMENTS = [
    ("guard(mutex)(&p->lock);", "(do (call (call guard (args mutex)) (args (deref & (field p -> lock)))))"),
    ("CLASS(fd, f)(n);", "(do (call (call CLASS (args fd f)) (args n)))"),
    ("TRACE(x)\na();", "(do (call TRACE (args x))) (do (call a ()))"),
    ("TRACE(x)", "(do (call TRACE (args x)))"),
    ("DEBUG_ENTRY\na();", "(do DEBUG_ENTRY) (do (call a ()))"),
    ("goto out;\nout:", "(goto out) (labeled out <expression_statement>)"),
    ("switch (x) { case 1 ... 3: a(); }", "(switch (paren x) (block (case (binary 1 .. 3) (do (call a ())))))"),
    ("switch (x) { default: }", "(switch (paren x) (block (case <expression_statement>)))"),
    (
        "WAIT(p,\n\tif (a())\n\t\tb();\n\t);",
        "(do (call WAIT (args p (paren (block (if (paren (call a ())) (do (call b ()))))))))",
    ),
]


@pytest.mark.parametrize(("body", "shape"), LOOPS + ONCE + DECLARATIONS + EXPRESSIONS + STATEMENTS)
def test_shape(outline: Outline, body: str, shape: str) -> None:
    assert outline(body) == shape


CONDITIONS = [
    (
        "#ifdef CONFIG_A\n\ta();\n#else\n\tb();\n#endif\n",
        "(preproc_ifdef CONFIG_A (do (call a ())) (preproc_else (do (call b ()))))",
    ),
    (
        "if (x) {\n\ta();\n#ifdef CONFIG_A\n\t} else if (y) {\n\tb();\n#endif\n\t}\n",
        "(if (paren x) (block (do (call a ()))) (else_clause (if (paren y) (block (do (call b ()))))))",
    ),
    (
        "#ifdef CONFIG_A\n\tif (x) {\n#else\n\tif (y) {\n#endif\n\ta();\n\t}\n",
        "(if (paren x) (block (do (call a ()))))",
    ),
    ("#if 0\n\ta(\n#else\n\tb();\n#endif\n", "(do (call b ()))"),
    ("\ta(x\n#ifdef CONFIG_A\n\t, y\n#endif\n\t);\n", "(do (call a (args x y)))"),
    (
        "\tif (x)\n#ifdef CONFIG_A\n\t\ta();\n#else\n\t\tb();\n#endif\n\tc();\n",
        "(if (paren x) (do (call a ()))) (do (call c ()))",
    ),
    (
        "out:\n#ifdef CONFIG_A\n\ta();\n#endif\n\tb();\n",
        "(labeled out <expression_statement>) (preproc_ifdef CONFIG_A (do (call a ()))) (do (call b ()))",
    ),
    (
        "#ifdef CONFIG_A\n\ta();\n#endif\n\tfor_each_b(c) {\n\t}\n",
        "(preproc_ifdef CONFIG_A (do (call a ()))) (loop:for_each_b (paren c) { })",
    ),
    ("#define X(a) if (a) {\n\ta();\n#undef X\n", "(do (call a ()))"),
]


@pytest.mark.parametrize(("body", "shape"), CONDITIONS)
def test_conditions_of_the_preprocessor(outline: Outline, body: str, shape: str) -> None:
    assert outline(body) == shape


def test_one_condition_takes_one_side(outline: Outline) -> None:
    """What cannot stay on both sides is settled alike everywhere in the function, also under the opposite condition."""
    body = (
        "#ifdef CONFIG_A\n\tif (x)\n#endif\n\t\ta();\n"
        "#ifndef CONFIG_A\n\tb();\n#else\n\tc();\n#endif\n"
        "#if defined(CONFIG_A)\n\td();\n#endif\n"
    )
    assert outline(body) == "(if (paren x) (do (call a ()))) (do (call c ())) (do (call d ()))"


def test_strings_and_comments_are_no_code(outline: Outline) -> None:
    body = (
        'x = "for_each_a(b) {";\n/* for_each_a(b) { __free(x) #if */ // scoped_guard(a) {\n'
        "y = '\"'; z = '\\''; /* \" */ w = \"\\\"/*\"; a();\n"
    )
    assert outline(body).endswith("(do (call a ()))")
    assert "loop" not in outline(body)


def test_lines_end_where_they_did() -> None:
    """Also within a string; only a missing semicolon, and a type over two lines, take the end of one away."""
    text = b"int f(int a)\n{\n\tg(\"a\\\nb\\n\", '\\\nx');\n\tFOO(a)\n\treturn container_of(a, struct\n\t\tb, c);\n}\n"
    masked, _ = mask(text, FunctionSource("f", 0, len(text)), bundled())
    gone = {at: masked[at : at + 1] for at in range(len(text)) if text[at : at + 1] == b"\n" != masked[at : at + 1]}
    assert list(gone.values()) == [b";", b"_"]
    assert quieted(text).count(b"\n") == text.count(b"\n")


def test_cleanups_are_noted() -> None:
    text = (
        b"int f(void)\n{\n\tstruct a *x __free(put_a) = g();\n\tint y __cleanup(done);\n\tu8 AUTO_KFREE(z);\n"
        b"\t/* __free(no) */\n}\n"
    )
    (parsed,) = parse_all(text, bundled())
    assert parsed.errors == 0
    assert {text[at : at + 6]: name for at, name in parsed.marks.cleanups.items()} == {
        b"__free": "put_a",
        b"__clea": "=done",
        b"AUTO_K": "kfree",
    }


HEADS = [
    ("static int __init f(void)", "f", "(def static int (fn f (params (param void)))"),
    ("STATIC int\nf(int __user *a)", "f", "int (fn f (params (param int (pointer a)))"),
    ("__printf(1, 2) void f(int a, ...)\n\t__acquires(b) __releases(&c->d)", "f", "(def void (fn f"),
    ("static noinline_for_stack foo_t *f(void)", "f", "static foo_t (pointer (fn f"),
    (
        "SYSCALL_DEFINE2(read, int, fd, char __user *, b)",
        "sys_read",
        "(def SYSCALL_DEFINE2 (fn read (params (param int fd) (param char (pointer b))))",
    ),
    ("SYSCALL_DEFINE0(fork)", "sys_fork", "(def SYSCALL_DEFINE0 (fn fork"),
    ("DEFINE_IDTENTRY(exc_a)", "exc_a", "DEFINE_IDTENTRY (fn exc_a"),
    ("static int BPF_PROG(f, struct a *b, int c)", "f", "(fn f (params (param (struct a) (pointer b))"),
    ("int (*f(int a))(void)", "f", "(fn"),
    ("int f(a, b)\n\tint a;\n\tchar *b;", "f", "int (fn f"),
]


@pytest.mark.parametrize(("head", "name", "shape"), HEADS)
def test_heads(whole: Callable[[str], str], head: str, name: str, shape: str) -> None:
    text = f"{head}\n{{\n\tfoo();\n}}\n"
    assert [source.name for source in functions(text.encode())] == [name]
    assert shape in whole(text)
    assert "(call foo ())" in whole(text)


def test_the_tree_lists_its_iterators(tmp_path: Path) -> None:
    listing = (
        b"AlignOperands: true\nForEachMacros:\n  - 'a_iter'\n  # a comment\n  - b_iter\n\nIncludeBlocks: x\n  - no\n"
    )
    assert clang_format_iterators(listing) == {"a_iter", "b_iter"}
    (tmp_path / ".clang-format").write_bytes(listing)
    assert for_tree(tmp_path).iterates("a_iter")
    assert not for_tree(None).iterates("a_iter")
    assert for_tree(tmp_path / "none") is for_tree(None)
    assert for_tree(None).iterates("for_each_new_thing")
    assert not for_tree(None).iterates("scoped_guard")


PIECES = (
    *"(){};,:=*[].\n\0\xff",
    *("if ", "else ", "for_each_a", "while_each_a", "x", "__b ", "FOO", '"s"', "'c'", "/*", "*/", "12ab", "\\\n"),
    *("\n#if X\n", "\n#else\n", "\n#endif\n", "asm", "typeof", "offsetof", "struct a *", "case 1 ... 2:"),
    *("return ", "goto *", "SYSCALL_DEFINE1", "AUTO_KFREE(x)"),
)


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=60))
def test_the_length_never_changes(pieces: list[str]) -> None:
    text = b"int f(int a)\n{\n" + "".join(pieces).encode("latin-1") + b"\n}\n"
    masked, marks = mask(text, FunctionSource("f", 0, len(text)), bundled())
    assert len(masked) == len(text)
    ends = [masked[at : at + 1] for at in range(len(text)) if text[at : at + 1] == b"\n"]
    assert set(ends) <= {b"\n", b";", b"_"}
    assert masked.count(b"\n") <= text.count(b"\n")
    assert len(quieted(text)) == len(text)
    assert quieted(text).count(b"\n") == text.count(b"\n")
    assert all(0 <= at < len(text) for at in (*marks.loops, *marks.once, *marks.cleanups))
    for parsed in parse_all(text, bundled()):
        assert parsed.source.start <= parsed.root.start <= parsed.root.end <= parsed.source.end
