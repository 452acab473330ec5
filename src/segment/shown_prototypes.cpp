// SPDX-License-Identifier: GPL-3.0-or-later
#include "segment/shown_prototypes.hpp"

#include <algorithm>
#include <map>
#include <system_error>

#include "encoder/embed_chips.hpp"
#include "image/mask.hpp"
#include "metamict/errors.hpp"
#include "metamict/plan.hpp"
#include "rules/prototypes.hpp"

namespace metamict {

namespace {

namespace fs = std::filesystem;

/// The file that a point's table means.
fs::path image_of(const PrototypePoint& point, const std::vector<fs::path>& folders) {
  std::error_code none;
  for (const fs::path& folder : folders)
    if (const fs::path path = folder / point.image; fs::is_regular_file(path, none)) return path;
  for (const fs::path& folder : folders) {
    std::vector<fs::path> found;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder, none))
      if (entry.path().stem() == point.image && entry.is_regular_file(none))
        found.push_back(entry.path());
    if (!found.empty()) return *std::min_element(found.begin(), found.end());
  }
  throw InputError(point.where + "there is no image " + point.image +
                   ", neither beside the table nor beside the image that is segmented");
}

/// Of another image, as much as its points need.
class OtherImage {
 public:
  OtherImage(const fs::path& path, Encoder& encoder, const SegmentOptions& options)
      : encoder_(encoder), normalise_(options.normalise) {
    LoadOptions load = options.load;
    load.crop.reset();
    load.mask.clear();
    load.maps = {};
    const Micrograph micrograph = load_micrograph(path, load);
    const EncoderShape shape = shape_of(encoder.identity());
    const Plan planned = plan(micrograph, options, shape);
    canonical_ =
        to_canonical_scale(standardise(micrograph), planned.chip_size.size_px, shape.input_px);
    grid_ = planned.grid;
  }

  RowMatrixXf rows_under(const PrototypePoint& point) {
    const Nodes chips = chips_under(point, grid_, {0, 0}, all_chips(grid_));
    cv::Rect box;
    for (const std::uint32_t chip : chips) box |= cv::Rect(grid_.col(chip), grid_.row(chip), 1, 1);
    const RowMatrixXf in_box = embed_chips(canonical_, grid_, box, encoder_, normalise_, {});
    RowMatrixXf rows(static_cast<Eigen::Index>(chips.size()), in_box.cols());
    for (std::size_t i = 0; i < chips.size(); ++i)
      rows.row(static_cast<Eigen::Index>(i)) =
          in_box.row((grid_.row(chips[i]) - box.y) * box.width + grid_.col(chips[i]) - box.x);
    return rows;
  }

 private:
  Encoder& encoder_;
  Normalise normalise_;
  Micrograph canonical_;
  ChipGrid grid_;
};

}  // namespace

std::vector<ShownClass> shown_by_other_images(const Micrograph& mine, Encoder& encoder,
                                              const SegmentOptions& options) {
  const fs::path& table = options.rules.prototypes;
  if (!is_point_table(table)) return {};
  const auto folder_of = [](const fs::path& path) {
    return path.has_parent_path() ? path.parent_path() : fs::path(".");
  };
  const std::vector<fs::path> folders{".", folder_of(table), folder_of(mine.path)};
  std::map<fs::path, OtherImage> images;
  std::vector<ShownClass> shown;
  for (const PrototypePoint& point : prototype_points(table)) {
    if (is_of_image(point, mine.path)) continue;
    const fs::path path = image_of(point, folders);
    auto image = images.find(path);
    if (image == images.end())
      image = images.emplace(path, OtherImage(path, encoder, options)).first;
    const RowMatrixXf rows = image->second.rows_under(point);
    auto known = std::find_if(shown.begin(), shown.end(),
                              [&](const ShownClass& one) { return one.label == point.label; });
    if (known == shown.end()) known = shown.insert(shown.end(), {point.label, {}});
    const Eigen::Index before = known->rows_ND.rows();
    known->rows_ND.conservativeResize(before + rows.rows(), rows.cols());
    known->rows_ND.bottomRows(rows.rows()) = rows;
  }
  return shown;
}

}  // namespace metamict
