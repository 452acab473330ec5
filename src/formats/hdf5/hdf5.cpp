// SPDX-License-Identifier: GPL-3.0-or-later
// HDF5 (Velox and NCEM EMD, HyperSpy, DM5, plain): asks the child of src/hdf5/, which lies beside
// the library.
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/system/beside_library.hpp"
#include "base/system/child_process.hpp"
#include "formats/bytes/samples.hpp"
#include "formats/hdf5/hdf5_program.hpp"
#include "formats/readers.hpp"
#include "metamict/errors.hpp"

namespace metamict {

namespace {

using nlohmann::json;

// The child's answer. A crash, a limit or nonsense becomes a sentence about the file.
json ask(Child& child) {
  const std::string line = child.read_line();
  if (line.empty())
    throw InputError("damaged: the HDF5 library could not read it (" + child.finish() + ")");
  json answer = json::parse(line, nullptr, false);
  if (!answer.is_object()) throw InputError("damaged: the HDF5 reader's answer makes no sense");
  if (answer.contains("error")) throw InputError(answer.value("error", "unknown"));
  return answer;
}

DatasetInfo info_from(const json& value) {
  DatasetInfo info;
  info.name = value.value("name", "");
  info.rows = value.value("rows", 0);
  info.cols = value.value("cols", 0);
  info.frames = value.value("frames", 1);
  info.dtype = value.value("dtype", "");
  info.pixel_size_source = value.value("source", "unknown");
  info.image = value.value("image", false);
  info.reason = value.value("reason", "");
  info.notes = value.value("notes", Notes());
  if (value.contains("nm"))
    info.nm_per_pixel = {value.at("nm").at(0).get<double>(), value.at("nm").at(1).get<double>()};
  if (value.contains("origin_nm"))
    info.origin_nm = {value.at("origin_nm").at(0).get<double>(),
                      value.at("origin_nm").at(1).get<double>()};
  info.frame_names = value.value("frame_names", std::vector<std::string>());
  if (value.contains("channels"))
    info.channels = Channels{value.value("channels", 0), value.value("first_energy", 0.0),
                             value.value("energy_step", 1.0), value.value("energy_unit", "")};
  return info;
}

std::string full(const Path& path) { return std::filesystem::absolute(path).string(); }

}  // namespace

std::string hdf5_program() { return (library_folder() / "metamict_hdf5").string(); }

bool is_hdf5(Head head, const Path&) {
  // The signature lies at 0 or, behind another program's block, at 512, 1024, 2048 ...
  for (std::size_t at = 0; at + 8 <= head.size(); at = at == 0 ? 512 : 2 * at)
    if (std::memcmp(head.data() + at, "\x89HDF\r\n\x1A\n", 8) == 0) return true;
  return false;
}

std::vector<DatasetInfo> list_hdf5(const Path& path, std::uint64_t) {
  Child child(hdf5_program(), {"list", full(path)});
  const json answer = ask(child);
  std::vector<DatasetInfo> infos;
  for (const auto& value : answer.value("datasets", json::array()))
    infos.push_back(info_from(value));
  return infos;
}

RawImage read_hdf5(const ReadRequest& request) {
  const std::string frame = request.frame ? std::to_string(*request.frame) : "mean";
  Child child(hdf5_program(),
              {"read", full(request.path), std::to_string(request.dataset), frame,
               std::to_string(request.max_pixels), request.labels ? "double" : "float"});
  const DatasetInfo info = info_from(ask(child).value("dataset", json::object()));
  check_size(info.rows, info.cols, request.max_pixels);
  cv::Mat pixels(info.rows, info.cols, request.labels ? CV_64FC1 : CV_32FC1);
  child.read(pixels.data, pixels.total() * pixels.elemSize());
  if (const std::string end = child.finish(); !end.empty())
    throw InputError("damaged: the HDF5 library could not read it (" + end + ")");
  return {info, pixels, {}};
}

void read_hdf5_spectra(const Path& path, std::size_t dataset, std::uint64_t max_pixels,
                       const std::function<void(std::span<const float>)>& take_row) {
  Child child(hdf5_program(),
              {"spectra", full(path), std::to_string(dataset), std::to_string(max_pixels)});
  const DatasetInfo info = info_from(ask(child).value("dataset", json::object()));
  check_size(info.rows, info.cols, max_pixels);
  if (!info.channels || info.channels->count < 1)
    throw InputError("damaged: the HDF5 reader's answer makes no sense");
  std::vector<float> row(static_cast<std::size_t>(info.cols) *
                         static_cast<std::size_t>(info.channels->count));
  for (int y = 0; y < info.rows; ++y) {
    child.read(row.data(), row.size() * sizeof(float));
    take_row(row);
  }
  if (const std::string end = child.finish(); !end.empty())
    throw InputError("damaged: the HDF5 library could not read it (" + end + ")");
}

}  // namespace metamict
