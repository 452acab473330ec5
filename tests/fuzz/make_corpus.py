#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes one small valid image in every layout of every format that metamict reads: seeds for the fuzzers and samples for the tests.

    make_corpus.py FOLDER           the images, all in one folder
    make_corpus.py FOLDER --fuzz    seeds for every fuzz target, each in a folder of the target's name (HDF5 has none)

Every image is 6 x 7 pixels with the grey values 10 row + column, frame k adds 100 k; the pixel is 0.05 nm where the format can say it.
Files are named FORMAT_what.extension, those that must be refused no_FORMAT_reason.extension.
"""
import struct
import sys
from pathlib import Path

import numpy as np

ROWS, COLS, NM = 6, 7, 0.05
IMAGE = np.add.outer(10 * np.arange(ROWS), np.arange(COLS))


def stack(frames):
    return np.stack([IMAGE + 100 * k for k in range(frames)])


# --- Gatan DM3 and DM4 ---------------------------------------------------------------------------------------------

TYPES = {2: "h", 3: "i", 4: "H", 5: "I", 6: "f", 7: "d", 8: "?", 9: "b", 10: "B", 11: "q", 12: "Q"}


class Dm:
    """A tag tree: dictionaries and lists are groups, (type, number) a number, (type, bytes) an array, str a text in UTF-16."""

    def __init__(self, version, little):
        self.count = "Q" if version == 4 else "I"
        self.version, self.order = version, "<" if little else ">"

    def number(self, value):
        return struct.pack(">" + self.count, value)

    def tag(self, name, value):
        name = name.encode("latin-1")
        head = struct.pack(">BH", 20 if isinstance(value, (dict, list)) else 21, len(name)) + name
        if isinstance(value, (dict, list)):
            body = self.group(value)
        else:
            body = b"%%%%" + self.value(value)
        return head + (struct.pack(">Q", len(body)) if self.version == 4 else b"") + body

    def value(self, value):
        if isinstance(value, str):
            value = (4, value.encode("utf-16-le" if self.order == "<" else "utf-16-be"))
        kind, content = value
        if kind == 15:  # a structure of two int32, as thumbnails have
            info = [15, 0, 2, 0, 3, 0, 3]
            data = struct.pack(self.order + "ii", *content)
        elif isinstance(content, bytes):
            info = [20, kind, len(content) // struct.calcsize(TYPES[kind])]
            data = content
        else:
            info = [kind]
            data = struct.pack(self.order + TYPES[kind], content)
        return self.number(len(info)) + b"".join(map(self.number, info)) + data

    def group(self, value):
        items = value.items() if isinstance(value, dict) else [("", v) for v in value]
        return struct.pack("BB", 0, 0) + self.number(len(items)) + b"".join(self.tag(k, v) for k, v in items)

    def file(self, tree):
        body = self.group(tree)
        return struct.pack(">I", self.version) + self.number(len(body)) + struct.pack(">I", self.order == "<") + body + bytes(8)


def dm_image(dm, pixels, data_type, element, dtype, name="HAADF", unit="nm", scale=NM, meta=None):
    axes = pixels.shape[::-1]
    calibration = [{"Origin": (6, 0.0), "Scale": (6, scale), "Units": unit} for _ in axes]
    image = {"ImageData": {"Calibrations": {"Dimension": calibration}, "Data": (element, pixels.astype(dm.order + dtype).tobytes()),
                           "DataType": (5, data_type), "Dimensions": [(5, n) for n in axes], "PixelDepth": (5, np.dtype(dtype).itemsize)},
             "Name": name}
    if meta:
        image["ImageTags"] = {"Meta Data": {"Format": meta}}
    return image


def dm_files():
    for version in (3, 4):
        for little in (True, False):
            dm = Dm(version, little)
            name = f"dm{version}_{'little' if little else 'big'}"
            thumbnail = dm_image(dm, np.zeros((3, 3)), 23, 5, "u4", "thumbnail", "")
            tree = {"ImageList": [thumbnail, dm_image(dm, IMAGE, 10, 4, "u2")], "Thumbnails": [{"ImageIndex": (5, 0), "SourceSize_Pixels": (15, (3, 3))}]}
            yield f"dm_{name}.dm{version}", dm.file(tree)
    dm = Dm(3, True)
    yield "dm_micron.dm3", dm.file({"ImageList": [dm_image(dm, IMAGE, 2, 6, "f4", unit="\u00b5m", scale=NM / 1000)]})
    yield "dm_stack.dm3", dm.file({"ImageList": [dm_image(dm, stack(3), 1, 2, "i2")]})
    yield "no_dm_complex.dm3", dm.file({"ImageList": [dm_image(dm, IMAGE, 3, 6, "f8")]})
    yield "no_dm_colour.dm3", dm.file({"ImageList": [dm_image(dm, IMAGE, 23, 5, "u4")]})
    yield "no_dm_diffraction.dm3", dm.file({"ImageList": [dm_image(dm, IMAGE, 7, 3, "i4", unit="1/nm")]})
    yield "no_dm_spectrum.dm3", dm.file({"ImageList": [dm_image(dm, IMAGE, 2, 6, "f4", unit="", meta="Spectrum image")]})


# --- TIA series ----------------------------------------------------------------------------------------------------


def ser_file(version, pixels, kind=2, dtype="u2", scale=NM * 1e-9, spectrum=False):
    wide = version >= 0x0220
    offset = "Q" if wide else "I"
    total = len(pixels) + 2  # an aborted series: more elements were planned than are valid
    head = struct.pack("<HHHIIII", 0x4949, 0x0197, version, 0x4120 if spectrum else 0x4122, 0x4152, total, len(pixels))
    head += struct.pack("<" + offset, len(head) + struct.calcsize("<" + offset) + 4 + 28 + 4)
    head += struct.pack("<I", 1) + struct.pack("<IddII", total, 0.0, 1.0, 0, 0) + struct.pack("<I", 0)
    start = len(head) + total * struct.calcsize("<" + offset) * 2
    elements = []
    for image in pixels:
        if spectrum:
            data = struct.pack("<ddIHI", 0.0, 1.0, 0, kind, image.shape[1]) + image[0].astype("<" + dtype).tobytes()
        else:
            data = struct.pack("<ddIddIHII", 0.0, scale, 0, 0.0, scale, 0, kind, image.shape[1], image.shape[0])
            data += image[::-1].astype("<" + dtype).tobytes()  # rows lie from the bottom up
        elements.append(data)
    places = [start + sum(map(len, elements[:i])) for i in range(len(pixels))] + [0] * 2
    return head + struct.pack(f"<{total}{offset}", *places) + bytes(total * struct.calcsize("<" + offset)) + b"".join(elements)


def ser_files():
    yield "ser_0210.ser", ser_file(0x0210, stack(1))
    yield "ser_0220_series.ser", ser_file(0x0220, stack(3), 6, "i4")
    yield "no_ser_diffraction.ser", ser_file(0x0220, stack(1), scale=4.2e7)
    yield "no_ser_complex.ser", ser_file(0x0210, stack(1), 9, "f8")
    yield "no_ser_spectrum.ser", ser_file(0x0210, stack(1), spectrum=True)


# --- MRC -----------------------------------------------------------------------------------------------------------


def mrc_file(order, mode, dtype, frames=1, extended=b"", cell=True, stamp=True, kind=b""):
    head = bytearray(1024)
    struct.pack_into(order + "10i", head, 0, COLS, ROWS, frames, mode, 0, 0, 0, COLS, ROWS, frames)
    if cell:
        struct.pack_into(order + "3f", head, 40, COLS * NM * 10, ROWS * NM * 10, frames)
    struct.pack_into(order + "3i", head, 64, 1, 2, 3)
    struct.pack_into(order + "i", head, 92, len(extended))
    head[104:104 + len(kind)] = kind
    if stamp:
        head[208:216] = b"MAP " + (b"\x44\x44\0\0" if order == "<" else b"\x11\x11\0\0")
    return bytes(head) + extended + stack(frames).astype(order + dtype).tobytes()


def mrc_files():
    for mode, dtype in ((0, "i1"), (1, "i2"), (2, "f4"), (6, "u2"), (12, "f2")):
        yield f"mrc_mode{mode}_little.mrc", mrc_file("<", mode, dtype)
        yield f"mrc_mode{mode}_big.mrc", mrc_file(">", mode, dtype)
    yield "mrc_stack.mrc", mrc_file("<", 1, "i2", frames=3)
    yield "mrc_old.mrc", mrc_file(">", 2, "f4", stamp=False)
    fei = bytearray(768)
    struct.pack_into("<ii", fei, 0, 768, 0)
    struct.pack_into("<dd", fei, 156, NM * 1e-9, NM * 1e-9)
    yield "mrc_fei.mrc", mrc_file("<", 6, "u2", extended=bytes(fei), cell=False, kind=b"FEI1")
    yield "no_mrc_complex.mrc", mrc_file("<", 4, "c8")


# --- NPY, TIFF, PNG, JPEG ------------------------------------------------------------------------------------------


def simple_files():
    import io

    from PIL import Image
    import tifffile

    def npy(array):
        buffer = io.BytesIO()
        np.save(buffer, array)
        return buffer.getvalue()

    def tiff(array, **options):
        buffer = io.BytesIO()
        bigtiff, order = options.pop("bigtiff", False), options.pop("byteorder", "<")
        imagej = options.get("metadata", None) is not None
        with tifffile.TiffWriter(buffer, bigtiff=bigtiff, byteorder=order, imagej=imagej) as writer:
            writer.write(array, **options)
        return buffer.getvalue()

    def picture(kind, image):
        buffer = io.BytesIO()
        image.save(buffer, kind)
        return buffer.getvalue()

    yield "npy_float.npy", npy(IMAGE.astype("<f4"))
    yield "npy_fortran.npy", npy(np.asfortranarray(IMAGE.astype(">i2")))
    yield "npy_stack.npy", npy(stack(3).astype("<u2"))
    yield "no_npy_complex.npy", npy(IMAGE.astype("c8"))
    dots = {"resolution": (1 / NM, 1 / NM), "metadata": {"unit": "nm"}}
    yield "tiff_imagej.tif", tiff(IMAGE.astype("u2"), **dots)
    yield "tiff_imagej_stack.tif", tiff(stack(3).astype("u2"), **dots)
    yield "tiff_strips_big.tif", tiff(IMAGE.astype(">f4"), byteorder=">", rowsperstrip=2, metadata=None)
    yield "tiff_tiled_bigtiff.tif", tiff(IMAGE.astype("u1"), bigtiff=True, tile=(16, 16), metadata=None)
    yield "tiff_deflate.tif", tiff(IMAGE.astype("i4"), compression="zlib", metadata=None)
    yield "png_grey.png", picture("PNG", Image.fromarray(IMAGE.astype("u1")))
    yield "jpeg_grey.jpg", picture("JPEG", Image.fromarray(IMAGE.astype("u1")))


# --- archives ------------------------------------------------------------------------------------------------------


def swift_properties():
    import json

    return json.dumps({"title": "HAADF", "dimensional_calibrations": [{"offset": 0, "scale": NM, "units": "nm"}] * 2})


def archive_files():
    import gzip
    import io
    import json
    import zipfile

    def packed(entries, method=zipfile.ZIP_DEFLATED):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", method) as file:
            for name, data in entries.items():
                file.writestr(zipfile.ZipInfo(name, (2000, 1, 1, 0, 0, 0)), data, method)
        return buffer.getvalue()

    def npy(array):
        buffer = io.BytesIO()
        np.save(buffer, array)
        return buffer.getvalue()

    image = npy(IMAGE.astype("u2"))
    yield "npz_arrays.npz", packed({"BF.npy": npy(np.zeros((5, 5))), "HAADF.npy": image})
    yield "zip_npy.zip", packed({"film.npy": image})
    yield "zip_stored.zip", packed({"film.npy": image}, zipfile.ZIP_STORED)
    yield "gzip_npy.npy.gz", gzip.compress(image, mtime=0)
    yield "ndata_swift.ndata", packed({"data.npy": image, "metadata.json": swift_properties()}, zipfile.ZIP_STORED)
    meta = json.dumps([{"type": "2D", "device.calib": [{"unit": "m", "value": NM * 1e-9, "pixel_factor": 1.0}] * 2}])
    yield "prz_image.prz", packed({"data.npy": image, "meta_data_json.npy": npy(np.array(meta))})


# --- HDF5 ----------------------------------------------------------------------------------------------------------


def hdf5_files(folder):
    import json

    import h5py

    def metadata(detector, frames):
        text = json.dumps({"BinaryResult": {"Detector": detector, "PixelSize": {"width": f"{NM * 1e-9:e}", "height": f"{NM * 1e-9:e}"}, "PixelUnitX": "m", "PixelUnitY": "m"}})
        column = np.frombuffer(text.encode().ljust(2000, b"\0"), "u1")
        return np.stack([column] * frames, axis=1)

    with h5py.File(folder / "hdf5_velox.emd", "w") as file:
        file["Version"] = "{}"
        for name, detector, pixels in (("a" * 32, "BF", np.zeros((1, ROWS, COLS))), ("b" * 32, "HAADF", stack(2))):
            group = file.create_group("Data/Image/" + name)
            group["Data"] = np.moveaxis(pixels.astype("u2"), 0, 2)
            group["Metadata"] = metadata(detector, len(pixels))
        spectrum = file.create_group("Data/Spectrum/" + "c" * 32)
        spectrum["Data"] = np.zeros((64, 1), "u4")
        spectrum["Metadata"] = metadata("EDS", 1)
    with h5py.File(folder / "hdf5_ncem.emd", "w") as file:
        group = file.create_group("data/HAADF")
        group.attrs["emd_group_type"] = 1
        group.create_dataset("data", data=IMAGE.astype("f4"), chunks=(3, 7), compression="gzip")
        for i, count in ((1, ROWS), (2, COLS)):
            group[f"dim{i}"] = NM * np.arange(count)
            group[f"dim{i}"].attrs["units"] = "[n_m]"
    with h5py.File(folder / "hdf5_hyperspy.hspy", "w") as file:
        file.attrs["file_format"] = "HyperSpy"
        group = file.create_group("Experiments/HAADF")
        group["data"] = stack(2).astype("i4")
        for i, (count, navigate) in enumerate(((2, True), (ROWS, False), (COLS, False))):
            axis = group.create_group(f"axis-{i}")
            axis.attrs.update({"scale": 1.0 if navigate else NM, "offset": 0.0, "size": count, "navigate": navigate, "units": "s" if navigate else "nm"})
    with h5py.File(folder / "hdf5_dm5.dm5", "w") as file:
        group = file.create_group("ImageList/[0]")
        group.attrs["Name"] = "HAADF"
        group["ImageData/Data"] = IMAGE.astype("f4")
        group["ImageData"].attrs["DataType"] = 2
        for i in range(2):
            group.create_group(f"ImageData/Calibrations/Dimension/[{i}]").attrs.update({"Scale": NM, "Units": "nm", "Origin": 0.0})
    with h5py.File(folder / "hdf5_plain.h5", "w") as file:
        file["table/of/points"] = np.zeros((5, 2))
        file["image"] = IMAGE.astype("f8")
    with h5py.File(folder / "hdf5_swift.h5", "w") as file:
        file["data"] = IMAGE.astype("f4")
        file["data"].attrs["properties"] = swift_properties()
    with h5py.File(folder / "hdf5_nexus.nxs", "w") as file:
        group = file.create_group("entry/HAADF")
        group.attrs.update({"NX_class": "NXdata", "signal": "counts", "axes": ["y", "x"]})
        group.create_dataset("counts", data=IMAGE.astype("u2"), chunks=(3, 7), compression="lzf")
        for axis, count in (("y", ROWS), ("x", COLS)):
            group[axis] = NM * np.arange(count)
            group[axis].attrs["units"] = "nm"
    with h5py.File(folder / "hdf5_abtem.h5", "w") as file:
        file["array"], file["sampling"] = IMAGE.astype("f8"), [10 * NM, 10 * NM]
        file.create_dataset("units", (2,), "S10", [b"Angstrom", b"Angstrom"])
    with h5py.File(folder / "hdf5_usid.h5", "w") as file:
        file["Raw_Data"] = IMAGE.reshape(-1, 1).astype("f4")
        grid = np.stack(np.divmod(np.arange(ROWS * COLS), COLS), 1)
        tables = {"Position_Indices": grid, "Position_Values": NM * grid, "Spectroscopic_Indices": [[0]], "Spectroscopic_Values": [[0.0]]}
        for name, table in tables.items():
            file[name] = table
            file[name].attrs["units"] = ["nm", "nm"]
            file["Raw_Data"].attrs[name] = file[name].ref
    with h5py.File(folder / "no_hdf5_complex.hspy", "w") as file:
        file["Experiments/fft/data"] = IMAGE.astype("c8")
    with h5py.File(folder / "no_hdf5_elsewhere.h5", "w") as file:
        file.create_dataset("image", shape=(ROWS, COLS), dtype="f4", external=[("/etc/passwd", 0, 4 * ROWS * COLS)])


# --- What is not an image ------------------------------------------------------------------------------------------

NAMES = ("mode", "film 0.1 dpa", "<script>&\"'", "\u00e5\u03bc\u4e2d\U0001f52c", "a\x00\x1b[31m\u202e\x7f\u0085", "=cmd|' /C calc'!A0")


def sidecar_files():
    import json

    card = {"schema": 1, "name": "net", "kind": "untrained", "provenance": "a test", "input_px": 64, "channels": 3, "features": 2048, "cells_per_chip": 4.5,
            "mean": [0.1, 0.2, 0], "std": [1, 2, 0.5], "sha256": "0" * 64}
    yield "sidecar_whole.json", json.dumps(card).encode()
    yield "sidecar_unlisted.json", json.dumps({**card, "sha256": "", "more": {"nested": [[[]]]}}, indent=1).encode()


def config_files():
    yield "config_run.toml", b"""chip-size = "64"
