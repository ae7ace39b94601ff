// The smallest training warrants, as documents: tests and the plugin test kit reach a scope on the same way as anyone.

import JSON
import Terms

public enum TrainingWarrant {
  /// A document that covers every packet of any recorded evidence, inside tunnels too, with these categories.
  public static func everything(_ categories: Categories = .all) -> [UInt8] {
    document(categories) {
      $0.beginObject()
      $0.key("everything")
      $0.boolean(true)
      $0.key("justification")
      $0.string("Exercise")
      $0.endObject()
    }
  }

  /// A document that covers these addresses alone.
  public static func addresses(_ addresses: [Address], _ categories: Categories = .all) -> [UInt8] {
    document(categories) {
      for address in addresses {
        $0.beginObject()
        $0.key("address")
        $0.string(address.text)
        $0.endObject()
      }
    }
  }

  private static func document(_ categories: Categories, targets: (inout JSONWriter) -> Void) -> [UInt8] {
    var writer = JSONWriter()
    func text(_ key: String, _ value: String) {
      writer.key(key)
      writer.string(value)
    }
    writer.beginObject()
    writer.key("warrant")
    writer.integer(1)
    text("id", "00000000-0000-4000-8000-000000000001")
    text("reference", "TRAINING")
    writer.key("legal_basis")
    writer.beginObject()
    text("act", "None")
    text("provision", "None")
    writer.endObject()
    text("issued", "2020-01-01T00:00:00Z")
    writer.key("issued_by")
    writer.beginObject()
    text("name", "Exercise")
    text("office", "Exercise")
    writer.endObject()
    text("executing_agency", "Exercise")
    writer.key("authority")
    writer.beginObject()
    text("from", "2020-01-01T00:00:00Z")
    text("until", "2100-01-01T00:00:00Z")
    writer.endObject()
    writer.key("covers")
    writer.beginArray()
    writer.string("recorded")
    writer.endArray()
    writer.key("targets")
    writer.beginArray()
    targets(&writer)
    writer.endArray()
    writer.key("inside_tunnels")
    writer.boolean(true)
    writer.key("categories")
    writer.beginArray()
    for category in categories.members { writer.string(category.name) }
    writer.endArray()
    writer.key("training")
    writer.boolean(true)
    writer.endObject()
    return writer.bytes
  }
}
