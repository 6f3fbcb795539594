#!/bin/bash
# A test of netdev's CI (NIPA): copy this folder to tests/patch/refcount.
#
# The patch is applied at HEAD.  0: nothing introduced; 250: warnings, or nothing could be judged; 1: errors.
# GETPUT names the command, GETPUT_OPTIONS more of its options.

getput=${GETPUT:-getput}

describe() {
	if [ -n "${DESC_FD:-}" ]; then
		echo "$1" >&"$DESC_FD"
	else
		echo "$1"
	fi
}

command -v "$getput" >/dev/null || {
	describe "getput is not installed, nothing judged"
	exit 250
}

if [ -n "${RESULTS_DIR:-}" ]; then
	mkdir -p "$RESULTS_DIR"
	out=$RESULTS_DIR/getput.txt
else
	out=$(mktemp) || exit 1
	trap 'rm -f "$out"' EXIT
fi

# The options are words: splitting them is meant.
# shellcheck disable=SC2086
"$getput" check --no-color --quiet --fail-on never ${GETPUT_OPTIONS:-} HEAD >"$out"
status=$?
cat "$out" >&2

if [ "$status" -ne 0 ]; then
	describe "getput could not judge this patch (status $status)"
	exit 250
fi

count() {
	grep -c "^[^ ][^:]*:[0-9]*:[0-9]*: $1: " "$out"
}

errors=$(count error)
warnings=$(count warning)
describe "Reference counts: $errors errors, $warnings warnings introduced"
[ "$errors" -eq 0 ] || exit 1
[ "$warnings" -eq 0 ] || exit 250
exit 0
