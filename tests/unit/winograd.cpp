// SPDX-License-Identifier: GPL-3.0-or-later
// Winograd's convolution against the definition, in double, on maps that its tiles do not fit.
#include "encoder/resnet/winograd.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace metamict {
namespace {

struct Shape {
  long n, h, w;
  int in, out;
};

void PrintTo(const Shape& s, std::ostream* out) {
  *out << s.n << " x " << s.h << " x " << s.w << ", " << s.in << " -> " << s.out;
}

std::vector<float> random_values(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(count);
  for (float& value : values) value = normal(random);
  return values;
}

double at(const std::vector<float>& map, const Shape& s, long n, long y, long x, long c) {
  if (y < 0 || y >= s.h || x < 0 || x >= s.w) return 0;
  return static_cast<double>(map[static_cast<std::size_t>(((n * s.h + y) * s.w + x) * s.in + c)]);
}

double by_definition(const std::vector<float>& map, const FoldedConv& conv, const Shape& s, long n,
                     long y, long x, long o) {
  double sum = static_cast<double>(conv.bias_O[static_cast<std::size_t>(o)]);
  for (long i = 0; i < 3; ++i)
    for (long j = 0; j < 3; ++j)
      for (long c = 0; c < s.in; ++c)
        sum += at(map, s, n, y + i - 1, x + j - 1, c) *
               static_cast<double>(
                   conv.weights_OHWI[static_cast<std::size_t>(((o * 3 + i) * 3 + j) * s.in + c)]);
  return std::max(sum, 0.0);
}

class WinogradShapes : public testing::TestWithParam<Shape> {};

TEST_P(WinogradShapes, MakesWhatTheDefinitionSays) {
  const Shape s = GetParam();
  FoldedConv conv{s.in, s.out, 3, {}, {}};
  conv.weights_OHWI = random_values(static_cast<std::size_t>(s.in * s.out * 9), 1);
  for (float& weight : conv.weights_OHWI) weight /= std::sqrt(9.0F * static_cast<float>(s.in));
  conv.bias_O = random_values(static_cast<std::size_t>(s.out), 2);
  const MapShape shape{s.n, s.h, s.w, s.in};
  const std::vector<float> map = random_values(shape.values(), 3);
  PackedWeights store(Number::float32);
  const Winograd convolution(store, shape, conv);
  Workspace space(store.engine());
  std::vector<float> made(static_cast<std::size_t>(s.n * s.h * s.w * s.out), -1.0F);
  convolution.run(space, map.data(), made.data());
  std::size_t k = 0;
  for (long n = 0; n < s.n; ++n)
    for (long y = 0; y < s.h; ++y)
      for (long x = 0; x < s.w; ++x)
        for (long o = 0; o < s.out; ++o, ++k)
          if (o % 7 == 0) {
            ASSERT_NEAR(static_cast<double>(made[k]), by_definition(map, conv, s, n, y, x, o), 5e-5)
                << n << ", " << y << ", " << x << ", " << o;
          }
  std::vector<float> again(made.size());
  convolution.run(space, map.data(), again.data());
  EXPECT_EQ(made, again);
}

INSTANTIATE_TEST_SUITE_P(Shapes, WinogradShapes,
                         testing::Values(Shape{1, 8, 8, 16, 16}, Shape{1, 9, 14, 32, 48},
                                         Shape{2, 11, 8, 64, 16}, Shape{1, 3, 1, 16, 32},
                                         Shape{1, 67, 70, 16, 16}));  // more tiles than at once

}  // namespace
}  // namespace metamict
