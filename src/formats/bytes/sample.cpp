// SPDX-License-Identifier: GPL-3.0-or-later
#include "formats/bytes/sample.hpp"

#include <array>

namespace metamict {

namespace {

struct SampleFacts {
  std::size_t bytes;
  const char* name;
};
constexpr std::array<SampleFacts, 11> facts = {{{1, "uint8"},
                                                {1, "int8"},
                                                {2, "uint16"},
                                                {2, "int16"},
                                                {4, "uint32"},
                                                {4, "int32"},
                                                {8, "uint64"},
                                                {8, "int64"},
                                                {2, "float16"},
                                                {4, "float32"},
                                                {8, "float64"}}};

}  // namespace

std::size_t size_of(Sample sample) { return facts[static_cast<std::size_t>(sample)].bytes; }
std::string name_of(Sample sample) { return facts[static_cast<std::size_t>(sample)].name; }

}  // namespace metamict
