#include "producer/program/run.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "proto/counted.hpp"
#include "proto/limits.hpp"

namespace baton::internal {
namespace {

constexpr std::uint64_t many = 1000;  // items: from here on a terminal shows progress

/// A file to read, or stdin (-). Opening a FIFO does not wait for its writer; reading from it does,
/// or a signal.
class InputFile {
 public:
  explicit InputFile(const std::string& path)
      : fd_(path == "-" ? STDIN_FILENO : open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)),
        name_(path == "-" ? "stdin" : path) {
    if (fd_ < 0) throw InputError(path + ": " + std::generic_category().message(errno));
  }
  ~InputFile() {
    if (fd_ != STDIN_FILENO) close(fd_);
  }
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  int fd() const { return fd_; }
  const std::string& name() const { return name_; }

 private:
  const int fd_;
  const std::string name_;
};

/// Changes when a file is written to; always the same if it is no regular file.
struct FileState {
  off_t size = 0;
  time_t seconds = 0;
  long nanoseconds = 0;
  bool operator==(const FileState&) const = default;
};

FileState state_of(const InputFile& input) {
  struct stat status {};
  if (fstat(input.fd(), &status) != 0 || !S_ISREG(status.st_mode)) return {};
  return {status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec};
}

/// Whether the file is shorter than what was read already.
bool became_shorter(const InputFile& input) {
  const auto at = lseek(input.fd(), 0, SEEK_CUR);
  const auto state = state_of(input);
  return state != FileState{} && at > state.size;
}

/// Checks that are possible before a file is read.
void check_file(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) == 0 && S_ISFIFO(status.st_mode))
    return;  // opening it would disturb its writer
  const InputFile input(path);
  if (fstat(input.fd(), &status) != 0) return;
  if (S_ISDIR(status.st_mode)) throw InputError(path + " is a directory");
  if (S_ISREG(status.st_mode) && status.st_size > static_cast<off_t>(max_body))
    throw InputError(path + " is longer than " + std::to_string(max_body) + " bytes");
}

/// The signal may arrive a moment before the producer is stopped by it.
[[noreturn]] void stop() { throw Error(Status::stopped, "stopped"); }

std::string put_so_far(std::uint64_t items) { return counted(items, "item") + " put"; }

}  // namespace

std::string ProducerRun::Place::text() const {
  return (line ? std::string(source) + ": line " : "item ") + std::to_string(number);
}

void ProducerRun::put_all() {
  check_items();
  if (settings_.named()) input_.emplace(producer_, settings_.again || settings_.from > 0);
  for (std::size_t i = 0; i < settings_.items.size(); ++i) put_item(i);
  if (!settings_.file.empty()) put_lines(settings_.file);
  end_of_input();
}

/// Checks all before the first one is put: so running it again after an error puts nothing twice.
void ProducerRun::check_items() const {
  for (std::size_t i = 0; i < settings_.items.size(); ++i) {
    if (settings_.items[i] == "-") continue;
    if (settings_.whole)
      check_file(settings_.items[i]);
    else
      static_cast<void>(word(i));
  }
}

void ProducerRun::put_item(std::size_t i) {
  const auto& item = settings_.items[i];
  if (settings_.whole)
    put_whole(item, {item, i + 1, false});
  else if (item == "-")
    put_lines(item);
  else
    put(word(i), {item, i + 1, false});
}

std::string ProducerRun::word(std::size_t i) const {
  return body_of(settings_.items[i], settings_.bodies,
                 [i] { return "item " + std::to_string(i + 1); });
}

void ProducerRun::put_whole(const std::string& path, const Place& place) {
  const InputFile input(path);
  const auto before = state_of(input);
  const auto body = read_whole(input.fd(), signals_.fd(), input.name());
  if (!body) stop();
  if (state_of(input) != before)
    throw InputError(input.name() + " was changed while it was read" + after_those_put());
  put(*body, place);
}

