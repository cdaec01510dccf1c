#include "messages/errors.hpp"
#include "test/hygiene/document_rules.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <regex>
#include <set>
#include <stdexcept>
#include <string>

namespace container_agent::test {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

/// What the program under test prints.
std::string output_of(const std::string& argument) {
  const auto* other = std::getenv("CONTAINER_AGENT_BINARY");
  auto command = std::string{other ? other : CONTAINER_AGENT_BINARY_DEFAULT}
                 + ' ' + argument;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe{
    popen(command.c_str(), "r"), pclose};
  if (!pipe)
    throw std::runtime_error("cannot run " + command);
  std::string result;
  char block[4096];
  while (auto size = std::fread(block, 1, sizeof block, pipe.get()))
    result.append(block, size);
  return result;
}

std::string text_of(const std::string& path) {
  auto files = project_files({path}, {".md"});
  return files.empty() ? std::string{} : files.front().text;
}

/// Every code that the program gives a name.
std::set<std::int32_t> exit_codes() {
  std::set<std::int32_t> result;
  for (std::int32_t code = 0; code < 256; ++code)
    if (to_string(static_cast<exit_code>(code)) != "unknown")
      result.insert(code);
  return result;
}

std::set<std::string> error_names() {
  std::set<std::string> result;
  for (std::uint8_t code = 1; code < 255; ++code)
    if (auto name = to_string(static_cast<agent_error>(code));
        name != "unknown")
      result.insert(name);
  return result;
}

} // namespace

TEST(document_paths, exist) {
  EXPECT_THAT(documents(), testing::Not(IsEmpty()));
  EXPECT_THAT(complaints_about(documents(), path_complaints), IsEmpty());
}

TEST(document_paths, that_do_not_exist_are_refused) {
  EXPECT_THAT(path_complaints({"README.md", "a\nsee `main/nothing.cpp`\n"}),
              ElementsAre(HasSubstr("README.md:2: main/nothing.cpp")));
  EXPECT_THAT(path_complaints({"README.md", "`messages/errors.{hpp,nix}`"}),
              ElementsAre(HasSubstr("messages/errors.nix")));
  EXPECT_THAT(path_complaints({"docs/a.md", "[this](nothing.md)"}), SizeIs(1));
  EXPECT_THAT(path_complaints({"README.md", "[this](docs/nothing.md#here)"}),
              SizeIs(1));
}

TEST(document_paths, are_told_from_other_things) {
  EXPECT_THAT(path_complaints({"README.md", R"(
`messages/errors.hpp`, `messages/errors.hpp:12`, `messages/errors.{hpp,cpp}`,
`messages/`, `test/*/nothing`, `build/container-agent`, `/tmp/nothing`,
`text/plain`, `make test`, `application/json`, `docs/<name>.md`,
[here](LICENSE), [there](https://example.org/nothing), [anchor](#nothing)
)"}),
              IsEmpty());
}

TEST(options, are_the_same_in_help_and_document) {
  std::string text;
  for (std::string command : {"", "health", "status", "restart-claude", "tail"})
    text += output_of(command + " --help");
  auto help = options_in_help(text);
  EXPECT_THAT(help, testing::IsSupersetOf({"help", "version", "pipe-dir"}));
  EXPECT_THAT(
    option_complaints(help, options_in_document(text_of("docs/options.md"))),
    IsEmpty());
}

TEST(options, say_who_needs_them) {
  static const std::regex four_cells{R"(\|( [^|]+ \|){4})"};
  for (const auto& line : lines_of(text_of("docs/options.md")))
    if (line.starts_with("| `--")) {
      EXPECT_TRUE(std::regex_match(line, four_cells)) << line;
    }
}

TEST(options, are_read_from_help) {
  EXPECT_THAT(options_in_help("Usage: x [options] --none\n\n"
                              "  -h,--help      Shows this; see --none\n"
                              "  --pipe-dir DIR (default --none)\n"
                              "      -v, --version\n"),
              ElementsAre("help", "pipe-dir", "version"));
}

TEST(options, are_read_from_a_document) {
  EXPECT_THAT(options_in_document("| option | see |\n| --- | --- |\n"
                                  "| `--a-b DIR` | like `--none` |\n"
                                  "### `--head`, `--second`\n"
                                  "- `--item X`: not `--none`\n"
                                  "In a sentence `--none`.\n"),
              ElementsAre("a-b", "head", "item", "second"));
}

TEST(options, that_only_one_side_has_are_refused) {
  EXPECT_THAT(option_complaints({"a", "b"}, {"b", "c"}),
              ElementsAre(HasSubstr("--a is in --help"),
                          HasSubstr("--c is in the document")));
}

TEST(exit_codes, are_documented) {
  EXPECT_THAT(exit_codes(), SizeIs(testing::Ge(7U)));
  EXPECT_THAT(exit_code_complaints(exit_codes(), exit_codes_in_document(
                                                   text_of("docs/options.md"))),
              IsEmpty());
}

TEST(exit_codes, that_only_one_side_has_are_refused) {
  auto document = exit_codes_in_document("| code | why |\n| --- | --- |\n"
                                         "| 0 | fine |\n| `7` | gone |\n"
                                         "| a | 3 |\n");
  EXPECT_THAT(exit_code_complaints({0, 1}, document),
              ElementsAre(HasSubstr("exit code 1 is not documented"),
                          HasSubstr("exit code 7 is documented")));
}

TEST(error_codes, are_documented) {
  EXPECT_THAT(error_names(), testing::Contains("child_ended"));
  EXPECT_THAT(name_complaints(error_names(), documents()), IsEmpty());
}

TEST(error_codes, that_no_document_names_are_refused) {
  EXPECT_THAT(name_complaints({"a_code"}, {{"a.md", "a_code"}}), SizeIs(1));
  EXPECT_THAT(name_complaints({"a_code"}, {{"a.md", "is `a_code`"}}),
              IsEmpty());
}

} // namespace container_agent::test
