// SPDX-License-Identifier: GPL-3.0-or-later
// One image as a rule sees it: every stage's value up to the similarity.
#pragma once

#include <cstdint>
#include <vector>

#include "image/mask.hpp"
#include "metamict/chips.hpp"
#include "metamict/composition.hpp"
#include "metamict/embed.hpp"
#include "metamict/micrograph.hpp"
#include "metamict/similarity.hpp"

namespace metamict {

/// How a rule looks at an image once more, with nothing changed that should matter.
struct LookAgain {
  double share = 1;        ///< of the chips that make each graph; the others join it
  std::uint64_t seed = 1;  ///< which chips these are
  double strength = 1;     ///< factor on what a border has to show
};

/// What the micrograph and the element maps say, each by itself.
struct Witnesses {
  Evidence evidence = Evidence::both;  ///< maps or both
  const Embeddings& image;
  const Composition& composition;
};

/// A view: its parts must outlive it.
struct Scene {
  const Micrograph& canonical;  ///< standardised, at the encoder's scale
  const ChipGrid& grid;
  const Embeddings& embeddings;  ///< what chips are compared by: of the image, the maps, or both
  const Similarity& similarity;
  const std::vector<float>& order;  ///< lattice-order index of each chip
  const Nodes& chips;               ///< that are looked at, by rising number
  bool sampled = false;             ///< whether the scores are those of a sample of the chips only
  LookAgain look = {};
  const Witnesses* witnesses = nullptr;  ///< where element maps say something
};

}  // namespace metamict
