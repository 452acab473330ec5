// SPDX-License-Identifier: GPL-3.0-or-later
#include "lattice/lattice_repeat.hpp"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <optional>

#include "base/parallel.hpp"
#include "image/hann_window.hpp"
#include "image/mask.hpp"

namespace metamict {
namespace {

constexpr double least_correlation = 0.08;  // lower peaks are noise

/// Without hot pixels, slow changes of grey and differences of contrast: every part of the image
/// counts alike.
cv::Mat even_out(const cv::Mat& pixels, int box_px) {
  std::vector<float> sample;
  const int skip =
      std::max(1, static_cast<int>(std::sqrt(static_cast<double>(pixels.total()) / 20000)));
  for (int y = skip / 2; y < pixels.rows; y += skip)
    for (int x = skip / 2; x < pixels.cols; x += skip) sample.push_back(pixels.at<float>(y, x));
  const double low = quantile(sample, 0.001), high = quantile(sample, 0.999);
  cv::Mat even = cv::min(cv::max(pixels, low), high), mean, spread;
  // Three pixels are less than the narrowest column: noise goes, structure stays.
  cv::GaussianBlur(even, even, {3, 3}, 0.7);
  const cv::Size box(box_px, box_px);
  cv::boxFilter(even, mean, -1, box);
  even -= mean;
  cv::boxFilter(even.mul(even), spread, -1, box);
  spread += 1e-3 * cv::mean(spread)[0] + 1e-30;
  cv::sqrt(spread, spread);
  return even / spread;
}

/// Weights of the four neighbours at the fraction f between the middle two (Catmull and Rom).
std::array<double, 4> cubic(double f) {
  return {((-0.5 * f + 1) * f - 0.5) * f, (1.5 * f - 2.5) * f * f + 1,
          ((-1.5 * f + 2) * f + 0.5) * f, (0.5 * f - 0.5) * f * f};
}

/// Where the parabola through three neighbours has its top.
double top_of(double before, double here, double after) {
  const double bend = before - 2 * here + after;
  return bend < 0 ? std::clamp(0.5 * (before - after) / bend, -0.5, 0.5) : 0.0;
}

std::vector<int> starts(int length, int window, int most) {
  const int count = length == window ? 1 : std::clamp(2 * (length - window) / window + 1, 2, most);
  std::vector<int> result;
  for (int i = 0; i < count; ++i)
    result.push_back(count == 1 ? 0 : (length - window) * i / (count - 1));
  return result;
}

std::vector<cv::Rect> spread_windows(cv::Size size, int window, int most_an_edge) {
  std::vector<cv::Rect> windows;
  for (const int top : starts(size.height, window, most_an_edge))
    for (const int left : starts(size.width, window, most_an_edge))
      windows.emplace_back(left, top, window, window);
  return windows;
}

/// Autocorrelations of square windows under a Hann window, which is divided out again; lag 0 in the
/// middle, 1 there.
class Autocorrelation {
 public:
  explicit Autocorrelation(int window)
      : reach_(window * 42 / 100 + 1), window_(hann_window(window)) {
    overlap_ = correlate(window_);
  }

  /// Empty where the window is flat.
  cv::Mat operator()(const cv::Mat& pixels) const {
    const cv::Mat all = correlate((pixels - cv::mean(pixels)[0]).mul(window_)) / overlap_;
    const float zero = all.at<float>(reach_, reach_);
    return zero > 1e-6F ? cv::Mat(all / zero) : cv::Mat();
  }

 private:
  cv::Mat correlate(const cv::Mat& tapered) const {
    cv::Mat spectrum, all;
    cv::dft(tapered, spectrum);
    cv::mulSpectrums(spectrum, spectrum, spectrum, 0, true);
    cv::dft(spectrum, all, cv::DFT_INVERSE | cv::DFT_REAL_OUTPUT | cv::DFT_SCALE);
    cv::Mat lags(2 * reach_ + 1, 2 * reach_ + 1, CV_32F);
    for (int y = -reach_; y <= reach_; ++y)
      for (int x = -reach_; x <= reach_; ++x)
        lags.at<float>(y + reach_, x + reach_) =
            all.at<float>((y + all.rows) % all.rows, (x + all.cols) % all.cols);
    return lags;
  }

