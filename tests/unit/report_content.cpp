// SPDX-License-Identifier: GPL-3.0-or-later
// What the reports say. Other readers (networkx, igraph, tifffile, numpy) check the same files in
// tests/scripts/test_outputs_oracle.py.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>

#include "base/sha256.hpp"
#include "base/text.hpp"
#include "metamict/errors.hpp"
#include "metamict/outputs.hpp"
#include "report/files/chips_csv.hpp"
#include "report/files/json_report.hpp"
#include "report/pages/html_report.hpp"
#include "report/pages/series_html.hpp"
#include "unit/report_sample.hpp"

namespace metamict {
namespace {

using nlohmann::json;
using test::sample_result;
using test::TemporaryFolder;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(JsonReport, HasTheContractsKeys) {
  const json report = json::parse(json_report(sample_result()));
  const auto expect_keys = [](const json& object, std::initializer_list<const char*> keys) {
    for (const char* key : keys)
      EXPECT_TRUE(object.contains(key)) << key << " is not in " << object.dump().substr(0, 200);
  };
  expect_keys(report, {"schema", "image", "grid", "encoder", "similarity", "primary", "engine",
                       "rules", "notes"});
  expect_keys(report["image"], {"path", "sha256", "rows", "cols", "nm_per_pixel",
                                "pixel_size_source", "lattice_period_px"});
  expect_keys(report["grid"], {"size_px", "stride_px", "rows", "cols", "chips"});
  expect_keys(report["encoder"],
              {"name", "sha256", "features", "precision", "device", "embedding"});
  expect_keys(report["similarity"],
              {"pairs", "mean", "median", "mode", "min_cosine", "max_cosine", "histogram"});
  expect_keys(report["similarity"]["histogram"], {"edges", "counts"});
  for (const char* rule : {"mean", "0.75", "joined"}) {
    expect_keys(report["rules"][rule], {"kind", "cut", "edges", "components", "communities",
                                        "modularity", "stability", "community_scores", "regions"});
    ASSERT_EQ(report["rules"][rule]["regions"].size(), 3U);
    expect_keys(report["rules"][rule]["regions"][0], {"label", "chips", "area_px", "area_nm2",
                                                      "order", "mean_intensity", "centroid_px"});
    EXPECT_EQ(report["rules"][rule]["community_scores"].size(), 3U);
    EXPECT_EQ(report["rules"][rule]["community_scores"][2].size(), 3U);
  }
}

TEST(JsonReport, SaysWhatIsKnownAndNullWhatIsNot) {
  const Result result = sample_result();
  const json report = json::parse(json_report(result));
  EXPECT_EQ(report["image"]["rows"], 96);
  EXPECT_EQ(report["image"]["cols"], 160);
  EXPECT_EQ(report["grid"]["chips"], 9 * 17);
  EXPECT_EQ(report["grid"]["stride_px"], 8.0);
  EXPECT_EQ(report["rules"]["0.75"]["kind"], "threshold");
  EXPECT_EQ(report["rules"]["0.75"]["cut"], 0.75);
  EXPECT_EQ(report["rules"]["0.75"]["edges"], result.rules[1].graph->edges);
  EXPECT_EQ(report["rules"]["joined"]["kind"], "derived");
  for (const char* key : {"cut", "edges", "components", "modularity"})
    EXPECT_TRUE(report["rules"]["joined"][key].is_null()) << key;
  EXPECT_NEAR(report["rules"]["mean"]["regions"][1]["area_nm2"].get<double>(), 48 * 96 * 0.0025,
              1e-9);
  std::uint64_t pairs = 0;
  for (const json& count : report["similarity"]["histogram"]["counts"])
    pairs += count.get<std::uint64_t>();
  EXPECT_EQ(pairs, report["similarity"]["pairs"]);
  EXPECT_EQ(report["similarity"]["histogram"]["edges"].size(),
            report["similarity"]["histogram"]["counts"].size() + 1);

  const json unknown = json::parse(json_report(sample_result({.nm_per_pixel = {}})));
  EXPECT_TRUE(unknown["image"]["nm_per_pixel"].is_null());
  EXPECT_TRUE(unknown["rules"]["mean"]["regions"][0]["area_nm2"].is_null());
}

TEST(JsonReport, NamesThatAreNoUtf8StayJson) {
  const json report = json::parse(json_report(sample_result({.path = "film \xB5m \x01.tif"})));
  EXPECT_EQ(report["image"]["path"], "film \xEF\xBF\xBDm .tif");
}

TEST(JsonReport, ManyCommunitiesStayReadable) {
  const TemporaryFolder folder;
  Result result = sample_result();
  Communities& communities = result.rules.front().communities;
  communities.count = reported_communities + 1;  // as from a graph with hardly any edge
  result.rules.front().map.label_of_community.resize(static_cast<std::size_t>(communities.count),
                                                     0);
  result.rules.front().community_scores.assign(
      static_cast<std::size_t>(communities.count) * static_cast<std::size_t>(communities.count),
      0.25);
  write_outputs(result, folder / "film", {});
  EXPECT_EQ(
      json::parse(test::slurp(folder / "film/report.json"))["rules"]["mean"]["community_scores"]
          .size(),
      reported_communities);
  EXPECT_THAT(result.notes.back(), HasSubstr("200 largest of 201 communities"));
}

TEST(ChipsCsv, OneLineAChip) {
  const Result result = sample_result();
  std::istringstream lines(chips_csv(result));
  std::string line;
  std::getline(lines, line);
  EXPECT_EQ(line,
            "node,row,col,x_px,y_px,order,mean_community,mean_stability,0.75_community,0.75_"
            "stability,joined_community,"
            "joined_stability\r");
  std::getline(lines, line);
  EXPECT_EQ(line, "0,0,0,15.5,15.5,0,0,0.1,0,0.1,0,0.1\r");
  std::size_t count = 1;
  while (std::getline(lines, line)) ++count;
  EXPECT_EQ(count, result.grid.chips());
}

TEST(HtmlReport, IsAloneInItsFile) {
  const std::string page = html_report(sample_result(), {"png bytes", "other png bytes", "0.75"});
  // One script, and the policy knows it by its hash; what a file is called cannot add to it.
  const std::size_t start = page.find("<script>") + 8, end = page.find("</script>");
  ASSERT_LT(start, end);
  EXPECT_EQ(page.find("<script", start), std::string::npos);
  Sha256 hash;
  hash.update({reinterpret_cast<const unsigned char*>(page.data()) + start, end - start});
  EXPECT_THAT(page, HasSubstr("script-src 'sha256-" + base64_of_hex(hash.hex()) + "'"));
  EXPECT_THAT(page, Not(HasSubstr("style=")));  // the policy would refuse it
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
  const std::regex address("(?:src|href)=\"([^\"]{0,12})");
  for (auto it = std::sregex_iterator(page.begin(), page.end(), address);
       it != std::sregex_iterator(); ++it)
    EXPECT_TRUE((*it)[1].str().starts_with("data:image/p") || (*it)[1].str().starts_with("#"))
        << (*it)[0];
  EXPECT_THAT(page, HasSubstr("metamict segment --config run.toml film.tif"));
}

TEST(HtmlReport, AFileNameFullOfMarkupStaysText) {
  const std::string name = "<img src=x onerror=alert(1)>&\"'.tif";
  const std::string page = html_report(sample_result({.path = "folder/" + name}), {});
  EXPECT_THAT(page, Not(HasSubstr("<img src=x")));
  EXPECT_THAT(page, HasSubstr("&lt;img src=x onerror=alert(1)&gt;&amp;&quot;&#39;.tif"));
  EXPECT_THAT(page, HasSubstr("a note with &lt;markup&gt; &amp; &quot;quotes&quot;"));
  EXPECT_THAT(page, HasSubstr("&#39;folder/&lt;img"));  // quoted for the shell as well
}

TEST(HtmlReport, WithoutAPixelSizeThereIsNoNanometre) {
  const std::string page = html_report(sample_result({.nm_per_pixel = {}}), {});
  EXPECT_THAT(page, Not(HasSubstr(" nm<")));
  EXPECT_THAT(page, Not(HasSubstr("nm²")));
  EXPECT_THAT(page, HasSubstr("not known"));
}

/// One image of a series with three labels, made from the sample; everything that a user names is
/// markup.
Series evil_series(const Result& result) {
  const std::string evil = "<img src=x>&\"'";
  SeriesMember member;
  member.entry.image = evil + ".tif";
  member.entry.name = evil;
  member.entry.dose = 0.5;
  member.stem = evil;
  member.grid = result.grid;
  member.order = result.order;
  member.labels = result.rules.front().map.labels;
  member.stability = result.rules.front().communities.node_stability;
  member.notes = {evil};
  Series series;
  for (const Region& region : result.rules.front().regions) {
    member.regions.emplace_back().label = region.label;
    member.regions.back().area_px = region.area_px;
    series.labels.push_back({region.label, Layer::other, evil});
  }
  member.front.emplace();
  member.front->depth_max_px = {4, 0};
  member.front->curve.resize(2);
  member.front->curve[0].front_px = {3, 7};
  member.front->curve[1].front_px = {9, 8};
  series.members = {member};
  series.notes = {evil};
  return series;
}

TEST(SeriesHtml, NamesFullOfMarkupStayText) {
  const Result result = sample_result();
  const Series series = evil_series(result);
  const Html section =
      series_section(series.members.front(), result.micrograph, series.labels, {}, 0);
  const std::string page = series_html(series, {section}, "metamict series '<img src=x>'");
  EXPECT_THAT(page, Not(HasSubstr("<img")));
  EXPECT_THAT(page, HasSubstr("&lt;img src=x&gt;&amp;&quot;&#39;.tif"));
  EXPECT_THAT(page, Not(HasSubstr("&amp;lt;"))) << "escaped twice";
}

TEST(SeriesHtml, TheFrontLiesOnTheRegionsOfItsPanel) {
  const Result result = sample_result();
  const Series series = evil_series(result);
  const std::string section =
      series_section(series.members.front(), result.micrograph, series.labels, {}, 0).bytes();
  const std::size_t regions = section.find("data-rule=\"series\"");
  const std::size_t front = section.find("<polyline class=\"front\" points=\"3.5,7.5 9.5,8.5 \"/>");
  ASSERT_NE(regions, std::string::npos);
  ASSERT_NE(front, std::string::npos);
  EXPECT_EQ(section.find("</svg>", regions), section.find("</svg>", front));
  EXPECT_LT(section.find("</g>", regions), front) << "below the front";
}

std::set<std::string> names(const std::vector<WrittenFile>& files) {
  std::set<std::string> result;
  for (const WrittenFile& file : files) result.insert(file.path.string());
  return result;
}

TEST(Outputs, WritesTheContractsFiles) {
  const TemporaryFolder folder;
  Result result = sample_result();
  const auto files = write_outputs(result, folder / "a/film", {.embeddings = true, .scores = true});
  EXPECT_EQ(names(files),
            (std::set<std::string>{"report.json", "report.html", "similarity.png", "chips.csv",
                                   "embeddings.npy", "scores.npy", "mean/labels.tif",
                                   "mean/overlay.png", "mean/graph.graphml", "mean/graph.png",
                                   "0.75/labels.tif", "0.75/overlay.png", "0.75/graph.graphml",
                                   "0.75/graph.png", "joined/labels.tif", "joined/overlay.png",
                                   "regions.json.gz", "thumbnail.png", "thumbnail_map.png"}));
  std::size_t found = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder / "a/film"))
    found += entry.is_regular_file() ? 1U : 0U;
  EXPECT_EQ(found, files.size()) << "no .part and nothing unlisted may remain";
  for (const WrittenFile& file : files)
    EXPECT_EQ(test::slurp(folder / "a/film" / file.path.string()).size(), file.bytes) << file.path;
}

