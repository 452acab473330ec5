// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/command_line/sample_series.hpp"

#include "base/system/beside_library.hpp"
#include "metamict/errors.hpp"

namespace metamict::app {

namespace fs = std::filesystem;

fs::path sample_series() {
  const fs::path installed = library_folder() / "../../share/metamict/data/series.csv";
  for (const fs::path& path : {installed, fs::path(METAMICT_SOURCE_TREE) / "data/series.csv"})
    if (std::error_code ignored; fs::exists(path, ignored)) return path.lexically_normal();
  throw InputError("the sample series is not there: it belongs into " +
                   installed.parent_path().lexically_normal().string());
}

}  // namespace metamict::app
