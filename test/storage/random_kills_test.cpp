#include "main/storage/log.hpp"
#include "main/storage/position_page.hpp"
#include "test/storage/killed_mover.hpp"
#include "test/support/deadline.hpp"
#include "test/support/temp_dir.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

/// A mover (pipe → log → cursor → pipe) that is killed by SIGKILL at random
/// instants, and the next one that goes on: each line comes once, in order.
/// AGENT_STORAGE_KILLS: how often, 100 unless said.

namespace container_agent::test {

namespace {

using namespace std::chrono_literals;
using storage::log;
using storage::position_page;

// How long a mover lives, at most.
constexpr auto longest_life = 30ms;

int kills_wanted() {
  const auto* text = std::getenv("AGENT_STORAGE_KILLS");
  return text != nullptr ? std::atoi(text) : 100;
}

struct child {
  pid_t pid = -1;

  void kill() {
    if (pid > 0) {
      ::kill(pid, SIGKILL);
      ::waitpid(pid, nullptr, 0);
    }
    pid = -1;
  }
  ~child() { kill(); }
};

template <class Program>
pid_t run(Program program) {
  auto pid = ::fork();
  if (pid != 0)
    return pid;
  try {
    program();
  } catch (const std::exception& e) {
    std::cerr << e.what() << '\n';
  }
  ::_exit(3);
}

// Compares what comes with what was fed.
class line_checker {
public:
  explicit line_checker(bool strikes) : strikes_{strikes} {}

  // False at the first thing that is wrong.
  bool accept(std::string_view bytes) {
    rest_ += bytes;
    std::size_t begin = 0;
    for (;;) {
      auto end = rest_.find('\n', begin);
      if (end == std::string::npos)
        break;
      if (!accept_line(std::string_view{rest_}.substr(begin, end + 1 - begin)))
        return false;
      begin = end + 1;
    }
    rest_.erase(0, begin);
    return true;
  }

  std::uint64_t next() const { return next_; }
  std::uint64_t records() const { return records_; }

private:
  bool accept_line(std::string_view line) {
    if (line.front() == record_mark) {
      ++records_;
      return line == record_text(line.size() - 3);
    }
    skip();
    if (line != line_text(next_)) {
      ADD_FAILURE() << "instead of line " << next_ << ": "
                    << line.substr(0, 100);
      return false;
    }
    ++next_;
    skip();
    return true;
  }

  void skip() {
    while (strikes_ && is_struck(next_))
      ++next_;
  }

  bool strikes_;
  std::string rest_;
  std::uint64_t next_ = 0;
  std::uint64_t records_ = 0;
};

// The same by offset, for a stream that comes again from an earlier one.
class stream_checker {
public:
  bool accept(std::string_view bytes) {
    while (begin_ + text_.size() < offset_ + bytes.size())
      text_ += line_text(next_++);
    if (std::string_view{text_}.substr(offset_ - begin_, bytes.size())
        != bytes) {
      ADD_FAILURE() << "something else came from byte " << offset_ << " on";
      return false;
    }
    offset_ += bytes.size();
    constexpr std::size_t enough = 4 * 1024 * 1024;
    if (auto old = offset_ - begin_; old > 2 * enough) {
      text_.erase(0, enough);
      begin_ += enough;
    }
    return true;
  }

  void go_back(std::uint64_t offset) {
    ASSERT_LE(offset, offset_);
    repeated_ += offset_ - offset;
    offset_ = offset;
  }

  bool has_all(std::uint64_t lines) const {
    return next_ >= lines && offset_ == begin_ + text_.size();
  }
  std::uint64_t lines() const { return next_; }
  std::uint64_t repeated() const { return repeated_; }

private:
  std::uint64_t begin_ = 0; // of `text_`
  std::string text_;
  std::uint64_t next_ = 0; // line behind `text_`
  std::uint64_t offset_ = 0;
  std::uint64_t repeated_ = 0;
};

class random_kills : public testing::Test {
public:
  temp_dir dir;
  shared_memory shared;
  move_setup setup;
  std::mt19937 random{std::random_device{}()};
  child feeder;
  child mover;
  int kills = 0;

  void begin() {
    setup.directory = dir.path();
    ::fcntl(setup.in.reader.get(), F_SETFL, O_NONBLOCK);
    ::fcntl(setup.out.reader.get(), F_SETFL, O_NONBLOCK);
    ::fcntl(setup.out.writer.get(), F_SETFL, O_NONBLOCK);
    feeder.pid = run([&] { feed(setup.in.writer.get(), shared); });
  }