TEST(Outputs, TheSameBytesForAnyThreadsAndEveryTime) {
  const TemporaryFolder folder;
  Result result = sample_result();
  const auto once = write_outputs(result, folder / "once", {}, 1);
  const auto twice = write_outputs(result, folder / "twice", {}, 3);
  ASSERT_EQ(once.size(), twice.size());
  for (std::size_t i = 0; i < once.size(); ++i) {
    EXPECT_EQ(once[i].path, twice[i].path);
    EXPECT_EQ(once[i].sha256, twice[i].sha256) << once[i].path;
  }
}

TEST(Outputs, GraphmlByMode) {
  const TemporaryFolder folder;
  Result result = sample_result();
  const std::uint64_t edges = result.rules[0].graph->edges;
  const auto count_edges = [&](const std::string& name, GraphmlMode mode) -> std::size_t {
    write_outputs(result, folder / name, {.graphml = mode});
    const std::string text = test::slurp(folder / (name + "/mean/graph.graphml"));
    std::size_t count = 0;
    for (std::size_t at = text.find("<edge "); at != std::string::npos;
         at = text.find("<edge ", at + 1))
      ++count;
    return count;
  };
  EXPECT_EQ(count_edges("full", GraphmlMode::full), edges);
  EXPECT_EQ(count_edges("auto", GraphmlMode::automatic), edges);  // far below the limit
  EXPECT_EQ(result.notes.size(), 1U);                             // so nothing was decided
  const std::size_t few = count_edges("backbone", GraphmlMode::backbone);
  EXPECT_LT(few, edges);
  EXPECT_GE(few, result.grid.chips() - result.rules[0].graph->components);  // still as connected
  const std::string written = test::slurp(folder / "backbone/mean/graph.graphml");
  EXPECT_THAT(written, HasSubstr("; edges_written=backbone; rule=mean</desc>"));
  EXPECT_THAT(written, testing::Not(HasSubstr("for=\"graph\"")));  // Gephi logs an error for each
  write_outputs(result, folder / "none", {.graphml = GraphmlMode::none});
  EXPECT_FALSE(std::filesystem::exists(folder / "none/mean/graph.graphml"));
}

