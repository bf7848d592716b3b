#include "broker/memory_storage.hpp"

#include <cassert>

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
  if (page.size[id.value % page_items] == apart) large_.erase(id.value);
  if (--page.live > 0) return;
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

}  // namespace baton::broker
