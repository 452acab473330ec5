// SPDX-License-Identifier: GPL-3.0-or-later
#include "metamict/front.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <numbers>
#include <numeric>

#include "base/text.hpp"
#include "image/mask.hpp"
#include "lattice/lattice_contrast.hpp"
#include "metamict/errors.hpp"
#include "series/straight_line.hpp"
#include "series/upright.hpp"

namespace metamict {

namespace {

constexpr int most_lattices = 3;           // of film and substrate, where they are turned
constexpr double most_px_per_period = 12;  // finer sampling tells nothing more of the lattice
// Of a film's thickness between images of it: the standard deviation.
constexpr double thickness_scatter = 0.04;
constexpr double may_be_error = 0.25;  // of a border's scatter about a straight line
// Standard deviation of a border that a step of grey shows, in periods; and of a surface whose
// glass is so thin that the steps on both of its sides run into one another.
constexpr double border_doubt = 0.2, thin_glass_doubt = 0.35, thin_glass_periods = 3;
constexpr double least_step = 0.05;  // of grey at a border that can be seen: difference over sum
constexpr float unknown = std::numeric_limits<float>::quiet_NaN();

/// Smooths a line, skipping gaps, and fills the gaps from beside them.
std::vector<float> smooth_line(const std::vector<float>& line, double sigma) {
  const int reach = std::max(1, static_cast<int>(std::ceil(3 * sigma))),
            size = static_cast<int>(line.size());
  std::vector<float> smooth(line.size(), unknown);
  for (int i = 0; i < size; ++i) {
    double sum = 0, weights = 0;
    for (int j = std::max(0, i - reach); j <= std::min(size - 1, i + reach); ++j) {
      const float value = line[static_cast<std::size_t>(j)];
      if (std::isnan(value)) continue;
      const double weight = std::exp(-0.5 * (i - j) * (i - j) / (sigma * sigma));
      sum += weight * value;
      weights += weight;
    }
    if (weights > 0) smooth[static_cast<std::size_t>(i)] = static_cast<float>(sum / weights);
  }
  const auto first =
      std::find_if(smooth.begin(), smooth.end(), [](float v) { return !std::isnan(v); });
  if (first == smooth.end()) return smooth;
  float last = *first;
  for (float& value : smooth) value = std::isnan(value) ? last : (last = value);
  return smooth;
}

/// How far a line strays from a straight one; its gaps do not count.
double scatter_about_line(const std::vector<float>& line) {
  std::vector<cv::Point2d> places;
  for (std::size_t i = 0; i < line.size(); ++i)
    if (!std::isnan(line[i])) places.emplace_back(static_cast<double>(i), line[i]);
  return deviation_from_line(places);
}

/// The share of the thickness that is crystal, at each pixel of the film.
struct CrystalShare {
  std::optional<cv::Mat> share;  ///< CV_32F; nothing where no lattice is there to compare with
  double film_contrast =
      0;  ///< lattice contrast of the ordered film over that of the substrate; 0 = not measured
  cv::Mat amplitude;             ///< CV_32F, the lattice contrast itself
  std::vector<float> substrate;  ///< its value in the substrate, one a column
  double level = 0;              ///< of the ordered film, over that of the substrate
};

/// The standard deviation of the image's noise, from second differences (Immerkaer 1996), which
/// leave out what changes slowly.
double noise_of(const cv::Mat& pixels) {
  const cv::Mat kernel = (cv::Mat_<float>(3, 3) << 1, -2, 1, -2, 4, -2, 1, -2, 1);
  cv::Mat differences;
  cv::filter2D(pixels, differences, CV_32F, kernel);
  return cv::mean(cv::abs(differences))[0] * std::sqrt(std::numbers::pi / 2) / 6;
}

/// Shows the film with its surface up. Every length is in pixels of this picture, which may be
/// smaller than the image.
class UprightFilm {
 public:
  UprightFilm(const FrontInput& input, const FrontOptions& options)
      : input_(input), options_(options), image_size_(input.labels.size()) {
    const std::vector<ReciprocalLattice> found =
        find_lattices(input.micrograph.pixels, {.threads = input.threads}, most_lattices);
    if (!found.empty()) lattice_ = found[most_in_film(found)];
    if (lattice_ && lattice_->period_px() > most_px_per_period)
      scale_ = most_px_per_period / lattice_->period_px();
    cv::Mat pixels = input.micrograph.pixels, labels = input.labels;
    if (scale_ < 1) {
      cv::resize(pixels, pixels, {}, scale_, scale_, cv::INTER_AREA);
      cv::resize(labels, labels, pixels.size(), 0, 0, cv::INTER_NEAREST);
      lattice_->g1 /= scale_;
      lattice_->g2 /= scale_;
    }
    pixels_ = pixels;
    upright_.emplace(pixels.size(), input.growth.angle_deg);
    period_ = lattice_ ? lattice_->period_px() : input.chip_px * scale_ / 4;
    chip_ = input.chip_px * scale_;
    cv::Mat grey;
    cv::GaussianBlur(pixels, grey, {}, 0.5 * period_);
    grey_ = upright_->turn(grey, cv::INTER_LINEAR);
    const cv::Mat turned = upright_->turn(labels, cv::INTER_NEAREST);
    inside_ = upright_->turn(cv::Mat(labels.size(), CV_8U, cv::Scalar(255)), cv::INTER_NEAREST);
    layer_ = cv::Mat(turned.size(), CV_8U, cv::Scalar(0));
    for (int y = 0; y < turned.rows; ++y)
      for (int x = 0; x < turned.cols; ++x)
        layer_.at<std::uint8_t>(y, x) =
            static_cast<std::uint8_t>(input.layer_of_label[turned.at<std::uint16_t>(y, x)]);
    if (lattice_) reflections_ = measure_reflections(pixels, *lattice_, upright_->down());
    for (ReflectionPower& one : reflections_)
      one.power = upright_->turn(one.power, cv::INTER_LINEAR);
  }

  Front measure();

 private:
  std::size_t most_in_film(const std::vector<ReciprocalLattice>& lattices) const;
  using Line = std::vector<float>;  // one value a column

