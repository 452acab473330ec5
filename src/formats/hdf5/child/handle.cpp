// SPDX-License-Identifier: GPL-3.0-or-later
#include "formats/hdf5/child/handle.hpp"

#include <algorithm>
#include <array>

#include "formats/bytes/encoding.hpp"

namespace metamict::hdf5 {

namespace {

constexpr std::size_t most_text = 1 << 20;
constexpr std::size_t most_members = 100000;

std::string cleaned(std::string_view text) {
  return as_utf8(trimmed(text.substr(0, text.find('\0'))));
}

// Strings read through `read`, which is H5Aread or H5Dread with the handle bound.
template <typename Read>
std::vector<std::string> read_texts(hid_t type, hid_t space, Read&& read) {
  constexpr hssize_t most_texts = 1000;
  const hssize_t count = H5Sget_simple_extent_npoints(space);
  if (H5Tget_class(type) != H5T_STRING || count < 1 || count > most_texts) return {};
  std::vector<std::string> texts;
  if (H5Tis_variable_str(type) > 0) {
    const Handle memory(H5Tcopy(H5T_C_S1), H5Tclose);
    H5Tset_size(memory, H5T_VARIABLE);
    H5Tset_cset(memory, H5Tget_cset(type));
    std::vector<char*> found(static_cast<std::size_t>(count), nullptr);
    if (read(static_cast<hid_t>(memory), static_cast<void*>(found.data())) < 0) return {};
    for (char* text : found) {
      texts.push_back(text == nullptr ? std::string()
                                      : cleaned(std::string_view(text).substr(0, most_text)));
      H5free_memory(text);
    }
    return texts;
  }
  const std::size_t size = H5Tget_size(type), all = size * static_cast<std::size_t>(count);
  if (size == 0 || size > most_text || all > most_text) return {};
  std::string bytes(all, '\0');
  if (read(type, static_cast<void*>(bytes.data())) < 0) return {};
  for (std::size_t at = 0; at < all; at += size)
    texts.push_back(cleaned(std::string_view(bytes).substr(at, size)));
  return texts;
}

std::string only(const std::vector<std::string>& texts) {
  return texts.size() == 1 ? texts[0] : std::string();
}

// h5py keeps numpy's booleans as an enumeration of one byte, PyTables as a bit field.
bool is_boolean(hid_t type) {
  const H5T_class_t kind = H5Tget_class(type);
  return (kind == H5T_ENUM || kind == H5T_BITFIELD) && H5Tget_size(type) == 1;
}

std::string integer_name(hid_t type) {
  return (H5Tget_sign(type) == H5T_SGN_NONE ? "uint" : "int") +
         std::to_string(8 * H5Tget_size(type));
}

std::string compound_name(hid_t type) {
  const int members = H5Tget_nmembers(type);
  std::array<std::string, 2> names;
  for (int i = 0; i < std::min(members, 2); ++i) {
    char* name = H5Tget_member_name(type, static_cast<unsigned>(i));
    if (name != nullptr) names[static_cast<std::size_t>(i)] = name;
    H5free_memory(name);
  }
  if (members == 2 && (names[0] == "r" || names[0].starts_with("real")))
    return "complex" + std::to_string(8 * H5Tget_size(type));
  if ((members == 3 || members == 4) && names[0] == "R")
    return (members == 3 ? "rgb" : "rgba") +
           std::to_string(8 * H5Tget_size(type) / static_cast<std::size_t>(members));
  return "compound";
}

}  // namespace

bool has(hid_t in, const std::string& path) {
  // H5Lexists wants every part of the path to exist.
  for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    if (H5Lexists(in, path.substr(0, end).c_str(), H5P_DEFAULT) <= 0) return false;
    H5L_info_t link{};
    if (H5Lget_info(in, path.substr(0, end).c_str(), &link, H5P_DEFAULT) < 0 ||
        link.type == H5L_TYPE_EXTERNAL)
      return false;  // no file opens another
    if (end == std::string::npos) return H5Oexists_by_name(in, path.c_str(), H5P_DEFAULT) > 0;
  }
}

