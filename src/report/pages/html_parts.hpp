// SPDX-License-Identifier: GPL-3.0-or-later
// The parts that pages share: the page itself, figures, facts, tables, notes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "metamict/progress.hpp"
#include "report/pages/html.hpp"

namespace metamict::html {

struct PageOptions {
  int refresh_s = 0;      ///< above 0 the browser reads the page again after so many seconds
  bool script = false;    ///< tool tips and a switch between rules on the maps of `open_maps`
  bool sortable = false;  ///< tables sort by the column whose title is clicked
  bool pictures_beside = false;  ///< pictures are files beside the page
};

/// The bytes of a whole page with its style. A Content-Security-Policy in its head allows nothing
/// but that style, that script and pictures within the page.
std::string page(std::string_view title, const Html& body, const PageOptions& options = {});

Html figure(const Html& content, const Html& caption);

/// A PNG file as a picture within the page; `alternative` says in words what it shows.
Html picture(std::string_view png, std::string_view alternative);

/// The address of a PNG file within the page.
std::string data_address(std::string_view png);

/// One name with its value, for a list of class "facts".
Html fact(const Html& name, const Html& value);

/// Words beside a number, smaller than it.
Html small(const Html& words);

Html table(const std::vector<Html>& head, const Html& rows);
Html table_row(const std::vector<Html>& cells);

/// A section with the sentences of a report's notes; nothing where there are none.
Html notes(const Notes& sentences);

/// The number of a label on its colour; `kind` says what the label numbers: "region", "label".
Html swatch(std::string_view kind, int label);

/// What made the page, and whose method it is.
Html footer();

}  // namespace metamict::html
