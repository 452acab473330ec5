// SPDX-License-Identifier: GPL-3.0-or-later
#include "labels/sharp_borders.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numbers>
#include <opencv2/imgproc.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "base/parallel.hpp"
#include "image/mask.hpp"
#include "image/texture.hpp"
#include "labels/border.hpp"
#include "labels/faded_border.hpp"

namespace metamict {

namespace {

// Everything is measured in quarters of a chip, one period of the lattice at the usual chip. The
// working image has this many pixels to it: enough for the reflections that a probe passes, and
// four times fewer than the encoder needs.
constexpr double period_px = 8;
constexpr double band_px = period_px;  // how far a border may move
constexpr std::array windows_px = {0.35 * period_px, 0.5 * period_px, 0.7 * period_px,
                                   1.0 * period_px, 1.4 * period_px};
constexpr double smoothing_px = 0.4 * period_px;  // along the border, less than a cell
constexpr double neighbourhood_px =
    6 * period_px;                            // of the local planes: drift and wedges are slower
constexpr double context_px = 8 * period_px;  // from how far off pixels teach
constexpr double apart = 4;                   // in standard deviations of the discriminant
constexpr std::size_t samples = 400;          // pixels of either side
constexpr std::size_t taught = 100;  // most pixels of the contact that the planes are asked at

using Point = cv::Point2d;
using Samples = Eigen::MatrixXd;  // points x features

/// Where two regions touch, in the working image.
struct Contact {
  std::vector<cv::Point> points;
  cv::Rect box;
};

std::map<std::pair<int, int>, Contact> find_contacts(const cv::Mat& labels) {
  std::map<std::pair<int, int>, Contact> contacts;
  const auto meet = [&](cv::Point at, cv::Point other) {
    const int a = labels.at<std::uint16_t>(at), b = labels.at<std::uint16_t>(other);
    if (a != b && a != 0 && b != 0) contacts[std::minmax(a, b)].points.push_back(at);
  };
  for (int y = 0; y < labels.rows; ++y)
    for (int x = 0; x < labels.cols; ++x) {
      if (x + 1 < labels.cols) meet({x, y}, {x + 1, y});
      if (y + 1 < labels.rows) meet({x, y}, {x, y + 1});
    }
  std::erase_if(contacts, [](const auto& item) {
    return static_cast<double>(item.second.points.size()) < period_px;
  });
  for (auto& [pair, contact] : contacts) contact.box = cv::boundingRect(contact.points);
  return contacts;
}

cv::Rect grown(const cv::Rect& box, double by, cv::Size within) {
  const int margin = static_cast<int>(by);
  return cv::Rect(box.x - margin, box.y - margin, box.width + 2 * margin, box.height + 2 * margin) &
         cv::Rect({0, 0}, within);
}

/// Places spread over a mask in no order that a lattice could fall in step with.
std::vector<cv::Point> places_of(const cv::Mat& mask) {
  const std::vector<cv::Point> all = points_of(mask);
  std::vector<cv::Point> some;
  double share = 0;
  for (std::size_t i = 0; i < samples; ++i) {
    share = std::fmod(share + 1 / std::numbers::phi, 1.0);
    some.push_back(all[static_cast<std::size_t>(share * static_cast<double>(all.size()))]);
  }
  return some;
}

/// What values at places are at points: the plane through those nearby, so that a drift across the
/// border does not look like a step between its two sides. points x places: what each place counts
/// for.
Eigen::MatrixXd local_planes(const std::vector<cv::Point>& places,
                             const std::vector<Point>& points) {
  constexpr double trust_in_mean = 1e-3;  // of all places: takes over where none is near
  constexpr double least_spread =
      period_px * period_px / 16;  // places closer together do not show a slope
  const auto count = static_cast<Eigen::Index>(places.size());
  Eigen::MatrixXd shares(static_cast<Eigen::Index>(points.size()), count);
  Eigen::Matrix3Xd weighted(3, count);
  for (std::size_t k = 0; k < points.size(); ++k) {
    Eigen::Matrix3d normal = Eigen::Matrix3d::Zero();
    for (std::size_t i = 0; i < places.size(); ++i) {
      const Eigen::Vector3d from_here(1, places[i].x - points[k].x, places[i].y - points[k].y);
      const double weight = std::exp(-0.5 * from_here.tail<2>().squaredNorm() /
                                     (neighbourhood_px * neighbourhood_px));
      weighted.col(static_cast<Eigen::Index>(i)) = weight * from_here;
      normal += weight * from_here * from_here.transpose();
    }
    normal.diagonal().tail<2>().array() += least_spread * normal(0, 0) + trust_in_mean;
    normal(0, 0) += trust_in_mean;
    weighted.row(0).array() += trust_in_mean / static_cast<double>(count);
    shares.row(static_cast<Eigen::Index>(k)) = normal.inverse().row(0) * weighted;
  }
  return shares;
}

Samples values_at(const std::vector<cv::Mat>& maps, const std::vector<cv::Point>& places) {
  Samples values(static_cast<Eigen::Index>(places.size()), static_cast<Eigen::Index>(maps.size()));
  for (std::size_t i = 0; i < places.size(); ++i)
    for (std::size_t k = 0; k < maps.size(); ++k)
      values(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(k)) =
          maps[k].at<float>(places[i]);
  return values;
}

/// One of two regions: places inside it, and what their values are around them and at the border.
class Side {
 public:
  Side() = default;
  Side(std::vector<cv::Point> places, const std::vector<Point>& border)
      : places_(std::move(places)),
        around_(local_planes(places_, {places_.begin(), places_.end()})),
        at_border_(local_planes(places_, border).colwise().mean()) {}

