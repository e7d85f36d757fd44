"""The models of every command that is not one of the volume manager's own, as `module:function`.

By name, so that an installed command imports only the module that it needs.
"""

from __future__ import annotations

OTHER_COMMANDS: dict[str, str] = {
    "blockdev": "linux_devices:blockdev",
    "btrfs": "btrfs:btrfs",
    "cldevicegroup": "cluster:cldevicegroup",
    "clnode": "cluster:clnode",
    "cluster": "cluster:cluster",
    "dd": "dd:dd",
    "df": "file_system_commands:df",
    "findmnt": "linux_mounts:findmnt",
    "fsck": "fsck:fsck",
    "fsfreeze": "fsfreeze:fsfreeze",
    "fuser": "file_system_commands:fuser",
    "hostname": "system:hostname",
    "id": "system:identity",
    "lockfs": "lockfs:lockfs",
    "mount": "mounting:mount",
    "mt": "tape:mt",
    "pfexec": "system:pfexec",
    "rsync": "archives:rsync",
    "sccheck": "scstat:sccheck",
    "scstat": "scstat:scstat",
    "scswitch": "scstat:scswitch",
    "stat": "linux_devices:stat",
    "su": "system:su",
    "sudo": "system:sudo",
    "svcadm": "service_commands:svcadm",
    "svcs": "service_commands:svcs",
    "svmsim-pass": "world_commands:pass_time",
    "svmsim-reboot": "world_commands:reboot",
    "svmsim-quiesce": "quiesce:quiesce",
    "svmsim-writer": "world_commands:writer",
    "sync": "file_system_commands:sync",
    "systemctl": "systemctl:systemctl",
    "tar": "archives:tar",
    "ufsdump": "ufsdump:ufsdump",
    "ufsrestore": "ufsrestore:ufsrestore",
    "umount": "mounting:umount",
    "uname": "system:uname",
    "xfs_repair": "xfs:xfs_repair",
    "xfsdump": "xfs:xfsdump",
    "xfsrestore": "xfs:xfsrestore",
}
