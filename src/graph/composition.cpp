// SPDX-License-Identifier: GPL-3.0-or-later
#include "metamict/composition.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "base/text.hpp"

namespace metamict {

namespace {

using Counts = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr double least_cover = 0.5;

/// Counts of every chip, N x E, and which chips the maps know.
struct CountedChips {
  Counts counts_NE;
  std::vector<bool> is_known;
};

CountedChips count_chips(const ElementMaps& maps, const ChipGrid& grid) {
  CountedChips chips{Counts::Zero(static_cast<Eigen::Index>(grid.chips()),
                                  static_cast<Eigen::Index>(maps.elements.size())),
                     std::vector<bool>(grid.chips(), false)};
  for (std::size_t chip = 0; chip < grid.chips(); ++chip) {
    const cv::Rect2d at = grid.chip_in_input(chip);
    const auto row = static_cast<Eigen::Index>(chip);
    if (maps.cover(at) < least_cover) continue;
    for (std::size_t e = 0; e < maps.elements.size(); ++e)
      chips.counts_NE(row, static_cast<Eigen::Index>(e)) = maps.count_in(e, at);
    chips.is_known[chip] = chips.counts_NE.row(row).sum() > 0;
  }
  return chips;
}

/// The known chips that lie so far apart that none shares a pixel with another.
std::vector<Eigen::Index> apart(const ChipGrid& grid, const std::vector<bool>& is_known) {
  const int step = std::max(1, (grid.size_px + grid.stride_px - 1) / grid.stride_px);
  std::vector<Eigen::Index> some;
  for (std::size_t chip = 0; chip < grid.chips(); ++chip)
    if (is_known[chip] && grid.row(chip) % step == 0 && grid.col(chip) % step == 0)
      some.push_back(static_cast<Eigen::Index>(chip));
  return some;
}

/// By how much chips scatter more than their counts explain: the overdispersion rho of a
/// Dirichlet-multinomial distribution by the method of moments, from Pearson's statistic. It is the
/// least value within three standard deviations of the statistic: what may be counting is counting.
double overdispersion(const Counts& counts_NE, const Eigen::RowVectorXd& mean,
                      const std::vector<Eigen::Index>& some) {
  double statistic = 0, freedom = 0, excess = 0;
  const double elements = static_cast<double>((mean.array() > 0).count()) - 1;
  if (elements < 1) return 0;
  for (const Eigen::Index chip : some) {
    const double all = counts_NE.row(chip).sum();
    for (Eigen::Index e = 0; e < mean.size(); ++e)
      if (mean[e] > 0) {
        const double off = counts_NE(chip, e) - all * mean[e];
        statistic += off * off / (all * mean[e]);
      }
    freedom += elements;
    excess += elements * std::max(all - 1, 0.0);
  }
  const double least = statistic - 3 * std::sqrt(2 * freedom);
  return least > freedom && excess > 0 ? std::min((least - freedom) / excess, 1.0) : 0;
}

/// The angle from a direction that all but a hundredth of the rows stay within.
double widest_angle(const RowMatrixXf& rows, const Eigen::VectorXf& direction,
                    const std::vector<bool>& is_known) {
  std::vector<double> angles;
  for (Eigen::Index i = 0; i < rows.rows(); ++i)
    if (is_known[static_cast<std::size_t>(i)])
      angles.push_back(std::acos(std::clamp(rows.row(i).dot(direction), -1.0F, 1.0F)));
  if (angles.empty()) return 0;
  const auto last =
      angles.begin() + static_cast<std::ptrdiff_t>(0.99 * static_cast<double>(angles.size() - 1));
  std::nth_element(angles.begin(), last, angles.end());
  return *last;
}

Eigen::VectorXf mean_direction(const RowMatrixXf& rows) {
  return rows.colwise().mean().transpose().normalized();
}

/// What of the scatter of a component's scores between chips that share no pixel is not counting,
/// as a variance. It is the least value within three standard deviations.
double scatter_beyond_counting(const std::vector<double>& scores,
                               const std::vector<double>& counts) {
  double mean = 0, noise = 0, statistic = 0;
  for (std::size_t i = 0; i < scores.size(); ++i) mean += scores[i];
  mean /= static_cast<double>(scores.size());
  for (std::size_t i = 0; i < scores.size(); ++i) {
    statistic += (scores[i] - mean) * (scores[i] - mean) * counts[i];  // chi-square by counting
    noise += 1 / counts[i];
  }
  const double freedom = static_cast<double>(scores.size()) - 1;
  const double least = statistic - 3 * std::sqrt(2 * freedom);
  return least > freedom ? (least / freedom - 1) * noise / static_cast<double>(scores.size()) : 0;
}

Composition composition_of_spectra(const ElementMaps& maps, const ChipGrid& grid) {
  const std::size_t components = maps.elements.size();
  const auto telling = static_cast<std::size_t>(maps.spectra->above_noise);
  std::vector<CountedPart> chips;
  Composition composition;
  for (std::size_t chip = 0; chip < grid.chips(); ++chip) {
    const cv::Rect2d at = grid.chip_in_input(chip);
    chips.push_back(maps.counts_in(at));
    composition.counts.push_back(static_cast<float>(chips.back().all));
    composition.is_known.push_back(maps.cover(at) >= least_cover && chips.back().all > 0);
  }
  const std::vector<Eigen::Index> some = apart(grid, composition.is_known);
  std::vector<double> counts, prior(components, 0);
  double typical = 0;
  for (const Eigen::Index chip : some) {
    counts.push_back(chips[static_cast<std::size_t>(chip)].all);
    typical += counts.back() / static_cast<double>(some.size());
  }
  double scatter = 0, noise = 0;
  for (std::size_t k = 0; k < telling && some.size() > 1; ++k) {
    std::vector<double> scores;
    for (const Eigen::Index chip : some) {
      const CountedPart& part = chips[static_cast<std::size_t>(chip)];
      scores.push_back(part.each[k] / part.all);
    }
    prior[k] = scatter_beyond_counting(scores, counts);
    if (prior[k] <= 0) continue;
    const double kept = prior[k] / (prior[k] + 1 / typical);
    scatter += prior[k];
    noise += 1 / typical;
    composition.noise += kept * kept / (4 * typical);
  }
  if (scatter > 0)
    composition.reliability = scatter / (scatter + noise);
  else
    composition.notes.push_back(
        "the spectra show no difference beyond the noise of their counts (" +
        number(std::round(typical)) + " a chip): the micrograph alone decides");
  composition.rows_NE = RowMatrixXf::Zero(static_cast<Eigen::Index>(chips.size()),
                                          static_cast<Eigen::Index>(components) + 1);
  for (std::size_t chip = 0; chip < chips.size(); ++chip) {
    auto row = composition.rows_NE.row(static_cast<Eigen::Index>(chip));
    row[0] = 1;
    for (std::size_t k = 0; k < components; ++k)
      if (composition.is_known[chip] && prior[k] > 0)  // score x its reliability / 2
        row[static_cast<Eigen::Index>(k) + 1] =
            static_cast<float>(chips[chip].each[k] / chips[chip].all * prior[k] /
                               (prior[k] + 1 / chips[chip].all) / 2);
    row.normalize();
  }
  return composition;
}

}  // namespace

Composition composition_of(const ElementMaps& maps, const ChipGrid& grid) {
  if (maps.spectra) return composition_of_spectra(maps, grid);
  CountedChips chips = count_chips(maps, grid);
  const std::vector<Eigen::Index> some = apart(grid, chips.is_known);
  Eigen::RowVectorXd mean = Eigen::RowVectorXd::Zero(chips.counts_NE.cols());
  for (const Eigen::Index chip : some) mean += chips.counts_NE.row(chip);
  const double all = mean.sum();
  if (all > 0)
    mean /= all;
  else
    mean.setConstant(1.0 / static_cast<double>(mean.size()));

  Composition composition;
  composition.rows_NE.resize(chips.counts_NE.rows(), chips.counts_NE.cols());
  const double rho = overdispersion(chips.counts_NE, mean, some);
  const double typical = some.empty() ? 0 : all / static_cast<double>(some.size());
  // The prior's strength in counts; without overdispersion every chip is the mean.
  const double prior = rho > 0 ? 1 / rho - 1 : 0;
  if (rho > 0 && typical > 0) {
    composition.reliability = typical / (typical + prior);
    const double elements = static_cast<double>((mean.array() > 0).count());
    composition.noise =
        (elements - 1) / (4 * typical) * composition.reliability * composition.reliability;
  } else {
    composition.notes.push_back(
        "the element maps show no difference in composition beyond the noise of their counts (" +
        number(std::round(typical)) + " a chip): the micrograph alone decides");
  }
  for (Eigen::Index chip = 0; chip < chips.counts_NE.rows(); ++chip) {
    const double own = chips.counts_NE.row(chip).sum();
    composition.counts.push_back(static_cast<float>(own));
    Eigen::RowVectorXd share = mean;
    if (rho > 0 && chips.is_known[static_cast<std::size_t>(chip)])
      share = (chips.counts_NE.row(chip) + prior * mean) / (own + prior);
    composition.rows_NE.row(chip) = share.cwiseSqrt().normalized().cast<float>();
  }
  composition.is_known = std::move(chips.is_known);
  return composition;
}

double weight_of(const Composition& composition) {
  return composition.reliability / (1 + composition.reliability);
}

Embeddings joint_embeddings(const Embeddings& image, const Composition& composition,
                            double weight) {
  const RowMatrixXf& from = composition.rows_NE;
  const Eigen::VectorXf mean = mean_direction(from);
  const std::vector<bool> all(static_cast<std::size_t>(from.rows()), true);
  const double wide = widest_angle(from, mean, composition.is_known),
               wanted = widest_angle(image.rows_ND, mean_direction(image.rows_ND), all);
  const double stretch = wide > 0 ? wanted / wide : 1;
  constexpr double flat = 1.5707963267948966;  // beyond a right angle a chip would come round again
  Embeddings joint{
      RowMatrixXf(image.rows_ND.rows(), image.rows_ND.cols() + from.cols()), image.encoder, {}};
  joint.rows_ND.leftCols(image.rows_ND.cols()) =
      static_cast<float>(std::sqrt(1 - weight)) * image.rows_ND;
  for (Eigen::Index i = 0; i < from.rows(); ++i) {
    const double along = std::clamp(static_cast<double>(from.row(i).dot(mean)), -1.0, 1.0);
    Eigen::VectorXf aside = from.row(i).transpose() - static_cast<float>(along) * mean;
    const float length = aside.norm();
    const double angle = std::min(stretch * std::atan2(static_cast<double>(length), along), flat);
    Eigen::VectorXf row = static_cast<float>(std::cos(angle)) * mean;
    if (length > 0) row += static_cast<float>(std::sin(angle)) / length * aside;
    joint.rows_ND.row(i).tail(from.cols()) =
        static_cast<float>(std::sqrt(weight)) * row.transpose();
  }
  return joint;
}

std::vector<Share> shares_of(const ElementMaps& maps, const CountedPart& part) {
  std::vector<Share> shares;
  for (std::size_t e = 0; e < maps.elements.size(); ++e) {
    const double mean = part.all > 0 ? part.each[e] / part.all : 0;
    const double spread = maps.spectra ? 1 : mean * (1 - mean);  // of one count
    shares.push_back({maps.elements[e], mean, part.all > 0 ? std::sqrt(spread / part.all) : 0});
  }
  return shares;
}

std::vector<double> spectrum_of(const ElementMaps& maps, const std::vector<Share>& scores) {
  if (!maps.spectra) throw std::invalid_argument("the maps are not those of a spectrum image");
  std::vector<double> spectrum = maps.spectra->mean;
  for (std::size_t j = 0; j < spectrum.size(); ++j) {
    double change = 0;
    for (std::size_t k = 0; k < scores.size(); ++k)
      change += scores[k].mean * maps.spectra->loadings[k][j];
    spectrum[j] = std::max(0.0, spectrum[j] + std::sqrt(spectrum[j]) * change);
  }
  return spectrum;
}

}  // namespace metamict
