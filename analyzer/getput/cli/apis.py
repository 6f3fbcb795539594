"""``getput apis``: what getput knows of an API, and from where."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from pathlib import Path

from getput.cli import UsageError
from getput.cli.output import answer
from getput.ownership import apis, proofs
from getput.ownership.apis import BadTableError, Proof, Tables
from getput.ownership.contracts import ANY, NEG, POS, ZERO, Contract, Effect, Target, Verb

ORDINALS = ("1st", "2nd", "3rd", "4th", "5th", "6th", "7th", "8th", "9th", "10th")
SAID = {
    Verb.TAKE: "takes a reference on {}",
    Verb.DROP: "drops a reference on {}",
    Verb.KEEP: "keeps the caller's reference on {}",
    Verb.INIT: "starts the count of {} at one, which the caller owes",
    Verb.FREE: "frees {}, whatever its count",
    Verb.UNDO: "has the reference on {} dropped later",
    Verb.BORROW: "takes no reference on {}",
    Verb.SHARE: "keeps {} by a reference of its own",
    Verb.UNSURE: "may or may not move the count of {}",
}
POINTERS = {ZERO: "NULL", POS: "a valid pointer", NEG: "an error pointer"}
NUMBERS = {ZERO: "0", POS: "a positive number", NEG: "a negative number"}
TRUTHS = {ZERO: "false", POS: "true", NEG: "true"}
SIGNS = {"NULL": POINTERS, "ERR_PTR": POINTERS, "NULL or ERR_PTR": POINTERS, "false": TRUTHS}  # by how it fails
FAILS = {
    "NULL": "with NULL",
    "ERR_PTR": "with an error pointer",
    "NULL or ERR_PTR": "with NULL or an error pointer",
    "negative": "with a negative number",
    "zero-or-negative": "with 0 or a negative number",
    "false": "with false",
    "never": "never",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of ``apis``."""
    parser.add_argument("names", nargs="*", metavar="NAME", help="a function, iterator, cleanup class or family")
    parser.add_argument(
        "--table", type=Path, action="append", default=[], metavar="FILE", help="read this table too; may be repeated"
    )
    parser.add_argument(
        "--mined",
        action="store_true",
        help="pairs of a get and a put that no table knows, and how many files that call the one call the other, from the "
        "index of the tree; NAME picks some",
    )
    parser.add_argument("--verify", action="store_true", help="look up in --tree whether every proof holds")
    parser.add_argument(
        "--tree",
        type=Path,
        metavar="DIR",
        help="the sources of a kernel, for --verify; its index tells of functions that no table knows (default for that: "
        "the git work tree around the current folder, else the folder)",
    )
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="settings (default: .getput.toml at the top of the tree)"
    )
    parser.set_defaults(rule=[], no_rule=[], min_confidence=None)


def run(args: argparse.Namespace) -> int:
    """Print what is known of the APIs named, or a line for each of all; the exit status.

    It is 1 where ``--verify`` finds a proof that does not hold.  Raises UsageError where a name is unknown, or a table
    or the tree cannot be read.
    """
    try:
        tables = apis.load(tuple(args.table))
    except (BadTableError, OSError) as error:
        raise UsageError(str(error)) from error
    if args.mined:
        from getput.cli.mined import mined_of

        answer(mined_of(args, args.names, tables.contracts.keys()))
        return 0
    named = {name: called(tables, name) for name in args.names}
    keys = list(dict.fromkeys(key for found in named.values() for key in found)) or list(tables.proofs)
    unknown = [name for name, found in named.items() if not found]
    if args.verify:
        if args.tree is None:
            raise UsageError("--verify needs --tree DIR")
        if unknown:
            raise UsageError(f"no table knows {unknown[0]}: {hint(tables, unknown[0])}")
        return verify(tables, keys, args.tree)
    if not args.names:
        answer(lines(tables, keys))
        return 0
    believed: list[str] = []
    if unknown:
        from getput.cli.believed import believed_of

        believed = believed_of(args, unknown, lambda name: hint(tables, name))
    parts = [*paged(tables, keys if len(unknown) < len(named) else ()), *believed]
    answer("\n" * bool(number) + part for number, part in enumerate(parts))
    return 0


def called(tables: Tables, name: str) -> list[str]:
    """The entries called *name*: a function and a cleanup class may share one; all those of a family."""
    keys = [key for key in (name, apis.CLEANUP.format(name)) if key in tables.proofs]
    if not keys and name in tables.families:
        keys = [key for key, proof in tables.proofs.items() if proof.family == name]
    return keys


def hint(tables: Tables, name: str) -> str:
    """What may help who asked for *name*, which no table knows."""
    from difflib import get_close_matches

    close = get_close_matches(name, [*tables.proofs, *tables.families], n=3, cutoff=0.7)
    return f"did you mean {' or '.join(close)}?" if close else "`getput apis` lists what is known"


