// SPDX-License-Identifier: GPL-3.0-or-later
// Single values out of XML that a microscope's program wrote; no parser of documents.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace metamict {

/// Views into the XML they come from.
struct XmlElement {
  std::string_view attributes;  ///< as written between the name and the end of the start tag
  std::string_view content;     ///< up to the end tag of the same name; empty for <a/>
};

/// The first element of this name, whatever the case and the namespace in front of it.
std::optional<XmlElement> xml_element(std::string_view xml, std::string_view name);

/// The value of an attribute in either kind of quotes, with entities replaced; empty when it is
/// absent.
std::string xml_attribute(const XmlElement& element, std::string_view name);

/// The text up to the first child, with entities replaced; empty when there is no such element.
std::string xml_text(const std::optional<XmlElement>& element);
std::string xml_text(std::string_view xml, std::string_view name);

}  // namespace metamict
