//===- Page.cpp - a compiled model as one page for people -----------------===//

#include "report/Page.h"

#include "report/Html.h"
#include "report/Sections.h"

namespace tenon::report {

static std::string factsText(const Report &report) {
  std::string text = "<dl class=\"facts\">\n";
  for (const auto &[name, value] : report.facts)
    text += "<div><dt>" + escape(name) + "</dt><dd>" + escape(value) +
            "</dd></div>\n";
  return text + "</dl>\n";
}

std::string page(const Report &report) {
  return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
         "<meta charset=\"utf-8\">\n"
         "<meta name=\"viewport\" content=\"width=device-width\">\n<title>" +
         escape(report.title) + "</title>\n<style>\n" + kStyle +
         "</style>\n</head>\n<body>\n<header><h1>" + escape(report.title) +
         "</h1><p>" + escape(report.subtitle) + "</p></header>\n" +
         factsText(report) + kernelSection(report) + memorySection(report) +
         graphSection(report) + "<script>\n" + kScript +
         "</script>\n</body>\n</html>\n";
}

} // namespace tenon::report