  // What came until the mover's time is over, or `done`.
  template <class Accept, class Done>
  bool live(held_place place, Accept accept, Done done) {
    auto seed = random();
    auto life = std::chrono::microseconds{
      random() % std::chrono::microseconds{longest_life}.count()};
    mover.pid = run([&] { move(setup, std::move(place), seed); });
    auto last = clock::now() + life;
    for (;;) {
      auto left = last - clock::now();
      if (left <= 0s && kills < kills_wanted())
        break;
      if (!read_once(left, accept))
        return false;
      if (done())
        return true;
      if (::waitpid(mover.pid, nullptr, WNOHANG) != 0) {
        ADD_FAILURE() << "the mover has ended";
        return false;
      }
    }
    mover.kill();
    if (++kills == kills_wanted())
      shared->stop = true;
    return true;
  }

  template <class Accept>
  bool read_once(clock::duration limit, Accept accept) {
    pollfd ready{setup.out.reader.get(), POLLIN, 0};
    auto rest = std::chrono::nanoseconds{std::max(limit, clock::duration{1ms})};
    timespec time{0, std::min<long>(rest.count(), 999'999'999)};
    ::ppoll(&ready, 1, &time, nullptr);
    std::array<char, 64 * 1024> buffer;
    auto count = ::read(ready.fd, buffer.data(), buffer.size());
    return count <= 0
           || accept(
             std::string_view{buffer.data(), static_cast<std::size_t>(count)});
  }

  bool bytes_wait() const {
    pollfd ready{setup.out.reader.get(), POLLIN, 0};
    return ::poll(&ready, 1, 0) > 0 && (ready.revents & POLLIN) != 0;
  }

  void tell(std::uint64_t lines, std::uint64_t more) const {
    std::cout << kills << " kills, " << lines << " lines, " << more << '\n';
  }
};

} // namespace

TEST_F(random_kills, each_line_comes_once_where_somebody_holds_the_place) {
  std::array<int, 2> sockets{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sockets.data()), 0);
  runtime::unique_fd mine{sockets[0]};
  runtime::unique_fd movers{sockets[1]};
  setup.socket = movers.get();
  begin();
  line_checker checker{setup.strikes};
  held_place place;
  deadline until{120s};
  auto done
    = [&] { return shared->lines != 0 && checker.next() >= shared->lines; };
  while (!done()) {
    ASSERT_FALSE(until.passed());
    held_place copy{runtime::unique_fd{::dup(place.description.get())},
                    place.begins};
    ASSERT_TRUE(live(
      std::move(copy), [&](auto bytes) { return checker.accept(bytes); },
      done));
    take_over(mine.get(), place);
  }
  EXPECT_GE(checker.next(), shared->lines);
  tell(checker.next(), checker.records());
}

TEST_F(random_kills, what_is_appended_is_there_whole_or_not_at_all) {
  log::settings settings{.directory = dir.path(), .segment = 1024 * 1024};
  std::uint64_t seen = 0;
  std::uint64_t next = 0;
  for (; kills < kills_wanted(); ++kills) {
    mover.pid = run([&] {
      log records{settings};
      for (auto number = next;; ++number) {
        records.append(std::to_string(number) + record_text(number % 9001));
        if (number % 100 == 0)
          records.release(seen);
      }
    });
    std::this_thread::sleep_for(std::chrono::microseconds{// reason: its life
                                                          random() % 5000});
    mover.kill();
    log records{settings};
    ASSERT_EQ(records.line_start(), records.end());
    auto text = text_in(records, seen, records.end());
    for (std::string_view rest = text; !rest.empty(); ++next) {
      auto expected = std::to_string(next) + record_text(next % 9001);
      ASSERT_EQ(rest.substr(0, expected.size()), expected);
      rest.remove_prefix(expected.size());
    }
    seen = records.end();
  }
  tell(next, 0);
}

TEST_F(random_kills, nothing_is_lost_where_only_the_page_is_left) {
  setup.copies_descriptions = false;
  setup.strikes = false;
  setup.appends = false;
  begin();
  stream_checker checker;
  deadline until{120s};
  auto accept = [&](auto bytes) { return checker.accept(bytes); };
  auto done
    = [&] { return shared->lines != 0 && checker.has_all(shared->lines); };
  while (!done()) {
    ASSERT_FALSE(until.passed());
    ASSERT_TRUE(live({}, accept, done));
    if (done())
      break;
    // All that had gone is read first; the next one may begin before it.
    while (bytes_wait())
      ASSERT_TRUE(read_once(0s, accept));
    position_page page{setup.directory + "/positions"};
    checker.go_back(page.get(position_page::reader::host));
  }
  tell(checker.lines(), checker.repeated());
}

} // namespace container_agent::test