TEST(Outputs, WithoutAnyGraphTheReportStands) {
  const TemporaryFolder folder;
  Result result = sample_result({.cuts = {}});
  EXPECT_EQ(names(write_outputs(result, folder / "film", {})),
            (std::set<std::string>{"report.json", "report.html", "similarity.png", "chips.csv",
                                   "joined/labels.tif", "joined/overlay.png", "regions.json.gz",
                                   "thumbnail.png", "thumbnail_map.png"}));
}

TEST(Outputs, AFolderThatCannotBeMadeIsAnOutputError) {
  const TemporaryFolder folder;
  write_whole(folder / "film", "a file has the name");
  Result result = sample_result();
  EXPECT_THROW(write_outputs(result, folder / "film", {}), OutputError);
}

// Leaves a finished folder for the scripts that read it with other programs.
TEST(Outputs, SampleForOtherReaders) {
  const TemporaryFolder folder;
  const char* const wanted = std::getenv("METAMICT_OUTPUT_SAMPLE");
  Result result = sample_result({.path = "film <b>&\"'.tif"});
  for (RuleResult& rule : result.rules)
    if (rule.graph)
      rule.communities.modularity.reset();  // made by hand: the reader's own is not to be compared
  EXPECT_FALSE(write_outputs(result,
                             wanted != nullptr ? std::filesystem::path(wanted) : folder / "film",
                             {.embeddings = true, .scores = true})
                   .empty());
}

}  // namespace
}  // namespace metamict