stride = "auto"
pixel-size = "21.3 pm"
frame = "mean"
max-pixels = 1000000
precision = "float32"
trust-encoder = true
cut = ["mean", "0.5", "nested"]
primary = "mean"
resolution = 1.5
seed = 7
max-memory = "8GiB"
write = "embeddings,hspy"
"""
    yield "config_odd.toml", b"# a comment\n\ncut = mean,0.25 # another\ndataset = 'a \\ \" name'\nspill = \"/tmp/\xc3\xa5\"\nthreads = +2\n[section]\nx = 1\n"


def torchscript_files():
    import io

    import torch

    for name, kind in (("half", torch.float16), ("float", torch.float32)):
        net = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2), torch.nn.Linear(2, 3)).to(kind)
        for weight in net.state_dict().values():
            weight.fill_(0.5)
        buffer = io.BytesIO()
        torch.jit.save(torch.jit.script(net.eval()), buffer)
        yield f"torchscript_{name}.pt", buffer.getvalue()


def name_files(target, more=0):
    rng = np.random.default_rng(1)
    for i, name in enumerate(NAMES):
        yield f"{target}_{i}.bin", name.encode() + rng.bytes(more * i)


def write_all(folder, files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files:
        (folder / name).write_bytes(data)


def main():
    folder = Path(sys.argv[1])
    images = [pair for files in (dm_files, ser_files, mrc_files, simple_files, archive_files) for pair in files()]
    if "--fuzz" not in sys.argv:
        write_all(folder, images)
        hdf5_files(folder)
        return
    for target in ("dm", "ser", "mrc", "npy", "tiff", "jpeg", "png", "npz", "zip", "gzip", "ndata", "prz"):
        write_all(folder / target, [(name, data) for name, data in images if name.removeprefix("no_").startswith(target + "_")])
    for target, files in {"sidecar": sidecar_files(), "config": config_files(), "torchscript": torchscript_files(), "escaping": name_files("escaping", 10),
                          "graphml": name_files("graphml", 300)}.items():
        write_all(folder / target, files)


if __name__ == "__main__":
    main()
