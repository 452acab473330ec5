// SPDX-License-Identifier: GPL-3.0-or-later
// From the whole image down: communities inside communities, as deep as they are regions.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <vector>

#include "metamict/communities.hpp"
#include "metamict/similarity.hpp"
#include "rules/chip_field.hpp"
#include "rules/scene.hpp"

namespace metamict {

/// The similarity scores of some of the chips, rescaled to their own least and most alike pair.
/// Scores of angles become scores of cosines.
Similarity restrict_to(const Similarity& similarity, const Nodes& chips,
                       const Resources& resources);

/// Splits parts at their own mean cut. Parts between which a border is clear are joined inside
/// before they meet the other side; all others are joined only when everything is split. Joined on
/// the way down, a gentle change over a large region would hide a small region behind it.
class Splitter {
 public:
  using SimilarityOf = std::function<Similarity(const Nodes&)>;

  /// similarity_of: some chips, by what they look like in the field. Engine and stability go into
  /// `communities`, which knows every chip.
  /// scene: says how many of the chips make a graph. progress hears how many chips are in parts
  /// that stay as they are.
  Splitter(const ChipField& field, SimilarityOf similarity_of, const CommunityOptions& options,
           const Resources& resources, const Progress& progress, Communities& communities,
           const Scene& scene)
      : field_(field),
        scene_(scene),
        similarity_of_(std::move(similarity_of)),
        options_(options),
        resources_(resources),
        progress_(progress),
        communities_(communities) {}

  /// Some chips, split as small as they resolve; the chips themselves where they hold no border.
  std::vector<Nodes> split(const Nodes& chips);

 private:
  Communities communities_of(const Nodes& chips);
  void note_stability(const Nodes& chips, const Communities& found);
  std::vector<Nodes> settled(const Nodes& chips);
  void tell() const;

  const ChipField& field_;
  const Scene& scene_;
  SimilarityOf similarity_of_;
  const CommunityOptions& options_;
  const Resources& resources_;
  const Progress& progress_;
  Communities& communities_;
  std::mutex noting_;  // parts are split side by side
  std::atomic<std::size_t> settled_ = 0;
};

}  // namespace metamict
