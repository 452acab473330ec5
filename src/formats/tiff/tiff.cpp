// SPDX-License-Identifier: GPL-3.0-or-later
// TIFF and BigTIFF: pages of one size and type are the frames of one dataset, others are datasets
// of their own.
#include <algorithm>
#include <charconv>

#include "formats/bytes/samples.hpp"
#include "formats/readers.hpp"
#include "formats/tiff/tiff_calibration.hpp"
#include "metamict/errors.hpp"

namespace metamict {

namespace {

struct Dataset {
  DatasetInfo info;
  std::vector<TiffPage> pages;
  std::uint64_t contiguous =
      0;  ///< ImageJ above 4 GB: one directory, the frames one after the other from this offset
};

// ImageJ gives one directory for a stack too large for many: "images=" says how many frames follow
// the first.
void add_contiguous_frames(const TiffFile& file, Dataset& dataset) {
  const TiffPage& page = dataset.pages[0];
  const std::string& text = page.description;
  const auto at = text.find("\nimages=");
  if (!text.starts_with("ImageJ=") || at == std::string::npos ||
      page.compression != COMPRESSION_NONE || page.samples != 1 || page.bits % 8 != 0)
    return;
  int images = 0;
  std::from_chars(text.data() + at + 8, text.data() + text.size(), images);
  const std::uint64_t first = TIFFGetStrileOffset(file.get(), 0);
  const std::uint64_t frame = static_cast<std::uint64_t>(page.info.rows) *
                              static_cast<std::uint64_t>(page.info.cols) * (page.bits / 8);
  if (images < 2 || first > file.size()) return;
  if (frame > (file.size() - first) / static_cast<std::uint64_t>(images))
    throw InputError("truncated: ImageJ's description promises " + std::to_string(images) +
                     " images, which the file has no room for");
  dataset.info.frames = images;
  dataset.contiguous = first;
}

bool like(const TiffPage& a, const TiffPage& b) {
  return a.info.rows == b.info.rows && a.info.cols == b.info.cols && a.info.dtype == b.info.dtype &&
         a.info.image == b.info.image && a.reduced == b.reduced;
}

std::vector<Dataset> datasets_of(TiffFile& file, const Path& path) {
  std::vector<TiffPage> pages = tiff_pages(file);
  std::vector<Dataset> datasets;
  for (std::size_t i = 0; i < pages.size(); ++i) {
    if (datasets.empty() || !like(datasets.back().pages[0], pages[i])) {
      datasets.push_back({pages[i].info, {}, 0});
      datasets.back().info.name = "page " + std::to_string(i + 1);
    }
    datasets.back().pages.push_back(pages[i]);
    datasets.back().info.frames = static_cast<int>(datasets.back().pages.size());
  }
  // Thumbnails and colour previews come last, so that the first image is the data.
  std::stable_sort(datasets.begin(), datasets.end(), [](const Dataset& a, const Dataset& b) {
    const auto rank = [](const Dataset& d) {
      return (d.pages[0].reduced ? 2 : 0) + (d.pages[0].colours == 3 ? 1 : 0);
    };
    return rank(a) < rank(b);
  });
  for (auto& dataset : datasets) {
    file.forget();
    TIFFSetSubDirectory(file.get(), dataset.pages[0].directory);
    set_pixel_size(dataset.info, tiff_pixel_size(file, path, dataset.pages[0]));
    if (pages.size() == 1) add_contiguous_frames(file, dataset);
    file.check();
  }
  if (datasets.size() == 1) datasets[0].info.name = "image";
  return datasets;
}

Sample contiguous_sample(const TiffPage& page) {
  if (page.kind == Samples::floating)
    return page.bits == 16 ? Sample::f16 : page.bits == 32 ? Sample::f32 : Sample::f64;
  if (page.kind == Samples::signed_integer)
    return page.bits == 8    ? Sample::i8
           : page.bits == 16 ? Sample::i16
           : page.bits == 32 ? Sample::i32
                             : Sample::i64;
  return page.bits == 8    ? Sample::u8
         : page.bits == 16 ? Sample::u16
         : page.bits == 32 ? Sample::u32
                           : Sample::u64;
}

}  // namespace

bool is_tiff(Head head, const Path&) {
  if (head.size() < 8) return false;
  const bool little =
      head[0] == 'I' && head[1] == 'I' && head[3] == 0 && (head[2] == 42 || head[2] == 43);
  const bool big =
      head[0] == 'M' && head[1] == 'M' && head[2] == 0 && (head[3] == 42 || head[3] == 43);
  return little || big;
}

std::vector<DatasetInfo> list_tiff(const Path& path, std::uint64_t) {
  TiffFile file(path);
  std::vector<DatasetInfo> infos;
  for (auto& dataset : datasets_of(file, path)) infos.push_back(std::move(dataset.info));
  return infos;
}

RawImage read_tiff(const ReadRequest& request) {
  TiffFile file(request.path);
  const std::vector<Dataset> datasets = datasets_of(file, request.path);
  require_dataset(request.dataset, datasets.size());
  const Dataset& dataset = datasets[request.dataset];
  require_image(dataset.info);
  check_size(dataset.info.rows, dataset.info.cols, request.max_pixels);
  const auto pixels = read_frames(dataset.info, request.frame, [&](int frame) {
    if (dataset.contiguous == 0 || frame == 0)
      return read_tiff_page(file, dataset.pages[static_cast<std::size_t>(frame)], request.labels);
    const TiffPage& page = dataset.pages[0];
    const std::uint64_t bytes = static_cast<std::uint64_t>(page.info.rows) *
                                static_cast<std::uint64_t>(page.info.cols) * (page.bits / 8);
    const auto order = TIFFIsBigEndian(file.get()) != 0 ? std::endian::big : std::endian::little;
    return read_raster(
        InputFile(request.path),
        {dataset.contiguous + bytes * static_cast<std::uint64_t>(frame), page.info.rows,
         page.info.cols, contiguous_sample(page), order, request.labels});
  });
  return {dataset.info, pixels, tiff_notes(dataset.pages[0])};
}

}  // namespace metamict
