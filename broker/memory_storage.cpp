#include "broker/memory_storage.hpp"

#include <cassert>
#include <utility>

namespace baton::broker {

MemoryStorage::Page& MemoryStorage::page_of(ItemId id) {
  const auto page = id.value / page_items;
  if (pages_.empty()) first_page_ = page;
  assert(page >= first_page_);
  while (page >= first_page_ + pages_.size()) pages_.emplace_back();
  auto& found = pages_[page - first_page_];
  if (found) return *found;
  if (spare_.empty()) {
    found = std::make_unique<Page>();
  } else {
    found = std::move(spare_.back());
    spare_.pop_back();
  }
  return *found;
}

void MemoryStorage::put(const Record& record, std::string_view body) {
  auto& page = page_of(record.id);
  const auto slot = record.id.value % page_items;
  ++page.live;
  if (body.size() > large) {
    page.size[slot] = apart;
    large_.emplace(record.id.value, body);
    return;
  }
  page.begin[slot] = static_cast<std::uint32_t>(page.bytes.size());
  page.size[slot] = static_cast<std::uint32_t>(body.size());
  page.live_bytes += page.size[slot];
  page.bytes += body;
}

std::string_view MemoryStorage::body(ItemId id) {
  const auto& page = page_of(id);
  const auto slot = id.value % page_items;
  if (page.size[slot] == apart) return large_.at(id.value);
  return std::string_view(page.bytes).substr(page.begin[slot], page.size[slot]);
}

void MemoryStorage::update(const Record& record, const std::vector<Attempt>& history) {
  if (history.empty()) {
    histories_.erase(record.id.value);
    return;
  }
  auto& kept = histories_[record.id.value] = history;
  keep_last(kept, most_history);
  kept.shrink_to_fit();
}

std::vector<Attempt> MemoryStorage::history(ItemId id) {
  const auto found = histories_.find(id.value);
  return found == histories_.end() ? std::vector<Attempt>{} : found->second;
}

void MemoryStorage::erase(ItemId id) {
  if (!histories_.empty()) histories_.erase(id.value);
  auto& page = page_of(id);
  auto& size = page.size[id.value % page_items];
  if (size == apart)
    large_.erase(id.value);
  else
    page.live_bytes -= size;
  size = 0;
  if (--page.live > 0) {
    if (page.bytes.size() > worth_packing && page.live_bytes < page.bytes.size() / 4) pack(page);
    return;
  }
  // The page that is being filled may become empty many times: its begin and size are simply written again.
  page.bytes.clear();
  auto& freed = pages_[id.value / page_items - first_page_];
  if (spare_.size() < 64) spare_.push_back(std::move(freed));
  freed.reset();
  while (!pages_.empty() && !pages_.front()) {
    pages_.pop_front();
    ++first_page_;
  }
}

std::uint64_t MemoryStorage::bytes() const {
  std::uint64_t bytes = 0;
  for (const auto& page : pages_) bytes += page ? page->bytes.capacity() : 0;
  return bytes;
}

/// What is left moves together, and the rest is given back. It is done once for each three quarters that are erased.
void MemoryStorage::pack(Page& page) {
  std::string packed;
  packed.reserve(page.live_bytes);
  for (std::size_t slot = 0; slot < page_items; ++slot) {
    if (page.size[slot] == 0 || page.size[slot] == apart) continue;
    const auto begin = static_cast<std::uint32_t>(packed.size());
    packed.append(page.bytes, std::exchange(page.begin[slot], begin), page.size[slot]);
  }
  page.bytes = std::move(packed);
}

}  // namespace baton::broker
