// SPDX-License-Identifier: GPL-3.0-or-later
#include "metamict/formats.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <new>
#include <stdexcept>
#include <system_error>

#include "formats/bytes/input_file.hpp"
#include "formats/readers.hpp"
#include "metamict/errors.hpp"

namespace metamict {

namespace {

// Every message begins with the path, and whatever a damaged file makes the libraries throw becomes an InputError.
template <typename Function>
decltype(auto) named(const std::filesystem::path& path, Function&& function) {
  const std::string name = path.string() + ": ";
  try {
    return function();
  } catch (const InputError& error) {
    throw InputError(name + one_line(error));
  } catch (const Error&) {
    throw;  // not about the file: a plug-in that is missing, an interruption
  } catch (const std::bad_alloc&) {
    throw InputError(name + "needs more memory than there is; its header may be damaged");
  } catch (const std::length_error&) {
    throw InputError(name + "damaged: it claims a size that no memory can hold");
  } catch (const cv::Exception& error) {
    throw InputError(name + "cannot be decoded: " + error.err);
  } catch (const std::exception& error) {
    throw InputError(name + "cannot be read: " + error.what());
  }
}

template <auto Reader>
std::vector<DatasetInfo> list_named(const std::filesystem::path& path, std::uint64_t max_pixels) {
  return named(path, [&] { return Reader(path, max_pixels); });
}

template <auto Reader>
RawImage read_named(const ReadRequest& request) {
  return named(request.path, [&] { return Reader(request); });
}

template <auto List, auto Read>
constexpr Format entry(std::string_view name, decltype(Format::recognise) recognise) {
  return {name, recognise, &list_named<List>, &read_named<Read>};
}

// A format joins with one line here and its declarations in formats.hpp.
constexpr std::array table = {
    entry<list_tiff, read_tiff>("TIFF", is_tiff), entry<list_png, read_png>("PNG", is_png),
    entry<list_jpeg, read_jpeg>("JPEG", is_jpeg), entry<list_npy, read_npy>("NPY", is_npy),
    entry<list_dm, read_dm>("DM", is_dm),         entry<list_ser, read_ser>("SER", is_ser),
    entry<list_hdf5, read_hdf5>("HDF5", is_hdf5), entry<list_mrc, read_mrc>("MRC", is_mrc),
};

std::string known_formats() {
  std::string text;
  for (const auto& format : table) text += (text.empty() ? "" : ", ") + std::string(format.name);
  return text;
}

// What a file that is no image of ours probably is, and what to do about it.
std::string hint(std::span<const unsigned char> head, const std::filesystem::path& path) {
  const std::string_view bytes(reinterpret_cast<const char*>(head.data()), head.size());
  if (bytes.starts_with("\x1F\x8B") || bytes.starts_with("BZh") || bytes.starts_with("PK\x03\x04"))
    return "it is compressed: unpack it first";
  if (path.extension() == ".emi") return "an .emi file holds the description only: give the .ser files beside it";
  return "known are " + known_formats();
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::string joined_names(const std::vector<DatasetInfo>& datasets) {
  std::string text;
  for (const auto& info : datasets) text += (text.empty() ? "\"" : ", \"") + info.name + "\"";
  return text;
}

// A detector is a word of a name: "HAADF" is in "HAADF (frame sum)", but no one asks for a dataset by half a word.
bool holds(const std::string& name, const std::string& wanted) {
  return lower(name).find(lower(wanted)) != std::string::npos;
}

}  // namespace

std::span<const Format> formats() { return table; }

const Format& recognise_format(const std::filesystem::path& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) throw InputError(path.string() + ": there is no such file");
  if (std::filesystem::is_directory(status)) throw InputError(path.string() + ": is a folder, not an image file");
  if (!std::filesystem::is_regular_file(status)) throw InputError(path.string() + ": is not a regular file");
  return named(path, [&]() -> const Format& {
    const InputFile file(path);
    if (file.size() == 0) throw InputError("the file is empty (0 bytes)");
    std::vector<unsigned char> head(static_cast<std::size_t>(std::min<std::uint64_t>(file.size(), 4096)));
    file.read(0, head.data(), head.size(), "the file");
    for (const auto& format : table)
      if (format.recognise(head, path)) return format;
    throw InputError("unsupported format (" + hint(head, path) + ")");
  });
}

std::size_t choose_dataset(const std::vector<DatasetInfo>& datasets, const std::string& wanted) {
  const auto find = [&](auto&& fits) {
    return static_cast<std::size_t>(std::find_if(datasets.begin(), datasets.end(), fits) - datasets.begin());
  };
  const std::size_t none = datasets.size();
  if (!wanted.empty()) {
    if (const std::size_t found = find([&](const auto& info) { return info.name == wanted; }); found != none)
      return found;
    if (const std::size_t found = find([&](const auto& info) { return info.image && holds(info.name, wanted); });
        found != none)
      return found;
    if (const std::size_t found = find([&](const auto& info) { return holds(info.name, wanted); }); found != none)
      return found;
    throw InputError("no dataset is called \"" + wanted + "\"; the file has " +
                     (datasets.empty() ? "none" : joined_names(datasets)));
  }
  if (const std::size_t found = find([](const auto& info) { return info.image && info.name == "HAADF"; });
      found != none)
    return found;
  if (const std::size_t found = find([](const auto& info) { return info.image && holds(info.name, "HAADF"); });
      found != none)
    return found;
  if (const std::size_t found = find([](const auto& info) { return info.image; }); found != none) return found;
  if (datasets.empty()) throw InputError("the file holds no dataset");
  if (datasets.size() == 1) throw InputError("the file holds no image: " + datasets[0].reason);
  throw InputError("the file holds no image: " + std::to_string(datasets.size()) + " datasets, the first (\"" +
                   datasets[0].name + "\") refused as " + datasets[0].reason);
}

}  // namespace metamict
