#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Memory over a long batch, and the same image under other instruction sets. Called by scripts/soak.sh.

    soak_memory.py fake [IMAGES]   many small images with the fake encoder: the slope must stay below 1 MB in 1,000 images
    soak_memory.py real [IMAGES]   with the encoder that ships: no growth after the tenth image
    soak_memory.py isa             the same label maps (adjusted Rand index >= 0.99) with fewer instructions
"""
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy
import tifffile
from sklearn.metrics import adjusted_rand_score

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "scripts"))
from batch_runs import BUILD, Place, lattice

PERIOD_S = 0.25
MODELS = Path(os.environ["METAMICT_SOURCE_DIR"]) / "models"


def resident_bytes(pid):
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (FileNotFoundError, ProcessLookupError, IndexError):
        return 0


def watch(process, output):
    """(images finished, resident bytes) while the process runs; the least of each second counts, because each image has a peak."""
    samples, window = [], []
    while process.poll() is None:
        window.append(resident_bytes(process.pid))
        if len(window) == 8:
            done = sum(1 for entry in os.scandir(output) if entry.is_dir() and not entry.name.endswith(".part")) if output.exists() else 0
            samples.append((done, min(value for value in window if value > 0) if any(window) else 0))
            window = []
        time.sleep(PERIOD_S / 8)
    return [(done, size) for done, size in samples if size > 0]


def slope(samples, skip):
    done, size = numpy.array([sample for sample in samples if sample[0] >= skip], float).T
    return numpy.polyfit(done, size, 1)[0]


def fake(images):
    with Place() as place:
        place.add_images(images, 40, 40)
        process = place.start("out", "--quiet", "--graphml", "none")
        samples = watch(process, place.path / "out")
        if process.returncode != 0:
            sys.exit(process.stderr.read())
        grows = slope(samples, images // 10) * 1000
        print(f"{images} images: {samples[0][1] / 1e6:.1f} MB at first, {samples[-1][1] / 1e6:.1f} MB at last, slope {grows / 1e6:.2f} MB in 1,000 images")
        return grows < 1e6


def program(place, output, *more, environment=None):
    command = [str(part) for part in (BUILD / "metamict", "segment", *place.images, "--output", place.path / output, "--threads", "1", *more)]
    clean = {key: value for key, value in os.environ.items() if key != "METAMICT_MODELS"}
    return subprocess.Popen(command, env={**clean, **(environment or {})}, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)


def real(images):
    with Place() as place:
        place.add_images(images, 160, 160)
        process = program(place, "out", "--quiet", "--chip-size", "32", "--stride", "16", "--graphml", "none")
        samples = watch(process, place.path / "out")
        if process.returncode != 0:
            sys.exit(process.stderr.read())
        after = [size for done, size in samples if done >= 10]
        third = max(1, len(after) // 3)
        early, late = numpy.median(after[:third]), numpy.median(after[-third:])
        print(f"{images} images with the encoder: {early / 1e6:.1f} MB in the first third after the tenth, {late / 1e6:.1f} MB in the last")
        return late - early < 0.01 * early


def isa(_):
    """The processor's best (bfloat16 where it has AMX) against less: float32 with AVX-512, AVX2 and SSE4.1. The last is slow."""
    settings = {name: {"ATEN_CPU_CAPABILITY": aten, "ONEDNN_MAX_CPU_ISA": onednn, "DNNL_MAX_CPU_ISA": onednn, "OPENBLAS_CORETYPE": blas}
                for name, aten, onednn, blas in (("AVX-512", "avx512", "AVX512_CORE", "SkylakeX"), ("AVX2", "avx2", "AVX2", "Haswell"),
                                                 ("SSE4.1", "default", "SSE41", "Nehalem"))}
    good = True
    with Place() as place:
        place.images = sorted((MODELS.parent / "data").glob("lfo_sto_*dpa.tif"))[:2]
        for name, environment in {"all": {}, **settings}.items():
            process = program(place, name, environment=environment)
            said = process.communicate()[1]
            if process.returncode != 0:
                sys.exit(said)
            for image in place.images if name != "all" else ():
                report = json.loads((place.path / name / image.stem / "report.json").read_text())
                for rule in report["rules"]:
                    best, maps = (tifffile.imread(place.path / which / image.stem / rule / "labels.tif").ravel() for which in ("all", name))
                    index = adjusted_rand_score(best, maps)
                    good &= index >= 0.99
                    print(f"{image.name}, {rule}, {report['grid']['chips']} chips, {report['encoder']['precision']}: adjusted Rand index {index:.4f} with {name}", flush=True)
    return good


if __name__ == "__main__":
    verb = sys.argv[1]
    count = int(sys.argv[2]) if len(sys.argv) > 2 else {"fake": 10000, "real": 200}.get(verb, 0)
    sys.exit(0 if {"fake": fake, "real": real, "isa": isa}[verb](count) else 1)
