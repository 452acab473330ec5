// SPDX-License-Identifier: GPL-3.0-or-later
// NumPy arrays of embeddings and scores, for those who want to go on by themselves.
#pragma once

#include <filesystem>

#include "metamict/embed.hpp"
#include "metamict/similarity.hpp"
#include "metamict/written_file.hpp"

namespace metamict {

/// float32, N x D. Throws OutputError.
WrittenFile write_embeddings(const Embeddings& embeddings, const std::filesystem::path& path);

/// float32, N(N-1)/2 scores of the pairs i < j, row by row. Throws OutputError.
WrittenFile write_scores(const Similarity& similarity, const std::filesystem::path& path);

}  // namespace metamict
