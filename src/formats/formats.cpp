// SPDX-License-Identifier: GPL-3.0-or-later
#include "metamict/formats.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <new>
#include <set>
#include <stdexcept>
#include <system_error>

#include "formats/bytes/input_file.hpp"
#include "formats/readers.hpp"
#include "metamict/errors.hpp"

namespace metamict {

namespace {

// Every message begins with the path, and whatever a damaged file makes the libraries throw becomes
// an InputError.
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

// The first image of a name keeps it, and the others get a number behind it, so that each can be
// asked for.
void number_names(std::vector<DatasetInfo>& datasets) {
  std::set<std::string> taken;
  for (const auto& info : datasets) taken.insert(info.name);
  std::set<std::string> seen;
  for (const bool image : {true, false})
    for (auto& info : datasets) {
      if (info.image != image || seen.insert(info.name).second) continue;
      int number = 2;
      while (taken.contains(info.name + "#" + std::to_string(number))) ++number;
      info.name += "#" + std::to_string(number);
      taken.insert(info.name);
    }
}

template <auto Reader>
std::vector<DatasetInfo> list_named(const std::filesystem::path& path, std::uint64_t max_pixels) {
  return named(path, [&] {
    auto datasets = Reader(path, max_pixels);
    number_names(datasets);
    return datasets;
  });
}

template <auto Reader>
RawImage read_named(const ReadRequest& request) {
  return named(request.path, [&] { return Reader(request); });
}

template <auto List, auto Read>
constexpr Format entry(std::string_view name, decltype(Format::recognise) recognise) {
  return {name, recognise, &list_named<List>, &read_named<Read>};
}

// A format joins with one line here and its declarations in readers.hpp.
constexpr std::array table = {
    entry<list_tiff, read_tiff>("TIFF", is_tiff),
    entry<list_png, read_png>("PNG", is_png),
    entry<list_jpeg, read_jpeg>("JPEG", is_jpeg),
    entry<list_npy, read_npy>("NPY", is_npy),
    entry<list_dm, read_dm>("DM", is_dm),
    entry<list_ser, read_ser>("SER", is_ser),
    entry<list_hdf5, read_hdf5>("HDF5", is_hdf5),
    entry<list_mrc, read_mrc>("MRC", is_mrc),
    entry<list_ndata, read_ndata>("NDATA", is_ndata),
    entry<list_prz, read_prz>("PRZ", is_prz),
    entry<list_npz, read_npz>("NPZ", is_npz),
    entry<list_zip, read_zip>("ZIP", is_zip),
    entry<list_gzip, read_gzip>("GZIP", is_gzip),
};

// The first of them, which are no archives, without the path in their messages.
constexpr std::array plain = {
    Format{"TIFF", is_tiff, list_tiff, read_tiff}, Format{"PNG", is_png, list_png, read_png},
    Format{"JPEG", is_jpeg, list_jpeg, read_jpeg}, Format{"NPY", is_npy, list_npy, read_npy},
    Format{"DM", is_dm, list_dm, read_dm},         Format{"SER", is_ser, list_ser, read_ser},
    Format{"HDF5", is_hdf5, list_hdf5, read_hdf5}, Format{"MRC", is_mrc, list_mrc, read_mrc},
};

std::string known_formats() {
  std::string text;
  for (const auto& format : table) text += (text.empty() ? "" : ", ") + std::string(format.name);
  return text;
}

// What a file that is no image of ours probably is, and what to do about it.
std::string hint(std::span<const unsigned char> head, const std::filesystem::path& path) {
  const std::string_view bytes(reinterpret_cast<const char*>(head.data()), head.size());
  if (bytes.starts_with("BZh") ||
      bytes.starts_with("\xFD"
                        "7zXZ") ||
      bytes.starts_with("\x28\xB5\x2F\xFD") || bytes.starts_with("7z\xBC\xAF") ||
      bytes.starts_with("Rar!"))
    return "it is compressed: unpack it first";
  if (path.extension() == ".emi")
    return "an .emi file holds the description only: give the .ser files beside it";
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

// A detector is a word of a name: "HAADF" is in "HAADF (frame sum)", but no one asks for a dataset
// by half a word.
bool holds(const std::string& name, const std::string& wanted) {
  return lower(name).find(lower(wanted)) != std::string::npos;
}

// "2" or "#2", the second dataset.
std::optional<std::size_t> number_of(std::string_view wanted) {
  if (wanted.starts_with('#')) wanted.remove_prefix(1);
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(wanted.data(), wanted.data() + wanted.size(), number);
  if (error != std::errc{} || end != wanted.data() + wanted.size()) return std::nullopt;
  return number;
}

}  // namespace

std::span<const Format> formats() { return table; }
std::span<const Format> plain_readers() { return plain; }

const Format& recognise_format(const std::filesystem::path& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) throw InputError(path.string() + ": there is no such file");
  if (std::filesystem::is_directory(status))
    throw InputError(path.string() +
                     (std::filesystem::exists(path / ".zgroup", error)
                          ? ": is a Zarr store (.zspy), which is not read: save it as .hspy"
                          : ": is a folder, not an image file"));
  if (!std::filesystem::is_regular_file(status))
    throw InputError(path.string() + ": is not a regular file");
  return named(path, [&]() -> const Format& {
    const InputFile file(path);
    if (file.size() == 0) throw InputError("the file is empty (0 bytes)");
    std::vector<unsigned char> head(
        static_cast<std::size_t>(std::min<std::uint64_t>(file.size(), 4096)));
    file.read(0, head.data(), head.size(), "the file");
    for (const auto& format : table)
      if (format.recognise(head, path)) return format;
    throw InputError("unsupported format (" + hint(head, path) + ")");
  });
}

void read_spectra(const std::filesystem::path& path, std::size_t dataset, std::uint64_t max_pixels,
                  const std::function<void(std::span<const float>)>& take_row) {
  const bool plain_file = recognise_format(path).name == "HDF5";
  named(path, [&] {
    if (!plain_file) throw InputError("a spectrum image is not read from an archive: unpack it");
    read_hdf5_spectra(path, dataset, max_pixels, take_row);
  });
}

std::size_t choose_dataset(const std::vector<DatasetInfo>& datasets, const std::string& wanted) {
  const auto find = [&](auto&& fits) {
    return static_cast<std::size_t>(std::find_if(datasets.begin(), datasets.end(), fits) -
                                    datasets.begin());
  };
  const std::size_t none = datasets.size();
  if (!wanted.empty()) {
    if (const std::size_t found = find([&](const auto& info) { return info.name == wanted; });
        found != none)
      return found;
    if (const auto number = number_of(wanted); number && *number >= 1 && *number <= datasets.size())
      return *number - 1;
    if (const std::size_t found =
            find([&](const auto& info) { return info.image && holds(info.name, wanted); });
        found != none)
      return found;
    if (const std::size_t found = find([&](const auto& info) { return holds(info.name, wanted); });
        found != none)
      return found;
    throw InputError("no dataset is called \"" + wanted + "\"; the file has " +
                     (datasets.empty() ? "none" : joined_names(datasets)));
  }
  if (const std::size_t found =
          find([](const auto& info) { return info.image && info.name == "HAADF"; });
      found != none)
    return found;
  if (const std::size_t found =
          find([](const auto& info) { return info.image && holds(info.name, "HAADF"); });
      found != none)
    return found;
  if (const std::size_t found = find([](const auto& info) { return info.image; }); found != none)
    return found;
  if (datasets.empty()) throw InputError("the file holds no dataset");
  if (datasets.size() == 1) throw InputError("the file holds no image: " + datasets[0].reason);
  throw InputError("the file holds no image: " + std::to_string(datasets.size()) +
                   " datasets, the first (\"" + datasets[0].name + "\") refused as " +
                   datasets[0].reason);
}

cv::Mat read_numbers(const std::filesystem::path& path, std::uint64_t max_pixels) {
  constexpr bool as_numbers = true;
  const Format& format = recognise_format(path);
  const std::size_t dataset = choose_dataset(format.list(path, max_pixels), "");
  return format.read({path, dataset, 0, max_pixels, as_numbers}).pixels;
}

}  // namespace metamict
