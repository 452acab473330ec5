// SPDX-License-Identifier: GPL-3.0-or-later
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>

#include "metamict/errors.hpp"
#include "metamict/similarity.hpp"

namespace metamict {
namespace {

std::string needed(std::size_t nodes, std::size_t bytes) {
  return "the scores of " + std::to_string(nodes) + " chips need " + std::to_string(bytes >> 20U) +
         " MiB";
}

/// Makes a file of that size and takes its name away. It vanishes with the mapping, however the
/// process ends.
int open_unlinked(const std::filesystem::path& folder, std::size_t bytes, const std::string& need) {
  std::string name = (folder / "metamict-scores-XXXXXX").string();
  const int file = mkostemp(name.data(), O_CLOEXEC);
  if (file < 0)
    throw ResourceError(folder.string() + ": cannot write the scores there: " +
                        std::strerror(errno) + "; give another --spill folder");
  unlink(name.c_str());
  // Allocated now: a full disk is an error here, not a bus error in the middle of the product.
  const int failure = posix_fallocate(file, 0, static_cast<off_t>(bytes));
  if (failure == 0) return file;
  close(file);
  throw ResourceError(folder.string() + ": " + need + " of disk: " + std::strerror(failure) +
                      "; give another --spill folder or a larger --stride");
}

}  // namespace

ScoreMatrix::ScoreMatrix(std::size_t nodes, const std::filesystem::path& spill) : nodes_(nodes) {
  const std::size_t bytes = nodes * nodes * sizeof(Quantum);
  const std::string need = needed(nodes, bytes);
  const int file = spill.empty() ? -1 : open_unlinked(spill, bytes, need);
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                      file < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED, file, 0);
  const int failure = errno;
  if (file >= 0) close(file);
  if (memory == MAP_FAILED)
    throw ResourceError(need + " of memory: " + std::strerror(failure) +
                        "; give a larger --stride or a --spill folder");
  // Rows are read whole and in no order, so large pages spare the address translation. This is only
  // a hint, so failure does not matter.
  if (file < 0) madvise(memory, bytes, MADV_HUGEPAGE);
  data_ = static_cast<Quantum*>(memory);
}

ScoreMatrix::~ScoreMatrix() {
  if (data_ != nullptr) munmap(data_, nodes_ * nodes_ * sizeof(Quantum));
}

}  // namespace metamict
