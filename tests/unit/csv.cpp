// SPDX-License-Identifier: GPL-3.0-or-later
// CSV read back as it was written, by us and as RFC 4180 allows others to.
#include "base/csv.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "app/batch/batch_entry.hpp"
#include "base/text.hpp"
#include "base/text_file.hpp"
#include "metamict/errors.hpp"
#include "metamict/series.hpp"
#include "support/support.hpp"

namespace metamict {
namespace {

using Rows = std::vector<std::vector<std::string>>;

TEST(Csv, EveryCellThatIsWrittenIsReadBack) {
  std::mt19937 random(3);
  const std::string letters = "a,\"\n\r; \t\xC3\xA5'0";
  for (int round = 0; round < 300; ++round) {
    Rows rows(1 + random() % 4, std::vector<std::string>(2 + random() % 3));
    std::string text = round % 2 == 0 ? "" : "\xEF\xBB\xBF";
    for (auto& row : rows) {
      for (auto& cell : row) {
        cell = "x";  // no formula and no empty row
        for (auto length = random() % 6; length > 0; --length)
          cell += letters[random() % letters.size()];
        text += (&cell == &row.front() ? "" : ",") + csv_cell(cell);
      }
      text += round % 3 == 0 ? "\r\n" : "\n";
    }
    EXPECT_EQ(csv_rows(text), rows) << testing::PrintToString(text);
  }
}

TEST(Csv, LooseEndsAreRead) {
  EXPECT_EQ(csv_rows(""), Rows{});
  EXPECT_EQ(csv_rows("\n\r\n\n"), Rows{});
  EXPECT_EQ(csv_rows("a,b"), (Rows{{"a", "b"}}));
  EXPECT_EQ(csv_rows("\n,\n\n"), (Rows{{"", ""}}));
  EXPECT_EQ(csv_rows("a,\"b\nc"), (Rows{{"a", "b\nc"}}));
}

TEST(Csv, SemicolonsSeparateWhereTheFirstRowHasNoComma) {
  EXPECT_EQ(csv_rows("image;dose\r\na, b.tif;\"0;1\"\r\n"),
            (Rows{{"image", "dose"}, {"a, b.tif", "0;1"}}));
  EXPECT_EQ(csv_rows("\n\"a,b\";c\n1;2\n"), (Rows{{"a,b", "c"}, {"1", "2"}}));
  EXPECT_EQ(csv_rows("a;b,c\n1;2\n"), (Rows{{"a;b", "c"}, {"1;2"}}));
}

std::vector<std::filesystem::path> paths_of(const std::vector<app::BatchEntry>& entries) {
  std::vector<std::filesystem::path> paths;
  for (const app::BatchEntry& entry : entries) paths.push_back(entry.image);
  return paths;
}

class CsvFiles : public testing::Test {
 protected:
  std::filesystem::path file(const std::string& text) const {
    std::ofstream(folder / "list.csv", std::ios::binary) << text;
    return folder / "list.csv";
  }
  test::TemporaryFolder folder;
};

TEST_F(CsvFiles, AManifestsCellsMayHoldLineBreaks) {
  const auto images =
      app::read_manifest(file("note,image\r\n\"two\nlines\",\"a \"\"b\"\".tif\"\r\n,c.tif\r\n"));
  EXPECT_EQ(paths_of(images),
            (std::vector<std::filesystem::path>{folder / "a \"b\".tif", folder / "c.tif"}));
}

TEST_F(CsvFiles, APlainListTakesEveryLineAsItStands) {
  const auto images = app::read_manifest(file("\xEF\xBB\xBF\"a.tif\nb, c.tif\r\n\nd\".tif"));
  EXPECT_EQ(paths_of(images), (std::vector<std::filesystem::path>{
                                  folder / "\"a.tif", folder / "b, c.tif", folder / "d\".tif"}));
}

TEST_F(CsvFiles, WhatNamesNoImageOrCannotBeReadIsRefused) {
  for (const char* text : {"", "\n\n", "\"\"", "image\n", "image,dose\n,1\n", "dose,image\n1\n"}) {
    const auto path = file(text);
    EXPECT_THROW(app::read_manifest(path), UsageError) << text;
    EXPECT_THROW(read_series_csv(path), UsageError) << text;
  }
  EXPECT_THROW(app::read_manifest(folder.path()), UsageError);  // opens, but gives no bytes
  EXPECT_THROW(read_series_csv(folder.path()), UsageError);
  EXPECT_FALSE(text_of_file("/proc/self/mem"));  // opens, and fails at its first byte
  const std::string text = std::string("a\0b\n", 4) + std::string(10000, 'c');
  EXPECT_EQ(text_of_file(file(text)), text);
}

}  // namespace
}  // namespace metamict
