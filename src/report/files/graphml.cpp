// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/files/graphml.hpp"

#include <charconv>
#include <string>

#include "base/system/whole_file.hpp"
#include "base/text.hpp"
#include "report/files/chips_csv.hpp"
#include "report/pictures/colours.hpp"

namespace metamict {

namespace {

std::string key(const char* name, const char* domain, const char* type) {
  return std::string("  <key id=\"") + domain[0] + "_" + name + "\" for=\"" + domain +
         "\" attr.name=\"" + name + "\" attr.type=\"" + type + "\"/>\n";
}

std::string keys() {
  std::string text;
  for (const auto& [name, type] : {std::pair{"label", "string"},
                                   {"x", "double"},
                                   {"y", "double"},
                                   {"size", "double"},
                                   {"r", "int"},
                                   {"g", "int"},
                                   {"b", "int"},
                                   {"community", "int"},
                                   {"region", "int"},
                                   {"x_px", "double"},
                                   {"y_px", "double"},
                                   {"order", "double"},
                                   {"stability", "double"}})
    text += key(name, "node", type);
  return text + key("weight", "edge", "double");
}

std::string data(const char* id, const std::string& value) {
  return std::string("<data key=\"") + id + "\">" + value + "</data>";
}

// What holds for the whole graph. Gephi logs an error for every attribute of the graph, so it is a
// description. The name comes last, because it may hold any character.
std::string description(const GraphmlContent& content) {
  const ChipGraph& graph = *content.rule.graph;
  return "    <desc>cut=" + shortest(graph.cut.value) +
         "; nodes_total=" + std::to_string(graph.nodes()) +
         "; edges_total=" + std::to_string(graph.edges) +
         "; edges_written=" + (content.backbone == nullptr ? "all" : "backbone") +
         "; rule=" + escaped(content.rule.name) + "</desc>\n";
}

std::string node_text(const GraphmlContent& content, std::size_t node) {
  const RuleResult& rule = content.rule;
  const ChipGrid& grid = content.result.grid;
  const std::size_t chip = content.result.similarity.chip_of(node);
  const int community = rule.communities.community[chip];
  const int label = label_of_chip(rule.map, rule.communities, chip);
  const Colour colour = region_colour(label);
  const cv::Point2f at = content.layout[node];
  const cv::Point2d centre = chip_centre_px(grid, chip);
  const std::string row = std::to_string(grid.row(chip)), col = std::to_string(grid.col(chip));
  std::string text = "    <node id=\"n" + std::to_string(node) + "\">";
  text += data("n_label", "row " + row + " col " + col);
  // The layout's unit square becomes 2,000 units wide: there Gephi's nodes
  // of size 10 do not overlap.
  text += data("n_x", shortest(2000 * at.x - 1000)) + data("n_y", shortest(1000 - 2000 * at.y));
  text += data("n_size", "10");
  text += data("n_r", std::to_string(colour.r)) + data("n_g", std::to_string(colour.g)) +
          data("n_b", std::to_string(colour.b));
  text += data("n_community", std::to_string(community)) + data("n_region", std::to_string(label));
  text += data("n_x_px", shortest(centre.x)) + data("n_y_px", shortest(centre.y));
  text += data("n_order", shortest(content.result.order[chip]));
  text += data("n_stability", shortest(rule.communities.node_stability[chip]));
  return text + "</node>\n";
}

/// One edge; appended piece by piece, because there may be millions.
void write_edge(WholeFile& file, const Edge& edge) {
  char text[160];
  char* end = text;
  const auto words = [&](std::string_view more) { end = std::copy(more.begin(), more.end(), end); };
  words("    <edge source=\"n");
  end = std::to_chars(end, text + sizeof text, edge.a).ptr;
  words("\" target=\"n");
  end = std::to_chars(end, text + sizeof text, edge.b).ptr;
  words("\"><data key=\"e_weight\">");
  end = std::to_chars(end, text + sizeof text, edge.weight).ptr;
  words("</data></edge>\n");
  file.write({text, static_cast<std::size_t>(end - text)});
}

}  // namespace

WrittenFile write_graphml(const GraphmlContent& content, const std::filesystem::path& path) {
  WholeFile file(path);
  file.write(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\" "
      "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
      "xsi:schemaLocation=\"http://graphml.graphdrawing.org/xmlns "
      "http://graphml.graphdrawing.org/xmlns/1.0/graphml.xsd\">\n");
  if (content.backbone != nullptr)
    file.write(
        "  <!-- Only a backbone of the graph's edges: mutual nearest neighbours and a maximum "
        "spanning forest. -->\n");
  file.write(keys());
  file.write("  <graph id=\"chips\" edgedefault=\"undirected\">\n");
  file.write(description(content));
  for (std::size_t node = 0; node < content.rule.graph->nodes(); ++node)
    file.write(node_text(content, node));
  if (content.backbone != nullptr)
    for (const Edge& edge : *content.backbone) write_edge(file, edge);
  else
    for_each_edge(*content.rule.graph, [&](const Edge& edge) { write_edge(file, edge); });
  file.write("  </graph>\n</graphml>\n");
  return file.finish();
}

}  // namespace metamict
