#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the array job on a real Slurm: one controller and several nodes on this machine, loopback only.

    scripts/cluster/try_slurm.py --program build/release/metamict [--images 200] [--nodes 4] [--kill]

Needs root and Debian's slurm-wlm and munge. It starts munge, slurmctld and one slurmd a node in a folder of its own, submits the images by submit.sh,
with --kill stops a node's daemon and its tasks in the middle and brings it back, gathers, compares with an undisturbed run byte for byte, and takes
everything down again. Ends with exit code 77 where Slurm is not installed.
"""
import argparse
import hashlib
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent


class Slurm:
    def __init__(self, folder, nodes):
        self.folder, self.nodes, self.daemons = folder, nodes, {}
        self.user = pwd.getpwuid(os.getuid()).pw_name
        for name in ("state", "spool", "log", "munge"):
            (folder / name).mkdir()
        host = socket.gethostname().split(".")[0]
        cores = os.cpu_count()
        ports = free_ports(nodes + 1)
        lines = [f"ClusterName=metamict", f"SlurmctldHost={host}(127.0.0.1)", f"SlurmUser={self.user}", f"SlurmdUser={self.user}", "AuthType=auth/munge",
                 f"AuthInfo=socket={folder}/munge/socket", "CredType=cred/munge", f"SlurmctldPort={ports[0]}", f"StateSaveLocation={folder}/state",
                 f"SlurmdSpoolDir={folder}/spool/%n", f"SlurmctldPidFile={folder}/ctld.pid", f"SlurmdPidFile={folder}/%n.pid",
                 f"SlurmctldLogFile={folder}/log/ctld.log", f"SlurmdLogFile={folder}/log/%n.log", "ProctrackType=proctrack/pgid",
                 "TaskPlugin=task/none", "SwitchType=switch/none", "MpiDefault=none", "SelectType=select/cons_tres", "SelectTypeParameters=CR_Core",
                 "ReturnToService=2", "SlurmctldTimeout=10", "SlurmdTimeout=10", "InactiveLimit=0", "MinJobAge=300", "KillWait=5", "JobRequeue=1",
                 "SlurmctldParameters=idle_on_node_suspend", "MessageTimeout=10", "UnkillableStepTimeout=20", "SchedulerParameters=sched_interval=2"]
        for k in range(nodes):
            lines.append(f"NodeName=n{k} NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[k + 1]} CPUs={cores} RealMemory=4000 State=UNKNOWN")
        lines.append(f"PartitionName=all Nodes=n[0-{nodes - 1}] Default=YES MaxTime=INFINITE State=UP OverSubscribe=FORCE:{8 * nodes}")
        (folder / "slurm.conf").write_text("\n".join(lines) + "\n")
        self.environment = {**os.environ, "SLURM_CONF": str(folder / "slurm.conf")}

    def __enter__(self):
        key = self.folder / "munge" / "key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o400)
        (self.folder / "munge").chmod(0o711)
        self.start("munged", ["munged", "--foreground", "--force", f"--socket={self.folder}/munge/socket", f"--key-file={key}",
                              f"--pid-file={self.folder}/munge/pid", f"--log-file={self.folder}/munge/log", f"--seed-file={self.folder}/munge/seed"])
        wait(lambda: (self.folder / "munge" / "socket").exists(), 10, "munge")
        self.start("slurmctld", ["slurmctld", "-D"])
        for k in range(self.nodes):
            self.start_node(k)
        wait(lambda: self.run("sinfo", "-h", "-t", "idle", "-o", "%D").strip() == str(self.nodes), 60, "the nodes")
        return self

    def start(self, name, command):
        log = open(self.folder / "log" / f"{name}.out", "a")
        self.daemons[name] = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log, start_new_session=True)

    def start_node(self, k):
        self.start(f"n{k}", ["slurmd", "-D", "-N", f"n{k}"])

    def kill_node(self, k):
        """The daemon and every task that it has started, at once, as when the power fails."""
        for line in subprocess.run(["ps", "-eo", "pid,ppid,args"], capture_output=True, text=True).stdout.splitlines()[1:]:
            pid, _, args = line.split(None, 2)
            if args.startswith(f"slurmstepd") and f"spool/n{k}" in slurm_spool(pid):
                kill_tree(int(pid))
        kill_tree(self.daemons[f"n{k}"].pid)
        self.daemons[f"n{k}"].wait()

    def run(self, *command):
        return subprocess.run(command, env=self.environment, capture_output=True, text=True).stdout

    def __exit__(self, *_):
        self.run("scancel", "--user", self.user)
        for process in reversed(self.daemons.values()):
            if process.poll() is None:
                process.terminate()
        time.sleep(1)
        for process in self.daemons.values():
            if process.poll() is None:
                kill_tree(process.pid)
                process.wait()


def slurm_spool(pid):
    try:
        return os.readlink(f"/proc/{pid}/cwd") + " " + open(f"/proc/{pid}/environ", "rb").read().decode(errors="replace")
    except OSError:
        return ""


def kill_tree(pid):
    children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True).stdout.split()
    for child in children:
        kill_tree(int(child))
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def wait(condition, seconds, what):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f"{what} did not come up within {seconds} s")
        time.sleep(0.2)


def files_of(folder):
    own = ("run.", ".metamict", "logs/", "series", "index.html", "summary.csv")
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.rglob("*"))
            if path.is_file() and not str(path.relative_to(folder)).startswith(own)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True)
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--nodes", type=int, default=4)
    parser.add_argument("--tasks", type=int, default=8)
    parser.add_argument("--kill", action="store_true")
    parser.add_argument("options", nargs="*", help="options of segment, behind --")
    given = parser.parse_args()
    if os.geteuid() != 0 or not all(shutil.which(name) for name in ("slurmctld", "slurmd", "munged", "sbatch")):
        print("skipped: Slurm is not installed, or this is not root")
        return 77
    import numpy
    folder = pathlib.Path(tempfile.mkdtemp(prefix="metamict-slurm-"))
    program = str(pathlib.Path(given.program).resolve())
    try:
        (folder / "images").mkdir()
        y, x = numpy.mgrid[0:64, 0:80]
        for i in range(given.images):
            image = 20 * (2 + numpy.cos(numpy.pi * x / 4) + numpy.cos(numpy.pi * y / 4)) * (x < 50) + 40 * (x >= 50)
            numpy.save(folder / "images" / f"film{i:04}.npy", numpy.random.default_rng(i).poisson(image).astype("<f4"))
        manifest = folder / "images.txt"
        manifest.write_text("".join(f"images/film{i:04}.npy\n" for i in range(given.images)))
        whole = subprocess.run([program, "segment", "--manifest", manifest, "--output", folder / "whole", "--threads", "1", "--quiet", *given.options])
        assert whole.returncode == 0, "the undisturbed run failed"
        cluster = folder / "slurm"
        cluster.mkdir()
        with Slurm(cluster, given.nodes) as slurm:
            environment = {**slurm.environment, "METAMICT": program, "METAMICT_CPUS": "1"}
            started = time.monotonic()
            said = subprocess.run([HERE / "submit.sh", manifest, folder / "out", str(given.tasks), *given.options], env=environment, capture_output=True,
                                  text=True)
            print(said.stdout.strip(), said.stderr.strip(), sep="\n")
            assert said.returncode == 0
            if given.kill:
                wait(lambda: len(list((folder / "out").glob("*/DONE.json"))) >= given.images // 8, 120, "the first images")
                slurm.kill_node(0)
                print(f"node n0 killed with {len(list((folder / 'out').glob('*/DONE.json')))} of {given.images} images done")
                time.sleep(12)
                slurm.start_node(0)
            wait(lambda: slurm.run("squeue", "-h").strip() == "", 600, "the end of all jobs")
            print(f"{given.images} images by {given.tasks} tasks on {given.nodes} nodes in {time.monotonic() - started:.1f} s by the clock")
        gathered = subprocess.run([program, "gather", folder / "out", "--manifest", manifest], capture_output=True, text=True)
        print(gathered.stderr.strip()[-500:])
        log = folder / "out" / "logs" / "gather.log"
        assert gathered.returncode == 0 and log.exists(), log
        assert files_of(folder / "out") == files_of(folder / "whole"), "the results differ from those of one undisturbed run"
        print(f"the same {len(files_of(folder / 'whole'))} files as one undisturbed run")
        return 0
    except BaseException:
        for log in sorted((folder / "slurm" / "log").glob("*")) if (folder / "slurm").exists() else []:
            print(f"--- {log.name}", *log.read_text(errors="replace").splitlines()[-8:], sep="\n", file=sys.stderr)
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
