// SPDX-License-Identifier: GPL-3.0-or-later
// Gatan DM3 and DM4: every image of the file that is not a thumbnail is a dataset.
#include <set>

#include "formats/bytes/samples.hpp"
#include "formats/dm/dm_image.hpp"
#include "formats/dm/dm_tags.hpp"
#include "formats/readers.hpp"
#include "metamict/errors.hpp"

namespace metamict {

namespace {

struct Dataset {
  DatasetInfo info;
  std::uint64_t offset = 0;
  Sample sample = Sample::u8;
  std::endian order = std::endian::little;
};

std::set<int> thumbnails_of(const DmTags& tags) {
  std::set<int> thumbnails;
  for (auto it = tags.values.lower_bound("Thumbnails.");
       it != tags.values.end() && it->first.starts_with("Thumbnails."); ++it)
    if (it->first.ends_with(".ImageIndex") && it->second.number)
      thumbnails.insert(whole_tag(it->second.number));
  return thumbnails;
}

// The places in ImageList that hold an image, in the file's order.
std::vector<int> places_of(const DmTags& tags) {
  std::set<int> places;
  for (const auto& [path, value] : tags.values) {
    if (!path.starts_with("ImageList.") || !path.ends_with(".ImageData.Data")) continue;
    const std::string place = path.substr(10, path.size() - 10 - 15);
    if (!place.empty() && place.size() < 7 &&
        place.find_first_not_of("0123456789") == std::string::npos)
      places.insert(std::stoi(place));
  }
  return {places.begin(), places.end()};
}

DmImage describe(const InputFile& file, const DmTags& tags, const std::string& root) {
  DmImage image;
  image.name = tags.text(file, root + ".Name");
  image.format = tags.text(file, root + ".ImageTags.Meta Data.Format");
  image.data_type = whole_tag(tags.number(root + ".ImageData.DataType"));
  for (int i = 0; i < 16; ++i) {
    const auto size = tags.number(root + ".ImageData.Dimensions." + std::to_string(i));
    if (!size) break;
    const std::string calibration = root + ".ImageData.Calibrations.Dimension." + std::to_string(i);
    image.axes.push_back({*size >= 0 && *size < 1e15 ? static_cast<std::uint64_t>(*size) : 0,
                          tags.number(calibration + ".Scale").value_or(1),
                          tags.text(file, calibration + ".Units")});
  }
  return image;
}

std::vector<Dataset> datasets_of(const InputFile& file) {
  const DmTags tags = read_dm_tags(file);
  const std::set<int> thumbnails = thumbnails_of(tags);
  const std::vector<int> places = places_of(tags);
  std::vector<Dataset> datasets;
  for (const int place : places) {
    if (thumbnails.contains(place) && places.size() > thumbnails.size()) continue;
    const std::string root = "ImageList." + std::to_string(place);
    const DmValue& data = tags.values.at(root + ".ImageData.Data");
    const DmImage image = describe(file, tags, root);
    Dataset dataset{describe_dm(image), data.offset,
                    dm_sample(image.data_type).value_or(Sample::u8), tags.order};
    if (dataset.info.image) {
      const std::uint64_t frame = bytes_of(dataset.info.rows, dataset.info.cols, dataset.sample);
      if (frame > data.bytes / static_cast<std::uint64_t>(dataset.info.frames))
        throw InputError("truncated or damaged: the image \"" + dataset.info.name +
                         "\" claims more pixels than its data hold");
    }
    datasets.push_back(std::move(dataset));
  }
  if (datasets.empty()) throw InputError("damaged: it holds no image data");
  return datasets;
}

}  // namespace

bool is_dm(Head head, const Path&) {
  if (head.size() < 16 || head[0] != 0 || head[1] != 0 || head[2] != 0 ||
      (head[3] != 3 && head[3] != 4))
    return false;
  const std::size_t order = head[3] == 3 ? 8 : 12;  // the byte-order number, 0 or 1
  return head[order] == 0 && head[order + 1] == 0 && head[order + 2] == 0 && head[order + 3] <= 1;
}

std::vector<DatasetInfo> list_dm(const Path& path, std::uint64_t) {
  std::vector<DatasetInfo> infos;
  for (auto& dataset : datasets_of(InputFile(path))) infos.push_back(std::move(dataset.info));
  return infos;
}

RawImage read_dm(const ReadRequest& request) {
  const InputFile file(request.path);
  const auto datasets = datasets_of(file);
  require_dataset(request.dataset, datasets.size());
  const Dataset& dataset = datasets[request.dataset];
  const DatasetInfo& info = dataset.info;
  require_image(info);
  check_size(info.rows, info.cols, request.max_pixels);
  const std::uint64_t frame_bytes = bytes_of(info.rows, info.cols, dataset.sample);
  return {info,
          read_frames(info, request.frame,
                      [&](int frame) {
                        return read_raster(
                            file,
                            {dataset.offset + frame_bytes * static_cast<std::uint64_t>(frame),
                             info.rows, info.cols, dataset.sample, dataset.order, request.labels});
                      }),
          {}};
}

}  // namespace metamict
