// SPDX-License-Identifier: GPL-3.0-or-later
// Any name and any numbers written as GraphML and read back by libxml2: the same nodes, edges,
// numbers and texts.
#include "report/files/graphml.hpp"

#include <fuzzer/FuzzedDataProvider.h>
#include <libxml/parser.h>
#include <unistd.h>

#include <bit>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "base/text.hpp"

namespace {

using namespace metamict;

void require(bool good) {
  if (!good) std::abort();
}

std::string folder() {
  std::string name = std::filesystem::exists("/dev/shm") ? "/dev/shm/metamict-fuzz-XXXXXX"
                                                         : "/tmp/metamict-fuzz-XXXXXX";
  require(mkdtemp(name.data()) != nullptr);
  static const std::string made = name;
  std::atexit([] { std::filesystem::remove_all(made); });
  return name;
}

float finite(FuzzedDataProvider& bytes) {
  const std::uint32_t bits = bytes.ConsumeIntegral<std::uint32_t>();
  const auto value = std::bit_cast<float>(bits);
  return std::isfinite(value) ? value : 0;
}

ChipGraph graph_of(FuzzedDataProvider& bytes, std::size_t nodes) {
  auto scores = std::make_shared<ScoreMatrix>(nodes);
  for (std::size_t i = 0; i < nodes; ++i)
    for (std::size_t j = i + 1; j < nodes; ++j)
      scores->row(i)[j] = scores->row(j)[i] = bytes.ConsumeIntegral<Quantum>();
  ChipGraph graph;
  graph.threshold = bytes.ConsumeIntegralInRange<std::uint32_t>(0, 65536);
  graph.weighting = bytes.ConsumeBool() ? EdgeWeight::unit : EdgeWeight::score;
  graph.cut.value = finite(bytes);
  for (std::size_t i = 0; i < nodes; ++i)
    for (std::size_t j = i + 1; j < nodes; ++j) graph.edges += scores->row(i)[j] >= graph.threshold;
  graph.scores = scores;
  return graph;
}

/// The words in the <data> elements of a node, an edge or the graph, by key.
std::map<std::string, std::string> data_of(const xmlNode* element) {
  std::map<std::string, std::string> data;
  for (xmlNode* child = element->children; child != nullptr; child = child->next) {
    if (child->type != XML_ELEMENT_NODE ||
        std::string("data") != reinterpret_cast<const char*>(child->name))
      continue;
    xmlChar *key = xmlGetProp(child, BAD_CAST "key"), *content = xmlNodeGetContent(child);
    require(key != nullptr &&
            data.emplace(reinterpret_cast<char*>(key), reinterpret_cast<char*>(content)).second);
    xmlFree(key), xmlFree(content);
  }
  return data;
}

std::string property(xmlNode* element, const char* name) {
  xmlChar* value = xmlGetProp(element, BAD_CAST name);
  require(value != nullptr);
  const std::string text = reinterpret_cast<char*>(value);
  xmlFree(value);
  return text;
}

xmlNode* next_called(xmlNode* at, const char* name) {
  while (at != nullptr && (at->type != XML_ELEMENT_NODE ||
                           std::string(name) != reinterpret_cast<const char*>(at->name)))
    at = at->next;
  return at;
}

float number(const std::string& text) { return std::strtof(text.c_str(), nullptr); }

void check_nodes(xmlNode* graph, const Result& result, const RuleResult& rule) {
  xmlNode* element = graph->children;
  for (std::size_t node = 0; node < result.grid.chips(); ++node, element = element->next) {
    element = next_called(element, "node");
    require(element != nullptr && property(element, "id") == "n" + std::to_string(node));
    const auto data = data_of(element);
    require(data.at("n_community") == std::to_string(rule.communities.community[node]));
    require(number(data.at("n_order")) == result.order[node]);
    require(number(data.at("n_stability")) == rule.communities.node_stability[node]);
  }
  require(next_called(element, "node") == nullptr);
}

void check_edges(xmlNode* graph, const ChipGraph& truth, const std::vector<Edge>* some) {
  xmlNode* element = graph->children;
  const auto next_is = [&](std::size_t a, std::size_t b, float weight) {
    element = next_called(element, "edge");
    require(element != nullptr && property(element, "source") == "n" + std::to_string(a) &&
            property(element, "target") == "n" + std::to_string(b));
    require(number(data_of(element).at("e_weight")) == weight);
    element = element->next;
  };
  if (some != nullptr)
    for (const Edge& edge : *some) next_is(edge.a, edge.b, edge.weight);
  else
    for (std::size_t i = 0; i < truth.nodes(); ++i)
      for (std::size_t j = i + 1; j < truth.nodes(); ++j)
        if (const Quantum q = truth.scores->row(i)[j]; q >= truth.threshold)
          next_is(i, j,
                  truth.weighting == EdgeWeight::unit ? 1.0F : static_cast<float>(q) / 65535.0F);
  require(next_called(element, "edge") == nullptr);
}

/// What XML can hold of a name that it can hold whole; any other name only as far as clean_utf8
/// says.
void check_name(const std::string& read, const std::string& given) {
  bool plain = true;
  for (const char c : given) plain = plain && c >= 0x20 && c < 0x7F;
  require(read == (plain ? given : clean_utf8(given)));
}

void check_description(xmlNode* graph, const RuleResult& rule) {
  xmlNode* const element = next_called(graph->children, "desc");
  require(element != nullptr);
  xmlChar* const content = xmlNodeGetContent(element);
  const std::string text = reinterpret_cast<char*>(content);
  xmlFree(content);
  const auto after = [&](const std::string& key) {
    const auto at = text.find(key);
    require(at != std::string::npos);
    return text.substr(at + key.size());
  };
  check_name(after("; rule="), rule.name);
  require(after("; edges_total=").starts_with(std::to_string(rule.graph->edges) + ";"));
  require(std::strtod(after("cut=").c_str(), nullptr) == rule.graph->cut.value);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  static const std::filesystem::path path = folder() + "/graph.graphml";
  FuzzedDataProvider bytes(data, size);
  RuleResult rule;
  rule.name = bytes.ConsumeRandomLengthString(200);
  Result result;
  const int stride_px = bytes.ConsumeIntegralInRange(1, 16);
  const cv::Size image(bytes.ConsumeIntegralInRange(17, 60), bytes.ConsumeIntegralInRange(16, 40));
  result.grid = lay_grid(image, image * 2, 16, std::max(stride_px, image.width / 6));
  rule.graph = graph_of(bytes, result.grid.chips());
  std::vector<cv::Point2f> layout;
  for (std::size_t node = 0; node < result.grid.chips(); ++node) {
    result.order.push_back(finite(bytes));
    rule.communities.node_stability.push_back(finite(bytes));
    rule.communities.community.push_back(bytes.ConsumeIntegralInRange(0, 2));
    layout.emplace_back(bytes.ConsumeFloatingPointInRange(0.0F, 1.0F),
                        bytes.ConsumeFloatingPointInRange(0.0F, 1.0F));
  }
  rule.map.label_of_community = {1, 2, 0};
  const bool some = bytes.ConsumeBool();
  const std::vector<Edge> edges = some ? backbone(*rule.graph, 2) : std::vector<Edge>{};
  write_graphml({result, rule, layout, some ? &edges : nullptr}, path);

  const std::unique_ptr<xmlDoc, decltype(&xmlFreeDoc)> document(
      xmlReadFile(path.c_str(), nullptr, XML_PARSE_NONET), xmlFreeDoc);
  require(document != nullptr);
  xmlNode* const graph = next_called(xmlDocGetRootElement(document.get())->children, "graph");
  require(graph != nullptr);
  check_description(graph, rule);
  check_nodes(graph, result, rule);
  check_edges(graph, *rule.graph, some ? &edges : nullptr);
  return 0;
}
