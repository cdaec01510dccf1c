#include "test/support/metrics_check.hpp"

#include <cmath>
#include <cstdlib>
#include <limits>
#include <map>
#include <optional>
#include <regex>
#include <set>
#include <sstream>

namespace container_agent::test {

namespace {

/// Reads line by line, and notes what is wrong.
class metrics_reader {
public:
  std::vector<std::string> read(const std::string& text) {
    if (!text.ends_with('\n'))
      faults_.emplace_back("the last line is not ended");
    std::istringstream lines{text};
    while (std::getline(lines, line_))
      line_.starts_with('#') ? take_comment() : take_sample();
    end_family();
    return faults_;
  }

private:
  void fail(const std::string& what) { faults_.push_back(what + ": " + line_); }

  void take_comment() {
    static const std::regex form{
      "# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)"};
    std::smatch parts;
    if (!std::regex_match(line_, parts, form))
      return fail("neither HELP nor TYPE");
    if (parts[1] == "HELP")
      return begin_family(parts[2]);
    if (parts[2] != name_ || !type_.empty())
      return fail("TYPE does not follow its HELP");
    type_ = parts[3];
    if (type_ != "counter" && type_ != "gauge" && type_ != "histogram")
      fail("unknown type");
    if ((type_ == "counter") != name_.ends_with("_total"))
      fail("counters end in _total, and nothing else");
    if (!name_.starts_with("container_agent_"))
      fail("does not name the program");
  }

  void begin_family(const std::string& name) {
    end_family();
    name_ = name;
    type_.clear();
    buckets_.clear();
    samples_ = 0;
    if (!families_.insert(name).second)
      fail("the family is there twice");
  }

  void end_family() {
    if (!name_.empty() && samples_ == 0)
      faults_.push_back(name_ + " has no sample");
    if (type_ == "histogram"
        && (buckets_.empty() || !std::isinf(buckets_.rbegin()->first)
            || buckets_.rbegin()->second != count_))
      faults_.push_back(name_ + " does not end at +Inf with its count");
  }

  void take_sample() {
    static const std::regex form{
      R"(([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(.*)\})? (\S+))"};
    std::smatch parts;
    if (!std::regex_match(line_, parts, form))
      return fail("no sample");
    ++samples_;
    if (!seen_.insert(parts[1].str() + parts[2].str()).second)
      fail("the sample is there twice");
    auto value = number(parts[4]);
    if (!value || std::isnan(*value) || *value < 0)
      return fail("no number that can be");
    auto suffix = take_name(parts[1]);
    auto bound = take_labels(parts[3]);
    if (suffix == "_bucket")
      take_bucket(bound, *value);
    else if (suffix == "_count")
      count_ = *value;
  }

  std::string take_name(const std::string& name) {
    auto suffix = name.starts_with(name_) ? name.substr(name_.size()) : name;
    auto allowed
      = type_ == "histogram"
          ? suffix == "_bucket" || suffix == "_sum" || suffix == "_count"
          : suffix.empty();
    if (!allowed || type_.empty())
      fail("belongs to another family");
    return suffix;
  }

  /// Returns the one that is called `le`.
  std::string take_labels(std::string rest) {
    static const std::regex label{
      R"re(([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$))re"};
    std::string bound;
    std::set<std::string> names;
    for (std::smatch parts; !rest.empty(); rest = parts.suffix()) {
      if (!std::regex_search(rest, parts, label,
                             std::regex_constants::match_continuous)) {
        fail("no labels");
        break;
      }
      if (!names.insert(parts[1]).second)
        fail("the label is there twice");
      if (parts[1] == "le")
        bound = parts[2];
    }
    return bound;
  }

  void take_bucket(const std::string& bound, double value) {
    auto upper = number(bound);
    if (!upper)
      return fail("a bucket without a bound");
    if (!buckets_.empty()
        && (*upper <= buckets_.rbegin()->first
            || value < buckets_.rbegin()->second))
      fail("buckets do not grow");
    buckets_[*upper] = value;
  }

  static std::optional<double> number(const std::string& text) {
    if (text == "+Inf")
      return std::numeric_limits<double>::infinity();
    char* end = nullptr;
    auto value = std::strtod(text.c_str(), &end);
    return text.empty() || *end != '\0' ? std::nullopt : std::optional{value};
  }

  std::vector<std::string> faults_;
  std::string line_;
  std::set<std::string> families_;
  std::set<std::string> seen_;
  std::string name_;
  std::string type_;
  std::map<double, double> buckets_;
  double count_ = 0;
  int samples_ = 0;
};

} // namespace

std::vector<std::string> metrics_faults(const std::string& text) {
  return metrics_reader{}.read(text);
}

} // namespace container_agent::test
