// SPDX-License-Identifier: GPL-3.0-or-later
#include "rules/prototypes.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "base/csv.hpp"
#include "base/parallel.hpp"
#include "base/text.hpp"
#include "base/text_file.hpp"
#include "metamict/errors.hpp"
#include "metamict/formats.hpp"

namespace metamict {

namespace {

namespace fs = std::filesystem;

/// The middle of a chip in pixels of the file's image.
cv::Point2d centre_of(const ChipGrid& grid, cv::Point origin, std::uint32_t chip) {
  const cv::Rect2d at = grid.chip_in_input(chip);
  return cv::Point2d(origin) + cv::Point2d(at.x + at.width / 2, at.y + at.height / 2);
}

/// What shows one class: chips of this image, and rows of other images' chips.
struct ClassSupport {
  std::string label;
  std::set<std::uint32_t> chips;
  RowMatrixXf shown;  ///< as this image's embeddings are kept
};
using Support = std::vector<ClassSupport>;

ClassSupport& class_of(Support& support, const std::string& label) {
  for (ClassSupport& known : support)
    if (known.label == label) return known;
  return support.emplace_back(ClassSupport{label, {}, {}});
}

double coordinate(const CsvTable& table, const std::string& text, const std::string& where) {
  if (const auto value = table.number(text)) return *value;
  throw UsageError(where + "'" + text + "' is no coordinate in pixels");
}

/// Where a place of the file's image lies in a look that mirrors the image, or its crop.
cv::Point2d in_look(cv::Point2d at, const Scene& scene) {
  if (!scene.canonical.mirrored) return at;
  const int code = *scene.canonical.mirrored;
  const auto turned = [](double place, int first, int length) {  // from pixel to pixel
    return place < first || place >= first + length
               ? place
               : std::clamp(2.0 * first + length - 1 - place, double(first), first + length - 1.0);
  };
  if (code != 0) at.x = turned(at.x, scene.canonical.origin.x, scene.grid.input_size.width);
  if (code <= 0) at.y = turned(at.y, scene.canonical.origin.y, scene.grid.input_size.height);
  return at;
}

Support support_of_points(const Scene& scene, const fs::path& path) {
  Support support;
  for (PrototypePoint point : prototype_points(path)) {
    if (!is_of_image(point, scene.canonical.path)) continue;
    point.at = in_look(point.at, scene);
    const Nodes under = chips_under(point, scene.grid, scene.canonical.origin, scene.chips);
    class_of(support, point.label).chips.insert(under.begin(), under.end());
  }
  return support;
}

/// Adds what other images show, which must be comparable with this image's embeddings.
void add_shown(const std::vector<ShownClass>& shown, const Scene& scene, Support& support) {
  const Embeddings& embeddings = scene.embeddings;
  for (const ShownClass& one : shown) {
    const Eigen::Index features = embeddings.reduction ? embeddings.reduction->directions_KD.cols()
                                                       : embeddings.rows_ND.cols();
    if (one.rows_ND.cols() != features)
      throw UsageError(
          "prototypes of other images are compared by the micrograph alone: give --evidence image");
    RowMatrixXf rows = one.rows_ND;
    if (embeddings.reduction) rows = rows * embeddings.reduction->directions_KD.transpose();
    class_of(support, one.label).shown = std::move(rows);
  }
}

/// The rows of all chips that show a class.
RowMatrixXf rows_of(const ClassSupport& support, const RowMatrixXf& rows_ND) {
  const auto own = static_cast<Eigen::Index>(support.chips.size());
  RowMatrixXf rows(own + support.shown.rows(), rows_ND.cols());
  Eigen::Index i = 0;
  for (const std::uint32_t chip : support.chips) rows.row(i++) = rows_ND.row(chip);
  if (support.shown.rows() > 0) rows.bottomRows(support.shown.rows()) = support.shown;
  return rows;
}

Support support_of_strokes(const Scene& scene, const fs::path& path) {
  cv::Mat strokes = read_numbers(path, std::uint64_t{1} << 34);
  const cv::Point origin = scene.canonical.origin;
  if (strokes.cols < origin.x + scene.grid.input_size.width ||
      strokes.rows < origin.y + scene.grid.input_size.height)
    throw InputError("prototypes " + path.string() + " is " + std::to_string(strokes.cols) + " x " +
                     std::to_string(strokes.rows) +
                     " px, smaller than the image: give strokes on an image of its size");
  if (scene.canonical.mirrored) {
    cv::Mat part = strokes(cv::Rect(origin, scene.grid.input_size));
    cv::flip(part.clone(), part, *scene.canonical.mirrored);
  }
  std::map<long, std::set<std::uint32_t>> by_label;
  for (const std::uint32_t chip : scene.chips) {
    // A stroke is thin: it marks the chips whose middle quarter it crosses.
    const cv::Rect2d size = scene.grid.chip_in_input(chip);
    const cv::Point2d centre = centre_of(scene.grid, origin, chip);
    const cv::Rect inner(cvFloor(centre.x - size.width / 8), cvFloor(centre.y - size.height / 8),
                         std::max(1, cvRound(size.width / 4)),
                         std::max(1, cvRound(size.height / 4)));
    std::map<long, int> shown;
    const cv::Rect inside = inner & cv::Rect({}, strokes.size());
    for (int y = inside.y; y < inside.br().y; ++y)
      for (int x = inside.x; x < inside.br().x; ++x)
        if (const long value = std::lround(strokes.at<double>(y, x)); value != 0) ++shown[value];
    if (shown.size() == 1) by_label[shown.begin()->first].insert(chip);
  }
  Support support;
  for (auto& [label, chips] : by_label)
    support.push_back({std::to_string(label), std::move(chips), {}});
  return support;
}

double angle_between(const Eigen::VectorXf& a, const Eigen::VectorXf& b) {
  return std::acos(std::clamp(static_cast<double>(a.dot(b)), -1.0, 1.0));
}

}  // namespace

bool is_point_table(const fs::path& path) {
  const std::string ending = lower_case(path.extension().string());
  return ending == ".csv" || ending == ".txt" || ending == ".tsv";
}

std::vector<PrototypePoint> prototype_points(const fs::path& path) {
  const std::optional<std::string> text = text_of_file(path);
  if (!text)
    throw UsageError("prototypes " + path.string() +
                     " cannot be read: give a CSV or a label image of strokes");
  const CsvTable table = csv_table(*text);
  const auto label = table.column("label"), x = table.column("x_px"), y = table.column("y_px"),
             image = table.column("image");
  if (!label || !x || !y)
    throw UsageError("prototypes " + path.string() +
                     " has no columns named label, x_px and y_px: its header is '" +
                     table.header_text() + "'");
  std::vector<PrototypePoint> points;
  for (const CsvTable::Row& row : table.rows) {
    const std::string where =
        "prototypes " + path.string() + ", line " + std::to_string(row.line) + ": ";
    const std::string& name = CsvTable::cell(row, *label);
    if (name.empty()) throw UsageError(where + "a label is due");
    points.push_back({name,
                      {coordinate(table, CsvTable::cell(row, *x), where),
                       coordinate(table, CsvTable::cell(row, *y), where)},
                      image ? CsvTable::cell(row, *image) : std::string(),
                      where});
  }
  return points;
}

bool is_of_image(const PrototypePoint& point, const fs::path& image) {
  return point.image.empty() || point.image == image.stem() || point.image == image.filename() ||
         point.image == image.string();
}

Nodes chips_under(const PrototypePoint& point, const ChipGrid& grid, cv::Point origin,
                  const Nodes& chips) {
  if (!cv::Rect2d(origin, cv::Size2d(grid.input_size)).contains(point.at))
    throw InputError(point.where + "the point (" + number(point.at.x) + ", " + number(point.at.y) +
                     ") lies outside the image");
  Nodes under;
  std::pair<double, std::uint32_t> nearest{std::numeric_limits<double>::infinity(), 0};
  const cv::Rect2d size = grid.chip_in_input(0);
  for (const std::uint32_t chip : chips) {
    const cv::Point2d centre = centre_of(grid, origin, chip);
    const double dx = std::abs(centre.x - point.at.x), dy = std::abs(centre.y - point.at.y);
    nearest = std::min(nearest, {std::hypot(dx, dy), chip});
    if (dx <= size.width / 4 && dy <= size.height / 4) under.push_back(chip);
  }
  if (under.empty()) under.push_back(nearest.second);
  return under;
}

Communities classify_by_prototypes(const Scene& scene, const RuleArguments& arguments,
                                   int threads) {
  Support support = is_point_table(arguments.prototypes)
                        ? support_of_points(scene, arguments.prototypes)
                        : support_of_strokes(scene, arguments.prototypes);
  add_shown(arguments.shown, scene, support);
  if (support.size() < 2)
    throw InputError("prototypes " + arguments.prototypes.string() + " shows " +
                     std::to_string(support.size()) +
                     " classes in this image, but at least two are needed");
  const RowMatrixXf& rows_ND = scene.embeddings.rows_ND;
  RowMatrixXf means(static_cast<Eigen::Index>(support.size()), rows_ND.cols());
  double widest_inside = 0, least_between = std::numeric_limits<double>::infinity();
  for (std::size_t k = 0; k < support.size(); ++k) {
    const RowMatrixXf rows = rows_of(support[k], rows_ND);
    const Eigen::VectorXf sum = rows.colwise().sum().transpose().normalized();
    for (Eigen::Index i = 0; i < rows.rows(); ++i)
      widest_inside = std::max(widest_inside, angle_between(rows.row(i).transpose(), sum));
    for (std::size_t other = 0; other < k; ++other)
      least_between =
          std::min(least_between,
                   angle_between(means.row(static_cast<Eigen::Index>(other)).transpose(), sum));
    means.row(static_cast<Eigen::Index>(k)) = sum.transpose();
  }
  constexpr double wider = 1.5;
  const double far = std::max(wider * widest_inside, least_between / 2);

  Communities communities;
  communities.community.assign(scene.grid.chips(), -1);
  communities.node_stability.assign(scene.grid.chips(), 1.0F);
  communities.margin.assign(scene.grid.chips(), 0.0F);
  parallel_for(scene.chips.size(), threads, [&](std::size_t, std::size_t i) {
    const std::uint32_t chip = scene.chips[i];
    Eigen::VectorXf alike = means * rows_ND.row(chip).transpose();
    Eigen::Index best = 0;
    const float most = alike.maxCoeff(&best);
    alike[best] = -2;
    const double nearest = std::acos(std::clamp(most, -1.0F, 1.0F)),
                 next = std::acos(std::clamp(alike.maxCoeff(), -1.0F, 1.0F));
    communities.margin[chip] = static_cast<float>(next - nearest);
    if (nearest <= far) communities.community[chip] = static_cast<std::int32_t>(best);
  });
  std::size_t unknown = 0;
  for (const std::uint32_t chip : scene.chips) unknown += communities.community[chip] < 0;
  for (std::size_t k = 0; k < support.size(); ++k) {
    const auto first = std::find(communities.community.begin(), communities.community.end(),
                                 static_cast<std::int32_t>(k));
    if (first == communities.community.end()) continue;
    communities.named_chips.emplace_back(
        static_cast<std::uint32_t>(first - communities.community.begin()), support[k].label);
  }
  communities.count = number_canonically(communities.community);
  communities.engine = "prototypes";
  if (unknown > 0)
    communities.notes.push_back(std::to_string(unknown) + " of " +
                                std::to_string(scene.chips.size()) +
                                " chips are unlike every prototype and stay unassigned");
  return communities;
}

}  // namespace metamict
