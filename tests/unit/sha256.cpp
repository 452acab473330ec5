// SPDX-License-Identifier: GPL-3.0-or-later
// The two ways to hash agree with each other and with the examples of FIPS 180-4, however the bytes
// come.
#include "base/sha256.hpp"

#include <gtest/gtest.h>

#include <random>

namespace metamict {
namespace {

std::string hash(bool with_instructions, const std::string& text, std::mt19937& random) {
  Sha256 sha(with_instructions);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t count = std::min<std::size_t>(text.size() - at, random() % 150);
    sha.update({reinterpret_cast<const unsigned char*>(text.data()) + at, count});
    at += count;
  }
  return sha.hex();
}

TEST(Sha256, RepeatsTheStandardsExamples) {
  std::mt19937 random(1);
  for (const bool instructions : {false, true}) {
    EXPECT_EQ(hash(instructions, "", random),
              "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(hash(instructions, "abc", random),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(
        hash(instructions, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", random),
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    EXPECT_EQ(hash(instructions, std::string(1'000'000, 'a'), random),
              "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  }
}

TEST(Sha256, DoesNotDependOnTheProcessorNorOnHowTheBytesCome) {
  std::mt19937 random(2);
  for (std::size_t length = 0; length < 400; ++length) {
    std::string text(length, '\0');
    for (char& c : text) c = static_cast<char>(random());
    EXPECT_EQ(hash(false, text, random), hash(true, text, random)) << length << " bytes";
  }
}

}  // namespace
}  // namespace metamict
