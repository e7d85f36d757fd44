"""A lab with real disks: guests with a Linux kernel of their own, which tests start, break and cut off.

`python -m pytest tests/lab -m ""` is the one command (without `-m` the sample of each change). It needs no privilege,
no image and no network: user-mode-linux boots a kernel as an ordinary process in about four seconds. The guest's root
is the host's, read-only, with memory over it: the working tree, its `.venv` and every installed program (mdadm, lvm,
e2fsck, ...) are there under the same paths. Where linux.uml is missing, tests/lab says so and is left out.

    from tests.lab.guest import Guest, booted

    @pytest.fixture(scope="module")            # one guest for the tests of a module: a boot costs four seconds
    def guest() -> Iterator[Guest]:
        with booted(disks=3, modules=["raid1"]) as guest:
            yield guest

    def test_a_mirror_is_made(guest: Guest) -> None:
        first, second, _third = guest.disks    # "/dev/ubdb", ...
        guest.ok("mdadm --create /dev/md0 --run --level=1 --raid-devices=2 " + f"{first} {second}")
        assert "[UU]" in guest.ok("mdadm --wait /dev/md0 || true; cat /proc/mdstat")

What a guest does (guest.py):

* `run(what)` runs a script (a text, by `sh -e`) or one program (a list of words) as root, and returns its status, its
  output and its time; `ok(what)` demands status 0 and returns the output. About 0.06 s, plus what the programs take.
* `start(what)` runs it beside other things: `.so_far()`, `.wait()`, `.kill()`, and `.pid` for signals of your own.
* `share` is a folder of the host's that the guest sees as /lab, both may write there; it outlives a power cut.
  All other files that a guest writes are in its memory, and gone with it; what is on the disks stays.
* `svmrun(...)` and `start_svmrun(...)` run this working tree's svmrun, forked where it is imported already. Its state
  is in /lab/state: `events()` reads the journal at the host. `kill=Kill(...)` kills it at a record (tests/nursery.py).
* `with_person(argv, (QUESTION, SCRIPT, ANSWER), ...)` runs it on a terminal with somebody who answers.
* `power_cut()`, then `boot()`: the same disks, nothing else. `hang()` and `go_on()`: the whole machine stands still.
* `remove_disk(0)` and `add_disk(0)`: hot, while nobody has it open (as md says: fail and remove it first).
* `slowness()` is what a deadline is stretched by on a machine that others use, too.
* `eventually(condition)` waits for what a test cannot be told of.
* tape.py makes a tape drive whose cartridges can be changed; frozen_mirror.py an ext4 on a mirror, and writers on it.
* network.py lets its network hang and go on (only with `booted(network=True)`; all else here needs none).
* deaths.py lets a backup of one of the mirrors.py die, or its machine, and tells what its recovery leaves.
* legs.py puts a layer under a mirror's leg that can break, be slow, flaky, and whole again, while it is in use.
* bad_disks.py is an md mirror on such layers, and its backup, which stands still while a disk goes bad.

Each guest runs on a CPU of its own, taken by the number of the pytest-xdist worker: one guest on two CPUs would be five
times slower. A guest has one CPU and starts a process in about 10 ms, Python in 0.2 s: be thrifty with processes.
All of a guest ends with its test process, however that ends. A test that failed shows the guests' consoles.
"""
