"""Recover several runs, one after the other: one that cannot be recovered never stops the next."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from svmrun.cli.preparing import make_setting, person_at_terminal
from svmrun.effects.setting import Setting
from svmrun.effects.state_folder import RunFolder
from svmrun.errors import Busy, SvmrunError
from svmrun.guarding import RunGuard
from svmrun.plan.model import Plan
from svmrun.recovery import recover, unfinished
from svmrun.report.observer import Observer
from svmrun.target import Target


def recover_each(folders: Sequence[RunFolder], observer: Observer, *, named: bool) -> int:
    """The exit code: 0 when nothing is left, else that of the worst. Says so when there was nothing to do."""
    codes = [code for folder in folders if (code := _recover(folder, observer, named=named)) is not None]
    if not codes:
        observer.notice("nothing to recover")
    return max(codes, default=0)


def _recover(folder: RunFolder, observer: Observer, *, named: bool) -> int | None:
    try:
        run = unfinished(folder)
        if run is None:
            return None
        ended = recover(run, lambda target, plan: _setting(target, plan, observer), RunGuard)
    except Busy as error:
        if named:
            raise error
        observer.notice(str(error))  # it is not dead: it needs no recovery, or not from here
        return 0
    except SvmrunError as error:
        print(f"svmrun: {folder.run}: {error}", file=sys.stderr)
        return error.exit_code
    return 4 if ended.verdict == "stuck" else 0


def _setting(target: Target, plan: Plan, observer: Observer) -> Setting:
    setting = make_setting(target, observer, person_at_terminal(), plan.become)
    setting.programs.update(plan.programs)
    return setting
