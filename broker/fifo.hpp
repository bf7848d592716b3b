// A queue of small values that takes no memory while it is empty; std::deque takes 600 bytes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace baton::internal::broker {

template <class T>
class Fifo {
 public:
  bool empty() const { return begin_ == items_.size(); }
  std::size_t size() const { return items_.size() - begin_; }
  const T& front() const { return items_[begin_]; }
  auto begin() const { return items_.begin() + static_cast<std::ptrdiff_t>(begin_); }
  auto end() const { return items_.end(); }

  void push_back(T value) { items_.push_back(value); }
  void pop_front() {
    ++begin_;
    if (empty())
      items_.clear(), begin_ = 0;
    else if (begin_ >= 64 && begin_ >= items_.size() / 2)  // amortized: each is moved at most once
      items_.erase(items_.begin(), begin()), begin_ = 0;
  }
  void remove(const T& value) {
    items_.erase(std::remove(first(), items_.end(), value), items_.end());
  }
  template <class Test>
  void remove_if(Test test) {
    items_.erase(std::remove_if(first(), items_.end(), test), items_.end());
  }
  /// Frees the memory of an empty queue.
  void release() {
    if (empty()) items_ = {}, begin_ = 0;
  }

 private:
  auto first() { return items_.begin() + static_cast<std::ptrdiff_t>(begin_); }

  std::vector<T> items_;
  std::size_t begin_ = 0;  // items before it are removed
};

}  // namespace baton::internal::broker