  Layer at(int y, int x) const { return static_cast<Layer>(layer_.at<std::uint8_t>(y, x)); }

  void find_borders();
  void level_interface(double within);
  Line grey_beside(const Line& border, double from, double to) const;
  double step_of_grey(const Line& border) const;
  void sharpen(Line& border, bool surface) const;
  double thickness() const;
  void hold_thickness();
  void hold_columns(double expected);
  bool is_crystal_between(const Line& upper, const Line& lower) const;
  void give_to_film();
  Line lateral(const std::function<float(int x, std::vector<float>&)>& of_column,
               double sigma) const;
  CrystalShare crystal_share(const std::vector<const ReflectionPower*>& reflections) const;
  cv::Mat share_of_expected(const cv::Mat& amplitude, const Line& substrate, double level) const;
  double ordered_film_level(const cv::Mat& amplitude, const Line& substrate) const;
  cv::Mat put_glass(const std::vector<double>& thick_px, const cv::Mat& amorphous,
                    std::size_t first, cv::Mat& of_glass) const;
  std::optional<double> thinnest_seen(const CrystalShare& found, const cv::Mat& amorphous) const;
  std::vector<ProfilePoint> profile_of(const std::optional<CrystalShare>& found) const;
  void fill_small_holes(cv::Mat& mask) const;
  void fill_up_to_surface(cv::Mat& mask, double widest) const;
  cv::Mat amorphous_mask(const cv::Mat& share, double below) const;
  double hidden_by_window(const cv::Mat& share, const cv::Mat& mask, const cv::Mat& film) const;
  void paint_layers(const cv::Mat& amorphous, const std::optional<cv::Mat>& share);
  std::vector<double> depths(const cv::Mat& amorphous) const;
  void write_curve(Front& front, const std::vector<double>& depth) const;
  int top(int x) const {
    return static_cast<int>(std::lround(surface_[static_cast<std::size_t>(x)]));
  }
  int base(int x) const {
    return static_cast<int>(std::lround(interface_[static_cast<std::size_t>(x)]));
  }
  bool is_inside(int y, int x) const {
    return y >= 0 && y < inside_.rows && inside_.at<std::uint8_t>(y, x) != 0;
  }
  bool in_view(int x) const {
    return !std::isnan(surface_[static_cast<std::size_t>(x)]) && base(x) > top(x);
  }

