// SPDX-License-Identifier: GPL-3.0-or-later
#include "labels/two_sides.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <numbers>
#include <opencv2/imgproc.hpp>

#include "image/mask.hpp"
#include "image/texture.hpp"

namespace metamict {

namespace {

constexpr double period_px = border_period_px;

using Point = cv::Point2d;
using Samples = Eigen::MatrixXd;  // points x features

/// Places spread over a mask in no order that a lattice could fall in step with.
std::vector<cv::Point> places_of(const cv::Mat& mask, std::size_t count) {
  const std::vector<cv::Point> all = points_of(mask);
  std::vector<cv::Point> some;
  double share = 0;
  for (std::size_t i = 0; i < count; ++i) {
    share = std::fmod(share + 1 / std::numbers::phi, 1.0);
    some.push_back(all[static_cast<std::size_t>(share * static_cast<double>(all.size()))]);
  }
  return some;
}

/// What values at places are at points: the plane through those nearby, so that a drift across the
/// border does not look like a step between its two sides. points x places: what each place counts
/// for.
Eigen::MatrixXd local_planes(const std::vector<cv::Point>& places, const std::vector<Point>& points,
                             double width_px) {
  constexpr double trust_in_mean = 1e-3;  // of all places: takes over where none is near
  constexpr double quarter_px = period_px / 4;
  constexpr double least_spread =
      quarter_px * quarter_px;  // places closer together do not show a slope
  const auto count = static_cast<Eigen::Index>(places.size());
  Eigen::MatrixXd shares(static_cast<Eigen::Index>(points.size()), count);
  Eigen::Matrix3Xd weighted(3, count);
  for (std::size_t k = 0; k < points.size(); ++k) {
    Eigen::Matrix3d normal = Eigen::Matrix3d::Zero();
    for (std::size_t i = 0; i < places.size(); ++i) {
      const Eigen::Vector3d from_here(1, places[i].x - points[k].x, places[i].y - points[k].y);
      const double weight =
          std::exp(-0.5 * from_here.tail<2>().squaredNorm() / (width_px * width_px));
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
  Side(std::vector<cv::Point> places, const std::vector<Point>& border, double width_px)
      : places_(std::move(places)),
        width_px_(width_px),
        around_(local_planes(places_, {places_.begin(), places_.end()}, width_px)),
        at_border_(local_planes(places_, border, width_px).colwise().mean()) {}

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
    return local_planes(places_, points, width_px_) * values_at({map}, places_);
  }

 private:
  std::vector<cv::Point> places_;
  double width_px_ = 0;
  Eigen::MatrixXd around_;        // places x places
  Eigen::RowVectorXd at_border_;  // places
};

/// The pixels around the contact of two regions.
class Surroundings {
 public:
  Surroundings(const cv::Mat& grey, const cv::Mat& labels, std::pair<int, int> pair,
               const std::vector<cv::Point>& contact, const BorderOptions& options)
      : options_(options),
        box_(grown(cv::boundingRect(contact), options.learning.context_periods * period_px,
                   grey.size())),
        grey_(grey(box_)) {
    border_.a = pair.first;
    border_.b = pair.second;
    border_.box = box_;
    const cv::Mat here = labels(box_);
    const cv::Mat a = here == pair.first, b = here == pair.second;
    const double band_px = options.drawing.band_periods * period_px;
    const cv::Mat near_a = distance(~a) <= band_px, near_b = distance(~b) <= band_px;
    border_.band = (a & near_b) | (b & near_a);
    look_inside(a, b, contact);
  }

  TwoSides look() {
    TwoSides found;
    if (a_.places().empty() || b_.places().empty()) return found;
    const std::vector<cv::Point2d> frequencies =
        telling_frequencies(grey_, a_.places(), b_.places(), period_px);
    const cv::Mat columns = grey_ - blurred(grey_, period_px);
    for (const double window : options_.drawing.window_periods) {
      const double window_px = window * period_px;
      std::vector<cv::Mat> maps = {blurred(grey_, window_px)};
      for (const cv::Point2d frequency : frequencies)
        cv::sqrt(power_at(columns, frequency, window_px), maps.emplace_back());
      const double separation = learn(maps);
      found.separation = std::max(found.separation.value_or(0), separation);
      if (separation < options_.drawing.least_separation) continue;
      found.border = border_;
      break;
    }
    return found;
  }

 private:
  /// Takes the places that teach as far from any border as there is room.
  void look_inside(const cv::Mat& a, const cv::Mat& b, const std::vector<cv::Point>& contact) {
    const BorderLearningOptions& learning = options_.learning;
    const double least_area = learning.least_inner_area * period_px * period_px;
    const double width_px = learning.neighbourhood_periods * period_px;
    for (const double margin : learning.inner_periods) {
      const cv::Mat inner_a = distance(a) >= margin * period_px,
                    inner_b = distance(b) >= margin * period_px;
      if (cv::countNonZero(inner_a) < least_area || cv::countNonZero(inner_b) < least_area)
        continue;
      std::vector<Point> touching;
      const std::size_t step =
          (contact.size() + learning.contact_places - 1) / learning.contact_places;
      for (const cv::Point at : every(contact, step)) touching.emplace_back(at - box_.tl());
      a_ = Side(places_of(inner_a, learning.places), touching, width_px);
      b_ = Side(places_of(inner_b, learning.places), touching, width_px);
      border_.band &= ~(inner_a | inner_b);  // a thin region keeps its core
      return;
    }
  }

  /// Returns the standard deviations between the two. The border is drawn where they are enough.
  double learn(const std::vector<cv::Mat>& maps) {
    constexpr double least_variance = 1e-9;
    const double shrinkage = options_.learning.shrinkage;
    Eigen::MatrixXd covariance = (a_.scatter(maps) + b_.scatter(maps)) / 2;
    const Eigen::MatrixXd diagonal = covariance.diagonal().asDiagonal();
    covariance = (1 - shrinkage) * covariance + shrinkage * diagonal +
                 least_variance * Eigen::MatrixXd::Identity(covariance.rows(), covariance.cols());
    const Eigen::VectorXd difference = (a_.at_border(maps) - b_.at_border(maps)).transpose();
    const Eigen::VectorXd weights = covariance.ldlt().solve(difference);
    const double separation = std::sqrt(std::max(difference.dot(weights), 0.0));
    if (separation < options_.drawing.least_separation) return separation;
    cv::Mat discriminant = cv::Mat::zeros(grey_.size(), CV_32F);
    for (std::size_t k = 0; k < maps.size(); ++k)
      discriminant += weights[static_cast<Eigen::Index>(k)] * maps[k];
    discriminant = blurred(discriminant, options_.drawing.smoothing_periods * period_px);
    border_.side = discriminant - half_way(discriminant);
    return separation;
  }

  /// Between the two sides' planes.
  cv::Mat half_way(const cv::Mat& discriminant) const {
    constexpr int step_px = 16,
                  most_steps = 64;  // planes change over their width, which is three steps
    constexpr double centre = 0.5;  // of a cell
    const cv::Size coarse(std::clamp(box_.width / step_px, 1, most_steps),
                          std::clamp(box_.height / step_px, 1, most_steps));
    std::vector<Point> cells;
    for (int y = 0; y < coarse.height; ++y)
      for (int x = 0; x < coarse.width; ++x)
        cells.emplace_back((x + centre) * box_.width / coarse.width - centre,
                           (y + centre) * box_.height / coarse.height - centre);
    const Eigen::VectorXd middle = (a_.at(cells, discriminant) + b_.at(cells, discriminant)) / 2;
    cv::Mat at_cells(coarse, CV_32F), result;
    for (std::size_t k = 0; k < cells.size(); ++k)
      at_cells.at<float>(static_cast<int>(k) / coarse.width, static_cast<int>(k) % coarse.width) =
          static_cast<float>(middle[static_cast<Eigen::Index>(k)]);
    cv::resize(at_cells, result, box_.size(), 0, 0, cv::INTER_LINEAR);
    return result;
  }

  const BorderOptions& options_;
  cv::Rect box_;
  cv::Mat grey_;
  Border border_;
  Side a_, b_;
};

}  // namespace

TwoSides look_at_two_sides(const cv::Mat& grey, const cv::Mat& labels, std::pair<int, int> pair,
                           const std::vector<cv::Point>& contact, const BorderOptions& options) {
  return Surroundings(grey, labels, pair, contact, options).look();
}

}  // namespace metamict
