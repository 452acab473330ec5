// SPDX-License-Identifier: GPL-3.0-or-later
#include "image/spectrum_image.hpp"

#include <oneapi/dnnl/dnnl.h>

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "base/text.hpp"
#include "metamict/errors.hpp"
#include "metamict/matrix.hpp"

namespace metamict {

namespace {

/// More channels are summed to at most so many: an X-ray line is wider, and the products of
/// channels take memory by their square.
constexpr int most_channels = 1024;
constexpr int most_components = 32;
/// Components are looked for between blocks of places, so many along the shorter side where there
/// are that many places: the larger a block, the less counting hides, and a region is larger.
constexpr int blocks_along = 32;

/// The counts of a row of places in summed channels: cols x C.
class Rows {
 public:
  explicit Rows(const DatasetInfo& info)
      : channels_(info.channels->count),
        together_((channels_ + most_channels - 1) / most_channels),
        counts_(info.cols, (channels_ + together_ - 1) / together_) {}

  int together() const { return together_; }
  Eigen::Index summed() const { return counts_.cols(); }
  double lowest() const { return lowest_; }
  bool whole() const { return whole_; }

  const RowMatrixXf& take(std::span<const float> row) {
    counts_.setZero();
    for (Eigen::Index x = 0; x < counts_.rows(); ++x) {
      const float* from = row.data() + x * channels_;
      for (int k = 0; k < channels_; ++k) {
        const float count = from[k];
        if (!std::isfinite(count))
          throw InputError("the spectrum image holds a NaN or infinite count in column " +
                           std::to_string(x) + ", channel " + std::to_string(k));
        lowest_ = std::min(lowest_, static_cast<double>(count));
        whole_ = whole_ && count == std::floor(count);
        counts_(x, k / together_) += std::max(count, 0.0F);
      }
    }
    return counts_;
  }