  const std::vector<cv::Point>& places() const { return places_; }

  /// Covariance of the values around their planes.
  Eigen::MatrixXd scatter(const std::vector<cv::Mat>& maps) const {
    const Samples values = values_at(maps, places_);
    const Samples residuals = values - around_ * values;
    return residuals.transpose() * residuals / static_cast<double>(places_.size());
  }

  Eigen::RowVectorXd at_border(const std::vector<cv::Mat>& maps) const {
    return at_border_ * values_at(maps, places_);
  }

  Eigen::VectorXd at(const std::vector<Point>& points, const cv::Mat& map) const {
    return local_planes(places_, points) * values_at({map}, places_);
  }

 private:
  std::vector<cv::Point> places_;
  Eigen::MatrixXd around_;        // places x places
  Eigen::RowVectorXd at_border_;  // places
};

/// The pixels around the contact of two regions.
class Surroundings {
 public:
  Surroundings(const cv::Mat& grey, const cv::Mat& labels, std::pair<int, int> pair,
               const Contact& contact)
      : box_(grown(contact.box, context_px, grey.size())), grey_(grey(box_)) {
    border_.a = pair.first, border_.b = pair.second, border_.box = box_;
    const cv::Mat here = labels(box_);
    const cv::Mat a = here == pair.first, b = here == pair.second;
    const cv::Mat near_a = distance(~a) <= band_px, near_b = distance(~b) <= band_px;
    border_.band = (a & near_b) | (b & near_a);
    // Far enough from any border to show nothing of the other side; in thin regions as far as there
    // is room.
    constexpr double least_area = 4 * period_px * period_px;
    for (const double margin : {1.5, 1.0, 0.6}) {
      const cv::Mat inner_a = distance(a) >= margin * period_px,
                    inner_b = distance(b) >= margin * period_px;
      if (cv::countNonZero(inner_a) < least_area || cv::countNonZero(inner_b) < least_area)
        continue;
      std::vector<Point> touching;
      for (const cv::Point at :
           every(contact.points, (contact.points.size() + taught - 1) / taught))
        touching.emplace_back(at - box_.tl());
      a_ = Side(places_of(inner_a), touching), b_ = Side(places_of(inner_b), touching);
      border_.band &= ~(inner_a | inner_b);  // a thin region keeps its core
      break;
    }
  }

  /// Nothing where the two are not told apart.
  std::optional<Border> border() {
    if (a_.places().empty() || b_.places().empty()) return std::nullopt;
    const std::vector<cv::Point2d> frequencies =
        telling_frequencies(grey_, a_.places(), b_.places(), period_px);
    const cv::Mat columns = grey_ - blurred(grey_, period_px);
    for (const double window : windows_px) {
      std::vector<cv::Mat> maps = {blurred(grey_, window)};
      for (const cv::Point2d frequency : frequencies) {
        cv::sqrt(power_at(columns, frequency, window), maps.emplace_back());
      }
      if (learn(maps)) return border_;
    }
    return std::nullopt;
  }