Handle open_object(hid_t in, const std::string& path) {
  return has(in, path) ? Handle(H5Oopen(in, path.c_str(), H5P_DEFAULT), H5Oclose) : Handle();
}

Handle open_dataset(hid_t in, const std::string& path) {
  Handle object = open_object(in, path);
  return object && H5Iget_type(object) == H5I_DATASET ? std::move(object) : Handle();
}

std::vector<std::string> members(hid_t group) {
  std::vector<std::string> names;
  if (group < 0 || H5Iget_type(group) == H5I_DATASET) return names;
  const auto visit = [](hid_t, const char* name, const H5L_info_t* info, void* list) -> herr_t {
    auto& found = *static_cast<std::vector<std::string>*>(list);
    if (info->type == H5L_TYPE_HARD) found.emplace_back(name);
    return found.size() < most_members ? 0 : 1;
  };
  H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, nullptr, visit, &names);
  return names;
}

std::optional<double> number_attribute(hid_t object, const char* name) {
  if (object < 0 || H5Aexists(object, name) <= 0) return std::nullopt;
  const Handle attribute(H5Aopen(object, name, H5P_DEFAULT), H5Aclose);
  const Handle type(H5Aget_type(attribute), H5Tclose), space(H5Aget_space(attribute), H5Sclose);
  if (!attribute || H5Sget_simple_extent_npoints(space) != 1) return std::nullopt;
  const H5T_class_t kind = H5Tget_class(type);
  double value = 0;
  if ((kind == H5T_INTEGER || kind == H5T_FLOAT) &&
      H5Aread(attribute, H5T_NATIVE_DOUBLE, &value) >= 0)
    return value;
  std::int8_t truth = 0;  // h5py keeps booleans as an enumeration of one byte
  if (kind == H5T_ENUM && H5Tget_size(type) == 1 && H5Aread(attribute, type, &truth) >= 0)
    return truth;
  return std::nullopt;
}

std::vector<std::string> texts_attribute(hid_t object, const char* name) {
  if (object < 0 || H5Aexists(object, name) <= 0) return {};
  const Handle attribute(H5Aopen(object, name, H5P_DEFAULT), H5Aclose);
  if (!attribute) return {};
  const Handle type(H5Aget_type(attribute), H5Tclose), space(H5Aget_space(attribute), H5Sclose);
  return read_texts(type, space,
                    [&](hid_t memory, void* to) { return H5Aread(attribute, memory, to); });
}

std::vector<std::string> texts_dataset(hid_t in, const std::string& path) {
  const Handle dataset = open_dataset(in, path);
  if (!dataset) return {};
  const Handle type(H5Dget_type(dataset), H5Tclose), space(H5Dget_space(dataset), H5Sclose);
  return read_texts(type, space, [&](hid_t memory, void* to) {
    return H5Dread(dataset, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, to);
  });
}

std::string text_attribute(hid_t object, const char* name) {
  return only(texts_attribute(object, name));
}
std::string text_dataset(hid_t in, const std::string& path) {
  return only(texts_dataset(in, path));
}

Handle reference_attribute(hid_t object, const char* name) {
  if (object < 0 || H5Aexists(object, name) <= 0) return {};
  const Handle attribute(H5Aopen(object, name, H5P_DEFAULT), H5Aclose);
  const Handle type(H5Aget_type(attribute), H5Tclose), space(H5Aget_space(attribute), H5Sclose);
  hobj_ref_t reference{};
  if (H5Sget_simple_extent_npoints(space) != 1 || H5Tequal(type, H5T_STD_REF_OBJ) <= 0 ||
      H5Aread(attribute, H5T_STD_REF_OBJ, &reference) < 0)
    return {};
  return {H5Rdereference2(object, H5P_DEFAULT, H5R_OBJECT, &reference), H5Oclose};
}

std::optional<std::vector<std::uint64_t>> shape_of(hid_t dataset) {
  const Handle space(H5Dget_space(dataset), H5Sclose);
  if (!space || H5Sget_simple_extent_type(space) != H5S_SIMPLE) return std::nullopt;
  const int rank = H5Sget_simple_extent_ndims(space);
  if (rank < 1 || rank > H5S_MAX_RANK) return std::nullopt;
  std::vector<hsize_t> sides(static_cast<std::size_t>(rank));
  H5Sget_simple_extent_dims(space, sides.data(), nullptr);
  return std::vector<std::uint64_t>(sides.begin(), sides.end());
}

