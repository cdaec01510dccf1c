#include "main/cli/config_file.hpp"
#include "test/support/temp_dir.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>

namespace container_agent::test {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

config_entries read(std::string_view text) {
  return parse_config(text, "a.toml");
}

/// The values of a file with one entry.
std::vector<std::string> values(std::string_view text) {
  auto entries = read(text);
  EXPECT_THAT(entries, SizeIs(1));
  return entries.begin()->second.values;
}

/// What is wrong with a text, or a file.
template <class Read>
std::string fault(Read read_it) {
  try {
    read_it();
  } catch (const option_error& error) {
    EXPECT_NE(error.advice, "");
    return error.what;
  }
  return "accepted";
}

} // namespace

TEST(config_file, holds_names_and_values_with_their_lines) {
  auto entries = read("# comment\n\nmax-queue = 100 # why\n"
                      "[container-agent]\r\n\tcwd=\"/a b\" \r\n# more\n");
  ASSERT_THAT(entries, SizeIs(2));
  EXPECT_THAT(entries["max-queue"].values, ElementsAre("100"));
  EXPECT_EQ(entries["max-queue"].where, "a.toml:3: max-queue");
  EXPECT_THAT(entries["cwd"].values, ElementsAre("/a b"));
  EXPECT_EQ(entries["cwd"].where, "a.toml:5: cwd");
}

TEST(config_file, may_be_empty) {
  EXPECT_THAT(read(""), IsEmpty());
  EXPECT_THAT(read("\n\n# only this"), IsEmpty());
  EXPECT_THAT(read("\xef\xbb\xbf"), IsEmpty());
}

TEST(config_file, has_strings_with_escapes) {
  EXPECT_THAT(values(R"(a = "x # y, \"z\" \\ \t\n")"),
              ElementsAre("x # y, \"z\" \\ \t\n"));
  EXPECT_THAT(values(R"(a = "\u00e4\u20ac\u0041")"), ElementsAre("ä€A"));
  EXPECT_THAT(values("a = \"\""), ElementsAre(""));
}

TEST(config_file, has_literal_strings) {
  EXPECT_THAT(values(R"(a = 'C:\x "y" # z')"), ElementsAre(R"(C:\x "y" # z)"));
}

TEST(config_file, has_arrays_over_several_lines) {
  auto entries = read("a = [ \"--model\", 'x',\n  3, true # last\n]\nb=[]\n");
  EXPECT_THAT(entries["a"].values, ElementsAre("--model", "x", "3", "true"));
  EXPECT_THAT(entries["b"].values, IsEmpty());
  EXPECT_EQ(entries["b"].where, "a.toml:4: b");
}

TEST(config_file, tells_what_is_wrong_and_where) {
  struct {
    const char* text;
    const char* what;
  } const cases[] = {
    {"a", "a.toml:1: .*; a text needs quotes"},
    {"\n= 3", "a.toml:2: .*quotes"},
    {"a = text", "a.toml:1: .*a text needs quotes"},
    {"a = \"x", "a.toml:1: .*quotes"},
    {"a = \"x\" y", "a.toml:1: .*quotes"},
    {"a = 1\na = 2", "a.toml:2: .*quotes"},
    {"a = 2026-01-01", "a.toml:1: a wants a text, a whole number"},
    {"a = 0.5", "a.toml:1: a wants a text, a whole number"},
    {"a = \"x\\u0000\"", "a.toml:1: a wants a text, a whole number"},
    {"\n\na = [[1]]", "a.toml:3: a wants a text, a whole number"},
    {"[other]", "a.toml:1: unknown section .other."},
    {"[container-agent.more]", "a.toml:1: more wants a text"},
    {"[container-agent", "a.toml:1: .*quotes"},
  };
  for (const auto& x : cases)
    EXPECT_THAT(fault([&] { read(x.text); }), testing::ContainsRegex(x.what));
}

TEST(config_file, never_fails_otherwise_at_any_cut) {
  const std::string text = "a = [\"x\\u00e4\", 'y', 1] # c\n[container-agent]\n"
                           "b = \"q\\\"\"\n";
  for (std::size_t size = 0; size <= text.size(); ++size)
    fault([&] { read(std::string_view{text}.substr(0, size)); });
  EXPECT_THAT(read(text), SizeIs(2));
}

TEST(config_file, is_read_from_disk) {
  temp_dir dir;
  write_file(dir / "a.toml", "max-queue = 3\n");
  EXPECT_THAT(read_config_file(dir / "a.toml"), SizeIs(1));
  write_file(dir / "just", std::string(largest_config_file, '\n'));
  EXPECT_THAT(read_config_file(dir / "just"), IsEmpty());
}

TEST(config_file, that_cannot_be_read_says_why) {
  temp_dir dir;
  auto why = [](const std::string& path) {
    return fault([&] { read_config_file(path); });
  };
  EXPECT_THAT(why(dir / "none"), HasSubstr("No such file"));
  EXPECT_THAT(why(dir.path()), HasSubstr("no regular file"));
  // Must not wait for a writer.
  ASSERT_EQ(::mkfifo((dir / "fifo").c_str(), 0600), 0);
  EXPECT_THAT(why(dir / "fifo"), HasSubstr("no regular file"));
  write_file(dir / "big", std::string(largest_config_file + 1, '\n'));
  EXPECT_THAT(why(dir / "big"), HasSubstr("1 MiB"));
}

} // namespace container_agent::test