 private:
  int channels_, together_;
  RowMatrixXf counts_;
  double lowest_ = 0;
  bool whole_ = true;
};

/// What the first reading finds.
struct Sums {
  Eigen::VectorXd of_channels;
  RowMatrixXf products;  ///< C x C: of neighbours' spectra, each divided by the root of its counts
  double all = 0;
  double difference = 0, paired = 0;  ///< of neighbours: squared over 2, and their counts in mean
};

/// Adds what the pairs of neighbouring blocks of a row [blocks x C] share.
void add_pairs(const RowMatrixXf& blocks, RowMatrixXf& products) {
  const Eigen::Index pairs = blocks.rows() / 2, channels = blocks.cols();
  if (pairs == 0) return;
  RowMatrixXf sides[2] = {RowMatrixXf(pairs, channels), RowMatrixXf(pairs, channels)};
  for (Eigen::Index k = 0; k < 2 * pairs; ++k) {
    const float own = blocks.row(k).sum();
    sides[k % 2].row(k / 2) = blocks.row(k) / std::sqrt(std::max(own, 1e-30F));
  }
  if (dnnl_sgemm('T', 'N', channels, channels, pairs, 1.0F, sides[0].data(), channels,
                 sides[1].data(), channels, 1.0F, products.data(), channels) != dnnl_success)
    throw std::runtime_error("oneDNN could not multiply spectra");
}

Sums sum_up(const std::filesystem::path& path, std::size_t dataset, const DatasetInfo& info,
            std::uint64_t max_pixels, Rows& rows) {
  const Eigen::Index channels = rows.summed();
  const int block = std::max(1, std::min(info.rows, info.cols) / blocks_along);
  Sums sums{Eigen::VectorXd::Zero(channels), RowMatrixXf::Zero(channels, channels)};
  RowMatrixXf blocks = RowMatrixXf::Zero(info.cols / block, channels);
  int y = 0;
  read_spectra(path, dataset, max_pixels, [&](std::span<const float> row) {
    const RowMatrixXf& counts = rows.take(row);
    sums.of_channels += counts.cast<double>().colwise().sum().transpose();
    for (Eigen::Index x = 0; x + 1 < counts.rows(); x += 2) {
      sums.difference += static_cast<double>((counts.row(x) - counts.row(x + 1)).squaredNorm()) / 2;
      sums.paired += static_cast<double>(counts.row(x).sum() + counts.row(x + 1).sum()) / 2;
    }
    for (Eigen::Index x = 0; x < blocks.rows() * block; ++x) blocks.row(x / block) += counts.row(x);
    if (++y % block != 0) return;
    add_pairs(blocks, sums.products);
    blocks.setZero();
  });
  sums.all = sums.of_channels.sum();
  return sums;
}

struct Components {
  Eigen::MatrixXd unit_CK;  ///< unit vectors over the channels, the most telling first
  int above_noise = 0;      ///< how many of them stand out; the first is there in any case
};

Components components_of(const Sums& sums, const Eigen::VectorXd& share) {
  const Eigen::VectorXd root = share.cwiseSqrt();
  const Eigen::VectorXd scale =
      (share.array() > 0).select(share.array().max(1e-300).rsqrt(), 0.0).matrix();
  const Eigen::MatrixXd products = sums.products.cast<double>();
  Eigen::MatrixXd scaled =
      scale.asDiagonal() * (products + products.transpose()) / 2 * scale.asDiagonal();
  // Without the mean spectrum, whose direction is the root of the shares.
  const Eigen::VectorXd along = scaled * root;
  scaled += root.dot(along) * root * root.transpose() - along * root.transpose() -
            root * along.transpose();
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(scaled);
  const Eigen::VectorXd& values = solver.eigenvalues();  // rising
  const Eigen::Index last = values.size() - 1;
  // Counting's eigenvalues end as far above 0 as below. By chance an end moves by 0.6 d^(-2/3) of
  // itself (Tracy and Widom), the difference of two by 0.9 d^(-2/3).
  const auto counted = static_cast<double>((share.array() > 0).count());
  const double edge = -values[0] * (1 + 3 * std::pow(counted, -2.0 / 3));
  Eigen::Index kept = 0;
  while (kept < std::min<Eigen::Index>(most_components, last) && values[last - kept] > edge) ++kept;
  Eigen::MatrixXd components =
      solver.eigenvectors().rightCols(std::max<Eigen::Index>(kept, 1)).rowwise().reverse();
  for (Eigen::Index k = 0; k < components.cols(); ++k) {
    Eigen::Index largest = 0;
    components.col(k).cwiseAbs().maxCoeff(&largest);
    if (components(largest, k) < 0) components.col(k) *= -1;
  }
  return {components, static_cast<int>(kept)};
}

/// The maps of the components' sums and of all counts.
struct Projected {
  std::vector<cv::Mat> each;
  cv::Mat all;
};

Projected empty_maps(Eigen::Index components, const DatasetInfo& info) {
  Projected maps;
  for (Eigen::Index k = 0; k < components; ++k)
    maps.each.emplace_back(info.rows, info.cols, CV_32FC1);
  maps.all = cv::Mat(info.rows, info.cols, CV_32FC1);
  return maps;
}

void project(const RowMatrixXf& counts, const RowMatrixXf& weights, double one, int y,
             Projected& maps) {
  const RowMatrixXf sums = counts * weights;
  for (Eigen::Index x = 0; x < counts.rows(); ++x) {
    const int col = static_cast<int>(x);
    maps.all.at<float>(y, col) = static_cast<float>(static_cast<double>(counts.row(x).sum()) / one);
    for (Eigen::Index k = 0; k < weights.cols(); ++k)
      maps.each[static_cast<std::size_t>(k)].at<float>(y, col) =
          static_cast<float>(static_cast<double>(sums(x, k)) / one);
  }
}

}  // namespace

ElementMaps read_spectrum_image(const std::filesystem::path& path, std::size_t dataset,
                                const DatasetInfo& info, std::uint64_t max_pixels, Notes& notes) {
  Rows rows(info);
  const Sums sums = sum_up(path, dataset, info, max_pixels, rows);
  if (sums.all <= 0)
    throw InputError(path.string() + ": the spectrum image is empty: no channel has a count");
  if (rows.lowest() < 0)
    notes.push_back("the spectrum image holds counts below 0, the lowest " + number(rows.lowest()) +
                    ": they count as 0");
  ElementMaps maps;
  maps.counted = rows.whole();
  const double one =
      maps.counted || sums.difference <= 0 || sums.paired <= 0 ? 1 : sums.difference / sums.paired;
  if (!maps.counted)
    notes.push_back(
        "the spectrum image holds no whole counts: by the noise between neighbours one count is " +
        number(one) + " of its unit");

  auto spectra = std::make_shared<SpectrumComponents>();
  const Eigen::VectorXd share = sums.of_channels / sums.all;
  const auto [components, above_noise] = components_of(sums, share);
  spectra->above_noise = above_noise;
  RowMatrixXf weights(components.rows(), components.cols());
  for (Eigen::Index j = 0; j < share.size(); ++j)
    for (Eigen::Index k = 0; k < components.cols(); ++k)
      weights(j, k) =
          share[j] > 0 ? static_cast<float>(components(j, k) / std::sqrt(share[j])) : 0.0F;
  Projected whole = empty_maps(components.cols(), info), half = empty_maps(components.cols(), info);
  int y = 0;
  read_spectra(path, dataset, max_pixels, [&](std::span<const float> row) {
    RowMatrixXf counts = rows.take(row);
    project(counts, weights, one, y, whole);
    for (Eigen::Index j = 1; j < counts.cols(); j += 2) counts.col(j).setZero();
    project(counts, weights, one, y, half);
    ++y;
  });
  maps.counts = std::move(whole.each);
  maps.all = whole.all;
  spectra->half = std::move(half.each);
  spectra->half_all = half.all;

  const Channels& channels = *info.channels;
  const int together = rows.together();
  spectra->unit = channels.unit;
  for (Eigen::Index j = 0; j < share.size(); ++j) {
    const double first = static_cast<double>(j) * together;
    spectra->energy.push_back(channels.first +
                              channels.step * (first + (static_cast<double>(together) - 1) / 2));
    spectra->mean.push_back(share[j]);
  }
  for (Eigen::Index k = 0; k < components.cols(); ++k) {
    maps.elements.push_back("component " + std::to_string(k + 1));
    spectra->loadings.emplace_back(components.col(k).begin(), components.col(k).end());
  }
  const std::string what =
      "the spectrum image of " + std::to_string(channels.count) + " channels" +
      (together > 1 ? ", " + std::to_string(together) + " summed to one," : "");
  if (above_noise == 0)
    notes.push_back(what +
                    " has no principal component that stands out of the noise of counting; its "
                    "first is shown");
  else
    notes.push_back(what +
                    " is reduced to the principal components that stand out of the noise "
                    "of counting: " +
                    std::to_string(above_noise));
  maps.spectra = std::move(spectra);
  return maps;
}

}  // namespace metamict
