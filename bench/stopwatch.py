"""Run a program and print what it used: seconds, CPU seconds, KiB at most, and its exit code.

It runs by itself, in an interpreter with nothing imported: the kernel counts the memory of the
process that starts a program as that program's own, so that process has to be a small one.
"""

import json
import os
import sys
import time


def main() -> None:
    """Run what the command line says, its output going to the file named first."""
    output, *command = sys.argv[1:]
    begun = time.monotonic()
    pid = os.fork()
    if not pid:
        try:
            target = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            os.dup2(target, 1)
            os.execv(command[0], command)  # noqa: S606 - what the benchmark names
        finally:
            os._exit(127)
    # With what it has waited for itself: the times of a shell are those of its commands too.
    _, status, usage = os.wait4(pid, 0)
    took = time.monotonic() - begun
    used = {
        "seconds": took,
        "cpu": usage.ru_utime + usage.ru_stime,
        "kib": usage.ru_maxrss,
        "code": os.waitstatus_to_exitcode(status),
    }
    sys.stdout.write(json.dumps(used))


main()
