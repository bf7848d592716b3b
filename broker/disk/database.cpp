#include "broker/disk/database.hpp"

#include <fcntl.h>

#include <cerrno>
#include <map>
#include <memory>
#include <utility>

#include "broker/disk/files.hpp"
#include "broker/disk/lmdb.hpp"
#include "broker/disk/page_walk.hpp"

namespace baton::internal::broker::disk {
namespace {

// Address space, not memory: the most that the data may grow to. Some processes get less.
constexpr std::size_t largest_map = std::size_t{1} << 40, smallest_map = std::size_t{1} << 30;
constexpr unsigned databases = 5;
constexpr std::uint64_t superblock_key = 0;

/// The states of items, one at a time: with their reasons they may not fit into memory.
class States {
 public:
  States(MDB_txn* txn, MDB_dbi dbi) : rows_(txn, dbi, "state of item") { next(); }

  /// The state of the item, if it has one. Ids must rise.
  const log::StateRow* of(std::uint64_t item) {
    while (more_ && rows_.key() < item) next();
    return more_ && rows_.key() == item ? &row_ : nullptr;
  }
  /// Returns the total number.
  std::uint64_t finish() {
    while (more_) next();
    return rows_.seen();
  }

 private:
  void next() {
    more_ = rows_.next();
    if (more_ && !log::read_state(rows_.key(), rows_.value(), row_)) rows_.damaged();
  }

