// SPDX-License-Identifier: GPL-3.0-or-later
// These options say how the communities of the similarity graph are searched for.
#pragma once

#include <cstdint>

namespace metamict {

enum class CommunityMethod { louvain, leiden };
enum class Engine { automatic, dense, igraph };

struct CommunityOptions {
  CommunityMethod method = CommunityMethod::louvain;
  Engine engine =
      Engine::automatic;  ///< dense: first passes on the score matrix; igraph: all of it in igraph
  double resolution = 1.0;  ///< of the modularity, above 0; higher = more, smaller communities
  std::uint64_t seed = 1;   ///< run r is seeded with (seed, r): same seed, same partition
  int runs = 5;             ///< the best by modularity is taken

  /// Throws UsageError.
  void check() const;
};

}  // namespace metamict
