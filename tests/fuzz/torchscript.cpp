// SPDX-License-Identifier: GPL-3.0-or-later
// Any bytes as a TorchScript file: tensors that lie inside it, or nothing.
#include <cstdint>
#include <cstring>
#include <vector>

#include "encoder/torchscript/torchscript_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const auto tensors = metamict::stored_tensors({data, size});
  if (!tensors) return 0;
  std::uint64_t sum = 0;
  for (const auto& [name, tensor] : *tensors) {
    std::size_t count = 1;
    for (const auto side : tensor.shape) count *= static_cast<std::size_t>(side);
    const auto* numbers = tensor.half != nullptr
                              ? reinterpret_cast<const unsigned char*>(tensor.half)
                              : reinterpret_cast<const unsigned char*>(tensor.data);
    const std::size_t bytes = tensor.half != nullptr ? 2 : tensor.data != nullptr ? 4 : 0;
    for (std::size_t i = 0; i < count * bytes; ++i) sum += numbers[i];
  }
  volatile std::uint64_t used = sum;
  (void)used;
  return 0;
}
