#include "main/trace/tools/trace_tools.hpp"
#include "test/support/process_memory.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <ostream>
#include <sstream>
#include <streambuf>
#include <string>
#include <unistd.h>

namespace container_agent::test {

namespace {

constexpr std::uint64_t many_events = 1'000'000;

/// A trace of as many messages as wanted that is nowhere as a whole.
class endless_trace : public std::streambuf {
public:
  explicit endless_trace(std::uint64_t events) : events_{events} {
    block_ = R"({"kind":"header","version":1,"agent":"0.1.0","pid":7,)"
             R"("epoch_us":1764030000123456,"source":"file"})"
             "\n";
    setg(block_.data(), block_.data(), block_.data() + block_.size());
    bytes_ = block_.size();
  }

  std::uint64_t bytes() const { return bytes_; }

protected:
  int_type underflow() override {
    block_.clear();
    while (n_ <= events_ && block_.size() < 256 * 1024)
      add_message(n_++);
    bytes_ += block_.size();
    setg(block_.data(), block_.data(), block_.data() + block_.size());
    return block_.empty() ? traits_type::eof()
                          : traits_type::to_int_type(*gptr());
  }

private:
  void add_message(std::uint64_t n) {
    constexpr const char* actors[]{"pipe_input", "conversation",
                                   "claude_process", "conversation",
                                   "pipe_output"};
    constexpr const char* types[]{"host_line", "child_input", "child_output",
                                  "host_output", "host_output_window"};
    auto step = n % 5;
    auto sent = n * 10'000;
    char line[512];
    auto size = std::snprintf(
      line, sizeof line,
      R"({"kind":"message","n":%llu,"sent":%llu,"taken":%llu,"done":%llu,)"
      R"("from":"%s","from_id":%llu,"to":"%s","to_id":%llu,"type":"%s",)"
      R"("summary":"sequence=%llu number=4 text=187 ending=complete",)"
      R"("depth":1,"outcome":"handled","cause":%llu,)"
      R"("trace":"%032llx"})"
      "\n",
      ull(n), ull(sent), ull(sent + 4000 + n % 1777), ull(sent + 9999),
      actors[step], ull(step + 12), actors[(step + 1) % 5],
      ull((step + 1) % 5 + 12), types[step], ull(n), ull(n - 1),
      ull(n / 5 + 1));
    block_.append(line, static_cast<std::size_t>(size));
  }

  static unsigned long long ull(std::uint64_t number) { return number; }

  std::uint64_t events_;
  std::uint64_t n_ = 1;
  std::uint64_t bytes_ = 0;
  std::string block_;
};

class counting_sink : public std::streambuf {
public:
  std::uint64_t bytes() const { return bytes_; }

protected:
  std::streamsize xsputn(const char*, std::streamsize size) override {
    bytes_ += static_cast<std::uint64_t>(size);
    return size;
  }

  int_type overflow(int_type c) override {
    ++bytes_;
    return traits_type::not_eof(c);
  }

private:
  std::uint64_t bytes_ = 0;
};

using clock = std::chrono::steady_clock;

double seconds_since(clock::time_point begin) {
  return std::chrono::duration<double>(clock::now() - begin).count();
}

/// How long it takes only to make the trace.
double cost_of_making() {
  endless_trace source{many_events};
  std::istream stream{&source};
  std::string block(256 * 1024, '\0');
  auto begin = clock::now();
  while (stream.read(block.data(), static_cast<std::streamsize>(block.size())))
    ;
  return seconds_since(begin);
}

/// The peak is the process's, so one of an earlier case would hide this one's.
void forget_peak() {
  ASSERT_TRUE(std::ofstream{"/proc/self/clear_refs"} << 5 << std::flush);
}

template <class Tool>
void run_over_many(const char* name, Tool tool) {
  auto making = cost_of_making();
  endless_trace source{many_events};
  counting_sink sink;
  std::istream stream{&source};
  std::ostream out{&sink};
  std::ostringstream err;
  forget_peak();
  auto before = memory_of(getpid()).peak_kib;
  auto begin = clock::now();
  auto code = tool(std::vector<trace::trace_input>{{"a", &stream}}, out, err);
  auto took = seconds_since(begin) - making;
  auto grown = memory_of(getpid()).peak_kib - before;
  auto mega = static_cast<double>(source.bytes()) / 1e6;
  std::printf("%s: %.0f MB in %.2f s: %.0f MB/s; %.0f MB out; %llu KiB more "
              "memory\n",
              name, mega, took, mega / took,
              static_cast<double>(sink.bytes()) / 1e6,
              static_cast<unsigned long long>(grown));
  EXPECT_EQ(code, 0);
  EXPECT_EQ(err.str(), "");
  EXPECT_GT(sink.bytes(), 0u);
  // 1.25 MiB of it is the longest line that is read.
  EXPECT_LT(grown, 8 * 1024U);
}

} // namespace

TEST(traces, of_a_million_events_become_chrome_traces_in_little_memory) {
  run_over_many("chrome", [](const auto& inputs, auto& out, auto& err) {
    return trace::convert({"chrome", {}, false}, inputs, out, err);
  });
}

TEST(traces, of_a_million_events_become_otlp_in_little_memory) {
  run_over_many("otlp", [](const auto& inputs, auto& out, auto& err) {
    return trace::convert({"otlp", {}, true}, inputs, out, err);
  });
}

TEST(traces, of_a_million_events_are_summed_up_in_little_memory) {
  run_over_many("summary", [](const auto& inputs, auto& out, auto& err) {
    return trace::summary({}, inputs, out, err);
  });
}

} // namespace container_agent::test
