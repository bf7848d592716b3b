#include "tests/support/bystanders.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/support/inspect.hpp"
#include "tests/support/show.hpp"

namespace baton::internal::e2e {

Bystanders::Bystanders(Broker& broker, int consumers) : printer_(broker.printer()) {
  auto options = producer_of(broker, "bystanders");
  options.log([this](auto, auto, const std::string& notice) { note(notice); });
  for (int i = 0; i < consumers; ++i) consumers_.push_back(std::make_unique<Consumer>(options));
  producer_ = std::make_unique<Producer>(options);
  for (const auto& consumer : consumers_)
    threads_.emplace_back([this, &consumer] { consume(*consumer); });
  threads_.emplace_back([this] { put_and_join(); });
}

Bystanders::~Bystanders() {
  producer_->stop();  // after a failed test its broker may not answer
  end();
}

void Bystanders::print_one() {
  if (const auto line = printer_.out().next_with("item ")) ++printed_[line->text];
}

bool Bystanders::all_at_work() {
  print_one();
  return !printed_.empty() && eventually(printer_, [this] { return each_has_got_one(); });
}

bool Bystanders::each_has_got_one() {
  const std::lock_guard lock(mutex_);
  return at_work_.size() == consumers_.size();
}

void Bystanders::note(const std::string& notice) {
  const std::lock_guard lock(mutex_);
  complaints_.push_back(notice);
}

void Bystanders::put_and_join() {
  try {
    while (!over_) {
      const auto begin = Clock::now();
      producer_->put("item " + std::to_string(rounds_));
      const auto settled = producer_->join();
      times_.push_back(Clock::now() - begin);
      if (settled.done != ++rounds_) note("only " + std::to_string(settled.done) + " done");
    }
    producer_->close();
  } catch (const std::exception& error) {
    note(error.what());
  }
}

void Bystanders::consume(Consumer& consumer) {
  try {
    while (auto item = get_until_interrupted(consumer)) {
      const std::string body(item->body());
      const auto deliveries = item->delivery_count();
      consumer.print(body);
      if (!item->ack()) note("an ack came too late");
      const std::lock_guard lock(mutex_);
      ++got_[body];
      at_work_.insert(&consumer);
      if (deliveries != 1) complaints_.push_back("delivery " + std::to_string(deliveries));
    }
    consumer.close();
  } catch (const std::exception& error) {
    note(error.what());
  }
}

void Bystanders::end() {
  if (threads_.empty()) return;
  over_ = true;
  threads_.back().join();
  threads_.pop_back();
  for (const auto& consumer : consumers_) consumer->interrupt();
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

void Bystanders::check_undisturbed(Clock::duration limit) {
  end();
  for (const auto& complaint : complaints_) CHECK_MESSAGE(false, complaint);
  CHECK(got_.size() == rounds_);
  CHECK(std::all_of(got_.begin(), got_.end(), [](const auto& one) { return one.second == 1; }));
  REQUIRE(!times_.empty());
  MESSAGE("bystanders: ", rounds_.load(), " items, put to known as done, ms: median ",
          milliseconds(median(times_)), ", slowest ",
          milliseconds(*std::max_element(times_.begin(), times_.end())));
  CHECK(milliseconds(*std::max_element(times_.begin(), times_.end())) < milliseconds(limit));
  for (std::size_t left = rounds_ - printed_.size(); left > 0; --left) print_one();
  CHECK(printed_ == got_);
}

}  // namespace baton::internal::e2e
