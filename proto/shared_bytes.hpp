// Bytes with several owners, including libzmq's threads. A sole owner may change them.
#pragma once

#include <atomic>
#include <string>
#include <string_view>
#include <utility>

namespace baton::internal {

/// Like a std::shared_ptr<std::string>, but with a reliable test for sole ownership (use_count()
/// does not synchronize with other owners' accesses).
class SharedBytes {
 public:
  SharedBytes() : SharedBytes(std::string()) {}
  SharedBytes(std::string bytes) : shared_(new Shared(std::move(bytes))) {}
  SharedBytes(const SharedBytes& other) : shared_(other.shared_) {
    shared_->holders.fetch_add(1, std::memory_order_relaxed);
  }
  SharedBytes(SharedBytes&& other) noexcept : shared_(std::exchange(other.shared_, nullptr)) {}
  SharedBytes& operator=(SharedBytes other) noexcept {
    std::swap(shared_, other.shared_);
    return *this;
  }
  ~SharedBytes() {
    if (shared_ && shared_->holders.fetch_sub(1, std::memory_order_acq_rel) == 1) delete shared_;
  }

  std::string_view view() const { return shared_->bytes; }
  operator std::string_view() const { return view(); }
  std::size_t size() const { return shared_->bytes.size(); }
  std::size_t capacity() const { return shared_->bytes.capacity(); }

  /// There is no other owner (any more).
  bool alone() const { return shared_->holders.load(std::memory_order_acquire) == 1; }
  /// For changing them: copies them first unless alone().
  std::string& own() {
    if (!alone()) *this = SharedBytes(shared_->bytes);
    return shared_->bytes;
  }

 private:
  struct Shared {
    explicit Shared(std::string all) : bytes(std::move(all)) {}
    std::string bytes;
    std::atomic<unsigned> holders = 1;
  };
  Shared* shared_;
};

}  // namespace baton::internal
