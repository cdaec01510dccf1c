#include "actors/credit.hpp"
#include "messages/payloads.hpp"
#include "test/actors/outboxes.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <random>
#include <variant>
#include <vector>

namespace container_agent::test {

namespace {

struct item {
  std::uint64_t sequence = 0;
  int value = 0;
};

std::vector<int> sendable(outbox<item>& box) {
  std::vector<int> result;
  while (const auto* x = box.next())
    result.push_back(x->value);
  return result;
}

using values = std::vector<int>;

outbox<item> outbox_of(int count) {
  outbox<item> box;
  for (int i = 1; i <= count; ++i)
    box.push({0, i});
  return box;
}

} // namespace

TEST(outbox, sends_nothing_without_credit) {
  auto box = outbox_of(3);
  EXPECT_EQ(sendable(box), values{});
  EXPECT_FALSE(box.may_send());
  EXPECT_EQ(box.size(), 3u);
}

TEST(outbox, sends_up_to_the_limit_once) {
  auto box = outbox_of(3);
  box.update(plain_window{0, 2});
  EXPECT_EQ(sendable(box), (values{1, 2}));
  EXPECT_EQ(sendable(box), values{});
  box.update(plain_window{0, 3});
  EXPECT_EQ(sendable(box), values{3});
  EXPECT_EQ(box.size(), 3u) << "sent is not taken";
}

TEST(outbox, numbers_without_gaps_from_one) {
  outbox<item> box;
  EXPECT_EQ(box.next_sequence(), 1u);
  box.push({99, 1});
  box.push({99, 2});
  box.update(plain_window{0, 2});
  EXPECT_EQ(box.next()->sequence, 1u);
  EXPECT_EQ(box.next()->sequence, 2u);
  EXPECT_EQ(box.next_sequence(), 3u);
}

TEST(outbox, numbers_whatever_the_variant_holds) {
  outbox<std::variant<host_line, host_input_ended>> box;
  box.push(host_line{});
  box.push(host_input_ended{});
  box.update(plain_window{0, 2});
  box.next();
  EXPECT_EQ(std::get<host_input_ended>(*box.next()).sequence, 2u);
}

TEST(outbox, says_whether_one_more_could_go_at_once) {
  outbox<item> box;
  EXPECT_FALSE(box.may_send());
  box.update(plain_window{0, 1});
  EXPECT_TRUE(box.may_send());
  box.push({});
  EXPECT_FALSE(box.may_send());
}

TEST(outbox, forgets_what_was_taken) {
  auto box = outbox_of(3);
  box.update(plain_window{0, 3});
  sendable(box);
  box.update(plain_window{2, 3});
  EXPECT_EQ(box.size(), 1u);
  box.update(plain_window{3, 3});
  EXPECT_TRUE(box.empty());
}

TEST(outbox, a_repeated_or_late_window_is_harmless) {
  auto box = outbox_of(4);
  box.update(plain_window{0, 3});
  sendable(box);
  box.update(plain_window{2, 4});
  box.update(plain_window{1, 2});
  box.update(plain_window{0, 0});
  EXPECT_EQ(box.size(), 2u);
  EXPECT_EQ(sendable(box), values{4});
}

TEST(outbox, rewound_sends_again_what_was_not_taken) {
  auto box = outbox_of(3);
  box.update(plain_window{0, 3});
  sendable(box);
  box.update(plain_window{1, 3});
  box.rewind();
  EXPECT_EQ(sendable(box), (values{2, 3}));
}

TEST(outbox, rewound_keeps_to_its_credit) {
  auto box = outbox_of(3);
  box.update(plain_window{0, 2});
  sendable(box);
  box.rewind();
  EXPECT_EQ(sendable(box), (values{1, 2}));
}

TEST(outbox, taken_by_an_earlier_sending_needs_no_second) {
  auto box = outbox_of(3);
  box.update(plain_window{0, 3});
  sendable(box);
  box.rewind();
  box.update(plain_window{2, 3}); // what the first sending had reached
  EXPECT_EQ(sendable(box), values{3});
}

TEST(outbox, cleared_forgets_all_but_goes_on_counting) {
  auto box = outbox_of(3);
  box.update(plain_window{0, 9});
  sendable(box);
  box.clear();
  EXPECT_TRUE(box.empty());
  box.push({0, 4});
  EXPECT_EQ(box.next()->sequence, 4u);
}

TEST(inbox, expects_one_after_the_other) {
  inbox box;
  EXPECT_TRUE(box.expects(1));
  EXPECT_FALSE(box.expects(0));
  EXPECT_FALSE(box.expects(2));
  box.take();
  EXPECT_FALSE(box.expects(1)) << "a second time";
  EXPECT_TRUE(box.expects(2));
}

TEST(inbox, grants_credit_from_what_it_has_taken) {
  inbox box;
  box.take();
  box.take();
  auto window = box.window<plain_window>(4);
  EXPECT_EQ(window.taken, 2u);
  EXPECT_EQ(window.limit, 6u);
}

TEST(inbox, may_begin_anywhere) {
  inbox box;
  box.begin_at(17);
  EXPECT_EQ(box.taken(), 16u);
  EXPECT_TRUE(box.expects(17));
}

// A wire between the two that loses whatever is on it when one of them is
// restarted, and both restarted at any moment. Whatever happens, all values
// arrive, in order, each once, and never more at a time than credit allows.
TEST(credit, nothing_is_lost_or_doubled_whoever_is_restarted_and_when) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    std::mt19937 chance{seed};
    auto pick = [&chance](unsigned n) { return chance() % n; };
    outbox<item> out;
    inbox in;
    std::deque<item> items_on_wire;
    std::deque<plain_window> windows_on_wire;
    values received;
    int pushed = 0;
    const int total = 40;
    const std::uint64_t most = 1 + pick(5);
    auto credit = most;
    credit_line<plain_window> line{pick(2) == 0 ? 0u : 10u};
    auto send = [&] {
      while (const auto* x = out.next())
        items_on_wire.push_back(*x);
    };
    auto grant = [&] {
      if (auto window = line.due(in, credit))
        windows_on_wire.push_back(*window);
    };
    grant();
    for (int step = 0; received.size() < total; ++step) {
      ASSERT_LT(step, 100'000) << "no progress, seed " << seed;
      switch (pick(20)) {
        case 0: // a new sender: its mail is lost, it sends again
          windows_on_wire.clear();
          out.rewind();
          send();
          line.forget(); // the receiver was told of it
          grant();
          break;
        case 1: // a new receiver
          items_on_wire.clear();
          out.rewind(); // the sender was told of it
          send();
          line.forget();
          grant();
          break;
        case 2: // a window comes twice
          if (!windows_on_wire.empty())
            windows_on_wire.push_back(windows_on_wire.front());
          break;
        case 3: // a receiver that has enough for now
          credit = pick(2) == 0 ? 0 : most;
          grant();
          break;
        default: break;
      }
      if (pushed < total && pick(2) == 0)
        out.push({0, ++pushed});
      if (!windows_on_wire.empty() && pick(2) == 0) {
        out.update(windows_on_wire.front());
        windows_on_wire.pop_front();
      }
      send();
      if (!items_on_wire.empty() && pick(3) != 0) {
        auto x = items_on_wire.front();
        items_on_wire.pop_front();
        if (in.expects(x.sequence)) {
          ASSERT_LE(x.sequence, in.taken() + most);
          received.push_back(x.value);
          in.take();
          line.took(pick(3) * 50'000);
        } else {
          line.asked();
        }
        grant();
      }
    }
    // Whoever wants to know whether all was taken is told.
    send();
    if (const auto* last = out.ask()) {
      ASSERT_FALSE(in.expects(last->sequence));
      line.asked();
      grant();
    }
    for (const auto& window : windows_on_wire)
      out.update(window);
    ASSERT_TRUE(out.empty()) << "seed " << seed;
    ASSERT_EQ(untaken(out, in), 0u);
    values all;
    for (int i = 1; i <= total; ++i)
      all.push_back(i);
    ASSERT_EQ(received, all) << "seed " << seed;
  }
}

TEST(outbox, asks_once_for_what_was_sent_and_not_told) {
  auto box = outbox_of(2);
  EXPECT_EQ(box.ask(), nullptr) << "nothing was sent yet";
  box.update(plain_window{0, 2});
  sendable(box);
  const auto* last = box.ask();
  ASSERT_NE(last, nullptr);
  EXPECT_EQ(last->value, 2);
  EXPECT_EQ(box.ask(), nullptr);
  box.rewind();
  sendable(box);
  EXPECT_NE(box.ask(), nullptr) << "the one who was asked is gone";
  box.update(plain_window{2, 4});
  box.rewind();
  EXPECT_EQ(box.ask(), nullptr) << "all was told";
}

TEST(credit_line, tells_when_half_of_the_credit_is_used) {
  inbox in;
  credit_line<plain_window> line;
  EXPECT_EQ(line.due(in, 4)->limit, 4u);
  EXPECT_FALSE(line.due(in, 4));
  in.take();
  EXPECT_FALSE(line.due(in, 4));
  in.take();
  auto window = line.due(in, 4);
  ASSERT_TRUE(window);
  EXPECT_EQ(window->taken, 2u);
  EXPECT_EQ(window->limit, 6u);
}

TEST(credit_line, tells_much_and_where_it_is_asked_to_little_at_once) {
  inbox in;
  credit_line<plain_window> patient;
  credit_line<plain_window> prompt{100};
  patient.due(in, 8);
  prompt.due(in, 8);
  in.take();
  patient.took(99);
  prompt.took(99);
  EXPECT_FALSE(patient.due(in, 8));
  EXPECT_TRUE(prompt.due(in, 8));
  EXPECT_FALSE(prompt.due(in, 8)) << "nothing new";
  in.take();
  patient.took(128 * 1024);
  prompt.took(100);
  EXPECT_TRUE(patient.due(in, 8));
  EXPECT_FALSE(prompt.due(in, 8));
}

TEST(credit_line, takes_nothing_back_and_gives_again_after_none) {
  inbox in;
  credit_line<plain_window> line;
  line.due(in, 2);
  in.take();
  EXPECT_FALSE(line.due(in, 0));
  in.take();
  EXPECT_FALSE(line.due(in, 0));
  EXPECT_EQ(line.due(in, 1)->limit, 3u);
}

TEST(credit_line, a_new_sender_is_told_all_anew) {
  inbox in;
  credit_line<plain_window> line;
  line.due(in, 4);
  in.take();
  line.forget();
  EXPECT_EQ(line.due(in, 4)->taken, 1u);
  line.asked();
  EXPECT_TRUE(line.due(in, 4));
  EXPECT_FALSE(line.due(in, 4));
}

} // namespace container_agent::test
