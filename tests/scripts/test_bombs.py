#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small files whose headers claim enormous images are refused soon and in little memory, with --max-pixels at its default and raised."""
import io
import os
import re
import struct
import subprocess
import sys
import unittest
import zlib
from pathlib import Path

import numpy

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "fuzz"))
import make_corpus
from batch_runs import BUILD, SANITIZED, Place, report

HUGE = 2**31 - 1


def tiff(tiled, compression, big):
    """A directory that claims HUGE x HUGE of 16 bits, with one strip or tile of 8 bytes."""
    entries = [(256, 4, 1, HUGE), (257, 4, 1, HUGE), (258, 3, 1, 16), (259, 3, 1, compression), (262, 3, 1, 1), (277, 3, 1, 1)]
    entries += [(322, 4, 1, 2**30), (323, 4, 1, 2**30), (324, 4, 1, 8), (325, 4, 1, 8)] if tiled else [(273, 4, 1, 8), (278, 4, 1, HUGE), (279, 4, 1, 8)]
    entries.sort()
    if big:
        body = struct.pack("<Q", len(entries)) + b"".join(struct.pack("<HHQQ", *entry) for entry in entries) + bytes(8)
        return struct.pack("<2sHHHQ", b"II", 43, 8, 0, 24) + bytes(8) + body
    body = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *entry) for entry in entries) + bytes(4)
    return struct.pack("<2sHI", b"II", 42, 16) + bytes(8) + body


def png():
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", HUGE, HUGE, 8, 0, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(bytes(64))) + chunk(b"IEND", b"")


def jpeg():
    from PIL import Image

    buffer = io.BytesIO()
    Image.new("L", (16, 16)).save(buffer, "JPEG")
    data = bytearray(buffer.getvalue())
    at = data.index(b"\xff\xc0")
    data[at + 5:at + 9] = b"\xff\xff\xff\xff"
    return bytes(data)


def npy(shape):
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}"
    header = header.ljust((len(header) + 10 + 64) // 64 * 64 - 11) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + bytes(64)


def dm(version):
    writer = make_corpus.Dm(version, True)
    image = make_corpus.dm_image(writer, make_corpus.IMAGE, 10, 4, "u2")
    image["ImageData"]["Dimensions"] = [(5, HUGE), (5, HUGE)]
    return writer.file({"ImageList": [image]})


def dm_array():
    data = dm(3)
    at = data.index(struct.pack(">III", 20, 4, make_corpus.ROWS * make_corpus.COLS))
    return data[:at + 8] + struct.pack(">I", HUGE) + data[at + 12:]


def ser():
    data = bytearray(make_corpus.ser_file(0x0220, make_corpus.stack(1)))
    at = bytes(data).rindex(struct.pack("<HII", 2, make_corpus.COLS, make_corpus.ROWS))
    data[at + 2:at + 10] = struct.pack("<II", HUGE, HUGE)
    return bytes(data)


def ser_elements():
    data = bytearray(make_corpus.ser_file(0x0220, make_corpus.stack(1)))
    data[14:22] = struct.pack("<II", HUGE, HUGE)
    return bytes(data)


def mrc(extended):
    data = bytearray(make_corpus.mrc_file("<", 2, "f4"))
    struct.pack_into("<3i", data, 0, HUGE, HUGE, 1)
    struct.pack_into("<i", data, 92, extended)
    return bytes(data)


def hdf5(folder, **options):
    import h5py

    path = folder / "bomb.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("image", shape=(HUGE, HUGE), dtype="f4", **options)
    return path.read_bytes()


def bombs(folder):
    for tiled in (False, True):
        for compression in (1, 5, 8):
            for big in (False, True):
                yield f"tiff_{'tiles' if tiled else 'strips'}_{compression}_{'big' if big else 'classic'}.tif", tiff(tiled, compression, big)
    yield "ihdr.png", png()
    yield "sof.jpg", jpeg()
    for i, shape in enumerate((f"({HUGE}, {HUGE})", f"({2**62}, 4)", f"(1, {HUGE}, {HUGE})")):
        yield f"shape{i}.npy", npy(shape)
    yield "dimensions.dm3", dm(3)
    yield "dimensions.dm4", dm(4)
    yield "array.dm3", dm_array()
    yield "size.ser", ser()
    yield "elements.ser", ser_elements()
    yield "size.mrc", mrc(0)
    yield "extended.mrc", mrc(HUGE)
    yield "chunked.h5", hdf5(folder, chunks=(1024, 1024), compression="gzip")
    yield "chunk.h5", hdf5(folder, chunks=(16384, 16384))


class Bombs(unittest.TestCase):
    def measure(self, place, path, *more):
        process = subprocess.Popen([str(BUILD / "metamict_fake"), "segment", str(path), "--output", str(place.path / "out"), "--overwrite", *more],
                                   env=place.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        said = process.stderr.read().decode(errors="replace")
        process.stderr.close()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        # Processor time, the HDF5 child's too: a busy machine is no fault of ours.
        return process.returncode, said, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024

    def test_refused_soon_and_in_little_memory(self):
        with Place() as place:
            empty = place.path / "empty.tif"
            empty.write_bytes(b"")
            base = [self.measure(place, empty) for _ in range(3)]
            base_s, base_bytes = min(run[2] for run in base), max(run[3] for run in base)
            worst_s = worst_bytes = tried = 0
            for name, data in bombs(place.path):
                path = place.path / name
                path.write_bytes(data)
                for more in ((), ("--max-pixels", str(2**40))):
                    runs = [self.measure(place, path, *more) for _ in range(1 if SANITIZED else 3)]
                    code, said, _, most = runs[0]
                    took = min(run[2] for run in runs)
                    self.assertEqual(code, 3, f"{name}: {said}")
                    self.assertIn(name, said)
                    self.assertLess(most - base_bytes, 50e6, name)
                    self.assertLess(took - base_s, 5 if SANITIZED else 0.1, f"{name}: {said}")
                    worst_s, worst_bytes, tried = max(worst_s, took - base_s), max(worst_bytes, most - base_bytes), tried + 1
            report(f"{tried} bombs: at most {worst_s:.3f} s of processor time and {worst_bytes / 1e6:.1f} MB above an empty file's refusal")

    def test_what_fuzzing_found(self):
        with Place() as place:
            for path in sorted((Path(__file__).resolve().parents[1] / "fuzz" / "found").iterdir()):
                code, said, _, _ = self.measure(place, path)
                self.assertEqual(code, 3, f"{path.name}: {said}")


if __name__ == "__main__":
    unittest.main()