def verify(tables: Tables, keys: Iterable[str], tree: Path) -> int:
    """Print the proofs that do not hold in *tree*; 1 if there are any."""
    try:
        version = proofs.version(tree)
    except OSError as error:
        raise UsageError(f"--tree: {error}") from error
    here = proofs.series(version)
    of_it = [(key, tables.proofs[key]) for key in keys if proofs.series(tables.proofs[key].tree) == here]
    elsewhere = sorted({tables.proofs[key].tree for key in keys if proofs.series(tables.proofs[key].tree) != here})
    wrong = list(proofs.broken(of_it, tree))
    answer(f"{key}: {reason}\n" for key, reason in wrong)
    answer([f"{len(of_it)} proofs looked up in Linux {version}, {len(wrong)} do not hold\n"])
    if elsewhere:
        answer([f"not looked up: those of Linux {', '.join(elsewhere)}\n"])
    return int(bool(wrong))


def lines(tables: Tables, keys: Iterable[str]) -> Iterator[str]:
    """One line an entry: name, family, what it does, where that is proved."""
    for key in keys:
        proof = tables.proofs[key]
        yield f"{key:40} {proof.family:18} {proof.clauses} ({proof.place})\n"


def paged(tables: Tables, keys: Iterable[str]) -> Iterator[str]:
    """Each entry in full."""
    return ("".join(page(tables, key)) for key in keys)


def page(tables: Tables, key: str) -> Iterator[str]:
    """The lines of one entry."""
    proof = tables.proofs[key]
    family = tables.families.get(proof.family)
    yield f"{key}\n"
    if family is not None:
        shared = f" (its count is that of a {family.counter})" if family.counter != family.name else ""
        yield f"  family   {family.name}: {family.noun}{shared}\n"
    for label, text in facts(tables, key):
        yield f"  {label:8} {text}\n"
    if family is not None and family.puts:
        yield f"  drop by  {', '.join(f'{put}()' for put in family.puts)}\n"
    yield f"  proof    {proof.place} (Linux {proof.tree})\n"
    if proof.note:
        yield f"  note     {proof.note}\n"


def facts(tables: Tables, key: str) -> Iterator[tuple[str, str]]:
    """What the entry says, as (label, sentence)."""
    contract, iterator = tables.contracts.get(key), tables.iterators.get(key)
    if contract is not None:
        yield from of_contract(contract, tables.proofs[key])
    elif iterator is not None:
        cursor = spoken(Target(iterator.cursor, iterator.path))
        held = "holds a reference on" if iterator.counted else "holds no reference on"
        yield "loop", f"{held} {cursor} while its body runs"
        if iterator.counted:
            left = "drops it itself" if iterator.scoped else "leaves it to be dropped"
            yield "break", f"{left} when the body is left by break, goto or return"
    else:
        cleanup = next(value for name, value in tables.cleanups.items() if apis.CLEANUP.format(name) == key)
        yield "does", SAID[cleanup.verb].format("the variable's object") + " when its scope ends"
        yield "ignores", among(cleanup.ignores, POINTERS) or "nothing"


def of_contract(contract: Contract, proof: Proof) -> Iterator[tuple[str, str]]:
    """What a function does."""
    failing = next((clause[6:] for clause in proof.clauses.split("; ") if clause.startswith("fails ")), "")
    signs = SIGNS.get(failing, NUMBERS)
    for effect in contract.effects:
        yield "does", in_words(effect, contract.results, signs, proof.family)
    if not contract.effects:
        looks = f" (it only looks like a {contract.looks_like})" if contract.looks_like else ""
        yield "does", f"nothing to a count{looks}"
    if contract.inside >= 0:
        yield "returns", f"a part of its {ORDINALS[contract.inside]} argument"
    if contract.returns_arg >= 0:
        yield "returns", f"its {ORDINALS[contract.returns_arg]} argument"
    if contract.release_arg >= 0:
        yield "calls", f"its {ORDINALS[contract.release_arg]} argument to release the object"
    if contract.noreturn:
        yield "returns", "never"
    if failing:
        yield "fails", FAILS[failing]


def in_words(effect: Effect, results: int, signs: dict[int, str], family: str) -> str:
    """One effect as a sentence."""
    text = SAID[effect.verb].format(spoken(effect.target))
    if effect.family not in (family, "*"):
        text += f" ({effect.family})"
    if effect.when != ANY and effect.when & results != results:
        text += f" if it returns {among(effect.when & results, signs)}"
    if effect.null_safe:
        text += "; NULL is ignored"
    if effect.last:
        text += "; true says that it was the last one"
    return text


def spoken(target: Target) -> str:
    """A target in words."""
    if target.arg < 0:
        return "what it returns"
    text = f"the {ORDINALS[target.arg]} argument"
    for step in target.path:
        text = f"what {text} points to" if step == "*" else f"{step.removeprefix('->')} of {text}"
    return text


def among(bits: int, signs: dict[int, str]) -> str:
    """A set of results in words."""
    return " or ".join(text for bit, text in signs.items() if bits & bit)
