// SPDX-License-Identifier: GPL-3.0-or-later
#include "formats/hdf5/child/hyperspy_writer.hpp"

#include <stdexcept>
#include <string>

#include "formats/hdf5/child/handle.hpp"

namespace metamict::hdf5 {

namespace {

using nlohmann::json;

Handle checked(hid_t id, herr_t (*close)(hid_t)) {
  if (id < 0) throw std::runtime_error("HDF5: " + complaint());
  return {id, close};
}

void check(herr_t status) {
  if (status < 0) throw std::runtime_error("HDF5: " + complaint());
}

Handle make_group(hid_t in, const char* name) {
  return checked(H5Gcreate2(in, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Gclose);
}

void put(hid_t object, const char* name, hid_t type, const void* value) {
  const Handle space = checked(H5Screate(H5S_SCALAR), H5Sclose);
  const Handle attribute =
      checked(H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
  check(H5Awrite(attribute, type, value));
}

void put(hid_t object, const char* name, const std::string& text) {
  const Handle type = checked(H5Tcopy(H5T_C_S1), H5Tclose);
  check(H5Tset_size(type, H5T_VARIABLE));
  check(H5Tset_cset(type, H5T_CSET_UTF8));
  const char* characters = text.c_str();
  put(object, name, type, &characters);
}

void put(hid_t object, const char* name, double number) {
  put(object, name, H5T_NATIVE_DOUBLE, &number);
}
void put(hid_t object, const char* name, long long number) {
  put(object, name, H5T_NATIVE_LLONG, &number);
}

/// True or false as numpy's readers expect it: an enumeration of one byte.
void put_flag(hid_t object, const char* name, bool flag) {
  const Handle type = checked(H5Tenum_create(H5T_NATIVE_INT8), H5Tclose);
  signed char no = 0, yes = 1;
  check(H5Tenum_insert(type, "FALSE", &no));
  check(H5Tenum_insert(type, "TRUE", &yes));
  put(object, name, type, flag ? &yes : &no);
}

void put_axis(hid_t signal, const char* group_name, const char* name, long long size,
              const json& about) {
  const Handle axis = make_group(signal, group_name);
  put(axis, "_type", std::string("UniformDataAxis"));
  put(axis, "name", std::string(name));
  put(axis, "units", about.at("units").get<std::string>());
  put(axis, "scale",
      about.at("scale").at(group_name == std::string("axis-0") ? 0 : 1).get<double>());
  put(axis, "offset", 0.0);
  put(axis, "size", size);
  put_flag(axis, "navigate", false);
  put_flag(axis, "is_binned", false);
}

void put_data(hid_t signal, const json& about, const std::vector<std::byte>& pixels) {
  const hsize_t sides[2] = {about.at("rows").get<hsize_t>(), about.at("cols").get<hsize_t>()};
  const hid_t type = about.at("dtype") == "uint16" ? H5T_NATIVE_UINT16 : H5T_NATIVE_FLOAT;
  if (pixels.size() != sides[0] * sides[1] * H5Tget_size(type))
    throw std::runtime_error("pixels and their description do not fit");
  const hsize_t chunk[2] = {std::min<hsize_t>(sides[0], 128), std::min<hsize_t>(sides[1], 1024)};
  const Handle space = checked(H5Screate_simple(2, sides, nullptr), H5Sclose),
               plan = checked(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  check(H5Pset_chunk(plan, 2, chunk));
  check(H5Pset_shuffle(plan));
  check(H5Pset_deflate(plan, 4));
  check(H5Pset_obj_track_times(plan, false));
  const Handle data =
      checked(H5Dcreate2(signal, "data", type, space, H5P_DEFAULT, plan, H5P_DEFAULT), H5Dclose);
  check(H5Dwrite(data, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, pixels.data()));
}

void put_signal(hid_t file, const json& about, const std::vector<std::byte>& pixels) {
  put(file, "file_format", std::string("HyperSpy"));
  put(file, "file_format_version", std::string("3.1"));
  const std::string title = about.at("title");
  const Handle experiments = make_group(file, "Experiments"),
               signal = make_group(experiments, title.c_str());
  put(signal, "package", std::string("hyperspy"));
  put(signal, "package_version", std::string("1.7.0"));  // the one whose layout this is
  put_data(signal, about, pixels);
  put_axis(signal, "axis-0", "y", about.at("rows"), about);
  put_axis(signal, "axis-1", "x", about.at("cols"), about);
  const Handle metadata = make_group(signal, "metadata"), general = make_group(metadata, "General"),
               kind = make_group(metadata, "Signal");
  put(general, "title", title);
  put(general, "original_filename", about.at("original_filename").get<std::string>());
  put(kind, "signal_type", std::string());
  put(kind, "quantity", about.at("quantity").get<std::string>());
  const Handle original = make_group(signal, "original_metadata");
  put(original, "notes", about.at("notes").get<std::string>());
  make_group(signal, "learning_results");
}

}  // namespace

std::vector<std::byte> hyperspy_file(const json& about, const std::vector<std::byte>& pixels) {
  const Handle in_memory = checked(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  check(H5Pset_fapl_core(in_memory, std::size_t{1} << 20, false));
  const Handle file =
      checked(H5Fcreate("map.hspy", H5F_ACC_TRUNC, H5P_DEFAULT, in_memory), H5Fclose);
  put_signal(file, about, pixels);
  check(H5Fflush(file, H5F_SCOPE_GLOBAL));
  const ssize_t size = H5Fget_file_image(file, nullptr, 0);
  if (size <= 0) throw std::runtime_error("HDF5: " + complaint());
  std::vector<std::byte> bytes(static_cast<std::size_t>(size));
  if (H5Fget_file_image(file, bytes.data(), bytes.size()) != size)
    throw std::runtime_error("HDF5: " + complaint());
  return bytes;
}

}  // namespace metamict::hdf5
