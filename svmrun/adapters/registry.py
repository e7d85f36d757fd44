"""Every adapter by its name, which is the key that a step, a fact or a rollback handler carries in a runbook."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

from svmrun.adapters.archive import Rsync, Tar
from svmrun.adapters.base import Adapter
from svmrun.adapters.btrfs import Btrfs
from svmrun.adapters.command import RunCommand
from svmrun.adapters.confirm import Confirm
from svmrun.adapters.dialogue import RunDialogue
from svmrun.adapters.judge import Assert
from svmrun.adapters.linux import Findmnt, Fsfreeze
from svmrun.adapters.linux_blockdev import Blockdev
from svmrun.adapters.linux_dmsetup import Dmsetup
from svmrun.adapters.linux_dump import Dump, Restore
from svmrun.adapters.linux_dumpe2fs import Dumpe2fs
from svmrun.adapters.linux_e2fsck import E2fsck
from svmrun.adapters.linux_losetup import Losetup
from svmrun.adapters.linux_mdadm import Mdadm
from svmrun.adapters.linux_mount import Mount, Umount
from svmrun.adapters.lvm_change import Lvchange, Lvconvert
from svmrun.adapters.lvm_status import Lvs
from svmrun.adapters.notify import Notify
from svmrun.adapters.services import Svcadm, Svcs
from svmrun.adapters.session import Session
from svmrun.adapters.suncluster import Cldevicegroup, Clnode, Cluster, Scstat
from svmrun.adapters.svm_change import Metadetach, Metaoffline, Metaonline, Metasync, Metattach
from svmrun.adapters.svm_status import Metaset, Metastat
from svmrun.adapters.system import Df, Fuser
from svmrun.adapters.systemctl import Systemctl
from svmrun.adapters.tape import Mt
from svmrun.adapters.ufs_dump import Ufsdump
from svmrun.adapters.ufs_fsck import Fsck
from svmrun.adapters.ufs_lockfs import Lockfs
from svmrun.adapters.ufs_restore import Ufsrestore
from svmrun.adapters.wait_for import WaitFor
from svmrun.adapters.xfs import Xfsdump, XfsRepair, Xfsrestore

GROUP = "svmrun.adapters"

REGISTRY: Final[dict[str, Adapter]] = {
    "metaset": Metaset(),
    "metastat": Metastat(),
    "metadetach": Metadetach(),
    "metattach": Metattach(),
    "metaoffline": Metaoffline(),
    "metaonline": Metaonline(),
    "metasync": Metasync(),
    "lockfs": Lockfs(),
    "fsck": Fsck(),
    "ufsdump": Ufsdump(),
    "ufsrestore": Ufsrestore(),
    "mt": Mt(),
    "df": Df(),
    "fuser": Fuser(),
    "svcadm": Svcadm(),
    "svcs": Svcs(),
    "scstat": Scstat(),
    "cldevicegroup": Cldevicegroup(),
    "clnode": Clnode(),
    "cluster": Cluster(),
    "fsfreeze": Fsfreeze(),
    "findmnt": Findmnt(),
    "mount": Mount(),
    "umount": Umount(),
    "systemctl": Systemctl(),
    "tar": Tar(),
    "rsync": Rsync(),
    "btrfs": Btrfs(),
    "xfs_repair": XfsRepair(),
    "xfsdump": Xfsdump(),
    "xfsrestore": Xfsrestore(),
    "mdadm": Mdadm(),
    "e2fsck": E2fsck(),
    "dumpe2fs": Dumpe2fs(),
    "dump": Dump(),
    "restore": Restore(),
    "dmsetup": Dmsetup(),
    "losetup": Losetup(),
    "blockdev": Blockdev(),
    "lvs": Lvs(),
    "lvconvert": Lvconvert(),
    "lvchange": Lvchange(),
    "command": RunCommand(),
    "dialogue": RunDialogue(),
    "session": Session(),
    "confirm": Confirm(),
    "wait_for": WaitFor(),
    "assert": Assert(),
    "notify": Notify(),
}


def adapters() -> Mapping[str, Adapter]:
    """Our own adapters and those of installed packages (entry-point group `svmrun.adapters`).

    A package's entry point names an `Adapter` subclass or an instance. Ours win: no package can replace one of them.
    """
    return MappingProxyType({**_third_parties()[0], **REGISTRY})


def unusable_adapters() -> Mapping[str, str]:
    """Adapters of installed packages that could not be used, with a sentence why.

    They are left out instead of raised: one broken package must not keep a recovery from running.
    """
    return MappingProxyType(_third_parties()[1])


@cache
def _third_parties() -> tuple[dict[str, Adapter], dict[str, str]]:
    from importlib.metadata import entry_points  # measured: costs more than the rest of `svmrun --help`

    good: dict[str, Adapter] = {}
    bad: dict[str, str] = {}
    for point in entry_points(group=GROUP):
        try:
            loaded = point.load()
            adapter = loaded() if isinstance(loaded, type) else loaded
        except (ImportError, AttributeError, TypeError, SyntaxError) as error:
            bad[point.name] = f"the adapter {point.name} ({point.value}) cannot be loaded: {error}"
            continue
        if point.name in REGISTRY:
            bad[point.name] = f"{point.value} calls itself {point.name}, which is one of svmrun's own adapters"
        elif not isinstance(adapter, Adapter) or adapter.name != point.name:
            bad[point.name] = f"{point.value} is not an svmrun adapter of the name {point.name}"
        else:
            good[point.name] = adapter
    return good, bad
