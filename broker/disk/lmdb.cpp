#include "broker/disk/lmdb.hpp"

#include <cerrno>

namespace baton::internal::broker::disk {

void fail(int code, const std::string& what) {
  const auto text = what + ": " + mdb_strerror(code);
  switch (code) {
    case ENOSPC:
    case EDQUOT:
      throw DiskError(text + " (make room there)");
    case EFBIG:  // ulimit -f
    case MDB_MAP_FULL:
      throw DiskError(text);
    case EIO:
      throw DiskError(text + " (the disk fails, or is full)");  // also of a write cut short
    case MDB_CORRUPTED:
    case MDB_NOTFOUND:  // one of our databases
    case MDB_PAGE_NOTFOUND:
    case MDB_INVALID:
    case MDB_BAD_DBI:
    case MDB_INCOMPATIBLE:
    case MDB_BAD_VALSIZE:
    case MDB_PANIC:
    case MDB_BAD_TXN:
    case MDB_CURSOR_FULL:  // a tree deeper than possible
    case MDB_PAGE_FULL:
    case MDB_KEYEXIST:  // ids are written in order, each once
    case MDB_VERSION_MISMATCH:
    case EINVAL:
      throw Damage(text);
    default:
      throw std::runtime_error(text);
  }
}

std::uint64_t free_pages(MDB_txn* txn) {
  std::uint64_t pages = 0;
  each_row(txn, 0, "free pages", [&](std::uint64_t, std::string_view value) {
    std::uint64_t count = 0;  // the list of pages begins with their number
    if (value.size() < sizeof count) return false;
    std::memcpy(&count, value.data(), sizeof count);
    pages += count;
    return true;
  });
  return pages;
}

std::uint64_t page_size(MDB_env* env) {
  MDB_stat stat{};
  check(mdb_env_stat(env, &stat), "LMDB");
  return stat.ms_psize;
}

}  // namespace baton::internal::broker::disk
