// `veilscope generate`: writes the schemas and field tables of the documentation from the field declarations.

import ArgumentParser
import Findings
import Foundation
import PluginKit
import Warrants

struct GenerateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate", abstract: "Writes the documentation's schemas and tables from the field declarations.",
    shouldDisplay: false)

  @Option(help: "The documentation's folder.")
  var output = "Documentation"

  @Flag(help: "Write nothing; say which files differ, with status 1.")
  var check = false

  mutating func run() throws {
    var differing: [String] = []
    for (path, bytes) in try GeneratedPages.all(Commands.plugins) {
      let url = URL(fileURLWithPath: output).appendingPathComponent(path)
      if check {
        if (try? Data(contentsOf: url)) != Data(bytes) { differing.append(path) }
      } else {
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: url, options: .atomic)
      }
    }
    guard differing.isEmpty else {
      Say.error("these differ from the declarations: \(differing.joined(separator: ", ")); run `make generate`")
      throw ExitCode(1)
    }
  }
}

enum GeneratedPages {
  /// Every generated page by its path under the documentation's folder.
  static func all(_ plugins: PluginCatalog) throws -> [(path: String, bytes: [UInt8])] {
    let flowFields = DocumentFields.flowFields(plugins.entries.flatMap(\.manifest.observations))
    return [
      ("schema/findings.schema.json", findingsSchema),
      (
        "schema/flow.schema.json",
        SchemaWriter.document(
          title: "Veilscope flow record", identifier: DocumentFields.flowSchemaIdentifier,
          note: "One line of the flows file.", fields: flowFields)
      ),
      ("schema/warrant.schema.json", WarrantSchema.document()),
      ("fields.md", Array(fieldsPage(flowFields).utf8)),
      ("veilscope.1", try ManualPage.page()),
    ]
  }

  static var findingsSchema: [UInt8] {
    SchemaWriter.document(
      title: "Veilscope findings", identifier: DocumentFields.schemaIdentifier,
      note: "The findings document of one run.", fields: DocumentFields.fields)
  }

  private static func fieldsPage(_ flowFields: [FieldDeclaration]) -> String {
    """
    # Every field of the output

    Made from the declarations by `make generate`. A field with a data category is there only where the warrant allows
    that category; what was withheld is counted in `scope.withheld`. All times are UTC. All numbers are integers.

    ## The findings document

    \(FieldTable.markdown(DocumentFields.fields))
    ## A flow record

    \(FieldTable.markdown(flowFields))
    """
  }
}
