// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/batch/arrivals.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <set>

#include "app/process/log.hpp"
#include "app/process/signals.hpp"
#include "base/stopwatch.hpp"
#include "metamict/errors.hpp"

namespace metamict::app {

namespace fs = std::filesystem;

namespace {

constexpr double still_after_close_s = 0.1;
constexpr double look_again_s = 2;
constexpr int wait_ms = 50;

bool is_left_alone(const std::string& name) {
  if (name.empty() || name.front() == '.') return true;
  for (const char* ending : {".part", ".partial", ".tmp", ".crdownload", "~"})
    if (name.ends_with(ending)) return true;
  return false;
}

/// True when a program has the file open for writing. The system gives a read lease only when none
/// has. Where it gives no leases (another owner's file, a network folder) nothing is known, and
/// standing still must do.
bool open_for_writing(const fs::path& file) {
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0) return false;
  const bool busy =
      ::fcntl(descriptor, F_SETLEASE, F_RDLCK) != 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
  ::fcntl(descriptor, F_SETLEASE, F_UNLCK);
  ::close(descriptor);
  return busy;
}

}  // namespace

Arrivals::Arrivals(Options options) : options_(std::move(options)) {
  std::error_code failure;
  if (!fs::is_directory(options_.folder, failure))
    throw InputError("folder " + options_.folder.string() +
                     " cannot be watched: it is not there, or is no folder");
  if (!options_.poll) {
    inotify_ = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (inotify_ < 0 ||
        ::inotify_add_watch(inotify_, options_.folder.c_str(),
                            IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_MODIFY) < 0) {
      const std::string why = std::strerror(errno);
      if (inotify_ >= 0) ::close(inotify_);
      throw InputError("folder " + options_.folder.string() + " cannot be watched: " + why +
                       "; give --poll to look again and again instead");
    }
  }
  scan();
}

Arrivals::~Arrivals() {
  if (inotify_ >= 0) ::close(inotify_);
}

std::optional<Arrival> Arrivals::next() {
  while (true) {
    check_stop_signal();
    read_events(0);
    if (seconds_since(scanned_) >
        (options_.poll ? std::min(0.2, options_.settle_s / 2) : look_again_s))
      scan();
    if (std::optional<Arrival> whole = take_whole()) return whole;
    if (options_.once && waiting_.empty()) return {};
    read_events(wait_ms);
  }
}

void Arrivals::scan() {
  std::set<fs::path> present;
  passed_over_ = 0;
  scan_folder(options_.folder, present);
  std::erase_if(waiting_, [&](const auto& one) { return !present.contains(one.first); });
  std::erase_if(given_, [&](const auto& one) {
    return !present.contains(one.first);
  });  // removed: the same name may come again
  scanned_ = Clock::now();
}

void Arrivals::scan_folder(const fs::path& folder, std::set<fs::path>& present) {
  std::error_code failure;
  fs::directory_iterator entries(folder, failure);
  if (failure && folder == options_.folder)
    throw InputError("folder " + options_.folder.string() +
                     " cannot be read any more: " + failure.message());
  if (failure) return;  // a subfolder that went away, or is not ours to read
  for (; entries != fs::directory_iterator(); entries.increment(failure)) {
    if (failure) break;
    const fs::path& path = entries->path();
    std::error_code ignored;
    if (entries->is_directory(ignored) && !entries->is_symlink(ignored)) {
      const bool results =
          !options_.except.empty() && fs::equivalent(path, options_.except, ignored);
      if (path.filename().string().starts_with(".") || results) continue;
      if (options_.recursive)
        scan_folder(path, present);
      else
        ++passed_over_;
      continue;
    }
    present.insert(path);
    look_at(path, false);
  }
}

/// The stem or, below the folder that is watched, the relative path with __ for /.
std::string Arrivals::name_of(const fs::path& file) const {
  const fs::path relative = file.lexically_relative(options_.folder).parent_path();
  std::string name;
  for (const fs::path& part : relative)
    if (part != ".") name += part.string() + "__";
  return name + file.stem().string();
}

void Arrivals::look_at(const fs::path& file, bool closed) {
  std::error_code failure;
  if (is_left_alone(file.filename().string()) || !fs::is_regular_file(file, failure)) return;
  const std::uintmax_t size = fs::file_size(file, failure);
  if (failure) return;
  const Look look{size, fs::last_write_time(file, failure)};
  if (failure) return;
  if (const auto given = given_.find(file); given != given_.end() && given->second == look) return;
  auto [found, fresh] = waiting_.try_emplace(file);
  Waiting& one = found->second;
  if (fresh || one.look != look) {
    one.look = look;
    one.still_since = Clock::now();
    one.closed = false;
  }
  if (closed && !one.closed) {
    one.closed = true;
    one.closed_at = Clock::now();
  }
  // The file was there before anyone looked. Its own time tells how long it has stood still.
  if (fresh && fs::file_time_type::clock::now() - look.changed >
                   std::chrono::duration<double>(options_.settle_s))
    one.still_since -= std::chrono::duration_cast<Clock::duration>(
        std::chrono::duration<double>(options_.settle_s));
}

void Arrivals::read_events(int timeout_ms) {
  if (inotify_ < 0) {
    if (timeout_ms > 0) ::poll(nullptr, 0, timeout_ms);
    return;
  }
  pollfd ready{inotify_, POLLIN, 0};
  if (::poll(&ready, 1, timeout_ms) <= 0) return;
  alignas(inotify_event) char buffer[16384];
  for (::ssize_t length; (length = ::read(inotify_, buffer, sizeof buffer)) > 0;)
    for (const char* at = buffer; at < buffer + length;) {
      const auto* const event = reinterpret_cast<const inotify_event*>(at);
      at += sizeof(inotify_event) + event->len;
      if ((event->mask & (IN_IGNORED | IN_UNMOUNT)) != 0)
        throw InputError("folder " + options_.folder.string() + " is gone");
      if ((event->mask & IN_Q_OVERFLOW) != 0)
        scanned_ = {};  // some events were lost: look at everything
      if (event->len > 0)
        look_at(options_.folder / event->name, (event->mask & (IN_CLOSE_WRITE | IN_MOVED_TO)) != 0);
    }
}

/// The oldest file that is whole.
std::optional<Arrival> Arrivals::take_whole() {
  const fs::path* oldest = nullptr;
  std::vector<fs::path> gone;
  for (auto& [file, one] : waiting_) {
    std::error_code failure;
    const std::uintmax_t size = fs::file_size(file, failure);
    const Look look{failure ? 0 : size,
                    failure ? fs::file_time_type{} : fs::last_write_time(file, failure)};
    if (failure) {
      gone.push_back(file);
      continue;
    }
    if (look != one.look) {
      one.look = look;
      one.still_since = Clock::now();
      one.closed = false;
    }
    const double still = seconds_since(one.still_since);
    if (still < (one.closed ? still_after_close_s : options_.settle_s)) continue;
    if (oldest != nullptr && waiting_.at(*oldest).look.changed <= look.changed) continue;
    if (!open_for_writing(file)) oldest = &file;
  }
  for (const fs::path& file : gone) waiting_.erase(file);
  if (oldest == nullptr) return {};
  const fs::path file = *oldest;
  const Waiting one = waiting_.at(file);
  waiting_.erase(file);
  const bool again = given_.contains(file);
  given_[file] = one.look;
  return Arrival{file, one.closed ? one.closed_at : one.still_since, name_of(file), again};
}

}  // namespace metamict::app
