"""Test Anything Protocol, as `prove` reads it."""

import sys

_count = 0
_failed = 0


def ok(passed, name, *why):
    """Report one test; `why` is shown only if it failed."""
    global _count, _failed
    _count += 1
    print(f"{'' if passed else 'not '}ok {_count} - {name}")
    if not passed:
        _failed += 1
        for text in why:
            diag(text)
    sys.stdout.flush()
    return bool(passed)


def equal(got, wanted, name):
    return ok(got == wanted, name, f"got    {got!r}", f"wanted {wanted!r}")


def skip(name, why):
    global _count
    _count += 1
    print(f"ok {_count} - {name} # SKIP {why}")
    sys.stdout.flush()


def diag(text):
    for line in str(text).rstrip().splitlines():
        print(f"# {line}", file=sys.stderr)
    sys.stderr.flush()


def done():
    """Print the plan; must be the last call."""
    print(f"1..{_count}")
    sys.exit(1 if _failed or not _count else 0)