  int reach_;
  cv::Mat window_, overlap_;
};

struct Peak {
  cv::Point2d at;
  double height;
};

/// The highest of the half plane, at most `most`.
std::vector<Peak> find_peaks(const cv::Mat& lags, double shortest, std::size_t most) {
  std::vector<Peak> peaks;
  const int middle = lags.cols / 2;
  for (int y = 0; y < middle; ++y)
    for (int x = 1 - middle; x < middle; ++x) {
      if (std::hypot(x, y) < shortest || (y == 0 && x < 0)) continue;
      const auto lag = [&](int dx, int dy) {
        return lags.at<float>(y + dy + middle, x + dx + middle);
      };
      const float here = lag(0, 0);
      bool highest = here >= least_correlation;
      for (int dy = -1; dy <= 1 && highest; ++dy)
        for (int dx = -1; dx <= 1 && highest; ++dx)
          highest = (dx == 0 && dy == 0) || lag(dx, dy) < here;
      if (highest)
        peaks.push_back(
            {{x + top_of(lag(-1, 0), here, lag(1, 0)), y + top_of(lag(0, -1), here, lag(0, 1))},
             here});
    }
  std::sort(peaks.begin(), peaks.end(),
            [](const Peak& a, const Peak& b) { return a.height > b.height; });
  if (peaks.size() > most) peaks.resize(most);
  return peaks;
}

/// The highest lag within a pixel; 1 beyond the edge, where nothing is known.
double highest_near(const cv::Mat& lags, cv::Point2d t) {
  const cv::Point at(static_cast<int>(std::lround(t.x)) + lags.cols / 2,
                     static_cast<int>(std::lround(t.y)) + lags.rows / 2);
  if (!cv::Rect(1, 1, lags.cols - 2, lags.rows - 2).contains(at)) return 1;
  double highest = -1;
  for (int dy = -1; dy <= 1; ++dy)
    for (int dx = -1; dx <= 1; ++dx)
      highest = std::max<double>(highest, lags.at<float>(at.y + dy, at.x + dx));
  return highest;
}

/// The smallest cell whose translations, their sum and their difference are nearly as alike as any
/// cell's.
std::optional<Cell> smallest_cell(const cv::Mat& lags, double shortest) {
  struct Candidate {
    Cell cell;
    double score;
  };
  const std::vector<Peak> peaks = find_peaks(lags, shortest, 24);
  std::vector<Candidate> found;
  double best = 0;
  for (std::size_t i = 0; i < peaks.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) {
      const cv::Point2d a = peaks[i].at, b = peaks[j].at;
      if (std::abs(a.dot(b)) > 0.54 * std::min(a.dot(a), b.dot(b)) || a.dot(a) > 9 * b.dot(b) ||
          b.dot(b) > 9 * a.dot(a))
        continue;
      const double score =
          std::min({peaks[i].height, highest_near(lags, a + b), highest_near(lags, a - b)});
      if (score < least_correlation) continue;
      found.push_back({Cell{a, b}.reduced(), score});
      best = std::max(best, score);
    }
  std::erase_if(found, [best](const Candidate& one) { return one.score < 0.8 * best; });
  if (found.empty()) return {};
  double smallest = found.front().cell.area();
  for (const Candidate& one : found) smallest = std::min(smallest, one.cell.area());
  std::erase_if(found,
                [smallest](const Candidate& one) { return one.cell.area() > 1.05 * smallest; });
  return std::max_element(found.begin(), found.end(),
                          [](const Candidate& a, const Candidate& b) { return a.score < b.score; })
      ->cell;
}

/// Least squares over cells of the same lattice, whichever translations they name.
class CellMean {
 public:
  explicit CellMean(const Cell& first) : first_(first) {}
  void add(const Cell& cell) {
    const double turn = first_.t.cross(first_.u);
    for (const cv::Point2d x : {cell.t, cell.u}) {
      const double h = std::round(x.cross(first_.u) / turn),
                   k = std::round(first_.t.cross(x) / turn);
      hh_ += h * h, hk_ += h * k, kk_ += k * k;
      hx_ += h * x, kx_ += k * x;
    }
  }
  Cell mean() const {
    const double determinant = hh_ * kk_ - hk_ * hk_;
    return Cell{(kk_ * hx_ - hk_ * kx_) / determinant, (hh_ * kx_ - hk_ * hx_) / determinant}
        .reduced();
  }

