// SPDX-License-Identifier: GPL-3.0-or-later
// Options in a file: whatever is written is read back, TOML as others write it is understood, the
// rest is refused.
#include "app/command_line/config_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "app/command_line/values.hpp"
#include "metamict/errors.hpp"
#include "support/support.hpp"

namespace metamict::app {
namespace {

class ConfigFile : public testing::Test {
 protected:
  OptionTable read(const std::string& text) const {
    std::ofstream(folder / "c.toml", std::ios::binary) << text;
    return read_config(folder / "c.toml");
  }
  std::string refusal(const std::string& text) const {
    try {
      read(text);
    } catch (const UsageError& error) {
      return error.what();
    }
    return "accepted";
  }
  test::TemporaryFolder folder;
};

TEST_F(ConfigFile, WhateverIsWrittenIsReadBack) {
  std::mt19937 random(5);
  for (int round = 0; round < 500; ++round) {
    OptionTable table;
    for (const char* name : {"dataset", "spill", "cut"}) {
      std::string value;
      for (auto length = random() % 12; length > 0; --length)
        value += static_cast<char>(random() % 3 == 0 ? "\"\\'#=[],\n\r\t\0 "[random() % 13]
                                                     : random() % 256);
      table.emplace_back(name, value);
    }
    table.emplace_back("trust-encoder", round % 2 == 0 ? "true" : "false");
    EXPECT_EQ(read(to_toml(table)), table) << to_toml(table);
  }
}

TEST_F(ConfigFile, TomlAsOthersWriteIt) {
  EXPECT_EQ(read("# options\r\n\r\nseed=7 # lucky\r\n\tstride = 12.5\ncut = [ \"mean\",\n  'a\\b', "
                 "0.5, # half\n]\n"
                 "dataset = \"\\u00c5 \\\"x\\\" \\\\ \\U0001F52C\"\nwrite = []\nprimary = mean"),
            (OptionTable{{"seed", "7"},
                         {"stride", "12.5"},
                         {"cut", "mean,a\\b,0.5"},
                         {"dataset", "\xC3\x85 \"x\" \\ \xF0\x9F\x94\xAC"},
                         {"write", ""},
                         {"primary", "mean"}}));
  EXPECT_EQ(read(""), OptionTable{});
}

TEST_F(ConfigFile, WhatIsNoFlatTomlIsRefusedWithItsLine) {
  EXPECT_THAT(refusal("seed = 1\n\n[more]\nx = 1\n"),
              testing::HasSubstr("c.toml, line 3: sections"));
  EXPECT_THAT(refusal("seed = 1\nseed = 2\n"),
              testing::HasSubstr("line 2: 'seed' stands there twice"));
  EXPECT_THAT(refusal("dataset = 'a\nb'"), testing::HasSubstr("line 1: a string has no end"));
  for (const char* text :
       {"seed", "seed 7", "seed =", "seed = # 7", "= 7", "seed = \"7", "seed = \"7\" 8", "cut = [",
        "cut = [1", "cut = [1,", "cut = [,]", "cut = [1]]", "x = \"\\q\"", "x = \"\\u12\"",
        "x = \"\\uD800\"", "x = \"\\U00110000\"", "x = \"\\u-001\"", "x = \"\\"})
    EXPECT_NE(refusal(text), "accepted") << text;
  EXPECT_THROW(read_config(folder / "none.toml"), UsageError);
}

TEST(Bytes, AmountsThatNoMachineHasAreRefused) {
  EXPECT_EQ(parse_bytes("--max-memory", "1.5K"), 1536U);
  EXPECT_EQ(parse_bytes("--max-memory", "2 TiB"), std::uint64_t{1} << 41);
  for (const char* text : {"0", "-1G", "0.5", "1e9T", "1e300", "nan", "8X", ""})
    EXPECT_THROW(parse_bytes("--max-memory", text), UsageError) << text;
}

}  // namespace
}  // namespace metamict::app
