// SPDX-License-Identifier: GPL-3.0-or-later
// The child that opens HDF5 files: the library says of itself that it is not made for hostile
// files, so whatever it does wrong costs this process, within limits of memory and time, and never
// the program. Speaks to src/formats/hdf5.cpp through standard output: one line of JSON and, for
// "read", the pixels behind it.
//
//   metamict_hdf5 list FILE
//   metamict_hdf5 read FILE DATASET FRAME|mean MAX_PIXELS float|double
//   metamict_hdf5 spectra FILE DATASET MAX_PIXELS
//   metamict_hdf5 pack              from standard input a line of JSON and pixels; answers with a
//   .hspy file's bytes
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string_view>

#include "formats/hdf5/child/hyperspy_writer.hpp"
#include "formats/hdf5/child/pixels.hpp"
#include "metamict/errors.hpp"

namespace metamict::hdf5 {

namespace {

using nlohmann::json;

constexpr std::uint64_t base_bytes =
    400ULL << 20;  // the libraries themselves take half of it in address space
constexpr std::uint64_t base_seconds = 5;

// The soft limits bind; the hard ones stay, so that an image whose size has been checked gets what
// it needs.
void set_limit(decltype(RLIMIT_AS) what, std::uint64_t value) {
  rlimit current{};
  getrlimit(what, &current);
  current.rlim_cur = std::min<rlim_t>(value, current.rlim_max);
  setrlimit(what, &current);
}

void limit([[maybe_unused]] std::uint64_t bytes, std::uint64_t seconds) {
#if !defined(__SANITIZE_ADDRESS__)  // AddressSanitizer lives in terabytes of address space
  set_limit(RLIMIT_AS, bytes);
#endif
  set_limit(RLIMIT_CPU, seconds);
  set_limit(RLIMIT_CORE, 0);
}

std::uint64_t whole(const char* text) {
  std::uint64_t value = 0;
  const std::string_view view(text);
  const auto [end, error] = std::from_chars(view.data(), view.data() + view.size(), value);
  if (error != std::errc{} || end != view.data() + view.size())
    throw InputError("\"" + std::string(view) + "\" is no number");
  return value;
}

json to_json(const Image& image) {
  const DatasetInfo& info = image.info;
  json value = {
      {"name", info.name},     {"rows", info.rows},     {"cols", info.cols},
      {"frames", info.frames}, {"dtype", info.dtype},   {"source", info.pixel_size_source},
      {"image", info.image},   {"reason", info.reason}, {"notes", info.notes}};
  if (info.nm_per_pixel) value["nm"] = {(*info.nm_per_pixel)[0], (*info.nm_per_pixel)[1]};
  if (info.origin_nm) value["origin_nm"] = {(*info.origin_nm)[0], (*info.origin_nm)[1]};
  if (!info.frame_names.empty()) value["frame_names"] = info.frame_names;
  if (info.channels) {
    value["channels"] = info.channels->count;
    value["first_energy"] = info.channels->first;
    value["energy_step"] = info.channels->step;
    value["energy_unit"] = info.channels->unit;
  }
  return value;
}

void say(const json& line) {
  const std::string text = line.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
  std::fwrite(text.data(), 1, text.size(), stdout);
}

Handle open_file(const char* path) {
  const Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  // A file that was unpacked in memory has a path below /proc only, which the default driver wants
  // to resolve.
  if (std::string_view(path).starts_with("/proc/")) H5Pset_fapl_stdio(access);
  Handle file(H5Fopen(path, H5F_ACC_RDONLY, access), H5Fclose);
  if (!file) throw InputError("truncated or damaged: " + complaint());
  return file;
}

void list(const char* path) {
  const Handle file = open_file(path);
  const Contents contents = contents_of(file);
  json datasets = json::array();
  for (const auto& image : contents.images) datasets.push_back(to_json(image));
  say({{"layout", contents.layout}, {"datasets", datasets}});
}

template <typename T>
void say_pixels(hid_t dataset, const Image& image, const std::string& frame) {
  const std::vector<T> pixels = read_pixels<T>(
      dataset, image, frame == "mean" ? std::nullopt : std::optional(whole(frame.c_str())));
  say({{"dataset", to_json(image)}});
  std::fwrite(pixels.data(), sizeof(T), pixels.size(), stdout);
}

const Image& chosen_of(const Contents& contents, const char* index) {
  if (whole(index) >= contents.images.size())
    throw InputError("there is no dataset " + std::string(index) + ": the file has " +
                     std::to_string(contents.images.size()));
  return contents.images[whole(index)];
}

Handle open_checked(hid_t file, const Image& image, const char* max_pixels) {
  const std::uint64_t rows = static_cast<std::uint64_t>(image.info.rows),
                      cols = static_cast<std::uint64_t>(image.info.cols);
  if (rows > whole(max_pixels) / cols)
    throw InputError("the image has " + std::to_string(rows) + " x " + std::to_string(cols) +
                     " px, above the limit of " + max_pixels +
                     " pixels; raise --max-pixels if that is meant");
  Handle dataset = open_dataset(file, image.path);
  if (!dataset)
    throw InputError("damaged: the dataset \"" + image.info.name + "\" cannot be opened again");
  hsize_t file_bytes = 0;
  H5Fget_filesize(file, &file_bytes);
  const std::uint64_t channels =
      image.info.channels ? static_cast<std::uint64_t>(image.info.channels->count) : 1;
  check_storage(dataset, rows * cols * channels, file_bytes);
  return dataset;
}

void read(const char* path, const char* index, const std::string& frame, const char* max_pixels,
          bool exact) {
  const Handle file = open_file(path);
  const Contents contents = contents_of(file);
  const Image& image = chosen_of(contents, index);
  if (!image.info.image)
    throw InputError("the dataset \"" + image.info.name +
                     "\" is not an image: " + image.info.reason);
  const Handle dataset = open_checked(file, image, max_pixels);
  const std::uint64_t pixels =
      static_cast<std::uint64_t>(image.info.rows) * static_cast<std::uint64_t>(image.info.cols);
  // A chunk as large as the image, packed and unpacked, the image and its sum: 32 bytes a pixel.
  // Any machine unpacks 5 million pixels a second.
  const std::uint64_t frames = frame == "mean" ? static_cast<std::uint64_t>(image.info.frames) : 1;
  limit(base_bytes + 32 * pixels, base_seconds + pixels * frames / 5'000'000);
  exact ? say_pixels<double>(dataset, image, frame) : say_pixels<float>(dataset, image, frame);
}

void spectra(const char* path, const char* index, const char* max_pixels) {
  const Handle file = open_file(path);
  const Contents contents = contents_of(file);
  const Image& image = chosen_of(contents, index);
  if (!image.info.channels)
    throw InputError("the dataset \"" + image.info.name + "\" is no spectrum image");
  const Handle dataset = open_checked(file, image, max_pixels);
  const std::uint64_t row = static_cast<std::uint64_t>(image.info.cols) *
                            static_cast<std::uint64_t>(image.info.channels->count);
  const std::uint64_t rows = rows_at_once(dataset, image);
  // A chunk packed and unpacked, and the rows it covers as numbers, twice.
  limit(base_bytes + 16 * row * rows,
        base_seconds + row * static_cast<std::uint64_t>(image.info.rows) / 5'000'000);
  say({{"dataset", to_json(image)}});
  for (std::uint64_t first = 0; first < static_cast<std::uint64_t>(image.info.rows);
       first += rows) {
    const std::vector<float> counts = read_spectra(dataset, image, first, rows);
    std::fwrite(counts.data(), sizeof(float), counts.size(), stdout);
  }
}

void pack() {
  std::string line;
  std::getline(std::cin, line);
  const json about = json::parse(line);
  const std::uint64_t rows = about.at("rows"), cols = about.at("cols");
  limit(base_bytes + 32 * rows * cols, base_seconds + rows * cols / 1'000'000);
  const std::string pixels{std::istreambuf_iterator<char>(std::cin), {}};
  const auto* bytes = reinterpret_cast<const std::byte*>(pixels.data());
  const std::vector<std::byte> file = hyperspy_file(about, {bytes, bytes + pixels.size()});
  say({{"bytes", file.size()}});
  std::fwrite(file.data(), 1, file.size(), stdout);
}

void run(int count, char** arguments) {
  limit(base_bytes, base_seconds);
  setenv("HDF5_PLUGIN_PRELOAD", "::", 1);       // a file must not make the library load code
  setenv("HDF5_USE_FILE_LOCKING", "FALSE", 1);  // images lie on read-only and network folders
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  register_filters();
  const std::string verb = count > 1 ? arguments[1] : "";
  try {
    if (verb == "list" && count == 3) return list(arguments[2]);
    if (verb == "read" && count == 7)
      return read(arguments[2], arguments[3], arguments[4], arguments[5],
                  arguments[6] == std::string_view("double"));
    if (verb == "spectra" && count == 5) return spectra(arguments[2], arguments[3], arguments[4]);
    if (verb == "pack" && count == 2) return pack();
    say({{"error", "wrong call of the HDF5 reader"}});
  } catch (const std::bad_alloc&) {
    say({{"error", "needs more memory than an image of its size should; it may be damaged"}});
  } catch (const std::exception& error) {
    say({{"error", error.what()}});
  }
}

}  // namespace

}  // namespace metamict::hdf5

int main(int count, char** arguments) {
  metamict::hdf5::run(count, arguments);
  const bool written = std::fflush(stdout) == 0;
  std::_Exit(written ? 0 : 1);  // HDF5's own clearing up has crashed on damaged files
}