 private:
  Cell first_;
  double hh_ = 0, hk_ = 0, kk_ = 0;
  cv::Point2d hx_, kx_;
};

}  // namespace

Repeats::Repeats(const cv::Mat& pixels, double shortest_px, double longest_px, int threads)
    : shortest_px_(shortest_px), longest_px_(longest_px) {
  const int shorter = std::min(pixels.rows, pixels.cols);
  even_ = even_out(pixels, std::min(97, shorter / 2) | 1);
  const cv::Mat half = (cv::Mat_<float>(1, 4) << -1.F / 16, 9.F / 16, 9.F / 16, -1.F / 16);
  struct Scale {
    cv::Mat even;
    double scale;
    int window;
  };
  std::vector<Scale> scales;
  cv::Mat even = even_;
  for (const auto& [scale, window] : {std::pair{1, 48}, {1, 96}, {2, 96}, {4, 96}}) {
    if (scale > 1 && scales.back().scale < scale) {
      cv::Mat smaller;
      cv::pyrDown(even, smaller);
      even = smaller;
    }
    if (window > std::min(even.rows, even.cols)) break;
    scales.push_back({even, static_cast<double>(scale), window});
  }
  levels_.resize(scales.size());
  parallel_for(scales.size() + 1, threads, [&](std::size_t, std::size_t i) {
    if (i > 0) {
      levels_[i - 1] = look(scales[i - 1].even, scales[i - 1].scale, scales[i - 1].window);
      return;
    }
    halves_[0] = even_;
    cv::filter2D(even_, halves_[1], -1, half, {1, 0});
    cv::filter2D(even_, halves_[2], -1, half.t(), {0, 1});
    cv::filter2D(halves_[1], halves_[3], -1, half.t(), {0, 1});
  });
  windows_ = spread_windows(even_.size(), std::clamp(shorter / 4, 32, 48), 8);
}

Repeats::Level Repeats::look(const cv::Mat& even, double scale, int window) const {
  const Autocorrelation autocorrelation(window);
  Level level{scale, {}, {}};
  int seen = 0;
  for (const cv::Rect& place : spread_windows(even.size(), window, 5)) {
    const cv::Mat lags = autocorrelation(even(place));
    if (lags.empty()) continue;
    level.lags = level.lags.empty() ? lags.clone() : level.lags + lags;
    ++seen;
    const std::optional<Cell> cell = smallest_cell(lags, std::max(3.0, 0.9 * shortest_px_ / scale));
    if (!cell) continue;
    const Cell found{scale * cell->t, scale * cell->u};
    if (found.period_px() >= shortest_px_ && found.period_px() <= longest_px_)
      level.cells.push_back(found);
  }
  if (seen > 0) level.lags /= seen;
  return level;
}

std::vector<Repeats::Seen> Repeats::cells() const {
  std::vector<Seen> seen;
  std::vector<CellMean> means;
  for (const Level& level : levels_)
    for (const Cell& cell : level.cells) {
      const auto known = std::find_if(seen.begin(), seen.end(),
                                      [&](const Seen& one) { return one.cell.same_lattice(cell); });
      const auto place = static_cast<std::size_t>(known - seen.begin());
      if (known == seen.end()) {
        seen.push_back({cell, 0});
        means.emplace_back(cell);
      }
      means[place].add(cell);
      ++seen[place].windows;
    }
  for (std::size_t i = 0; i < seen.size(); ++i) seen[i].cell = means[i].mean();
  std::stable_sort(seen.begin(), seen.end(),
                   [](const Seen& a, const Seen& b) { return a.windows > b.windows; });
  return seen;
}

double Repeats::at(cv::Point2d t) const {
  for (const Level& level : levels_) {
    if (level.lags.empty() || cv::norm(t) > level.reach()) continue;
    const double x = t.x / level.scale + level.lags.cols / 2,
                 y = t.y / level.scale + level.lags.rows / 2;
    const int left = static_cast<int>(std::floor(x)) - 1, top = static_cast<int>(std::floor(y)) - 1;
    const auto across = cubic(x - std::floor(x)), down = cubic(y - std::floor(y));
    double sum = 0;
    for (std::size_t v = 0; v < 4; ++v)
      for (std::size_t u = 0; u < 4; ++u)
        sum += down[v] * across[u] *
               level.lags.at<float>(top + static_cast<int>(v), left + static_cast<int>(u));
    return sum;
  }
  return 0;
}

double Repeats::correlation(cv::Rect window, cv::Point2d t) const {
  const int twice_x = static_cast<int>(std::lround(2 * t.x)),
            twice_y = static_cast<int>(std::lround(2 * t.y));
  const cv::Point whole(twice_x >> 1, twice_y >> 1);
  const cv::Rect here = window & (cv::Rect({0, 0}, even_.size()) - whole), there = here + whole;
  if (2 * here.area() < window.area()) return -1;
  const cv::Mat a = even_(here);
  const cv::Mat b = halves_[static_cast<std::size_t>((twice_x & 1) + 2 * (twice_y & 1))](there);
  return a.dot(b) / std::sqrt(std::max(a.dot(a) * b.dot(b), 1e-20));
}

std::vector<float> Repeats::in_windows(const Cell& cell) const {
  const std::array<cv::Point2d, 4> ways{cell.t, cell.u, cell.t + cell.u, cell.t - cell.u};
  std::array<double, 4> gains;  // make good what rounding to half pixels takes
  for (std::size_t i = 0; i < ways.size(); ++i) {
    const cv::Point2d rounded(std::round(2 * ways[i].x) / 2, std::round(2 * ways[i].y) / 2);
    gains[i] = std::clamp(at(ways[i]) / std::max(at(rounded), 1e-6), 1.0, 1.3);
  }
  std::vector<float> alike;
  for (const cv::Rect& window : windows_) {
    double least = 1;
    for (std::size_t i = 0; i < ways.size(); ++i)
      least = std::min(
          least, gains[i] * std::max(correlation(window, ways[i]), correlation(window, -ways[i])));
    alike.push_back(static_cast<float>(least));
  }
  return alike;
}

Cell Repeats::refined(const Cell& cell, const std::vector<std::size_t>& windows) const {
  const auto alike = [&](cv::Point2d t) {
    double sum = 0;
    for (const std::size_t i : windows)
      sum += std::max(correlation(windows_[i], t), correlation(windows_[i], -t));
    return sum;
  };
  // In whole pixels: between them interpolation takes noise away, which would look like a top.
  const auto refine = [&](cv::Point2d t) {
    const cv::Point2d right(1, 0), down(0, 1);
    cv::Point2d top(std::round(t.x), std::round(t.y));
    double here = alike(top);
    for (int i = 0; i < 4; ++i) {
      cv::Point2d next = top;
      double highest = here;
      for (const cv::Point2d way : {right, -right, down, -down})
        if (const double there = alike(top + way); there > highest) {
          next = top + way;
          highest = there;
        }
      if (next == top) break;
      top = next;
      here = highest;
    }
    return top + cv::Point2d(top_of(alike(top - right), here, alike(top + right)),
                             top_of(alike(top - down), here, alike(top + down)));
  };
  const auto refine_twice = [&](cv::Point2d t) {  // twice as far the same error counts half
    t = refine(t);
    return alike(2 * t) > 0.7 * alike(t) ? refine(2 * t) / 2 : t;
  };
  return Cell{refine_twice(cell.t), refine_twice(cell.u)}.reduced();
}

}  // namespace metamict
