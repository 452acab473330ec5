// SPDX-License-Identifier: GPL-3.0-or-later
// Makes completion scripts and the manual page from the parser itself, so that they always agree
// with it.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace metamict::app {

/// Returns a script for bash, zsh or fish. Throws UsageError for another shell.
std::string completion_script(const CLI::App& app, const std::string& shell);

/// Returns metamict(1) in roff.
std::string manual_page(const CLI::App& app);

}  // namespace metamict::app