std::pair<std::string, bool> type_of(hid_t dataset) {
  const Handle type(H5Dget_type(dataset), H5Tclose);
  const std::size_t size = H5Tget_size(type);
  switch (H5Tget_class(type)) {
    case H5T_INTEGER:
      return {integer_name(type), size <= 8};
    case H5T_FLOAT:
      return {"float" + std::to_string(8 * size), size <= 8};
    case H5T_ENUM:
    case H5T_BITFIELD:
      return is_boolean(type) ? std::pair{"bool", true} : std::pair{"enumeration", false};
    case H5T_COMPOUND:
      return {compound_name(type), false};
    case H5T_STRING:
      return {"text", false};
    case H5T_VLEN:
      return {"ragged", false};
    default:
      return {"other", false};
  }
}

namespace {

// The numbers of a block of a dataset; empty when they cannot be read.
std::vector<double> block(hid_t dataset, const std::vector<hsize_t>& start,
                          const std::vector<hsize_t>& count) {
  hsize_t total = 1;
  for (const auto length : count) total *= length;
  std::vector<double> numbers(static_cast<std::size_t>(total));
  const Handle file_space(H5Dget_space(dataset), H5Sclose),
      memory_space(H5Screate_simple(1, &total, nullptr), H5Sclose);
  if (total == 0 ||
      H5Sselect_hyperslab(file_space, H5S_SELECT_SET, start.data(), nullptr, count.data(),
                          nullptr) < 0 ||
      H5Dread(dataset, H5T_NATIVE_DOUBLE, memory_space, file_space, H5P_DEFAULT, numbers.data()) <
          0)
    return {};
  return numbers;
}

}  // namespace

std::vector<double> first_numbers(hid_t dataset, std::size_t most) {
  const auto shape = shape_of(dataset);
  if (!shape || !type_of(dataset).second) return {};
  const auto long_axis = std::max_element(shape->begin(), shape->end()) - shape->begin();
  std::vector<hsize_t> count(shape->size(), 1);
  for (std::size_t i = 0; i < shape->size(); ++i)
    if (static_cast<std::ptrdiff_t>(i) != long_axis && (*shape)[i] != 1) return {};
  count[static_cast<std::size_t>(long_axis)] =
      std::min<hsize_t>((*shape)[static_cast<std::size_t>(long_axis)], most);
  return block(dataset, std::vector<hsize_t>(shape->size(), 0), count);
}

std::optional<double> number_dataset(hid_t in, const std::string& path) {
  const Handle dataset = open_dataset(in, path);
  if (!dataset) return std::nullopt;
  const Handle space(H5Dget_space(dataset), H5Sclose);
  double value = 0;
  if (H5Sget_simple_extent_npoints(space) != 1 || !type_of(dataset).second ||
      H5Dread(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, &value) < 0)
    return std::nullopt;
  return value;
}

std::vector<double> table_line(hid_t dataset, int axis, std::uint64_t place) {
  constexpr std::uint64_t longest = 64;
  const auto shape = dataset < 0 ? std::nullopt : shape_of(dataset);
  if (!shape || shape->size() != 2 || !type_of(dataset).second) return {};
  const auto along = static_cast<std::size_t>(1 - axis), across = static_cast<std::size_t>(axis);
  if (place >= (*shape)[across] || (*shape)[along] > longest) return {};
  std::vector<hsize_t> start(2, 0), count(2, 1);
  start[across] = place;
  count[along] = (*shape)[along];
  return block(dataset, start, count);
}

std::string complaint() {
  std::string text;
  const auto visit = [](unsigned, const H5E_error2_t* error, void* to) -> herr_t {
    if (error->desc != nullptr && *error->desc != '\0')
      *static_cast<std::string*>(to) = error->desc;
    return 0;
  };
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, visit, &text);
  H5Eclear2(H5E_DEFAULT);
  return text.empty() ? "no reason given" : text;
}

}  // namespace metamict::hdf5