  const FrontInput& input_;
  const FrontOptions& options_;
  cv::Size image_size_;
  std::optional<ReciprocalLattice> lattice_;
  double scale_ = 1, period_ = 0, chip_ = 0;
  std::optional<Upright> upright_;
  cv::Mat pixels_;  // not turned
  cv::Mat grey_, inside_, layer_;
  // Standard deviations of a border that only the thickness places.
  double surface_doubt_ = 0, interface_doubt_ = 0;
  Notes notes_;
  std::vector<ReflectionPower> reflections_;
  Line surface_,
      interface_;  // first row of the film, first row below it; NaN where the column shows no film
};

/// The lattice that the ordered film shows best. A film may be turned against its substrate.
std::size_t UprightFilm::most_in_film(const std::vector<ReciprocalLattice>& lattices) const {
  cv::Mat film = cv::Mat::zeros(input_.labels.size(), CV_8U);
  for (int y = 0; y < film.rows; ++y)
    for (int x = 0; x < film.cols; ++x)
      if (input_.layer_of_label[input_.labels.at<std::uint16_t>(y, x)] == Layer::film)
        film.at<std::uint8_t>(y, x) = 255;
  if (lattices.size() < 2 || cv::countNonZero(film) == 0) return 0;
  std::size_t best = 0;
  double most = 0;
  for (std::size_t i = 0; i < lattices.size(); ++i) {
    const std::vector<ReflectionPower> reflections =
        measure_reflections(input_.micrograph.pixels, lattices[i],
                            Upright(input_.labels.size(), input_.growth.angle_deg).down());
    if (reflections.empty()) continue;
    double power = 0;
    for (const ReflectionPower& one : reflections)
      power += cv::mean(one.power, film)[0] / static_cast<double>(reflections.size());
    if (power > most) {
      most = power;
      best = i;
    }
  }
  return best;
}

/// Finds the film's borders: it begins under the last cap pixel and ends above the first substrate
/// pixel below that.
void UprightFilm::find_borders() {
  const auto cols = static_cast<std::size_t>(layer_.cols);
  surface_.assign(cols, unknown);
  interface_.assign(cols, unknown);
  const bool has_cap = cv::countNonZero(layer_ == static_cast<int>(Layer::cap)) > 0;
  const bool has_substrate = cv::countNonZero(layer_ == static_cast<int>(Layer::substrate)) > 0;
  for (int x = 0; x < layer_.cols; ++x) {
    int first = 0, last = layer_.rows - 1;
    // Vacuum, a strip of text: what is no layer ends the picture.
    const auto outside = [&](int y) {
      return inside_.at<std::uint8_t>(y, x) == 0 || at(y, x) == Layer::other;
    };
    while (first <= last && outside(first)) ++first;
    while (last >= first && outside(last)) --last;
    int end = first;
    while (end <= last && at(end, x) != Layer::substrate) ++end;
    int start = end;
    while (start > first && at(start - 1, x) != Layer::cap) --start;
    int film = 0;
    for (int y = start; y < end; ++y) film += is_film(at(y, x));
    if (2 * film <= end - start || film == 0) continue;
    if ((has_substrate && end > last) || (has_cap && start == first))
      continue;  // the picture's corner cuts the film off
    surface_[static_cast<std::size_t>(x)] = static_cast<float>(start);
    interface_[static_cast<std::size_t>(x)] = static_cast<float>(end);
  }
  level_interface(chip_ / 2);
  sharpen(surface_, true);
  sharpen(interface_, false);
  level_interface(period_ / 2);  // the nearest step of grey may have been that of the front
  sharpen(interface_, false);
  hold_thickness();
}

double UprightFilm::thickness() const {
  std::vector<float> all;
  for (std::size_t i = 0; i < surface_.size(); ++i)
    if (!std::isnan(surface_[i])) all.push_back(interface_[i] - surface_[i]);
  return all.empty() ? 0 : quantile(all, 0.5);
}

/// Moves the border that the regions have wrong. Where a film is not as thick as in other images of
/// it, its glass went to the cap, or the reverse; or film and substrate were mixed. The grey tells
/// which: a true border has a step of grey. Where that does not tell, or the borders are where the
/// steps are, nothing is moved, and the thickness shows the doubt.
void UprightFilm::hold_thickness() {
  if (!input_.film_thickness_px) return;
  const double expected = *input_.film_thickness_px * scale_;
  const double seen = thickness();
  if (seen <= 0) return;
  // The regions know a border to half a chip.
  if (std::abs(seen - expected) <= period_ / 2) {
    hold_columns(expected);
    return;
  }
  const auto moved = [&](const Line& border, double by, bool surface) {
    Line other = border;
    for (float& one : other) one += static_cast<float>(by);
    sharpen(other, surface);
    return other;
  };
  const Line surface = moved(surface_, seen - expected, true),
             interface = moved(interface_, expected - seen, false);
  // Each way leaves one border where it is.
  const double by_surface = step_of_grey(surface) + step_of_grey(interface_);
  const double by_interface = step_of_grey(surface_) + step_of_grey(interface);
  const double as_is = step_of_grey(surface_) + step_of_grey(interface_);
  const double better = std::max(by_surface, by_interface),
               worse = std::min(by_surface, by_interface);
  if (better < 1.2 * worse + least_step / 2 || better < as_is - least_step) {
    hold_columns(expected);
    return;
  }
  const bool up = by_surface > by_interface;
  if (up && is_crystal_between(surface_, surface)) return;
  Line& border = up ? surface_ : interface_;
  border = up ? surface : interface;
  if (step_of_grey(border) < least_step)
    (up ? surface_doubt_ : interface_doubt_) = thickness_scatter * expected;
  give_to_film();
  notes_.push_back("the regions put the film's " + std::string(up ? "surface" : "lower border") +
                   " where it would be " + fixed(seen / expected, 2) +
                   " times as thick as in other images; it is looked for where the film is as "
                   "thick as there");
}

/// Whether most of what lies below one line and above another is ordered film: no cap is that.
bool UprightFilm::is_crystal_between(const Line& upper, const Line& lower) const {
  double crystal = 0, all = 0;
  for (int x = 0; x < layer_.cols; ++x) {
    const auto i = static_cast<std::size_t>(x);
    if (std::isnan(upper[i]) || std::isnan(lower[i])) continue;
    for (int y = std::max(0, static_cast<int>(upper[i]));
         y < std::min<int>(layer_.rows, static_cast<int>(lower[i])); ++y) {
      all += 1;
      crystal += at(y, x) == Layer::film ? 1 : 0;
    }
  }
  return 2 * crystal > all;
}

/// Moves the surface where a part of it is elsewhere: pockets of glass that went to the cap. The
/// interface is one line, and a good part of the film is as thick as in other images, so where it
/// is not, the surface is wrong.
void UprightFilm::hold_columns(double expected) {
  const auto off = [&](std::size_t i) { return interface_[i] - surface_[i] - expected; };
  double columns = 0, right = 0, wrong = 0;
  for (std::size_t i = 0; i < surface_.size(); ++i) {
    if (std::isnan(surface_[i])) continue;
    columns += 1;
    right += std::abs(off(i)) <= period_ / 2 ? 1 : 0;
    wrong += std::abs(off(i)) > chip_ / 2 ? 1 : 0;
  }
  if (wrong == 0 || 4 * right < columns) return;
  for (std::size_t i = 0; i < surface_.size(); ++i)
    if (!std::isnan(surface_[i]) && std::abs(off(i)) > chip_ / 2)
      surface_[i] = interface_[i] - static_cast<float>(expected);
  sharpen(surface_, true);
  surface_doubt_ = thickness_scatter * expected * wrong / columns;
  give_to_film();
  notes_.push_back("along " + fixed(wrong / columns, 2) +
                   " of the film the regions put its surface elsewhere than where the film is as "
                   "thick as in other images; it is looked for there");
}

/// Gives what lies between the borders to the film: glass where no layer with order was seen.
void UprightFilm::give_to_film() {
  for (int x = 0; x < layer_.cols; ++x) {
    if (!in_view(x)) continue;
    for (int y = std::max(0, top(x)); y < std::min(layer_.rows, base(x)); ++y)
      if (const Layer here = at(y, x); here == Layer::cap || here == Layer::other)
        layer_.at<std::uint8_t>(y, x) = static_cast<std::uint8_t>(Layer::amorphous);
  }
}

/// The grey beside a border, from so many periods to so many below it.
UprightFilm::Line UprightFilm::grey_beside(const Line& border, double from, double to) const {
  return lateral(
      [&, from, to](int x, std::vector<float>& values) {
        const float at_border = border[static_cast<std::size_t>(x)];
        if (std::isnan(at_border)) return unknown;
        for (int y = static_cast<int>(at_border + from * period_);
             y < static_cast<int>(at_border + to * period_); ++y)
          if (is_inside(y, x)) values.push_back(grey_.at<float>(y, x));
        return values.size() < 4 ? unknown : static_cast<float>(quantile(values, 0.5));
      },
      chip_);
}

/// How unlike in grey the two sides of a border are: the difference over the sum, 0 to 1.
double UprightFilm::step_of_grey(const Line& border) const {
  const Line above = grey_beside(border, -2, -0.5), below = grey_beside(border, 0.5, 2);
  double steps = 0, columns = 0;
  for (std::size_t i = 0; i < border.size(); ++i) {
    if (std::isnan(border[i]) || std::isnan(above[i]) || std::isnan(below[i])) continue;
    steps += (above[i] - below[i]) / std::max(1e-9F, std::abs(above[i]) + std::abs(below[i]));
    columns += 1;
  }
  return columns > 0 ? std::abs(steps) / columns : 0;
}

/// Levels the interface, because a film that grew on a substrate stands on a level line. If four
/// fifths of the columns agree on the line `within` so many pixels, a column farther away took the
/// last of a thin film for substrate (no chip sees it pure), or the reverse. The grey then says
/// where exactly the line is. Where fewer agree, the line is the level one at which the grey steps
/// more clearly than along the border as it is; there may be none.
void UprightFilm::level_interface(double within) {
  std::vector<float> seen;
  for (const float one : interface_)
    if (!std::isnan(one)) seen.push_back(one);
  if (seen.empty()) return;
  auto level = static_cast<float>(quantile(seen, 0.5));
  const auto near = [&](float one) { return std::abs(one - level) <= within; };
  if (5 * std::count_if(seen.begin(), seen.end(), near) < 4 * std::ssize(seen)) {
    const auto step_at = [&](float height) {
      Line line = interface_;
      for (float& one : line)
        if (!std::isnan(one)) one = height;
      sharpen(line, false);
      return step_of_grey(line);
    };
    double clearest = step_of_grey(interface_) + least_step;
    bool found = false;
    for (const double share : {0.1, 0.25, 0.5, 0.75, 0.9}) {
      const auto height = static_cast<float>(quantile(seen, share));
      if (const double step = step_at(height); step > clearest) {
        clearest = step;
        level = height;
        found = true;
      }
    }
    if (!found) return;
  }
  for (float& one : interface_)
    if (!std::isnan(one) && !near(one)) one = level;
}

/// Returns one smoothed value per column: the median of what `of_column` gathers in the columns
/// around it.
UprightFilm::Line UprightFilm::lateral(
    const std::function<float(int x, std::vector<float>&)>& of_column, double sigma) const {
  Line line(surface_.size(), unknown);
  std::vector<float> values;
  for (int x = 0; x < layer_.cols; ++x) {
    values.clear();
    line[static_cast<std::size_t>(x)] = of_column(x, values);
  }
  return smooth_line(line, sigma);
}

/// Moves a border to where the smoothed grey is halfway between its two sides, at most half a chip
/// away, because a region knows its border by chips only. Where both sides are equally bright it
/// stays.
void UprightFilm::sharpen(Line& border, bool surface) const {
  const Line above = grey_beside(border, -4, -2), below = grey_beside(border, 2, surface ? 3.5 : 4);
  const Line old = border;
  for (int x = 0; x < layer_.cols; ++x) {
    const auto i = static_cast<std::size_t>(x);
    if (std::isnan(old[i]) || std::isnan(above[i]) || std::isnan(below[i])) continue;
    const float half = (above[i] + below[i]) / 2;
    if (std::abs(above[i] - below[i]) < 0.15F * (std::abs(above[i]) + std::abs(below[i]))) continue;
    double nearest = chip_ / 2;
    for (int y = std::max(1, static_cast<int>(old[i] - chip_ / 2));
         y < std::min<int>(grey_.rows, static_cast<int>(old[i] + chip_ / 2)); ++y) {
      const float before = grey_.at<float>(y - 1, x), here = grey_.at<float>(y, x);
      if (inside_.at<std::uint8_t>(y - 1, x) == 0 || inside_.at<std::uint8_t>(y, x) == 0) continue;
      const bool crosses =
          above[i] > below[i] ? before >= half && here < half : before <= half && here > half;
      const double exact = y - 1 + (before == here ? 0.5 : (before - half) / (before - here)) + 0.5;
      if (crosses && std::abs(exact - old[i]) < nearest) {
        nearest = std::abs(exact - old[i]);
        border[i] = static_cast<float>(exact);
      }
    }
  }
}

/// The lattice contrast of the undamaged film, relative to that of the substrate below it.
double UprightFilm::ordered_film_level(const cv::Mat& amplitude, const Line& substrate) const {
  cv::Mat film = layer_ == static_cast<int>(Layer::film);
  for (int x = 0; x < film.cols; ++x)
    for (int y = 0; y < film.rows; ++y)
      if (!in_view(x) || y < top(x) || y >= base(x)) film.at<std::uint8_t>(y, x) = 0;
  const int width = 2 * static_cast<int>(std::lround(0.8 * period_)) + 1;
  cv::Mat core;
  cv::erode(film, core, cv::getStructuringElement(cv::MORPH_ELLIPSE, {width, width}), {-1, -1}, 1,
            cv::BORDER_CONSTANT, 0);
  std::vector<float> ratios;
  for (int y = 0; y < core.rows; ++y)
    for (int x = 0; x < core.cols; ++x)
      if (core.at<std::uint8_t>(y, x) != 0)
        ratios.push_back(amplitude.at<float>(y, x) / substrate[static_cast<std::size_t>(x)]);
  // A few unit cells are not enough. The level is the two-thirds quantile: part of the film may be
  // partly ordered.
  if (static_cast<double>(ratios.size()) < 4 * period_ * period_) return 0;
  return quantile(ratios, 2.0 / 3);
}

/// Computes how much of the thickness is crystal at each pixel, 1 = as in the ordered film. The
/// substrate's contrast takes out a drifting focus. Less is expected near the film's borders, where
/// the window looks beyond the film.
CrystalShare UprightFilm::crystal_share(
    const std::vector<const ReflectionPower*>& reflections) const {
  const cv::Mat amplitude = lattice_amplitude(reflections);
  const auto column_median = [&](Layer wanted, double away) {
    return lateral(
        [&, wanted, away](int x, std::vector<float>& values) {
          const int from = wanted == Layer::substrate
                               ? (in_view(x) ? base(x) + static_cast<int>(away) : amplitude.rows)
                               : 0;
          for (int y = from; y < amplitude.rows; ++y)
            if (at(y, x) == wanted && inside_.at<std::uint8_t>(y, x) != 0)
              values.push_back(amplitude.at<float>(y, x));
          return static_cast<double>(values.size()) < period_
                     ? unknown
                     : static_cast<float>(quantile(values, 0.5));
        },
        1.3 * chip_);
  };
  Line substrate = column_median(Layer::substrate, 2 * period_);
  const Line own = column_median(Layer::film, 0);
  // No substrate in view, or one of another lattice: the film's own drift.
  if (std::isnan(substrate.front()) ||
      (!std::isnan(own.front()) && median(Line(substrate)) < median(Line(own)) / 3))
    substrate = own;
  if (std::isnan(substrate.front()) || *std::min_element(substrate.begin(), substrate.end()) <= 0)
    return {};
  double level = ordered_film_level(amplitude, substrate);
  const double film_contrast = level;
  if (level <= 0) level = input_.film_contrast.value_or(0);
  if (level <= 0) return {{}, film_contrast, amplitude, {}, 0};
  return {share_of_expected(amplitude, substrate, level), film_contrast, amplitude, substrate,
          level};
}

/// The lattice contrast over what ordered film would show at that place.
cv::Mat UprightFilm::share_of_expected(const cv::Mat& amplitude, const Line& substrate,
                                       double level) const {
  const double sigma = 0.5 * period_;
  cv::Mat share(amplitude.size(), CV_32F, cv::Scalar(1));
  for (int x = 0; x < share.cols; ++x) {
    if (!in_view(x)) continue;
    for (int y = std::max(0, top(x)); y < std::min(share.rows, base(x)); ++y) {
      const double below = 0.5 * std::erfc((interface_[static_cast<std::size_t>(x)] - (y + 0.5)) /
                                           (sigma * std::numbers::sqrt2));
      const double covered = 0.5 * std::erfc((surface_[static_cast<std::size_t>(x)] - (y + 0.5)) /
                                             (sigma * std::numbers::sqrt2));
      const double expected =
          substrate[static_cast<std::size_t>(x)] * covered * (level + (1 - level) * below);
      share.at<float>(y, x) = static_cast<float>(amplitude.at<float>(y, x) / expected);
    }
  }
  return share;
}

/// Closes gaps of at most `widest` between the surface and what is amorphous below it.
void UprightFilm::fill_up_to_surface(cv::Mat& mask, double widest) const {
  for (int x = 0; x < mask.cols; ++x) {
    if (!in_view(x)) continue;
    int y = std::max(0, top(x));
    while (y < std::min(mask.rows, base(x)) && mask.at<std::uint8_t>(y, x) == 0) ++y;
    if (y < std::min(mask.rows, base(x)) && y - top(x) <= widest)
      for (int fill = std::max(0, top(x)); fill < y; ++fill) mask.at<std::uint8_t>(fill, x) = 255;
  }
}

/// Fills ordered specks of less than two by two cells inside the amorphous part, which are
/// accidents of noise.
void UprightFilm::fill_small_holes(cv::Mat& mask) const {
  cv::Mat rest = ~mask, parts, boxes, centres;
  const int count = cv::connectedComponentsWithStats(rest, parts, boxes, centres, 4, CV_32S);
  for (int y = 0; y < parts.rows; ++y)
    for (int x = 0; x < parts.cols; ++x)
      if (const int part = parts.at<int>(y, x);
          part > 0 && part < count && boxes.at<int>(part, cv::CC_STAT_AREA) < 4 * period_ * period_)
        mask.at<std::uint8_t>(y, x) = 255;
}

/// Finds the parts of the film that are below that share of crystal. A part of less than two by two
/// cells counts only where the graph, too, calls it amorphous. A larger one needs no such word:
/// glass buried in the film is thinner than a chip. Holes, and gaps at the surface narrower than a
/// period, are filled.
cv::Mat UprightFilm::amorphous_mask(const cv::Mat& share, double below) const {
  cv::Mat mask = share < below;
  const int width = 2 * static_cast<int>(std::lround(0.35 * period_)) + 1;
  const cv::Mat disc = cv::getStructuringElement(cv::MORPH_ELLIPSE, {width, width});
  cv::morphologyEx(mask, mask, cv::MORPH_CLOSE, disc);
  cv::morphologyEx(mask, mask, cv::MORPH_OPEN, disc);
  fill_up_to_surface(mask,
                     period_);  // the cap's edge shines into the first period below the surface
  fill_small_holes(mask);
  cv::Mat parts, boxes, centres;
  const int count = cv::connectedComponentsWithStats(mask, parts, boxes, centres, 8, CV_32S);
  std::vector<int> common(static_cast<std::size_t>(count), 0);
  for (int y = 0; y < parts.rows; ++y)
    for (int x = 0; x < parts.cols; ++x)
      common[static_cast<std::size_t>(parts.at<int>(y, x))] += at(y, x) == Layer::amorphous;
  for (int y = 0; y < parts.rows; ++y)
    for (int x = 0; x < parts.cols; ++x) {
      const int part = parts.at<int>(y, x);
      if (part == 0) continue;
      const int area = boxes.at<int>(part, cv::CC_STAT_AREA);
      if (area < 4 * period_ * period_ && 5 * common[static_cast<std::size_t>(part)] < area)
        mask.at<std::uint8_t>(y, x) = 0;
    }
  return mask;
}

/// How far the window has moved a border into the glass, in pixels. Seen through the window, a
/// sharp border is as wide as the window: the contrast falls to a half at the border and to a
/// quarter 0.67 standard deviations behind it. What the picture shows from a half to a quarter is
/// wider where the border is a rim, and then, by squares, less of it is the window's.
double UprightFilm::hidden_by_window(const cv::Mat& share, const cv::Mat& mask,
                                     const cv::Mat& film) const {
  const cv::Mat up_to_half = amorphous_mask(share, 0.5) & film;
  cv::Mat inner, ring;
  cv::erode(mask, inner, {});
  cv::bitwise_and(mask, ~inner, ring);
  double border = 0;
  for (int y = 1; y + 1 < ring.rows; ++y)
    for (int x = 1; x + 1 < ring.cols; ++x) {
      if (ring.at<std::uint8_t>(y, x) == 0) continue;
      const auto crystal = [&](int ny, int nx) {
        return film.at<std::uint8_t>(ny, nx) != 0 && mask.at<std::uint8_t>(ny, nx) == 0;
      };
      border += crystal(y - 1, x) || crystal(y + 1, x) || crystal(y, x - 1) || crystal(y, x + 1);
    }
  if (border == 0) return 0;
  const double seen =
      std::max(0.0, (cv::countNonZero(up_to_half) - cv::countNonZero(mask)) / border);
  const double of_window = 0.6745 * lattice_window_periods * period_;
  return seen - std::sqrt(std::max(0.0, seen * seen - of_window * of_window));
}

std::vector<double> UprightFilm::depths(const cv::Mat& amorphous) const {
  std::vector<double> depth;
  for (int x = 0; x < amorphous.cols; ++x) {
    if (!in_view(x)) continue;
    int y = std::min(amorphous.rows, base(x)) - 1;
    while (y >= top(x) && y >= 0 && amorphous.at<std::uint8_t>(y, x) == 0) --y;
    depth.push_back(
        y < top(x)
            ? 0.0
            : std::max(0.0, y + 1 - static_cast<double>(surface_[static_cast<std::size_t>(x)])));
  }
  return depth;
}

/// Paints the film's pixels anew. Others keep the layer of their region, but for seams that the
/// sharper borders leave.
void UprightFilm::paint_layers(const cv::Mat& amorphous, const std::optional<cv::Mat>& share) {
  cv::Mat partly = cv::Mat::zeros(layer_.size(), CV_8U);
  if (share && cv::countNonZero(amorphous) > 0) {
    cv::Mat steady, near_front;
    cv::GaussianBlur(*share, steady, {}, 0.35 * period_);
    const int reach = 2 * static_cast<int>(std::lround(chip_ / 2)) + 1;
    cv::dilate(amorphous, near_front, cv::getStructuringElement(cv::MORPH_ELLIPSE, {reach, reach}));
    partly = (steady < options_.ordered_above) & near_front & ~amorphous;
  }
  for (int x = 0; x < layer_.cols; ++x) {
    if (!in_view(x)) continue;
    for (int y = 0; y < layer_.rows; ++y) {
      Layer now = at(y, x);
      if (y < top(x))
        now = is_film(now) ? Layer::cap : now;
      else if (y >= base(x))
        now = is_film(now) || now == Layer::cap ? Layer::substrate : now;
      else
        now = amorphous.at<std::uint8_t>(y, x) != 0 ? Layer::amorphous
              : partly.at<std::uint8_t>(y, x) != 0  ? Layer::partly_ordered
                                                    : Layer::film;
      layer_.at<std::uint8_t>(y, x) = static_cast<std::uint8_t>(now);
    }
  }
}

void UprightFilm::write_curve(Front& front, const std::vector<double>& depth) const {
  const int step = std::max(1, static_cast<int>(period_ / 4));
  std::size_t column = 0;
  int first = -1;
  const auto in_image = [&](double x, double y) {
    return (upright_->to_image({x, y}) + cv::Point2d(0.5, 0.5)) / scale_ - cv::Point2d(0.5, 0.5);
  };
  for (int x = 0; x < layer_.cols; ++x) {
    if (!in_view(x)) continue;
    if (first < 0) first = x;
    const double surface = surface_[static_cast<std::size_t>(x)], deep = depth[column++];
    if ((x - first) % step != 0) continue;
    front.curve.push_back(
        {(x - first) / scale_, in_image(x, surface - 0.5), in_image(x, surface + deep - 0.5),
         in_image(x, interface_[static_cast<std::size_t>(x)] - 0.5), deep / scale_});
  }
}

double root_of_squares(std::initializer_list<double> all) {
  double sum = 0;
  for (const double one : all) sum += one * one;
  return std::sqrt(sum);
}

struct Numbers {
  double fraction = 0, area = 0, film = 0, mean = 0, sd = 0, max = 0;
};

Numbers summarise(const cv::Mat& amorphous, const cv::Mat& film, const std::vector<double>& depth) {
  Numbers numbers;
  numbers.area = cv::countNonZero(amorphous & film);
  numbers.film = cv::countNonZero(film);
  numbers.fraction = numbers.film > 0 ? numbers.area / numbers.film : 0;
  if (depth.empty()) return numbers;
  numbers.mean =
      std::accumulate(depth.begin(), depth.end(), 0.0) / static_cast<double>(depth.size());
  for (const double one : depth) numbers.sd += (one - numbers.mean) * (one - numbers.mean);
  numbers.sd = std::sqrt(numbers.sd / static_cast<double>(depth.size()));
  numbers.max = *std::max_element(depth.begin(), depth.end());
  return numbers;
}

/// A copy of the image, not turned, with glass below the surface, or below the glass that is there.
/// The film's length is cut into pieces of one chip, and these take the thicknesses in turn, from
/// `first` on. `of_glass` [H, W] upright gets the number of the thickness, + 1, in the middle half
/// of each piece.
cv::Mat UprightFilm::put_glass(const std::vector<double>& thick_px, const cv::Mat& amorphous,
                               std::size_t first, cv::Mat& of_glass) const {
  cv::Mat where = cv::Mat::zeros(layer_.size(), CV_8U);
  of_glass = cv::Mat::zeros(layer_.size(), CV_8U);
  const int piece = std::max(4, static_cast<int>(std::lround(chip_)));
  std::size_t column = 0;
  for (int x = 0; x < layer_.cols; ++x) {
    if (!in_view(x)) continue;
    const std::size_t place = column++;
    const auto kind = (first + place / static_cast<std::size_t>(piece)) % thick_px.size();
    const int in_piece = static_cast<int>(place % static_cast<std::size_t>(piece));
    int from = std::max(0, top(x));
    while (from < std::min(layer_.rows, base(x)) && amorphous.at<std::uint8_t>(from, x) != 0)
      ++from;
    const int to = from + static_cast<int>(std::lround(thick_px[kind]));
    if (to > base(x)) continue;  // no film is left to put it into
    for (int y = from; y < std::min(to, layer_.rows); ++y) {
      where.at<std::uint8_t>(y, x) = 255;
      if (4 * in_piece >= piece && 4 * in_piece < 3 * piece)
        of_glass.at<std::uint8_t>(y, x) = static_cast<std::uint8_t>(kind + 1);
    }
  }
  cv::Mat glass, noise(pixels_.size(), CV_32F);
  cv::GaussianBlur(pixels_, glass, {}, 0.5 * period_);
  cv::RNG random(7);  // any seed: the limit is the same for the same image
  random.fill(noise, cv::RNG::NORMAL, 0.0, noise_of(pixels_));
  glass += noise;
  cv::Mat changed = pixels_.clone();
  glass.copyTo(changed, upright_->turn_back(where));
  return changed;
}

std::optional<double> UprightFilm::thinnest_seen(const CrystalShare& found,
                                                 const cv::Mat& amorphous) const {
  constexpr double enough = 0.5;
  std::vector<double> thick_px;
  for (const double periods : {0.5, 3.0, 1.0, 4.0, 1.5, 2.0}) thick_px.push_back(periods * period_);
  std::vector<double> put(thick_px.size(), 0.0), seen(thick_px.size(), 0.0);
  // A short film does not hold every thickness at once.
  const auto length = static_cast<double>(
      std::count_if(surface_.begin(), surface_.end(), [](float one) { return !std::isnan(one); }));
  const auto step = static_cast<std::size_t>(std::max(1.0, std::floor(length / chip_)));
  for (std::size_t first = 0; first < thick_px.size(); first += step) {
    cv::Mat of_glass;
    const cv::Mat changed = put_glass(thick_px, amorphous, first, of_glass);
    std::vector<ReflectionPower> reflections =
        measure_reflections(changed, *lattice_, upright_->down());
    std::vector<const ReflectionPower*> all;
    for (ReflectionPower& one : reflections) {
      one.power = upright_->turn(one.power, cv::INTER_LINEAR);
      all.push_back(&one);
    }
    const cv::Mat mask =
        amorphous_mask(share_of_expected(lattice_amplitude(all), found.substrate, found.level),
                       options_.amorphous_below);
    for (int y = 0; y < mask.rows; ++y)
      for (int x = 0; x < mask.cols; ++x) {
        const int kind = of_glass.at<std::uint8_t>(y, x);
        if (kind == 0 || amorphous.at<std::uint8_t>(y, x) != 0) continue;
        put[static_cast<std::size_t>(kind - 1)] += 1;
        seen[static_cast<std::size_t>(kind - 1)] += mask.at<std::uint8_t>(y, x) != 0 ? 1 : 0;
      }
  }
  std::map<double, double> share_seen;
  for (std::size_t i = 0; i < thick_px.size(); ++i)
    if (put[i] > 0) share_seen[thick_px[i]] = seen[i] / put[i];
  std::optional<double> limit;
  for (auto one = share_seen.rbegin(); one != share_seen.rend() && one->second >= enough; ++one)
    limit = one->first;
  return limit;
}

/// The mean over all places along the film, from a chip above its surface to a chip below it.
std::vector<ProfilePoint> UprightFilm::profile_of(const std::optional<CrystalShare>& found) const {
  const double step = period_ / 4;
  const int above = static_cast<int>(std::lround(chip_ / step)),
            below = above + static_cast<int>(std::lround(thickness() / step));
  std::vector<ProfilePoint> profile;
  for (int k = -above; k <= below; ++k) {
    double lattice = 0, regions = 0, places = 0;
    for (int x = 0; x < layer_.cols; ++x) {
      if (!in_view(x)) continue;
      const auto i = static_cast<std::size_t>(x);
      const int y = static_cast<int>(std::floor(surface_[i] + k * step));
      if (!is_inside(y, x)) continue;
      places += 1;
      regions += at(y, x) == Layer::film || at(y, x) == Layer::substrate;
      if (found && found->share) {
        const double whole = y >= base(x) ? 1 : found->level;
        lattice += std::max(0.F, found->amplitude.at<float>(y, x)) / (whole * found->substrate[i]);
      }
    }
    if (places > 0) profile.push_back({k * step / scale_, lattice / places, regions / places});
  }
  return profile;
}

Front UprightFilm::measure() {
  Front front;
  find_borders();
  front.notes = notes_;
  front.surface_step = step_of_grey(surface_);
  if (lattice_) front.period_px = lattice_->period_px() / scale_;
  cv::Mat film = cv::Mat::zeros(layer_.size(), CV_8U);
  for (int x = 0; x < film.cols; ++x)
    for (int y = 0; y < film.rows; ++y)
      if (in_view(x) && y >= top(x) && y < base(x) && inside_.at<std::uint8_t>(y, x) != 0)
        film.at<std::uint8_t>(y, x) = 255;
  cv::Mat amorphous = (layer_ == static_cast<int>(Layer::amorphous)) & film;

  std::optional<cv::Mat> share;
  std::optional<CrystalShare> lattice;
  std::vector<Numbers> jackknife;  // the front without one of the reflections each
  if (!reflections_.empty()) {
    std::vector<const ReflectionPower*> all;
    for (const ReflectionPower& one : reflections_) all.push_back(&one);
    lattice = crystal_share(all);
    share = lattice->share;
    front.film_contrast = lattice->film_contrast;
    if (share) {
      cv::Mat mask = amorphous_mask(*share, options_.amorphous_below) & film;
      for (std::size_t left_out = 0; all.size() > 2 && left_out < all.size(); ++left_out) {
        std::vector<const ReflectionPower*> others = all;
        others.erase(others.begin() + static_cast<std::ptrdiff_t>(left_out));
        if (const std::optional<cv::Mat> other = crystal_share(others).share) {
          const cv::Mat other_mask = amorphous_mask(*other, options_.amorphous_below) & film;
          jackknife.push_back(summarise(other_mask, film, depths(other_mask)));
        }
      }
      if (const double hidden = hidden_by_window(*share, mask, film); hidden > 0) {
        cv::Mat away;
        cv::distanceTransform(~mask, away, cv::DIST_L2, cv::DIST_MASK_5);
        mask |= (away <= hidden) & film;
      }
      amorphous = mask;
    }
  }
  if (!share && cv::countNonZero(amorphous) > 0) {
    fill_up_to_surface(amorphous, chip_);  // the graph's border of the cap is as coarse
    amorphous &= film;
    front.notes.push_back(
        "the front is where the graph has it, to a chip's stride: no ordered part of the film "
        "shows a lattice to "
        "compare with");
  }

  const std::vector<double> depth = depths(amorphous);
  const Numbers numbers = summarise(amorphous, film, depth);
  front.profile = profile_of(lattice);
  if (share) {
    front.limit_px = thinnest_seen(*lattice, amorphous);
    if (front.limit_px) *front.limit_px /= scale_;
  }
  paint_layers(amorphous, share);
  write_curve(front, depth);
  const double area = 1 / (scale_ * scale_);
  const auto spread = [&](double Numbers::*of) {  // the jackknife's standard deviation (Tukey)
    double mean = 0, squares = 0;
    const auto n = static_cast<double>(jackknife.size());
    for (const Numbers& one : jackknife) mean += one.*of / n;
    for (const Numbers& one : jackknife) squares += (one.*of - mean) * (one.*of - mean);
    return jackknife.empty() ? 0.0 : std::sqrt((n - 1) / n * squares);
  };
  // Where runs and looks disagree, chips of the film may change sides. But the lattice draws the
  // front pixel by pixel: in 29 simulated images that disagreed most, the error was a third of it
  // in the root mean square.
  const double runs = input_.disagreement / (share ? 3 : 1);
  const double length = static_cast<double>(std::max<std::size_t>(1, depth.size()));
  const double runs_depth = runs * numbers.film / length;
  // The border lies anywhere in the partly ordered rim: the standard deviation of an even spread.
  const double partly =
      cv::countNonZero((layer_ == static_cast<int>(Layer::partly_ordered)) & film);
  const double rim = partly / std::sqrt(12.0);
  const double rim_share = numbers.film > 0 ? rim / numbers.film : 0, rim_depth = rim / length;
  // A film that reaches further up has more glass; one that reaches further down has more crystal.
  const double thick = std::max(1.0, thickness());
  // Borders of a film are straight but for a few pixels. Part of what they stray may be error.
  const bool glass = numbers.area > 0, thin = numbers.mean < thin_glass_periods * period_;
  const double surface_doubt =
                   glass ? root_of_squares({surface_doubt_,
                                            may_be_error * scatter_about_line(surface_),
                                            (thin ? thin_glass_doubt : border_doubt) * period_})
                         : 0,
               interface_doubt =
                   glass ? root_of_squares({interface_doubt_,
                                            may_be_error * scatter_about_line(interface_),
                                            border_doubt * period_})
                         : 0,
               // A front that only the graph knows lies anywhere within a stride.
      stride_doubt = glass && !share ? chip_ / 4 / std::sqrt(3.0) : 0;
  const double held_share = root_of_squares({surface_doubt * (1 - numbers.fraction),
                                             interface_doubt * numbers.fraction, stride_doubt}) /
                            thick;
  front.film_area_px = {numbers.film * area, 0};
  front.partly_ordered_area_px = {partly * area, runs * numbers.film * area};
  front.amorphous_area_px = {numbers.area * area,
                             root_of_squares({spread(&Numbers::area), runs * numbers.film, rim,
                                              surface_doubt * length, stride_doubt * length}) *
                                 area};
  front.amorphous_fraction = {
      numbers.fraction, root_of_squares({spread(&Numbers::fraction), runs, rim_share, held_share})};
  front.depth_mean_px = {numbers.mean / scale_,
                         root_of_squares({spread(&Numbers::mean), runs_depth, rim_depth,
                                          surface_doubt, stride_doubt}) /
                             scale_};
  front.depth_sd_px = {numbers.sd / scale_, std::hypot(spread(&Numbers::sd), runs_depth) / scale_};
  front.depth_max_px = {numbers.max / scale_,
                        std::hypot(spread(&Numbers::max), runs_depth) / scale_};
  front.layers = upright_->turn_back(layer_);
  if (front.layers.size() != image_size_)
    cv::resize(front.layers, front.layers, image_size_, 0, 0, cv::INTER_NEAREST);
  return front;
}

/// Measures in real proportions, and says where that is in the image's own pixels.
Front measure_in_proportion(const FrontInput& input, const FrontOptions& options) {
  const Micrograph square = with_square_pixels(input.micrograph);
  cv::Mat labels;
  cv::resize(input.labels, labels, square.pixels.size(), 0, 0, cv::INTER_NEAREST_EXACT);
  FrontInput in_squares{square,
                        labels,
                        input.layer_of_label,
                        input.growth,
                        input.chip_px,
                        input.disagreement,
                        input.film_contrast,
                        input.threads,
                        input.film_thickness_px};
  Front front = UprightFilm(in_squares, options).measure();
  cv::resize(front.layers, front.layers, input.labels.size(), 0, 0, cv::INTER_NEAREST_EXACT);
  const cv::Point2d factors = to_square_pixels(input.micrograph.pixel_aspect);
  const auto back = [&](cv::Point2d p) {
    return cv::Point2d((p.x + 0.5) / factors.x - 0.5, (p.y + 0.5) / factors.y - 0.5);
  };
  for (FrontPoint& point : front.curve) {
    point.surface_px = back(point.surface_px);
    point.front_px = back(point.front_px);
    point.interface_px = back(point.interface_px);
  }
  return front;
}

}  // namespace

std::vector<float> film_thicknesses_px(const Front& front, double pixel_aspect) {
  const cv::Point2d factors = to_square_pixels(pixel_aspect);
  std::vector<float> thickness;
  for (const FrontPoint& point : front.curve) {
    const cv::Point2d across = point.interface_px - point.surface_px;
    thickness.push_back(static_cast<float>(std::hypot(across.x * factors.x, across.y * factors.y)));
  }
  return thickness;
}

std::optional<double> film_thickness_px(const Front& front, double pixel_aspect) {
  if (front.curve.empty()) return {};
  return median(film_thicknesses_px(front, pixel_aspect));
}

Front measure_front(const FrontInput& input, const FrontOptions& options) {
  const auto& layers = input.layer_of_label;
  if (std::none_of(layers.begin(), layers.end(),
                   [](Layer layer) { return layer == Layer::film || layer == Layer::amorphous; }))
    throw UsageError(
        "no region is a film: a front is measured in a film between its surface and its substrate");
  if (input.micrograph.pixel_aspect != 1) return measure_in_proportion(input, options);
  return UprightFilm(input, options).measure();
}

}  // namespace metamict