  Rows rows_;
  bool more_ = false;
  log::StateRow row_;
};

}  // namespace

Database::Database(std::filesystem::path directory, Access access)
    : directory_(std::move(directory)),
      access_(access),
      lock_(access == Access::read
                ? FileLock::shared(data_path(directory_), directory_)
                : std::make_unique<FileLock>(data_path(directory_), directory_)) {
  if (access_ == Access::write) {
    last_transaction_.emplace(directory_ / "mark");
    std::filesystem::remove(
        copy_path(directory_));  // left by a process that was ended while compacting
  }
  try {
    open();
  } catch (...) {
    close();
    throw;
  }
}

Database::~Database() { close(); }

void Database::open() {
  const auto path = data_path(directory_);
  check_file(path, directory_ / "mark");
  check_file_pages(path);
  const bool reads = access_ == Access::read;
  const std::runtime_error no_data("no data in " + directory_.string());
  if (reads && std::filesystem::file_size(path) == 0) throw no_data;
  if (!reads) make_room_for_locks(path);
  int code = ENOMEM;
  for (auto size = largest_map; code == ENOMEM && size >= smallest_map; size /= 4) {
    close();
    check(mdb_env_create(&env_), "LMDB");
    mdb_env_set_maxdbs(env_, databases);
    check(mdb_env_set_mapsize(env_, size), "LMDB");
    code = mdb_env_open(env_, path.c_str(),
                        MDB_NOSUBDIR | MDB_NOTLS | (reads ? MDB_RDONLY | MDB_NOLOCK : 0U), 0644);
  }
  check(code, "cannot open " + path.string());
  if (reads && last_transaction() == 0) throw no_data;
  open_databases();
  check(mdb_txn_begin(env_, nullptr, MDB_RDONLY, &reader_), "LMDB");
  mdb_txn_reset(reader_);
  reading_ = false;
  int fd = -1;
  check(mdb_env_get_fd(env_, &fd), "LMDB");
  file_.begin(path, fd);
}

std::uint64_t Database::last_transaction() const {
  MDB_envinfo info{};
  check(mdb_env_info(env_, &info), "LMDB");
  return info.me_last_txnid;
}

void Database::open_databases() {
  const bool reads = access_ == Access::read;
  MDB_txn* txn = nullptr;
  check(mdb_txn_begin(env_, nullptr, reads ? MDB_RDONLY : 0U, &txn), "LMDB");
  for (const auto& [name, dbi] :
       {std::pair{"items", &items_}, std::pair{"states", &states_}, std::pair{"queues", &queues_},
        std::pair{"producers", &producers_}, std::pair{"seal", &superblock_}}) {
    const int code = mdb_dbi_open(txn, name, (reads ? 0U : MDB_CREATE) | MDB_INTEGERKEY, dbi);
    if (code == MDB_SUCCESS) continue;
    mdb_txn_abort(txn);
    fail(code, std::string("LMDB's ") + name);
  }
  check(mdb_txn_commit(txn), "cannot write " + data_path(directory_).string());
}

void Database::check_in_place() const {
  lock_->check_in_place();
  file_.check();
}

void Database::close() {
  if (reader_) mdb_txn_abort(std::exchange(reader_, nullptr));
  if (env_) mdb_env_close(std::exchange(env_, nullptr));
}

// --- reading -------------------------------------------------------------------------------------

void Database::begin_reading() {
  if (std::exchange(reading_, true)) return;
  check(mdb_txn_renew(reader_), "LMDB");
}

void Database::end_reading() {
  if (std::exchange(reading_, false)) mdb_txn_reset(reader_);
}

std::string_view Database::row(ItemId id) {
  begin_reading();
  MDB_val key = as_val(id.value), value{};
  const int code = mdb_get(reader_, items_, &key, &value);
  if (code == MDB_NOTFOUND) throw Damage(name_of("item", id.value) + " is missing");
  check(code, name_of("item", id.value));
  return view_of(value);
}

std::string_view Database::body(ItemId id) {
  log::ItemRow item;
  if (!log::read_item(id.value, row(id), item))
    throw Damage(name_of("item", id.value) + ": its record is damaged");
  return item.body;
}

std::string_view Database::part(ItemId id, std::uint64_t offset, std::size_t size,
                                std::uint32_t& check) {
  std::string_view bytes;
  if (!log::read_item_part(id.value, row(id), offset, size, check, bytes))
    throw Damage(name_of("item", id.value) + ": its record is damaged");
  return bytes;
}

log::StateRow Database::state(ItemId id) {
  begin_reading();
  MDB_val key = as_val(id.value), value{};
  const auto name = name_of("state of item", id.value);
  const int code = mdb_get(reader_, states_, &key, &value);
  if (code == MDB_NOTFOUND) throw Damage(name + " is missing");
  check(code, name);
  log::StateRow row;
  if (!log::read_state(id.value, view_of(value), row))
    throw Damage(name + ": its record is damaged");
  return row;
}

void Database::load(const log::CommitLog::Reader& reader) {
  begin_reading();
  log::Superblock superblock;
  const bool with_crc =
      each_row(reader_, superblock_, "seal", [&](std::uint64_t key, std::string_view value) {
        return key == superblock_key && log::read_superblock(key, value, superblock);
      }) > 0;
  if (with_crc && superblock.format > log::format)
    throw std::runtime_error("the data in " + directory_.string() + " has format " +
                             std::to_string(superblock.format) + "; this broker reads up to " +
                             std::to_string(log::format));
  reader.superblock(superblock);
  each_row(reader_, queues_, "queue", [&](std::uint64_t key, std::string_view value) {
    std::string_view name;
    if (!log::read_queue(key, value, name)) return false;
    reader.queue(key, name);
    return true;
  });
  each_row(reader_, producers_, "producer", [&](std::uint64_t key, std::string_view value) {
    log::ProducerRow row;
    if (!log::read_producer(key, value, row)) return false;
    reader.producer(key, row);
    return true;
  });
  States states(reader_, states_);
  const auto item_rows =
      each_row(reader_, items_, "item", [&](std::uint64_t key, std::string_view value) {
        log::ItemRow row;
        if (!log::read_item(key, value, row)) return false;
        reader.item(key, row, states.of(key));
        return true;
      });
  const auto state_rows = states.finish();
  end_reading();
  if (item_rows != superblock.items || state_rows != superblock.states)
    throw Damage(std::to_string(item_rows) + " items instead of " +
                 std::to_string(superblock.items));
}

std::uint64_t Database::count() {
  std::uint64_t items = 0;
  log::CommitLog::Reader reader;
  reader.superblock = [](const log::Superblock&) {};
  reader.queue = [](std::uint64_t, std::string_view) {};
  reader.producer = [](std::uint64_t, const log::ProducerRow&) {};
  reader.item = [&items](std::uint64_t, const log::ItemRow&, const log::StateRow*) { ++items; };
  load(reader);
  return items;
}

// --- writing -------------------------------------------------------------------------------------

namespace {

void change(Transaction& txn, MDB_dbi dbi, const std::map<std::uint64_t, log::Change>& changes) {
  for (const auto& [key, row] : changes) row ? txn.put(dbi, key, *row) : txn.erase(dbi, key);
}

}  // namespace

/// Returns their number.
std::uint64_t Database::put_new(Transaction& txn, const log::Batch& batch) {
  std::uint64_t count = 0;
  for (const auto& [segment, skip] : batch.puts)
    for (std::uint64_t i = 0; i < skip.size(); ++i) {
      if (skip[i]) continue;
      const auto id = segment->first() + i;
      txn.put(items_, id.value, segment->row(id), MDB_APPEND);
      ++count;
    }
  return count;
}

void Database::write(const log::Batch& batch, What what, BrokerInstance broker_instance) {
  check_in_place();
  Transaction txn(env_);
  std::uint64_t items = 0;
  if (what == What::all) {
    items = put_new(txn, batch);
    change(txn, queues_, batch.queues);
    change(txn, producers_, batch.producers);
  }
  for (const auto id : batch.erased) txn.erase(items_, id.value);
  change(txn, states_, batch.states);
  log::Superblock superblock;
  superblock.broker_instance = broker_instance;
  superblock.items = txn.rows(items_);
  superblock.states = txn.rows(states_);
  superblock.last = batch.last;
  std::string row;
  log::append_superblock(row, superblock_key, superblock);
  txn.put(superblock_, superblock_key, row);
  const auto number = txn.number();
  txn.commit();
  file_.committed(number);
  last_transaction_->write(number);
  items_written_ += items;
}

// --- the file ------------------------------------------------------------------------------------

std::uint64_t Database::room() {
  MDB_txn* txn = nullptr;
  check(mdb_txn_begin(env_, nullptr, MDB_RDONLY, &txn), "LMDB");
  const std::unique_ptr<MDB_txn, decltype(&mdb_txn_abort)> ended(txn, mdb_txn_abort);
  return free_pages(txn) * page_size(env_);
}

Database::Size Database::size() {
  MDB_envinfo info{};
  check(mdb_env_info(env_, &info), "LMDB");
  begin_reading();
  const auto free = free_pages(reader_);
  end_reading();
  return {(info.me_last_pgno + 1) * page_size(env_), free * page_size(env_)};
}

void Database::compact() {
  const auto copy = copy_path(directory_);
  std::filesystem::remove(copy);
  try {
    const int code = mdb_env_copy2(env_, copy.c_str(), MDB_CP_COMPACT);
    if (code == MDB_INCOMPATIBLE)
      throw DiskError(
          "some pages of baton.mdb are neither in use nor free; its items are all there");
    if (code != MDB_SUCCESS) throw DiskError(copy.string() + ": " + mdb_strerror(code));
    make_durable(copy, data_path(directory_));
  } catch (const DiskError& error) {
    std::filesystem::remove(copy);
    throw DiskError(std::string("cannot compact: ") + error.what());
  }
  auto lock = std::make_unique<FileLock>(copy, directory_);
  close();
  last_transaction_->reset();
  std::filesystem::rename(copy, data_path(directory_));
  lock->renamed(data_path(directory_));
  lock_ = std::move(lock);
  sync(directory_, O_RDONLY | O_DIRECTORY);
  open();
}

}  // namespace baton::internal::broker::disk
