// The value of the record's field `protocol`.

import Findings
import JSON
import Terms

struct CarrierText: FieldType {
  static let category = Category.protocolMetadata
  static let shape = Shape.text(values: StartTLSNegotiated.Carrier.allCases.map(\.rawValue))
  let carrier: StartTLSNegotiated.Carrier
  init(_ carrier: StartTLSNegotiated.Carrier) { self.carrier = carrier }
  func write(to json: inout JSONWriter) { json.string(carrier.rawValue) }
}
