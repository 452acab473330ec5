#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a small file of every kind that people report as misread, and of formats of other programs: make_kinds.py FOLDER.

What lies in each is said by tests/unit/formats_kinds.cpp. The image, where it is one, is 20 x 26 pixels of 100 row + column, 0.02 nm
wide and 0.03 nm high. numpy, h5py, tifffile, Pillow, zipfile and gzip write; only what they cannot write is put together here.
"""
import gzip
import io
import json
import os
import struct
import sys
import zipfile
import zlib
from pathlib import Path

import h5py
import numpy as np
import tifffile
from PIL import Image

ROWS, COLS, Y_NM, X_NM = 20, 26, 0.03, 0.02
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "fuzz"))
IMAGE = np.add.outer(100 * np.arange(ROWS), np.arange(COLS)).astype(np.uint16)
BYTES = np.add.outer(10 * np.arange(ROWS), np.arange(COLS)).astype(np.uint8)
OTHER = IMAGE[::-1]
os.chdir(sys.argv[1])
from make_corpus import Dm, dm_image  # noqa: E402: no library in Debian writes DM


def npy(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


# --- HyperSpy ------------------------------------------------------------------------------------------------------

def hspy(name, data=IMAGE, unit="nm", scale=(Y_NM, X_NM), navigate=None, **how):
    with h5py.File(name, "w") as file:
        file.attrs["file_format"] = "HyperSpy"
        group = file.create_group("Experiments/signal")
        group.create_dataset("data", data=data, **how)
        scales = [1.0] * (data.ndim - 2) + list(scale)
        long_axes = [i for i in range(data.ndim) if data.shape[i] > 1][-2:]
        for i in range(data.ndim):
            axis = group.create_group(f"axis-{i}")
            axis.attrs.update(size=data.shape[i], offset=0.0, scale=scales[i],
                              navigate=navigate[i] if navigate else i < data.ndim - 2)
            if i in long_axes:
                axis.attrs.update(units=unit, scale=scale[long_axes.index(i)])


hspy("hspy_latex.hspy", unit="$\\AA$", scale=(10 * Y_NM, 10 * X_NM))
hspy("hspy_latin1.hspy", unit=np.bytes_("\u00b5m".encode("latin-1")), scale=(Y_NM / 1e3, X_NM / 1e3))
hspy("hspy_reciprocal.hspy", unit="$\\AA^{-1}$")
hspy("hspy_angle.hspy", unit="deg")
hspy("hspy_furlong.hspy", unit="furlong")
hspy("hspy_metres.hspy", unit="m", scale=(1, 1))
hspy("hspy_lzf.hspy", compression="lzf", chunks=(8, 8))
hspy("hspy_lzf_shuffled.hspy", compression="lzf", shuffle=True, chunks=(20, 26))
hspy("hspy_bool.hspy", data=IMAGE % 2 == 1)
hspy("hspy_ones_in_front.hspy", data=IMAGE[None, None, None])
hspy("hspy_spectrum_of_one.hspy", data=IMAGE[..., None], navigate=[True, True, False])
hspy("hspy_1e303.hspy", data=IMAGE * 1e303)
with h5py.File("hspy_unknown_filter.hspy", "w") as file:
    group = file.create_group("Experiments/signal")
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_chunk((20, 26))
    properties.set_filter(32001, h5py.h5z.FLAG_OPTIONAL, (2, 2, 2, 1040))  # Blosc, which this library cannot write
    space, kind = h5py.h5s.create_simple((20, 26)), h5py.h5t.NATIVE_UINT16
    dataset = h5py.h5d.create(group.id, b"data", kind, space, properties)
    dataset.write_direct_chunk((0, 0), IMAGE.tobytes(), 0)

# --- Velox ---------------------------------------------------------------------------------------------------------


def velox(name, images, metadata_of, operations=None):
    with h5py.File(name, "w") as file:
        file["Version"] = np.array(["1.0"], dtype=h5py.string_dtype())
        for i, data in enumerate(images):
            group = file.create_group(f"Data/Image/{i + 1:032d}")
            group["Data"] = data[..., None]
            text = metadata_of(i)
            text = text if isinstance(text, bytes) else json.dumps(text).encode()
            group["Metadata"] = np.frombuffer(text.ljust(3000, b"\0"), np.uint8)[:, None]
        file.create_group("Operations")
        for key, value in (operations or {}).items():
            file[f"Operations/{key}"] = np.array([json.dumps(value)], dtype=h5py.string_dtype())


NAMES = ["BF", "HAADF"]
SIZE = {"PixelSize": {"width": str(X_NM * 1e-9), "height": str(Y_NM * 1e-9)}, "PixelUnitX": "m", "PixelUnitY": "m"}


def result(**more):
    return {"BinaryResult": SIZE | more}


def detectors(*names, **more):
    return {"Detectors": {f"Detector-{i}": {"DetectorName": name, "DetectorType": "ScanningDetector"} | {key: value[i] for key, value in more.items()}
                          for i, name in enumerate(names)}}


velox("velox_only_detector.emd", [OTHER, IMAGE], lambda i: result(Detector="") | detectors(NAMES[i]))
velox("velox_detector_absent.emd", [OTHER, IMAGE], lambda i: result() | detectors(NAMES[i]))
velox("velox_index.emd", [OTHER, IMAGE], lambda i: result(DetectorIndex=str(i)) | detectors(*NAMES))
velox("velox_index_number.emd", [OTHER, IMAGE], lambda i: result(DetectorIndex=i) | detectors(*NAMES))
velox("velox_enabled.emd", [OTHER, IMAGE], lambda i: result(Detector="") | detectors(*NAMES, Enabled=["true" if k == i else "false" for k in (0, 1)]))
velox("velox_properties.emd", [OTHER, IMAGE], lambda i: result(Detector="") | {"CustomProperties": {f"Detectors[{NAMES[i]}].CollectionAngleRange": {"value": "1"}}})
velox("velox_operation.emd", [OTHER, IMAGE], lambda i: result(Detector=""),
      {f"StemInputOperation/{i}": {"detector": NAMES[i], "dataPath": f"/Data/Image/{i + 1:032d}"} for i in (0, 1)})
velox("velox_two_of_one_name.emd", [IMAGE, OTHER], lambda i: result(Detector="HAADF"))
velox("velox_fft_and_image.emd", [IMAGE.astype(np.complex64), IMAGE], lambda i: result(Detector="HAADF"))
velox("velox_latin1.emd", [OTHER, IMAGE], lambda i: json.dumps(result(Detector=NAMES[i]) | {"Who": "M\u00fcller"}, ensure_ascii=False).encode("latin-1"))
velox("velox_nan.emd", [OTHER, IMAGE], lambda i: json.dumps(result(Detector=NAMES[i]) | {"Rotation": float("nan"), "Far": float("-inf")}).encode())
velox("velox_control.emd", [OTHER, IMAGE], lambda i: json.dumps(result(Detector=NAMES[i])).replace("{", '{"Note": "a\tb",', 1).encode())

# --- other HDF5 ----------------------------------------------------------------------------------------------------

for name, shape in (("ncem_columns.emd", (-1, 1)), ("ncem_rows.emd", (1, -1))):
    with h5py.File(name, "w") as file:
        group = file.create_group("data/image")
        group.attrs["emd_group_type"] = 1
        group["data"] = IMAGE
        for i, (length, step) in enumerate(((ROWS, Y_NM), (COLS, X_NM))):
            group[f"dim{i + 1}"] = (np.arange(length) * step).reshape(shape)
            group[f"dim{i + 1}"].attrs["units"] = "[n_m]"
with h5py.File("prismatic.h5", "w") as file:  # a simulation of HAADF and, beside it, every angle
    for name, data in (("annular_detector_depth0000", IMAGE.astype(np.float32)), ("virtual_detector_depth0000", np.repeat(OTHER[..., None], 5, 2))):
        group = file.create_group(f"4DSTEM_simulation/data/realslices/{name}")
        group.attrs["emd_group_type"] = 1
        group["realslice"] = data
        for i, (length, step, unit) in enumerate(((ROWS, 10 * Y_NM, "[\u00c5]"), (COLS, 10 * X_NM, "[\u00c5]"), (5, 1, "[mrad]"))[:data.ndim]):
            group[f"dim{i + 1}"] = np.arange(length) * step
            group[f"dim{i + 1}"].attrs["units"] = unit
with h5py.File("plain_trailing_one.h5", "w") as file:
    file["exported_data"] = IMAGE[..., None]
with h5py.File("plain_bits.h5", "w") as file:  # PyTables' booleans
    bits = h5py.h5d.create(file.id, b"mask", h5py.h5t.STD_B8LE, h5py.h5s.create_simple((ROWS, COLS)))
    bits.write(h5py.h5s.ALL, h5py.h5s.ALL, (IMAGE % 2).astype(np.uint8), h5py.h5t.STD_B8LE)
with h5py.File("plain_colour.h5", "w") as file:
    file["picture"] = np.repeat(BYTES[..., None], 3, 2)
with h5py.File("swift.h5", "w") as file:
    file["data"] = IMAGE
    calibrations = [{"offset": 0, "scale": Y_NM, "units": "nm"}, {"offset": 0, "scale": X_NM, "units": "nm"}]
    file["data"].attrs["properties"] = json.dumps({"title": "HAADF", "dimensional_calibrations": calibrations})
with h5py.File("abtem.h5", "w") as file:
    file["array"], file["offset"], file["sampling"] = IMAGE, [0.0, 0.0], [10 * Y_NM, 10 * X_NM]
    file.create_dataset("units", (2,), "S10", ["\u00c5".encode()] * 2)
    file.create_dataset("name", (2,), "S10", [b"x", b"y"])
with h5py.File("nexus.nxs", "w") as file:
    file.attrs["default"] = "entry"
    entry = file.create_group("entry")
    entry.attrs.update(NX_class="NXentry", default="second")
    for name, data in (("first", OTHER), ("second", IMAGE)):
        group = entry.create_group(name)
        group.attrs.update(NX_class="NXdata", signal="counts", axes=["y", "x"])
        group["counts"], group["y"], group["x"] = data, np.arange(ROWS) * Y_NM, np.arange(COLS) * X_NM
        group["y"].attrs["units"] = group["x"].attrs["units"] = "nm"
with h5py.File("nexus_old.nxs", "w") as file:  # the signal marks itself, its axes are one text
    group = file.create_group("entry/data")
    file["entry"].attrs["NX_class"] = np.bytes_("NXentry")
    group.attrs["NX_class"] = np.bytes_("NXdata")
    group["counts"], group["v"], group["h"] = IMAGE, np.arange(ROWS) * Y_NM / 1e3, np.arange(COLS) * X_NM / 1e3
    group["counts"].attrs.update(signal=1, axes="v:h")
    group["v"].attrs["units"] = group["h"].attrs["units"] = "\u00b5m"
with h5py.File("nexus_spectra.nxs", "w") as file:
    group = file.create_group("entry/data")
    group.attrs.update(NX_class="NXdata", signal="counts", axes=["y", "x", "energy"])
    group["counts"], group["energy"] = np.ones((5, 6, 30)), np.arange(30.0)
    group["energy"].attrs["units"] = "eV"


def usid(name, data, slow_first=False):
    with h5py.File(name, "w") as file:
        group = file.create_group("Measurement_000/Channel_000")
        main = group.create_dataset("Raw_Data", data=data)
        slow, fast = np.divmod(np.arange(ROWS * COLS), COLS)
        order = [slow, fast] if slow_first else [fast, slow]
        steps = np.array([Y_NM, X_NM] if slow_first else [X_NM, Y_NM])
        group["Position_Indices"] = np.stack(order, 1).astype(np.uint32)
        group["Position_Values"] = np.stack(order, 1) * steps
        group["Spectroscopic_Indices"], group["Spectroscopic_Values"] = np.arange(data.shape[1])[None], np.arange(data.shape[1])[None] * 1.0
        for side in ("Position", "Spectroscopic"):
            for kind in ("Indices", "Values"):
                main.attrs[f"{side}_{kind}"] = group[f"{side}_{kind}"].ref
                group[f"{side}_{kind}"].attrs["units"] = ["nm", "nm"] if side == "Position" else ["V"]


usid("usid.h5", IMAGE.reshape(-1, 1))
usid("usid_slow_first.h5", IMAGE.reshape(-1, 1), slow_first=True)
usid("usid_spectra.h5", np.ones((ROWS * COLS, 7)))
with h5py.File("bruker.h5", "w") as file:
    file["Manufacturer"] = "Bruker Nano"
    file["Scan 0/SEM/SEM Image"] = np.repeat(IMAGE[..., None], 3, 2)
    file["Scan 0/EBSD/Header/SEPixelSizeX"], file["Scan 0/EBSD/Header/SEPixelSizeY"] = X_NM / 1e3, Y_NM / 1e3
    file["Scan 0/EBSD/Data/RawPatterns"] = np.zeros((60, 60, 60), np.uint8)
with h5py.File("edax.oh5", "w") as file:
    file["Scan 1/SEM-PRIAS Images/Data/SEM"] = IMAGE
    for key, value in (("nRows", ROWS), ("nColumns", COLS), ("Step X", X_NM / 1e3), ("Step Y", Y_NM / 1e3)):
        file[f"Scan 1/EBSD/Header/{key}"] = np.array([value])
with h5py.File("oxford.h5oina", "w") as file:
    file["1/Electron Image/Data/SE/Electron Image 1"] = IMAGE.ravel()
    for key, value in (("X Cells", COLS), ("Y Cells", ROWS), ("X Step", X_NM / 1e3), ("Y Step", Y_NM / 1e3)):
        file[f"1/Electron Image/Header/{key}"] = np.array([value])

# --- numpy and archives --------------------------------------------------------------------------------------------

np.save("trailing_one.npy", IMAGE[..., None])
np.save("ones_in_front.npy", IMAGE[None, None, None])
np.save("fortran_trailing_one.npy", np.asfortranarray(IMAGE[..., None]))
np.save("colour.npy", np.repeat(IMAGE[..., None], 3, 2))
np.save("huge.npy", IMAGE * 1e303)
np.save("tiny.npy", (IMAGE + 1) * 1e-303)
np.savez_compressed("arrays.npz", BF=OTHER, HAADF=IMAGE, empty=np.zeros((0, 5)), number=3.0, text="film", row=np.arange(5))
np.savez("one_array.npz", IMAGE)
with zipfile.ZipFile("swift.ndata", "w") as file:
    file.writestr("data.npy", npy(IMAGE))
    file.writestr("metadata.json", json.dumps({"data_sources": [{"dimensional_calibrations": calibrations}]}))
meta = [{"type": "2D", "content.types": [None, None], "device.calib": [{"unit": "m", "value": X_NM * 5e-10, "pixel_factor": 2.0, "offset": 0},
                                                                       {"unit": "m", "value": Y_NM * 5e-10, "pixel_factor": 2.0, "offset": 0}]}]
with open("panta_rhei.prz", "wb") as file:
    np.savez_compressed(file, data=IMAGE, meta_data_json=json.dumps(meta), meta_data=np.array(meta, object))
with open("panta_rhei_old.prz", "wb") as file:
    np.savez_compressed(file, data=IMAGE, meta_data=np.array(meta, object))
tifffile.imwrite("imagej.tif", IMAGE, imagej=True, resolution=(1 / X_NM, 1 / Y_NM), metadata={"unit": "nm", "yunit": "nm"})
imagej = Path("imagej.tif").read_bytes()
with zipfile.ZipFile("imagej.tif.zip", "w", zipfile.ZIP_DEFLATED) as file:
    file.writestr("folder/", "")
    file.writestr("folder/imagej.tif", imagej)
    file.writestr("__MACOSX/._imagej.tif", b"resource fork")
Path("imagej.tif.gz").write_bytes(gzip.compress(imagej))
Path("swift.h5.gz").write_bytes(gzip.compress(Path("swift.h5").read_bytes()))
with zipfile.ZipFile("swift.h5.zip", "w") as file:
    file.write("swift.h5")
with zipfile.ZipFile("two_images.zip", "w") as file:
    file.write("imagej.tif")
    file.write("swift.h5")
with zipfile.ZipFile("text.zip", "w") as file:
    file.writestr("readme.txt", "no image")
with zipfile.ZipFile("bzip2.zip", "w", zipfile.ZIP_BZIP2) as file:
    file.write("imagej.tif")
with zipfile.ZipFile("in_an_archive.tif.gz.zip", "w") as file:
    file.write("imagej.tif.gz")
Path("cut.tif.gz").write_bytes(Path("imagej.tif.gz").read_bytes()[:-30])
Path("cut.npz").write_bytes(Path("arrays.npz").read_bytes()[:-30])
flipped = bytearray(Path("imagej.tif.zip").read_bytes())
flipped[flipped.index(b"folder/imagej.tif") + 200] ^= 0x40
Path("flipped.tif.zip").write_bytes(flipped)
packer = zlib.compressobj(9, zlib.DEFLATED, 31)
Path("bomb.gz").write_bytes(b"".join(packer.compress(bytes(1 << 24)) for _ in range(40)) + packer.flush())
header = npy(np.zeros((1, 1), np.uint8))[:-1].replace(b"(1, 1), }          ", b"(24576, 24576), }  ")
with zipfile.ZipFile("bomb.npz", "w", zipfile.ZIP_DEFLATED) as file:
    with file.open("a.npy", "w") as entry:
        entry.write(header)
        for _ in range(36):
            entry.write(bytes(1 << 24))

# --- Gatan, MRC and SER ---------------------------------------------------------------------------------------------------


dm = Dm(4, True)
Path("two_of_one_name.dm4").write_bytes(dm.file({"ImageList": [dm_image(dm, data, 10, 4, "u2") for data in (IMAGE, OTHER)]}))
Path("axis_of_one.dm4").write_bytes(dm.file({"ImageList": [dm_image(dm, IMAGE[:, None, :, None], 10, 4, "u2")]}))
Path("metres.dm4").write_bytes(dm.file({"ImageList": [dm_image(dm, IMAGE, 10, 4, "u2", unit="m", scale=1.0)]}))
Path("latex.dm4").write_bytes(dm.file({"ImageList": [dm_image(dm, IMAGE, 10, 4, "u2", unit="$\\mathrm{\\AA}^{-1}$")]}))


def mrc(name, data, mode, least=0.0, most=0.0):
    head = bytearray(1024)
    struct.pack_into("<10i", head, 0, COLS, ROWS, 1, mode, 0, 0, 0, COLS, ROWS, 1)
    struct.pack_into("<6f", head, 40, 10 * COLS * X_NM, 10 * ROWS * Y_NM, 1, 90, 90, 90)
    struct.pack_into("<3i3f", head, 64, 1, 2, 3, least, most, 0)
    head[208:216] = b"MAP DD\0\0"
    Path(name).write_bytes(bytes(head) + data.tobytes())


mrc("unsigned_by_range.mrc", BYTES, 0, 0, 215)
mrc("signed_by_range.mrc", (BYTES.astype(int) - 100).astype(np.int8), 0, -100, 115)
mrc("sign_unknown.mrc", (BYTES.astype(int) - 100).astype(np.int8), 0)
mrc("rgb.mrc", np.repeat(BYTES[..., None], 3, 2), 16)


def ser(name, scale_x, scale_y):
    element = struct.pack("<ddidd", 0, scale_x, 0, 0, 0)[:20] + struct.pack("<ddi", 0, scale_y, 0)
    element += struct.pack("<HII", 2, COLS, ROWS) + IMAGE[::-1].tobytes()
    start = 34
    head = struct.pack("<HHHIIII", 0x4949, 0x0197, 0x0210, 0x4122, 0x4152, 1, 1) + struct.pack("<II", start, 0)
    Path(name).write_bytes(head.ljust(start, b"\0") + struct.pack("<II", start + 8, start + 8 + len(element)) + element)


ser("metres.ser", 1.0, 1.0)
ser("image.ser", X_NM * 1e-9, Y_NM * 1e-9)
ser("diffraction.ser", 4e7, 4e7)

# --- TIFF, PNG, JPEG -----------------------------------------------------------------------------------------------


def tiff(name, tag=None, text="", **more):
    extra = [(tag, 2, len(text.encode()) + 1, text, True)] if tag else []
    tifffile.imwrite(name, IMAGE, extratags=extra, metadata=None, **more)


fei = f'<?xml version="1.0"?><Root><Data><Label>x</Label></Data><PixelSize><X unit="m">{X_NM}E-9</X><Y unit="m">{Y_NM}E-9</Y></PixelSize></Root>'
for tag in (34680, 34682, 34683):
    tiff(f"fei_xml_{tag}.tif", tag, fei)
tiff("fei_phenom.tif", 34680, f'<FeiImage version="1"><pixelWidth unit="nm">{X_NM}</pixelWidth><pixelHeight unit="nm">{Y_NM}</pixelHeight></FeiImage>')
tiff("fei_size_of_outer_unit.tif", 34683, f"<M><PixelSize unit='&#181;m'><Width>{X_NM / 1e3}</Width><Height>{Y_NM / 1e3}</Height></PixelSize></M>")
tiff("fei_ini.tif", 34682, f"[Scan]\r\nPixelWidth={X_NM}e-9\r\nPixelHeight={Y_NM}e-9\r\n")
tiff("fei_metres.tif", 34683, '<R><PixelSize><X unit="m">1</X><Y unit="m">1</Y></PixelSize></R>')


def ome(name, unit, quote='"', prefix=""):
    pixels = f'ID="P:0" PhysicalSizeX="{X_NM / 1e3}" PhysicalSizeXUnit="{unit}" PhysicalSizeY="{Y_NM / 1e3}" PhysicalSizeYUnit="{unit}"'
    tiff(name, description=f'<?xml version="1.0"?><{prefix}OME><{prefix}Image><{prefix}Pixels {pixels}/></{prefix}Image></{prefix}OME>'.replace('"', quote))


ome("ome_entity.tif", "&#181;m")
ome("ome_hexadecimal.tif", "&#xB5;m")
ome("ome_single_quotes.tif", "&#181;m", quote="'")
ome("ome_namespace.tif", "um", prefix="ome:")


def imagej_tiff(name, unit, nm, **more):
    tiff(name, description="ImageJ=1.53c\n" + (f"unit={unit}\n" if unit else ""), resolution=tuple(round(nm / size) if nm > 1e6 else nm / size for size in (X_NM, Y_NM)), **more)


imagej_tiff("imagej_cm.tif", "cm", 1e7, resolutionunit="CENTIMETER")
imagej_tiff("imagej_cm_of_the_tag.tif", "", 1e7, resolutionunit="CENTIMETER")
imagej_tiff("imagej_micron.tif", "micron", 1e3, resolutionunit="NONE")
imagej_tiff("imagej_escaped.tif", "\\u00B5m", 1e3, resolutionunit="NONE")
imagej_tiff("imagej_furlong.tif", "furlong", 1, resolutionunit="NONE")
tiff("imagej_print.tif", description="ImageJ=1.53c\nunit=inch\n", resolution=(300, 300), resolutionunit="INCH")
inks = np.stack([255 - BYTES] * 3 + [np.zeros_like(BYTES)], -1)
for orientation in range(1, 9):  # libtiff paints these itself
    tifffile.imwrite(f"turned_inks_{orientation}.tif", inks, photometric="separated", metadata=None, extratags=[(274, 3, 1, orientation, True)])
tifffile.imwrite("turned.tif", IMAGE, metadata=None, extratags=[(274, 3, 1, 6, True)])
exif = Image.Exif()
exif[0x0112] = 6
Image.fromarray(BYTES).save("turned.jpg", quality=95, exif=exif)
Image.fromarray(BYTES).save("turned.png", exif=exif)
Image.fromarray(inks, "CMYK").save("cmyk.jpg", quality=100, subsampling=0)
profile = struct.pack(">I4sI4s4s4s", 132, b"test", 0x02100000, b"mntr", b"RGB ", b"XYZ ").ljust(36, b"\0") + b"acsp"
Image.fromarray(BYTES).save("profile.png", icc_profile=profile.ljust(132, b"\0"))

# --- labels --------------------------------------------------------------------------------------------------------

labels = (np.add.outer(np.arange(ROWS) // 7, np.arange(COLS) // 9) % 4).astype(np.uint8)
palette = Image.fromarray(labels, "P")
palette.putpalette([255, 0, 0, 0, 255, 0, 76, 76, 76, 0, 0, 255])
palette.save("labels_palette8.png")
palette.save("labels_palette2.png", bits=2)
tifffile.imwrite("labels_palette.tif", labels, photometric="palette", colormap=np.random.default_rng(0).integers(0, 65536, (3, 256)).astype(np.uint16))
for kind in ("uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float32", "float64", "bool"):
    dtype = np.dtype(kind)
    if kind == "bool":
        many = labels % 2
    else:  # neighbouring numbers near the end of what the type holds, of which float32 would make one, and a number below zero
        top = 1 << 24 if kind == "float32" else 1 << 53 if dtype.itemsize == 8 else np.iinfo(dtype).max
        many = np.choose(labels, [top - 3, top - 2, 2 if dtype.kind == "u" else -1, 3])
    np.save(f"labels_{kind}.npy", many.astype(dtype))
    if kind not in ("bool", "uint64", "int64"):
        tifffile.imwrite(f"labels_{kind}.tif", many.astype(dtype), metadata=None)
    with h5py.File(f"labels_{kind}.h5", "w") as file:
        file["labels"] = many.astype(dtype)
np.save("labels.npy", labels)
np.save("labels_half.npy", labels + 0.5)