 private:
  bool learn(const std::vector<cv::Mat>& maps) {
    Eigen::MatrixXd covariance = (a_.scatter(maps) + b_.scatter(maps)) / 2;
    constexpr double shrinkage = 0.05;
    const Eigen::MatrixXd diagonal = covariance.diagonal().asDiagonal();
    covariance = (1 - shrinkage) * covariance + shrinkage * diagonal +
                 1e-9 * Eigen::MatrixXd::Identity(covariance.rows(), covariance.cols());
    const Eigen::VectorXd difference = (a_.at_border(maps) - b_.at_border(maps)).transpose();
    const Eigen::VectorXd weights = covariance.ldlt().solve(difference);
    if (difference.dot(weights) < apart * apart) return false;
    cv::Mat discriminant = cv::Mat::zeros(grey_.size(), CV_32F);
    for (std::size_t k = 0; k < maps.size(); ++k)
      discriminant += weights[static_cast<Eigen::Index>(k)] * maps[k];
    discriminant = blurred(discriminant, smoothing_px);
    border_.side = discriminant - half_way(discriminant);
    return true;
  }

  /// Between the two sides' planes.
  cv::Mat half_way(const cv::Mat& discriminant) const {
    constexpr int step = 16;  // planes change over neighbourhood_px
    const cv::Size coarse(std::clamp(box_.width / step, 1, 64),
                          std::clamp(box_.height / step, 1, 64));
    std::vector<Point> cells;
    for (int y = 0; y < coarse.height; ++y)
      for (int x = 0; x < coarse.width; ++x)
        cells.emplace_back((x + 0.5) * box_.width / coarse.width - 0.5,
                           (y + 0.5) * box_.height / coarse.height - 0.5);
    const Eigen::VectorXd middle = (a_.at(cells, discriminant) + b_.at(cells, discriminant)) / 2;
    cv::Mat at_cells(coarse, CV_32F), result;
    for (std::size_t k = 0; k < cells.size(); ++k)
      at_cells.at<float>(static_cast<int>(k) / coarse.width, static_cast<int>(k) % coarse.width) =
          static_cast<float>(middle[static_cast<Eigen::Index>(k)]);
    cv::resize(at_cells, result, box_.size(), 0, 0, cv::INTER_LINEAR);
    return result;
  }

