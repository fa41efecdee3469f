"""`ltr doctor`: what this machine has of what the other commands need."""

from dataclasses import asdict

from ltr_plugin.cli.options import AsJson
from ltr_plugin.cli.terminal.output import exit_if, print_result


def doctor(as_json: AsJson = False) -> None:
    """Check Python, Java, the cluster, the broker, workers, extras, disk and memory.

    For each thing that is missing, the command that installs or starts it is printed. The exit code is 1 when something
    that is needed is missing.
    """
    from ltr_plugin.pipelines.doctor import run_checks
    from ltr_plugin.settings import Settings

    checks = run_checks(Settings.from_env())
    lines = []
    for one in checks:
        state = "ok" if one.ok else "MISSING" if one.needed else "missing (optional)"
        lines.append(f"{one.name:<18} {state:<18} {one.found}")
        lines += [] if one.ok else [f"{'':<18} {one.remedy}"]
    failed = any(one.needed and not one.ok for one in checks)
    print_result({"ok": not failed, "checks": [asdict(one) for one in checks]}, "\n".join(lines), as_json=as_json)
    exit_if(failed)
