#include "tests/support/bystanders.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/support/inspect.hpp"
#include "tests/support/show.hpp"

namespace baton::internal::e2e {

Bystanders::Bystanders(Broker& broker, int consumers) : printer_(broker.printer()) {
  const auto complain = [this](const std::string& notice) { note(notice); };
  auto options = consumer_of(broker, {"bystanders"});
  options.on_notice = complain;
  for (int i = 0; i < consumers; ++i) consumers_.push_back(std::make_unique<Consumer>(options));
  auto producer = producer_of(broker, "bystanders");
  producer.on_notice = complain;
  producer_ = std::make_unique<Producer>(producer);
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
    while (const auto item = consumer.get()) {
      consumer.print(item->body);
      if (!consumer.ack(item->id)) note("an ack came too late");
      const std::lock_guard lock(mutex_);
      ++got_[item->body];
      at_work_.insert(&consumer);
      if (item->attempt != 1) complaints_.push_back("attempt " + std::to_string(item->attempt));
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
  for (const auto& consumer : consumers_) consumer->stop();
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
