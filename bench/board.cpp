#include "bench/board.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <new>
#include <system_error>

namespace baton::internal::bench {
namespace {

void* map(int fd) {
  void* memory = mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "mmap");
  return memory;
}

int new_memory() {
  const int fd = memfd_create("baton-bench", 0);
  if (fd < 0 || ftruncate(fd, sizeof(Board)) != 0)
    throw std::system_error(errno, std::generic_category(), "memfd");
  return fd;
}

}  // namespace

Total total(const std::array<Tally, max_workers>& tallies) {
  Total all;
  for (const Tally& tally : tallies) {
    all.count += tally.count.load(std::memory_order_acquire);
    all.sum += tally.sum.load(std::memory_order_relaxed);
  }
  return all;
}

// New pages are zero, which is how a board begins: constructing one would only touch all of them.
SharedBoard::SharedBoard() : SharedBoard(new_memory()) {}

SharedBoard::SharedBoard(int fd) : fd_(fd), board_(static_cast<Board*>(map(fd))) {}

SharedBoard::~SharedBoard() {
  munmap(board_, sizeof(Board));
  close(fd_);
}

}  // namespace baton::internal::bench
