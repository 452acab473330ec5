// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/files/hspy.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/system/child_process.hpp"
#include "formats/hdf5/hdf5_program.hpp"
#include "metamict/errors.hpp"

namespace metamict {

namespace {

using nlohmann::json;

/// A file in memory that a child can read from its beginning.
class MemoryFile {
 public:
  MemoryFile() : descriptor_(::memfd_create("metamict", MFD_CLOEXEC)) {
    if (descriptor_ < 0) fail();
  }
  ~MemoryFile() { ::close(descriptor_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  void write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t done = ::write(descriptor_, bytes.data(), bytes.size());
      if (done < 0 && errno == EINTR) continue;
      if (done <= 0) fail();
      bytes.remove_prefix(static_cast<std::size_t>(done));
    }
  }
  int rewound() {
    if (::lseek(descriptor_, 0, SEEK_SET) != 0) fail();
    return descriptor_;
  }

 private:
  [[noreturn]] static void fail() {
    throw OutputError(std::string("no memory for a HyperSpy file: ") + std::strerror(errno));
  }
  int descriptor_ = -1;
};

std::string pack(const json& about, const cv::Mat& pixels) try {
  MemoryFile input;
  input.write(about.dump(-1, ' ', false, json::error_handler_t::replace) + "\n");
  const cv::Mat whole = pixels.isContinuous() ? pixels : pixels.clone();
  input.write({reinterpret_cast<const char*>(whole.data), whole.total() * whole.elemSize()});
  Child child(hdf5_program(), {"pack"}, input.rewound());
  const json answer = json::parse(child.read_line(), nullptr, false);
  if (!answer.is_object() || !answer.contains("bytes"))
    throw OutputError(
        "a HyperSpy file could not be made: " +
        (answer.is_object() ? answer.value("error", "no reason given") : child.finish()));
  std::string bytes(answer.at("bytes").get<std::size_t>(), '\0');
  child.read(bytes.data(), bytes.size());
  return bytes;
} catch (const InputError& error) {
  throw OutputError(std::string("a HyperSpy file could not be made: ") + error.what());
}

json describe(const Result& result, const std::string& title, const cv::Mat& pixels) {
  const Micrograph& micrograph = result.micrograph;
  const PixelSize pixel = micrograph.pixel_size().value_or(PixelSize{1, 1});
  std::string notes;
  for (const std::string& note : result.notes) notes += note + "\n";
  return {{"title", title},
          {"rows", pixels.rows},
          {"cols", pixels.cols},
          {"original_filename", micrograph.path.filename().string()},
          {"scale", {pixel.height_nm, pixel.width_nm}},
          {"units", micrograph.nm_per_pixel ? "nm" : "px"},
          {"notes", notes}};
}

}  // namespace

std::string labels_hspy(const Result& result, const RuleResult& rule) {
  json about = describe(result, "labels " + rule.name, rule.map.labels);
  about["dtype"] = "uint16";
  about["quantity"] = "label (0 = unassigned)";
  return pack(about, rule.map.labels);
}

std::string order_hspy(const Result& result) {
  const ChipGrid& grid = result.grid;
  const cv::Mat order = cv::Mat(result.order, true).reshape(1, grid.rows);
  json about = describe(result, "lattice order", order);
  about["dtype"] = "float32";
  about["quantity"] = "lattice-order index";
  const auto stride_in_input = [&](int input, int canonical) {
    return grid.stride_px * static_cast<double>(input) / canonical;
  };
  json& scale = about["scale"];
  scale[0] =
      scale[0].get<double>() * stride_in_input(grid.input_size.height, grid.image_size.height);
  scale[1] = scale[1].get<double>() * stride_in_input(grid.input_size.width, grid.image_size.width);
  return pack(about, order);
}

}  // namespace metamict
