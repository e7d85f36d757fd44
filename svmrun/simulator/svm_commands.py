"""The models of the volume manager's commands, by name."""

from __future__ import annotations

from svmrun.simulator.medstat import medstat
from svmrun.simulator.metaset import metaset
from svmrun.simulator.metastat import metastat
from svmrun.simulator.repairs import metareplace, metasync
from svmrun.simulator.requests import Model
from svmrun.simulator.submirrors import metadetach, metaoffline, metaonline, metattach

SVM_COMMANDS: dict[str, Model] = {
    "medstat": medstat,
    "metadetach": metadetach,
    "metaoffline": metaoffline,
    "metaonline": metaonline,
    "metareplace": metareplace,
    "metaset": metaset,
    "metastat": metastat,
    "metasync": metasync,
    "metattach": metattach,
}
