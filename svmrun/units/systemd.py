"""systemd: a service that runs the runbook, a timer that starts it, a service that recovers at boot.

Sources: systemd.service(5), systemd.kill(5), systemd.exec(5), systemd.timer(5).
"""

from __future__ import annotations

from collections.abc import Sequence

from svmrun.units.model import MARK, Job, UnitFile

_SERVICE = """\
# {mark}: the runbook {name}.
[Unit]
Description=svmrun: {description}
After=local-fs.target remote-fs.target svmrun-recover.service
RequiresMountsFor={mounts}

[Service]
# The unit is active while the run lasts, and failed when it was not a success: systemctl --failed shows it.
Type=oneshot
{environment}
ExecStart={execute}
# However the run ended, SIGKILL and out of memory included: release what it may have left.
ExecStopPost={recover}
# Only svmrun itself is told to stop, and rolls back. With `control-group` or `mixed` systemd would also kill the guard,
# the one process that releases the holds when svmrun cannot, and the commands that svmrun is still to end in order.
KillMode=process
KillSignal=SIGTERM
# A dump takes hours: its limit is in the runbook.
TimeoutStartSec=infinity
# To roll back, and then to recover, takes as long as the runbook's handlers take. Only after that comes SIGKILL.
TimeoutStopSec=1h
# When memory runs out and a command is killed, the run must live: it is the one that rolls back.
OOMPolicy=continue
{score}UMask=0077
# No PrivateTmp, PrivateMounts, ProtectSystem or ReadWritePaths here: they give the run mounts of its own, and what
# svmrun checks and locks would not be what everybody else sees.
"""
_TIMER = """\
# {mark}: when the runbook {name} runs.
[Unit]
Description=svmrun: when {name} runs

[Timer]
OnCalendar={calendar}
AccuracySec=1s
# A run that was missed while the machine was off is not made up for in the morning, when everybody is writing.
Persistent=false

[Install]
WantedBy=timers.target
"""
_RECOVER = """\
# {mark}: after a crash of the machine.
# A reboot ends locks and freezes, but a side that was taken off a mirror stays off until somebody attaches it.
[Unit]
Description=svmrun: finish runs that a crash or a reboot interrupted
After=local-fs.target remote-fs.target

[Service]
Type=oneshot
{environment}
ExecStart={recover}
# The guard, and commands that cannot be ended, are not for systemd to kill.
KillMode=process
TimeoutStartSec=infinity
UMask=0077

[Install]
WantedBy={target}
"""


def files(job: Job) -> tuple[UnitFile, ...]:
    values = {
        "mark": MARK,
        "name": job.name,
        "description": _line(job.description or job.name),
        "mounts": _quoted(job.runbook),
        "environment": "\n".join(f"Environment={_quoted(f'{k}={v}')}" for k, v in job.variables.items()),
        "execute": command_line(job.execute),
        "recover": command_line(job.recover),
        "calendar": _line(job.calendar),
        "score": "" if job.user else "OOMScoreAdjust=-900\n",  # only root may ask for it
        "target": "default.target" if job.user else "multi-user.target",
    }
    texts = {
        f"svmrun-{job.name}.service": _SERVICE,
        f"svmrun-{job.name}.timer": _TIMER,
        "svmrun-recover.service": _RECOVER,
    }
    return tuple(UnitFile(name, text.format(**values)) for name, text in texts.items())


def command_line(words: Sequence[str]) -> str:
    """As systemd.service(5) reads it: quotes, `%` for its specifiers and `$` for variables."""
    program, *arguments = words
    return " ".join([_quoted(program), *(_quoted(word).replace("$", "$$") for word in arguments)])


def _quoted(word: str) -> str:
    text = word.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t").replace("%", "%%")
    plain = bool(text) and not set(text) & set(" ;'\"\\")
    return text if plain else f'"{text}"'


def _line(text: str) -> str:
    return " ".join(text.split()).replace("%", "%%")
