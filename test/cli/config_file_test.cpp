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

std::vector<config_entry> read(std::string_view text) {
  auto result = parse_config(text);
  if (auto* error = std::get_if<config_error>(&result)) {
    ADD_FAILURE() << error->line << ": " << error->what;
    return {};
  }
  return std::get<0>(result);
}

/// The values of a file with one entry.
std::vector<std::string> values(std::string_view text) {
  auto entries = read(text);
  EXPECT_THAT(entries, SizeIs(1));
  return entries.empty() ? std::vector<std::string>{} : entries.front().values;
}

config_error fault(std::string_view text) {
  auto result = parse_config(text);
  auto* error = std::get_if<config_error>(&result);
  if (error == nullptr) {
    ADD_FAILURE() << "accepted: " << text;
    return {};
  }
  return *error;
}

} // namespace

TEST(config_file, holds_names_and_values_with_their_lines) {
  auto entries = read("# comment\n\nmax-queue = 100 # why\n"
                      "[container-agent]\r\n\tcwd=\"/a b\" \r\n# more\n");
  ASSERT_THAT(entries, SizeIs(2));
  EXPECT_EQ(entries[0].name, "max-queue");
  EXPECT_THAT(entries[0].values, ElementsAre("100"));
  EXPECT_EQ(entries[0].line, 3U);
  EXPECT_FALSE(entries[0].is_array);
  EXPECT_EQ(entries[1].name, "cwd");
  EXPECT_THAT(entries[1].values, ElementsAre("/a b"));
  EXPECT_EQ(entries[1].line, 5U);
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
  auto entries
    = read("a = [ \"--model\", 'x',\n  3, true, 0.5 # last\n]\nb=[]\n");
  ASSERT_THAT(entries, SizeIs(2));
  EXPECT_THAT(entries[0].values,
              ElementsAre("--model", "x", "3", "true", "0.5"));
  EXPECT_TRUE(entries[0].is_array);
  EXPECT_THAT(entries[1].values, IsEmpty());
  EXPECT_EQ(entries[1].line, 4U);
}

TEST(config_file, tells_what_is_wrong_and_where) {
  struct {
    const char* text;
    std::size_t line;
    const char* what;
  } const cases[] = {
    {"a", 1, "a text needs quotes"},
    {"\n= 3", 2, "quotes"},
    {"a = text", 1, "a text needs quotes"},
    {"a = \"x", 1, "quotes"},
    {"a = \"x\" y", 1, "quotes"},
    {"a = 1\na = 2", 2, "quotes"},
    {"a = 2026-01-01", 1, "a wants a text, a number"},
    {"\n\na = [[1]]", 3, "a wants a text, a number"},
    {"[other]", 1, "unknown section [other]"},
    {"[container-agent.more]", 1, "more wants a text"},
    {"[container-agent", 1, "quotes"},
  };
  for (const auto& x : cases) {
    auto error = fault(x.text);
    EXPECT_EQ(error.line, x.line) << x.text;
    EXPECT_THAT(error.what, HasSubstr(x.what)) << x.text;
  }
}

TEST(config_file, never_fails_otherwise_at_any_cut) {
  const std::string text = "a = [\"x\\u00e4\", 'y', 1] # c\n[container-agent]\n"
                           "b = \"q\\\"\"\n";
  for (std::size_t size = 0; size <= text.size(); ++size)
    parse_config(std::string_view{text}.substr(0, size));
  EXPECT_THAT(read(text), SizeIs(2));
}

TEST(config_file, is_read_from_disk) {
  temp_dir dir;
  write_file(dir / "a.toml", "max-queue = 3\n");
  auto result = read_config_file(dir / "a.toml");
  ASSERT_TRUE(std::holds_alternative<std::vector<config_entry>>(result));
  EXPECT_THAT(std::get<0>(result), SizeIs(1));
}

TEST(config_file, that_cannot_be_read_says_why) {
  temp_dir dir;
  auto why = [](const std::string& path) {
    auto result = read_config_file(path);
    auto* error = std::get_if<config_error>(&result);
    EXPECT_NE(error, nullptr) << path;
    return error == nullptr ? "" : error->what;
  };
  EXPECT_THAT(why(dir / "none"), HasSubstr("No such file"));
  EXPECT_THAT(why(dir.path()), HasSubstr("no regular file"));
  // Must not wait for a writer.
  ASSERT_EQ(::mkfifo((dir / "fifo").c_str(), 0600), 0);
  EXPECT_THAT(why(dir / "fifo"), HasSubstr("no regular file"));
  write_file(dir / "big", std::string(largest_config_file + 1, '\n'));
  EXPECT_THAT(why(dir / "big"), HasSubstr("1 MiB"));
  write_file(dir / "just", std::string(largest_config_file, '\n'));
  EXPECT_EQ(read_config_file(dir / "just").index(), 0U);
}

} // namespace container_agent::test
