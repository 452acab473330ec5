// SPDX-License-Identifier: GPL-3.0-or-later
// Weights read without LibTorch: from an archive written here byte by byte, whole and damaged
// everywhere.
#include "encoder/torchscript/torchscript_file.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "encoder/probe.hpp"
#include "encoder/torchscript/pickle.hpp"
#include "support/support.hpp"

namespace metamict {
namespace {

using std::string;

string little(std::uint64_t value, int bytes) {
  string text;
  for (int i = 0; i < bytes; ++i, value >>= 8) text += static_cast<char>(value & 255);
  return text;
}
string text(const string& value) { return "X" + little(value.size(), 4) + value; }
string whole(int value) { return "J" + little(static_cast<std::uint32_t>(value), 4); }
string tuple(const string& items) { return "(" + items + "t"; }
string name(const string& module, const string& what) { return "c" + module + "\n" + what + "\n"; }
string module(const string& attributes) {
  return name("__torch__.net", "Module") + ")\x81}(" + attributes + "ub";
}
string attribute(const string& key, const string& value) { return text(key) + value; }

struct Stored {
  string type = "HalfStorage", key = "0";
  int offset = 0;
  std::vector<int> sizes{2, 3}, strides{3, 1};
};
string tensor(const Stored& stored) {
  string sizes, strides;
  for (const int size : stored.sizes) sizes += whole(size);
  for (const int stride : stored.strides) strides += whole(stride);
  const string storage = tuple(text("storage") + name("torch", stored.type) + text(stored.key) +
                               text("cpu") + whole(6));
  return name("torch._utils", "_rebuild_tensor_v2") +
         tuple(storage + "Q" + whole(stored.offset) + tuple(sizes) + tuple(strides) + "\x89" +
               name("collections", "OrderedDict") + ")R") +
         "R";
}

/// PKWARE's format as PyTorch writes it: data at multiples of 64 bytes.
string zip(const std::vector<std::pair<string, string>>& entries, int method = 0) {
  string file, directory;
  for (const auto& [path, data] : entries) {
    const std::size_t header = file.size(), padding = 64 - (header + 30 + path.size()) % 64;
    const string common = little(0x0808, 2) + little(static_cast<unsigned>(method), 2) +
                          little(0, 8) + little(data.size(), 4) + little(data.size(), 4) +
                          little(path.size(), 2);
    file += "PK\x03\x04" + little(0, 2) + common + little(padding, 2) + path +
            string(padding, 'Z') + data;
    directory += "PK\x01\x02" + little(0, 4) + common + little(0, 2 + 2 + 2 + 2 + 4) +
                 little(header, 4) + path;
  }
  const std::size_t start = file.size();
  return file + directory + "PK\x05\x06" + little(0, 4) + little(entries.size(), 2) +
         little(entries.size(), 2) + little(directory.size(), 4) + little(start, 4) + little(0, 2);
}

const std::vector<std::uint16_t> halves = {0x3c00, 0xc000, 0x0001, 0x7bff, 0x8000, 0x3555};
string bytes_of(const std::vector<std::uint16_t>& values) {
  return {reinterpret_cast<const char*>(values.data()), 2 * values.size()};
}

string model_of(const string& attributes) {
  return zip(
      {{"net/data/0", bytes_of(halves)}, {"net/data.pkl", "\x80\x02" + module(attributes) + "."}});
}

/// Bytes at an address as well aligned as a mapped file's.
std::optional<StateDict> tensors_of(const string& file) {
  static std::vector<double> memory;
  memory.assign(file.size() / 8 + 1, 0);
  std::memcpy(memory.data(), file.data(), file.size());
  return stored_tensors({reinterpret_cast<const unsigned char*>(memory.data()), file.size()});
}

TEST(TorchscriptFile, TensorsCarryTheirNamesShapesAndNumbers) {
  const auto found = tensors_of(model_of(
      attribute("training", "\x89") + attribute("weight", tensor({})) +
      attribute("inner",
                module(attribute(
                    "0", module(attribute("bias", tensor({"HalfStorage", "0", 2, {3}, {1}})))))) +
      attribute("count", tensor({"LongStorage", "0", 0, {}, {}}))));
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 3U);
  const TensorView &weight = found->at("weight"), &bias = found->at("inner.0.bias"),
                   &count = found->at("count");
  EXPECT_EQ(weight.shape, (std::vector<std::int64_t>{2, 3}));
  EXPECT_TRUE(std::equal(halves.begin(), halves.end(), weight.half));
  EXPECT_EQ(bias.shape, std::vector<std::int64_t>{3});
  EXPECT_EQ(bias.half, weight.half + 2);
  EXPECT_TRUE(count.shape.empty());
  EXPECT_TRUE(count.half == nullptr && count.data == nullptr);
}

TEST(TorchscriptFile, WhatIsOutOfBoundsOrOutOfOrderIsNotUnderstood) {
  EXPECT_FALSE(tensors_of(model_of(
      attribute("w", tensor({"HalfStorage", "0", 1, {2, 3}, {3, 1}})))));  // ends one number late
  EXPECT_FALSE(tensors_of(model_of(
      attribute("w", tensor({"FloatStorage", "0", 0, {2, 3}, {3, 1}})))));  // twice as many bytes
  EXPECT_FALSE(
      tensors_of(model_of(attribute("w", tensor({"HalfStorage", "0", -1, {2, 3}, {3, 1}})))));
  EXPECT_FALSE(tensors_of(model_of(
      attribute("w", tensor({"HalfStorage", "0", 0, {2, 3}, {1, 2}})))));  // a transposed view
  EXPECT_FALSE(
      tensors_of(model_of(attribute("w", tensor({"HalfStorage", "0", 0, {2, 0}, {1, 1}})))));
  EXPECT_FALSE(tensors_of(
      model_of(attribute("w", tensor({"HalfStorage", "7", 0, {2, 3}, {3, 1}})))));  // no such entry
  EXPECT_FALSE(tensors_of(model_of(
      attribute("w", tensor({"HalfStorage", "0", 0, {1 << 30, 1 << 30, 16}, {0, 16, 1}})))));
  EXPECT_FALSE(tensors_of(zip({{"net/data/0", bytes_of(halves)}})));
  EXPECT_FALSE(tensors_of(zip({{"net/data.pkl", "\x80\x02" + module("") + "."}}, 8)));  // packed
  EXPECT_FALSE(tensors_of(""));
  EXPECT_TRUE(tensors_of(model_of("")));
}

// A part referred to twice, twenty times over, is a million parts to walk through.
TEST(TorchscriptFile, AWalkThatNeverEndsIsNotBegun) {
  string nested = module(attribute("w", tensor({}))) + "q" + little(0, 1);
  for (int i = 1; i <= 20; ++i)
    nested = module(attribute("a", nested) +
                    attribute("b", "h" + little(static_cast<unsigned>(i - 1), 1))) +
             "q" + little(static_cast<unsigned>(i), 1);
  EXPECT_FALSE(tensors_of(model_of(attribute("net", nested))));
}

TEST(TorchscriptFile, DamageAnywhereIsSurvived) {
  const string file = model_of(
      attribute("weight", tensor({})) +
      attribute("inner", module(attribute("bias", tensor({"HalfStorage", "0", 2, {3}, {1}})))));
  ASSERT_TRUE(tensors_of(file));
  for (std::size_t size = 0; size < file.size(); ++size)
    EXPECT_FALSE(tensors_of(file.substr(0, size))) << size;
  std::size_t understood = 0;
  for (std::size_t at = 0; at < file.size(); ++at)
    for (const int change : {0x01, 0x80, 0xff}) {
      string damaged = file;
      damaged[at] = static_cast<char>(damaged[at] ^ change);
      const auto found = tensors_of(damaged);
      for (const auto& [key, view] : found.value_or(StateDict{})) {
        std::size_t count = 1;
        for (const auto side : view.shape) count *= static_cast<std::size_t>(side);
        if (view.half != nullptr)
          understood += std::vector<std::uint16_t>(view.half, view.half + count)
                            .size();  // read, under sanitizers
      }
    }
  EXPECT_GT(understood, 0U);  // a change in the numbers or in unused fields is nobody's to notice
}

TEST(Pickle, WhatTorchScriptDoesNotWriteIsRefused) {
  const auto refused = [](const string& program) {
    EXPECT_THROW(Pickle({reinterpret_cast<const unsigned char*>(program.data()), program.size()}),
                 PickleError)
        << testing::PrintToString(program);
  };
  for (const char* program : {"", ".", "N", "a.", "t.", "R.", "Nb.", "h\x01.", "X\xff\xff\xff\x7f.",
                              "cos\nsystem", "i", "(NNa.", "}(Nu.", "(.", "K", "Q."})
    refused(program);
  refused(string(std::size_t{2} << 20, 'N'));
}

TEST(HalfPrecision, EveryNumberIsWidenedExactly) {
  std::vector<std::uint16_t> all(65536);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::uint16_t>(i);
  std::vector<float> wide(all.size());
  from_half(all.data(), all.size(), wide.data());
  for (std::size_t i = 0; i < all.size(); ++i) {
    const int exponent = static_cast<int>(i >> 10 & 31U), digits = static_cast<int>(i & 1023U);
    const float sign = (i & 0x8000U) != 0 ? -1.0F : 1.0F;
    if (exponent == 31 && digits != 0)
      EXPECT_TRUE(std::isnan(wide[i])) << i;
    else if (exponent == 31)
      EXPECT_EQ(wide[i], sign * std::numeric_limits<float>::infinity()) << i;
    else
      EXPECT_EQ(wide[i],
                sign * std::ldexp(static_cast<float>(exponent == 0 ? digits : digits + 1024),
                                  std::max(exponent, 1) - 25))
          << i;
  }
  EXPECT_TRUE(std::signbit(wide[0x8000]));
}

}  // namespace
}  // namespace metamict