  cv::Rect box_;
  cv::Mat grey_;
  Border border_;
  Side a_, b_;
};

/// What the borders cut off within their bands goes to the nearest region: regions grow and shrink
/// at their edges, they do not scatter.
void join_fragments(cv::Mat& labels, const cv::Mat& bands) {
  double most = 0;
  cv::minMaxLoc(labels, nullptr, &most);
  cv::Mat fragments = cv::Mat::zeros(labels.size(), CV_8UC1);
  for (int label = 1; label <= static_cast<int>(most); ++label) {
    cv::Mat piece_at;
    const cv::Mat mask = labels == label;
    const int pieces = cv::connectedComponents(mask, piece_at, 4, CV_32S);
    std::vector<bool> rooted(static_cast<std::size_t>(pieces), false);
    for (int y = 0; y < labels.rows; ++y)
      for (int x = 0; x < labels.cols; ++x)
        if (bands.at<std::uint8_t>(y, x) == 0)
          rooted[static_cast<std::size_t>(piece_at.at<int>(y, x))] = true;
    for (int y = 0; y < labels.rows; ++y)
      for (int x = 0; x < labels.cols; ++x)
        if (mask.at<std::uint8_t>(y, x) != 0 &&
            !rooted[static_cast<std::size_t>(piece_at.at<int>(y, x))])
          fragments.at<std::uint8_t>(y, x) = 255;
  }
  if (cv::countNonZero(fragments) == 0) return;
  const cv::Rect box = grown(cv::boundingRect(fragments), 1, labels.size());
  cv::Mat here = labels(box), distance, nearest;
  const cv::Mat lost = fragments(box);
  cv::distanceTransform(lost | (here == 0), distance, nearest, cv::DIST_L2, cv::DIST_MASK_5,
                        cv::DIST_LABEL_PIXEL);
  std::vector<std::uint16_t> label_of(here.total() + 1, 0);
  for (int y = 0; y < here.rows; ++y)
    for (int x = 0; x < here.cols; ++x)
      if (distance.at<float>(y, x) == 0)
        label_of[static_cast<std::size_t>(nearest.at<int>(y, x))] = here.at<std::uint16_t>(y, x);
  for (int y = 0; y < here.rows; ++y)
    for (int x = 0; x < here.cols; ++x)
      if (lost.at<std::uint8_t>(y, x) != 0)
        here.at<std::uint16_t>(y, x) = label_of[static_cast<std::size_t>(nearest.at<int>(y, x))];
}

/// Draws a border into the label map of the input.
void draw(const Border& border, cv::Size working, cv::Mat& labels, cv::Mat& bands) {
  const double scale_x = static_cast<double>(working.width) / labels.cols;
  const double scale_y = static_cast<double>(working.height) / labels.rows;
  const cv::Point from(static_cast<int>(border.box.x / scale_x),
                       static_cast<int>(border.box.y / scale_y));
  const cv::Point to(static_cast<int>(std::ceil(border.box.br().x / scale_x)),
                     static_cast<int>(std::ceil(border.box.br().y / scale_y)));
  const cv::Rect box = cv::Rect(from, to) & cv::Rect({0, 0}, labels.size());
  const cv::Matx23d into_working(scale_x, 0, (box.x + 0.5) * scale_x - 0.5 - border.box.x,  //
                                 0, scale_y, (box.y + 0.5) * scale_y - 0.5 - border.box.y);
  cv::Mat side, band, here = labels(box);
  cv::warpAffine(border.side, side, into_working, box.size(),
                 cv::INTER_LINEAR | cv::WARP_INVERSE_MAP, cv::BORDER_REPLICATE);
  cv::warpAffine(border.band, band, into_working, box.size(),
                 cv::INTER_NEAREST | cv::WARP_INVERSE_MAP, cv::BORDER_REPLICATE);
  for (int y = 0; y < here.rows; ++y)
    for (int x = 0; x < here.cols; ++x) {
      std::uint16_t& label = here.at<std::uint16_t>(y, x);
      if (band.at<std::uint8_t>(y, x) == 0 || (label != border.a && label != border.b)) continue;
      label = static_cast<std::uint16_t>(side.at<float>(y, x) > 0 ? border.a : border.b);
    }
  bands(box) |= band;
}

SharpBorders draw_all(const cv::Mat& grey, const std::vector<ReciprocalLattice>& lattices,
                      const std::vector<bool>& ordered, cv::Mat& labels, int threads) {
  cv::Mat working_labels;
  cv::resize(labels, working_labels, grey.size(), 0, 0, cv::INTER_NEAREST_EXACT);
  const auto contacts = find_contacts(working_labels);
  std::vector<const std::pair<const std::pair<int, int>, Contact>*> pairs;
  for (const auto& item : contacts) pairs.push_back(&item);
  std::vector<std::optional<Border>> borders(pairs.size());
  parallel_for(pairs.size(), threads, [&](std::size_t, std::size_t k) {
    const auto& [pair, contact] = *pairs[k];
    const auto [a, b] = pair;
    const bool a_ordered = ordered[static_cast<std::size_t>(a)],
               b_ordered = ordered[static_cast<std::size_t>(b)];
    if (a_ordered != b_ordered)
      borders[k] = faded_border(grey, working_labels, a_ordered ? a : b, a_ordered ? b : a,
                                lattices, period_px);
    if (!borders[k]) borders[k] = Surroundings(grey, working_labels, pair, contact).border();
  });
  SharpBorders result;
  cv::Mat bands = cv::Mat::zeros(labels.size(), CV_8UC1);
  for (const std::optional<Border>& border : borders) {
    if (border) draw(*border, grey.size(), labels, bands);
    if (border && border->faded) ++result.faded;
    ++(border ? result.moved : result.left);
  }
  if (result.moved > 0) join_fragments(labels, bands);
  return result;
}

}  // namespace

SharpBorders sharpen_borders(const Micrograph& canonical, const ChipGrid& grid,
                             const std::vector<bool>& ordered, cv::Mat& labels, int threads) {
  constexpr int rounds = 2;  // the second learns from purer regions
  const double scale = 4 * period_px / grid.size_px;
  cv::Mat grey;
  cv::resize(canonical.pixels, grey, {}, scale, scale,
             scale < 1 ? cv::INTER_AREA : cv::INTER_LINEAR);
  constexpr int most_lattices = 6;
  std::vector<ReciprocalLattice> lattices;
  const auto any = [&](bool wanted) {
    return std::find(ordered.begin() + 1, ordered.end(), wanted) != ordered.end();
  };
  if (any(true) && any(false)) lattices = find_lattices(grey, {.threads = threads}, most_lattices);
  SharpBorders result;
  for (int round = 0; round < rounds; ++round)
    result = draw_all(grey, lattices, ordered, labels, threads);
  return result;
}

}  // namespace metamict
