import Glibc
import Model

/// A `file:` URL in a manifest is relative to it: `file:../repository`, `file:.`.
package enum FileURL {
    /// The URL as `file:///…`, by the manifest's place; any other URL as it is.
    ///
    /// Nothing has to exist. `.` and `..` are worked out by their letters, starting from the manifest's real folder.
    package static func absolute(_ url: String, manifest: String) -> String {
        guard RepositoryURL.isFile(url), let colon = url.firstIndex(of: ":") else { return url }
        var path = url[url.index(after: colon)...]
        if path.hasPrefix("//") {
            // A host may stand there, and only this one can be meant.
            path = path.dropFirst(2)
            path = path[(path.firstIndex(of: "/") ?? path.endIndex)...]
        }
        let whole = path.hasPrefix("/") ? String(path) : escaped(folder(of: manifest)) + "/" + path
        return "file://" + simplified(whole)
    }

    private static func folder(of manifest: String) -> String {
        let folder: String
        switch manifest.lastIndex(of: "/") {
        case nil: folder = "."
        case manifest.startIndex: folder = "/"
        case let slash?: folder = String(manifest[..<slash])
        }
        // With no buffer of ours, realpath answers with memory that is ours to free.
        if let real = realpath(folder, nil) {
            defer { free(real) }
            return String(cString: real)
        }
        guard !folder.hasPrefix("/"), let current = getcwd(nil, 0) else { return folder }
        defer { free(current) }
        return String(cString: current) + "/" + folder
    }

    private static func simplified(_ path: String) -> String {
        var parts: [Substring] = []
        for part in path.split(separator: "/") {
            switch part {
            case ".": break
            case "..": _ = parts.popLast()
            default: parts.append(part)
            }
        }
        return "/" + parts.joined(separator: "/")
    }

    /// A path's characters that would mean something else in a URL, or that no URL may hold.
    private static func escaped(_ path: String) -> String {
        var text = ""
        for scalar in path.unicodeScalars {
            if scalar.value < 0x21 || scalar.value == 0x7F || "%#?".unicodeScalars.contains(scalar) {
                let digits = String(scalar.value, radix: 16, uppercase: true)
                text += "%" + (digits.utf8.count < 2 ? "0" : "") + digits
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}

extension Manifest {
    /// The manifest with the `file:` URLs of its sources made absolute, wherever a spec holds one.
    package func withAbsoluteSources() -> Manifest {
        var manifest = self
        func fix(_ source: inout PipelineSource?) {
            if let url = source?.url { source?.url = FileURL.absolute(url, manifest: file) }
        }
        switch resource {
        case .pipeline(var pipeline):
            fix(&pipeline.spec.source)
            manifest.resource = .pipeline(pipeline)
        case .run(var run):
            if let url = run.spec.source?.url { run.spec.source?.url = FileURL.absolute(url, manifest: file) }
            if var inline = run.spec.pipelineSpec {
                fix(&inline.source)
                run.spec.pipelineSpec = inline
            }
            manifest.resource = .run(run)
        }
        return manifest
    }
}
