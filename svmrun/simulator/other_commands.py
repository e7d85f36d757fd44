"""The models of every command that is not one of the volume manager's own."""

from __future__ import annotations

from svmrun.simulator.cluster import cldevicegroup, clnode, cluster, scstat, scswitch
from svmrun.simulator.file_system_commands import dd, df, fuser, sync, writer
from svmrun.simulator.fsck import fsck
from svmrun.simulator.lockfs import lockfs
from svmrun.simulator.requests import Model
from svmrun.simulator.service_commands import svcadm, svcs
from svmrun.simulator.system import hostname, identity, pfexec, su, sudo, uname
from svmrun.simulator.tape import mt
from svmrun.simulator.ufsdump import ufsdump
from svmrun.simulator.ufsrestore import ufsrestore

OTHER_COMMANDS: dict[str, Model] = {
    "cldevicegroup": cldevicegroup,
    "clnode": clnode,
    "cluster": cluster,
    "dd": dd,
    "df": df,
    "fsck": fsck,
    "fuser": fuser,
    "hostname": hostname,
    "id": identity,
    "lockfs": lockfs,
    "mt": mt,
    "pfexec": pfexec,
    "scstat": scstat,
    "scswitch": scswitch,
    "su": su,
    "sudo": sudo,
    "svcadm": svcadm,
    "svcs": svcs,
    "svmsim-writer": writer,
    "sync": sync,
    "ufsdump": ufsdump,
    "ufsrestore": ufsrestore,
    "uname": uname,
}
