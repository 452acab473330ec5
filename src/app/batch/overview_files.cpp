// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/batch/overview_files.hpp"

#include "base/system/whole_file.hpp"

namespace metamict::app {

namespace fs = std::filesystem;

void OverviewFiles::write(const fs::path& folder, const std::vector<OverviewSource>& sources) {
  std::vector<OverviewImage> images;
  for (const OverviewSource& source : sources) {
    std::error_code failure;
    const auto changed = fs::last_write_time(folder / source.stem / "report.json", failure);
    const auto known = known_.find(source.stem);
    if (known != known_.end() && source.status == "done" && !failure &&
        read_at_[source.stem] == changed) {
      images.push_back(known->second);
      continue;
    }
    OverviewImage image;
    image.stem = source.stem;
    image.file = source.file;
    image.status = source.status;
    image.reason = source.reason;
    images.push_back(read_overview(folder, std::move(image)));
    if (source.status != "done" || failure) continue;
    known_[source.stem] = images.back();
    read_at_[source.stem] = changed;
  }
  WholeFile summary(folder / "summary.csv");
  summary.write(summary_head());
  for (const OverviewImage& image : images) summary.write(summary_rows(image));
  summary.finish();
  WholeFile index(folder / "index.html");
  index.write(index_html(images));
  index.finish();
  sync_folder(folder);
}

}  // namespace metamict::app