void ProducerRun::put_lines(const std::string& path) {
  const InputFile input(path);
  const auto kind = settings_.bodies;
  LineReader reader(input.fd(), signals_.fd(), input.name(),
                    [kind](std::string_view bytes) { return why_no_lines(bytes, kind); });
  try {
    while (auto line = reader.next()) put_line(std::move(*line), input.name(), reader.number());
  } catch (const InputError& error) {
    throw InputError(error.what() + after_those_put());
  }
  if (reader.stopped()) stop();
  if (became_shorter(input))
    throw InputError(input.name() + " became shorter while it was read" + after_those_put());
}

std::string ProducerRun::after_those_put() const {
  return "; the " + counted(in_ + put_, "item") +
         (in_ + put_ == 1 ? " before it was put" : " before it were put");
}

void ProducerRun::put_line(std::string line, const std::string& source, std::size_t number) {
  if (settings_.bodies != Bodies::raw) {
    trim(line);
    if (is_blank(line)) return;
  }
  const Place place{source, number, true};
  put(body_of_line(std::move(line), place), place);
}

/// A line that is left out, or was put before under this name, need not be valid.
std::string ProducerRun::body_of_line(std::string line, const Place& place) const {
  const bool may_be_in = input_ && !input_->complete();
  const auto where = [&place] { return place.text(); };
  if (!left_out(place) && !may_be_in) return body_of(std::move(line), settings_.bodies, where);
  try {
    return body_of(line, settings_.bodies, where);
  } catch (const InputError&) {
    return line;
  }
}

void ProducerRun::put(const std::string& body, const Place& place) {
  if (is_in(body, place)) return;
  if (put_ == 0 && in_ > 0)
    screen_.print("the first " + counted(in_, "item") + " of '" + settings_.name +
                  "' came in before; it goes on after them");
  if (put_ == 0 && left_out_ > 0)
    screen_.print("begins at " + place.text() + ": " + counted(left_out_, "item") +
                  " before it left out");
  if (!settings_.sleep.none()) signals_.sleep(settings_.sleep.draw());
  if (signals_.stopped()) stop();
  if (input_)
    input_->put(body, settings_.put);
  else
    producer_.put(body, settings_.put);
  if (++put_ >= many && put_ % 256 == 0) screen_.show_progress(put_so_far(put_));
}

/// Whether it must not be put: it was put before, or it is before the first line to put.
bool ProducerRun::is_in(const std::string& body, const Place& place) {
  const auto which = input_ ? input_->next(body) : baton::Input::Which::fresh;
  if (left_out(place)) {
    if (input_) input_->skip();
    return ++left_out_, true;
  }
  if (which == baton::Input::Which::fresh) return false;
  if (which == baton::Input::Which::conflict)
    refuse("it differs " + (same_until_.empty() ? std::string() : "after " + same_until_ + ", ") +
           "up to " + place.text() + (same_until_.empty() ? " (or was for another queue)" : ""));
  ++in_;
  last_ = place.text();
  if (input_->same() == input_->items()) same_until_ = last_;
  return true;
}

void ProducerRun::end_of_input() {
  if (input_ && !input_->complete())
    refuse("it has " + counted(in_, "item") + ", of " + std::to_string(input_->already_put()) +
           " that were put");
  if (settings_.from > 0 && put_ == 0)
    throw InputError("--from " + std::to_string(settings_.from) +
                     ": there is nothing from there on");
  input_complete_ = true;
  screen_.finish_progress(put_so_far(put_));
  if (in_ == 0) return;
  if (put_ > 0)
    screen_.print(counted(put_, "more item") + " than last time");
  else
    screen_.print("all " + counted(in_, "item") + " of '" + settings_.name +
                  "' came in before; --again puts them again");
}

void ProducerRun::refuse(const std::string& why) const {
  throw OtherInput("this is not what '" + settings_.name + "' has put before: " + why +
                   "; nothing was put");
}

}  // namespace baton::internal
