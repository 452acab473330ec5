// SPDX-License-Identifier: GPL-3.0-or-later
// The composition of every chip, from element maps, as a second witness beside the micrograph. It
// is a vector of length 1, so that all that compares chips takes it as it takes an embedding.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "metamict/element_maps.hpp"
#include "metamict/embed.hpp"
#include "metamict/matrix.hpp"

namespace metamict {

/// What the chips show by their composition.
///
/// A row holds the square roots of the elements' shares. The cosine of two rows is then the
/// Bhattacharyya coefficient of their compositions, and counting makes the same noise of an angle
/// whatever the composition is. A share is the mean of its posterior under a Dirichlet prior around
/// the image's mean composition: few counts leave a chip near the mean. How strong the prior is
/// follows from how much more the chips scatter than their counts explain.
///
/// Of a spectrum image a row holds 1 and half of the chip's score in each component, which is the
/// same geometry to first order; each component has a prior of its own.
struct Composition {
  RowMatrixXf rows_NE;         ///< chips x elements (components + 1); every row has length 1
  std::vector<float> counts;   ///< of each chip, all elements
  std::vector<bool> is_known;  ///< whether the maps cover half of the chip and hold counts there
  double reliability = 0;      ///< share of the scatter between chips that is not counting: 0 to 1
  double noise = 0;            ///< 1 - cosine of two like chips that counting alone makes
  Notes notes;
};

/// Measures the composition of the chips of a grid.
Composition composition_of(const ElementMaps& maps, const ChipGrid& grid);

/// Which witnesses say how alike two chips are.
enum class Evidence { image, maps, both };

/// How much the composition weighs beside the image's 1 - w: r / (1 + r) by its reliability r, so
/// that composition without noise counts as much as the image, and noise without composition
/// nothing.
double weight_of(const Composition& composition);

/// Both witnesses side by side in one vector of length 1. The cosine of two rows is the mean of the
/// two witnesses' cosines, by their weights. The composition's angles are stretched about their
/// mean first, so that the widest are as wide as the image's: a score then means the same of both.
Embeddings joint_embeddings(const Embeddings& image, const Composition& composition, double weight);

/// The composition of a region: of each element its share of the counts, from 0 to 1; of a spectrum
/// image the mean score in each component.
struct Share {
  std::string element;
  double mean = 0;
  double sd = 0;  ///< of the mean, by the Poisson error of its counts
};
std::vector<Share> shares_of(const ElementMaps& maps, const CountedPart& part);

/// What a region's spectrum is by its scores: the share of counts in each channel.
/// Throws std::invalid_argument for maps without spectra.
std::vector<double> spectrum_of(const ElementMaps& maps, const std::vector<Share>& scores);

}  // namespace metamict
