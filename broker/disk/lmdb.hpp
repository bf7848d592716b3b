// LMDB with errors as exceptions: Damage, DiskError if there is no room, or std::runtime_error.
// Results are valid as LMDB documents.
#pragma once

#include <lmdb.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "broker/disk/errors.hpp"

namespace baton::internal::broker::disk {

inline MDB_val as_val(std::string_view bytes) {
  return {bytes.size(), const_cast<char*>(bytes.data())};
}
inline MDB_val as_val(std::uint64_t& key) { return {sizeof key, &key}; }
inline std::string_view view_of(const MDB_val& value) {
  return {static_cast<const char*>(value.mv_data), value.mv_size};
}

/// Throws the exception for `code`.
[[noreturn]] void fail(int code, const std::string& what);
inline void check(int code, const std::string& what) {
  if (code != MDB_SUCCESS) fail(code, what);
}

/// The name of a row in error messages.
inline std::string name_of(const char* row, std::uint64_t key) {
  return std::string(row) + " " + std::to_string(key);
}

/// The rows of a database in the order of their keys.
class Rows {
 public:
  Rows(MDB_txn* txn, MDB_dbi dbi, const char* what) : what_(what) {
    check(mdb_cursor_open(txn, dbi, &cursor_), what);
  }
  ~Rows() { mdb_cursor_close(cursor_); }
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;

  /// Moves to the first row, then to the next. Returns false at the end.
  bool next() {
    MDB_val key{}, value{};
    const int code = mdb_cursor_get(cursor_, &key, &value, MDB_NEXT);
    if (code == MDB_NOTFOUND) return false;
    check(code, what_);
    if (key.mv_size != sizeof key_) throw Damage(std::string(what_) + ": a key is damaged");
    std::memcpy(&key_, key.mv_data, sizeof key_);
    value_ = view_of(value);
    ++seen_;
    return true;
  }
  std::uint64_t key() const { return key_; }
  std::string_view value() const { return value_; }
  std::uint64_t seen() const { return seen_; }
  [[noreturn]] void damaged() const {
    throw Damage(name_of(what_, key_) + ": its record is damaged");
  }

 private:
  const char* what_;
  MDB_cursor* cursor_ = nullptr;
  std::uint64_t key_ = 0, seen_ = 0;
  std::string_view value_;
};

template <class See>
std::uint64_t each_row(MDB_txn* txn, MDB_dbi dbi, const char* what, See see) {
  Rows rows(txn, dbi, what);
  while (rows.next())
    if (!see(rows.key(), rows.value())) rows.damaged();
  return rows.seen();
}

/// A transaction that is rolled back unless it is committed.
class Transaction {
 public:
  explicit Transaction(MDB_env* env) {
    check(mdb_txn_begin(env, nullptr, 0, &txn_), "cannot begin a transaction");
  }
  ~Transaction() {
    if (txn_) mdb_txn_abort(txn_);
  }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  void put(MDB_dbi dbi, std::uint64_t key, std::string_view row, unsigned flags = 0) {
    MDB_val k = as_val(key), value = as_val(row);
    check(mdb_put(txn_, dbi, &k, &value, flags), "cannot write");
  }
  void erase(MDB_dbi dbi, std::uint64_t key) {
    MDB_val k = as_val(key);
    if (const int code = mdb_del(txn_, dbi, &k, nullptr); code != MDB_NOTFOUND)
      check(code, "cannot delete");
  }
  std::uint64_t rows(MDB_dbi dbi) {
    MDB_stat stat{};
    check(mdb_stat(txn_, dbi, &stat), "LMDB");
    return stat.ms_entries;
  }
  std::uint64_t number() { return mdb_txn_id(txn_); }
  void commit() { check(mdb_txn_commit(std::exchange(txn_, nullptr)), "cannot write"); }

 private:
  MDB_txn* txn_ = nullptr;
};

/// Pages not in use.
std::uint64_t free_pages(MDB_txn* txn);
std::uint64_t page_size(MDB_env* env);  ///< bytes

}  // namespace baton::internal::broker::disk
