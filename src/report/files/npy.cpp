// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/files/npy.hpp"

#include <bit>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "base/system/whole_file.hpp"
#include "report/files/byte_order.hpp"

namespace metamict {

namespace {

static_assert(std::endian::native == std::endian::little, "'<f4' below says so");

/// Version 1.0: magic, length of the dictionary, the dictionary. Spaces fill the dictionary so that
/// the data starts at a multiple of 64.
std::string header(const std::string& shape) {
  std::string dictionary = "{'descr': '<f4', 'fortran_order': False, 'shape': " + shape + ", }";
  dictionary.append(63 - (10 + dictionary.size()) % 64, ' ');
  dictionary += '\n';
  return std::string("\x93NUMPY\x01\x00", 8) + little_endian(dictionary.size(), 2) + dictionary;
}

void write_floats(WholeFile& file, const float* values, std::size_t count) {
  file.write({reinterpret_cast<const char*>(values), count * sizeof(float)});
}

}  // namespace

WrittenFile write_embeddings(const Embeddings& embeddings, const std::filesystem::path& path) {
  const RowMatrixXf& rows_ND = embeddings.rows_ND;
  WholeFile file(path);
  const std::string rows = std::to_string(rows_ND.rows()),
                    cols = std::to_string(embeddings.encoder.features);
  file.write(header("(" + rows + ", " + cols + ")"));
  constexpr Eigen::Index rows_a_block = 1024;
  for (Eigen::Index i = 0; i < rows_ND.rows(); i += rows_a_block) {
    const RowMatrixXf block = in_all_features(
        embeddings, rows_ND.middleRows(i, std::min(rows_a_block, rows_ND.rows() - i)));
    write_floats(file, block.data(), static_cast<std::size_t>(block.size()));
  }
  return file.finish();
}

WrittenFile write_scores(const Similarity& similarity, const std::filesystem::path& path) {
  const std::size_t nodes = similarity.nodes();
  WholeFile file(path);
  file.write(header("(" + std::to_string(nodes * (nodes - 1) / 2) + ",)"));
  std::vector<float> values(nodes);
  for (std::size_t i = 0; i < nodes; ++i) {
    const Quantum* row = similarity.scores->row(i);
    for (std::size_t j = i + 1; j < nodes; ++j) values[j] = score_of(row[j]);
    write_floats(file, values.data() + i + 1, nodes - i - 1);
  }
  return file.finish();
}

}  // namespace metamict
