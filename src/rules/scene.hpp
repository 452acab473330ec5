// SPDX-License-Identifier: GPL-3.0-or-later
// One image as a rule sees it: every stage's value up to the similarity.
#pragma once

#include <vector>

#include "image/mask.hpp"
#include "metamict/chips.hpp"
#include "metamict/embed.hpp"
#include "metamict/micrograph.hpp"
#include "metamict/similarity.hpp"

namespace metamict {

/// A view: its parts must outlive it.
struct Scene {
  const Micrograph& canonical;  ///< standardised, at the encoder's scale
  const ChipGrid& grid;
  const Embeddings& embeddings;
  const Similarity& similarity;
  const std::vector<float>& order;  ///< lattice-order index of each chip
  const Nodes& chips;               ///< that are looked at, by rising number
  bool sampled = false;  ///< whether the scores are those of a sample of the chips only
};

}  // namespace metamict
