// SPDX-License-Identifier: GPL-3.0-or-later
#include "metamict/written_file.hpp"

#include "base/system/whole_file.hpp"

namespace metamict {

void write_whole(const std::filesystem::path& path, std::string_view bytes) {
  WholeFile file(path);
  file.write(bytes);
  file.finish();
  sync_folder(path.parent_path());
}

}  // namespace metamict
