// SPDX-License-Identifier: GPL-3.0-or-later
// One array with its description beside it in a zip file: Nion Swift's .ndata and Panta Rhei's
// .prz.
#include <nlohmann/json.hpp>

#include "formats/archive/zip_file.hpp"
#include "formats/bytes/encoding.hpp"
#include "formats/bytes/lenient_json.hpp"
#include "formats/bytes/pixel_size.hpp"
#include "formats/bytes/samples.hpp"
#include "formats/readers.hpp"
#include "formats/swift_calibration.hpp"
#include "metamict/errors.hpp"

namespace metamict {

namespace {

using nlohmann::json;

constexpr const char* data_entry = "data.npy";

bool holds_both(Head head, const Path& path, const char* other) {
  if (head.size() < 4 || head[0] != 'P' || head[1] != 'K' || head[2] != 3) return false;
  const ZipFile zip(path);
  return zip.holds(data_entry) && zip.holds(other);
}

// The data's own description; `describe` adds what the program wrote beside it.
template <typename Describe>
DatasetInfo describe_data(const ZipFile& zip, std::uint64_t max_pixels, Describe&& describe) {
  MemoryFile file;
  zip.unpack_start(data_entry, max_pixels, file);
  auto [info, axes, rank] = npy_axes(file.path());
  describe(zip, info, axes, rank);
  return info;
}

template <typename Describe>
RawImage read_data(const ReadRequest& request, Describe&& describe) {
  const ZipFile zip(request.path);
  const DatasetInfo info = describe_data(zip, request.max_pixels, describe);
  require_image(info);
  MemoryFile file;
  zip.unpack(data_entry, request.max_pixels, file);
  ReadRequest inner = request;
  inner.path = file.path();
  RawImage raw = read_npy(inner);
  raw.info = info;
  return raw;
}

void describe_ndata(const ZipFile& zip, DatasetInfo& info, const ArrayAxes& axes, int) {
  describe_swift(info, parse_json(zip.text("metadata.json")), axes);
}

// numpy keeps a text as an array of no dimensions whose single element has four bytes a character.
std::string numpy_text(const std::string& npy) {
  const auto start = npy.find('\n');
  if (!npy.starts_with("\x93NUMPY") || start == std::string::npos) return {};
  const std::string_view header = std::string_view(npy).substr(0, start);
  const bool big = header.find(">U") != std::string_view::npos;
  if (!big && header.find("<U") == std::string_view::npos) return {};
  std::string text;
  for (std::size_t at = start + 1; at + 4 <= npy.size(); at += 4)
    text += utf8_of(
        InputFile::number<std::uint32_t>(reinterpret_cast<const unsigned char*>(npy.data()) + at,
                                         big ? std::endian::big : std::endian::little));
  return text;
}

double number_in(const json& object, const char* key, double otherwise) {
  return object.contains(key) && object[key].is_number() ? object[key].get<double>() : otherwise;
}

// One axis of Panta Rhei's list, which runs against numpy's order.
std::pair<double, Unit> prz_axis(const json& calibrations, int place, int rank) {
  const int i = rank - 1 - place;
  if (i < 0 || !calibrations.is_array() || static_cast<std::size_t>(i) >= calibrations.size())
    return {0, {}};
  const json& axis = calibrations[static_cast<std::size_t>(i)];
  if (!axis.is_object()) return {0, {}};
  const std::string unit =
      axis.contains("unit") && axis["unit"].is_string() ? axis["unit"].get<std::string>() : "";
  return {number_in(axis, "value", 0) * number_in(axis, "pixel_factor", 1), parse_unit(unit)};
}

void describe_prz(const ZipFile& zip, DatasetInfo& info, const ArrayAxes& axes, int rank) {
  if (!zip.holds("meta_data_json.npy")) {
    info.notes.emplace_back(
        "the pixel size is unknown: Panta Rhei before 24.03 keeps it as a Python pickle, which is "
        "not read");
    return;
  }
  json meta = parse_json(numpy_text(zip.text("meta_data_json.npy")));
  if (meta.is_array() && !meta.empty()) meta = json(meta[0]);
  if (!meta.is_object()) return;
  const json contents = meta.value("content.types", json::array());
  const bool energy = contents.is_array() &&
                      std::find(contents.begin(), contents.end(), json("Energy")) != contents.end();
  if (info.image && (energy || meta.value("type", json()) == "1D")) {
    info.image = false;
    info.reason = "a spectrum or spectra";
  }
  const json calibrations = meta.value("device.calib", json::array());
  const auto [scale_y, unit_y] = prz_axis(calibrations, axes.row, rank);
  const auto [scale_x, unit_x] = prz_axis(calibrations, axes.col, rank);
  set_pixel_size(info,
                 pixel_size_from({scale_y, scale_x}, {unit_y, unit_x}, "Panta Rhei calibration"));
}

}  // namespace

bool is_ndata(Head head, const Path& path) { return holds_both(head, path, "metadata.json"); }

std::vector<DatasetInfo> list_ndata(const Path& path, std::uint64_t max_pixels) {
  return {describe_data(ZipFile(path), max_pixels, describe_ndata)};
}

RawImage read_ndata(const ReadRequest& request) {
  require_dataset(request.dataset, 1);
  return read_data(request, describe_ndata);
}

bool is_prz(Head head, const Path& path) {
  return holds_both(head, path, "meta_data.npy") || holds_both(head, path, "meta_data_json.npy");
}

std::vector<DatasetInfo> list_prz(const Path& path, std::uint64_t max_pixels) {
  return {describe_data(ZipFile(path), max_pixels, describe_prz)};
}

RawImage read_prz(const ReadRequest& request) {
  require_dataset(request.dataset, 1);
  return read_data(request, describe_prz);
}

}  // namespace metamict
