package import Document

/// What a checkout holds, as far as a kind needs to know it.
package struct Project: Equatable, Sendable {
    package static let maxFiles = 20_000
    private static let passedOver: Set<String> = [
        ".git", "node_modules", ".venv", "venv", ".tox", ".build", "target", "dist", "build", "vendor", "__pycache__",
        "third_party", "Pods", "DerivedData", ".mypy_cache", ".pytest_cache", "site-packages",
    ]

    /// The folder.
    package var root: String
    /// Regular files, relative to the root, sorted; without what tools install or make.
    package var files: [String]
    package var packageJSON: Node?
    package var makefile: String?

    package init(root: String, files: [String], packageJSON: Node? = nil, makefile: String? = nil) {
        self.root = root
        self.files = files
        self.packageJSON = packageJSON
        self.makefile = makefile
    }

    /// Looks through a checkout, without following symbolic links.
    package static func scan(_ root: String) async -> Project {
        await FileThread.reading.run {
            var project = Project(root: root, files: [])
            project.collect("", depth: 0)
            project.files.sort()
            if let bytes = try? FileSystem.read("\(root)/package.json", limit: 1 << 20).bytes {
                project.packageJSON = try? parseJSON(bytes)
            }
            for name in ["GNUmakefile", "makefile", "Makefile"] where project.makefile == nil {
                project.makefile = (try? FileSystem.read("\(root)/\(name)", limit: 1 << 20)).map {
                    String(decoding: $0.bytes, as: UTF8.self)
                }
            }
            return project
        }
    }

    private mutating func collect(_ folder: String, depth: Int) {
        guard depth < 24 else { return }
        for name in FileSystem.names(in: "\(root)/\(folder)", limit: Self.maxFiles) {
            guard files.count < Self.maxFiles else { return }
            let path = folder.isEmpty ? name : "\(folder)/\(name)"
            switch FileSystem.kind("\(root)/\(path)") {
            case .file: files.append(path)
            case .folder where !Self.passedOver.contains(name): collect(path, depth: depth + 1)
            default: break
            }
        }
    }

    func has(_ path: String) -> Bool {
        files.contains(path)
    }

    func hasAny(_ paths: String...) -> Bool {
        paths.contains { has($0) }
    }

    func files(endingWith endings: String...) -> [String] {
        files.filter { file in endings.contains { file.hasSuffix($0) } }
    }

    static func name(of path: String) -> String {
        path.split(separator: "/").last.map(String.init) ?? path
    }

    // MARK: Languages

    var isPython: Bool {
        hasAny("pyproject.toml", "requirements.txt", "setup.py", "setup.cfg", "tox.ini")
            || !files(endingWith: ".py").isEmpty
    }

    var isNode: Bool { has("package.json") }
    var isSwift: Bool { has("Package.swift") }
    var isGo: Bool { has("go.mod") }
    var isRust: Bool { has("Cargo.toml") }

    var containerfiles: [String] {
        files.filter { path in
            let name = Self.name(of: path)
            return name == "Dockerfile" || name == "Containerfile" || name.hasPrefix("Dockerfile.")
                || name.hasSuffix(".dockerfile")
        }
    }

    var pythonTests: [String] {
        files(endingWith: ".py").filter { path in
            let name = Self.name(of: path)
            return name.hasPrefix("test_") || name.hasSuffix("_test.py") || name == "tests.py"
        }
    }

    /// The files that `node --test` would run by itself.
    var nodeTests: [String] {
        files(endingWith: ".js", ".mjs", ".cjs").filter { path in
            let name = Self.name(of: path)
            let stem = name.split(separator: ".").dropLast().joined(separator: ".")
            return path.split(separator: "/").dropLast().contains("test") || stem == "test" || stem.hasPrefix("test-")
                || stem.hasSuffix(".test") || stem.hasSuffix("-test") || stem.hasSuffix("_test")
        }
    }

    /// `scripts.test`, unless it is what `npm init` writes.
    var nodeTestScript: String? {
        guard let script = packageJSON?["scripts"]?["test"]?.string, !script.contains("no test specified") else {
            return nil
        }
        return script
    }

    var hasMakeTest: Bool {
        makefile?.split(whereSeparator: \.isNewline).contains { line in
            guard !line.hasPrefix("\t"), let colon = line.firstIndex(of: ":"), !line[colon...].hasPrefix(":=") else {
                return false
            }
            return line[..<colon].split(separator: " ").contains("test")
        } ?? false
    }
}
