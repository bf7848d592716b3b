// Rows of the data directory, and the look at an LMDB file from outside.
#include <sys/mman.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>

#include "broker/disk/database.hpp"
#include "broker/disk/file_check.hpp"
#include "broker/disk/page_walk.hpp"
#include "broker/log/crc32.hpp"
#include "broker/log/record.hpp"
#include "proto/ensure.hpp"
#include "tests/fuzz/script.hpp"

namespace baton::internal::broker::disk {
namespace {

using fuzz::Script;

/// What the CRC at a row's front must be: else no changed row would get past it.
std::string with_crc(std::uint64_t key, std::string_view row) {
  std::string all;
  append(all, key);
  all += row;
  std::string out;
  append(out, log::crc32(all));
  out += row;
  return out;
}

template <class Row>
void forget_format_1(Row&) {}
void forget_format_1(log::ProducerRow& row) { row.undigested = 0; }

/// A row that can be read says the same when it is written and read again.
template <class Row, class Read, class Append>
void check_row(std::uint64_t key, std::string_view value, Read read, Append append) {
  Row row, again;
  if (!read(key, value, row)) return;
  std::string bytes;
  append(bytes, key, row);
  ensure(read(key, bytes, again));
  forget_format_1(row);
  forget_format_1(again);
  ensure(again == row);
}

void check_row(Script& script) {
  const auto what = script.below(6);
  const auto key = script.number();
  const bool as_it_is = script.below(8) == 7;
  const std::string value = as_it_is ? std::string(script.rest()) : with_crc(key, script.rest());
  switch (what) {
    case 0:
      return check_row<log::ItemRow>(key, value, log::read_item, log::append_item);
    case 1:
      return check_row<log::StateRow>(key, value, log::read_state, log::append_state);
    case 2:
      return check_row<std::string_view>(key, value, log::read_queue, log::append_queue);
    case 3:
      return check_row<log::ProducerRow>(key, value, log::read_producer, log::append_producer);
    default:
      return check_row<log::Superblock>(key, value, log::read_superblock, log::append_superblock);
  }
}

/// A file in memory, by a path.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view bytes) : fd_(memfd_create("fuzz", MFD_CLOEXEC)) {
    ensure(fd_ >= 0 &&
           write(fd_, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  }
  ~MemoryFile() { close(fd_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  void lengthen(std::uint64_t size) { ensure(ftruncate(fd_, static_cast<off_t>(size)) == 0); }
  std::string path() const { return "/proc/self/fd/" + std::to_string(fd_); }

 private:
  int fd_;
};

std::string page(std::uint32_t page_size, std::uint64_t last, std::uint64_t transaction) {
  std::string bytes(page_size, '\0');
  store(bytes.data() + 16, std::uint32_t{0xBEEFC0DE});
  store(bytes.data() + 20, std::uint32_t{1});
  store(bytes.data() + 40, page_size);
  store(bytes.data() + 136, last);
  store(bytes.data() + 144, transaction);
  return bytes;
}

/// Two meta pages of any numbers, bytes changed at random, and a mark: what passes is about as long
/// as it says.
void check_meta_pages(Script& script) {
  const auto page_size = std::uint32_t{512} << script.below(8);
  const std::uint64_t last[] = {script.number(), script.number()};
  const std::uint64_t transaction[] = {script.number(), script.number()};
  auto bytes = page(page_size, last[0], transaction[0]) + page(page_size, last[1], transaction[1]);
  const auto size =
      script.below(4) ? bytes.size() + 512 * script.below(1000) : script.below(65'536);
  bool changed = false;
  for (auto changes = script.below(8); changes > 0; --changes, changed = true)
    bytes[script.below(2) * page_size + script.below(160)] = static_cast<char>(script.below(256));
  MemoryFile data(bytes), mark(script.bytes());
  data.lengthen(size);
  try {
    check_file(data.path(), mark.path());
  } catch (const Damage&) {
    return;
  }
  const auto newest = transaction[1] > transaction[0] ? 1 : 0;
  const auto pages = size / page_size;
  ensure(changed || size == 0 || last[newest] <= pages || last[newest] - pages <= 131'071);
}

/// A file with items of all sizes, some of which are gone.
std::string written_file() {
  std::string directory = "/tmp/baton-fuzz-XXXXXX";
  ensure(mkdtemp(directory.data()) != nullptr);
  {
    Database database(directory);
    for (std::uint64_t from = 1; from < 200; from += 20) {
      log::Batch batch;
      const auto segment = std::make_shared<log::Segment>(ItemId{from}, from);
      for (auto id = from; id < from + 20; ++id)
        segment->add({0, 0, 4, SeqNo{id}, {}, std::string(id % 30 == 0 ? 9000 : id, 'x')});
      batch.puts.push_back({segment, segment->gone()});
      for (auto id = from; id > 1 && id > from - 10; --id) batch.erased.push_back({id - 1});
      database.write(batch, Database::What::all, BrokerInstance{7});
    }
  }
  std::ifstream file(directory + "/baton.mdb", std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(file), {}};
  std::filesystem::remove_all(directory);
  return bytes;
}

/// The pages of a file, some bytes of which are changed.
void check_changed_pages(Script& script) {
  static const std::string whole = written_file();
  auto bytes = whole;
  const bool changed = !script.over();
  while (!script.over()) {
    const auto page = script.below(bytes.size() / 4096) * 4096;
    const auto at = page + (script.below(2) == 0 ? script.below(256) : script.below(4096));
    bytes[at] = static_cast<char>(script.below(256));
  }
  const MemoryFile data(bytes);
  try {
    check_file(data.path(), {});
    check_pages(bytes);
  } catch (const Damage&) {
    ensure(changed);
  }
}

void check_bytes(Script& script) {
  const MemoryFile mark(script.bytes()), data(script.rest());
  try {
    check_file(data.path(), mark.path());
  } catch (const Damage&) {
  }
}

void check(Script script) {
  switch (script.below(5)) {
    case 0:
      return check_meta_pages(script);
    case 1:
      return check_bytes(script);
    case 2:
      return check_changed_pages(script);
    default:
      return check_row(script);
  }
}

}  // namespace
}  // namespace baton::internal::broker::disk

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  baton::internal::broker::disk::check(
      baton::internal::fuzz::Script(baton::internal::fuzz::view_of(data, size)));
  return 0;
}
