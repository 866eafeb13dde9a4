internal import Document

/// Reads what security scanners write.
package enum SecurityReport: String, Equatable, Sendable {
    case trivy
    case bandit
    case pipAudit = "pip-audit"
    case npmAudit = "npm audit"

    package func findings(in bytes: [UInt8], root: String) throws(ReportError) -> [Finding] {
        let document = try ReportReading.json(bytes, tool: rawValue)
        switch self {
        case .trivy:
            guard document["SchemaVersion"] != nil else {
                throw ReportError(tool: rawValue, problem: "its report has no SchemaVersion")
            }
            return (document["Results"]?.array ?? []).flatMap { trivy($0, root: root) }
        case .bandit:
            guard let results = document["results"]?.array else {
                throw ReportError(tool: rawValue, problem: "its report has no results")
            }
            return results.map { bandit($0, root: root) }
        case .pipAudit:
            // Before version 2.5 the list was the whole document.
            guard let packages = document["dependencies"]?.array ?? document.array else {
                throw ReportError(tool: rawValue, problem: "its report has no dependencies")
            }
            return packages.flatMap(pipAudit)
        case .npmAudit:
            if let error = document["error"] {
                let summary = error["summary"]?.string ?? error["detail"]?.string ?? "it failed"
                throw ReportError(tool: rawValue, problem: summary)
            }
            guard let packages = document["vulnerabilities"]?.members else {
                throw ReportError(tool: rawValue, problem: "its report has no vulnerabilities")
            }
            return packages.map { npmAudit($0.key, $0.value) }
        }
    }

    /// How many files the scanner could not look at.
    func skippedFiles(in bytes: [UInt8]) -> Int {
        guard self == .bandit, let document = try? ReportReading.json(bytes, tool: rawValue) else { return 0 }
        return document["errors"]?.array?.count ?? 0
    }

    private func trivy(_ result: Node, root: String) -> [Finding] {
        let target = ReportReading.relative(result["Target"]?.string ?? "", to: root)
        // What the packages of a system image are in is no file of the checkout.
        let path = result["Class"]?.string == "os-pkgs" ? "" : target
        var lines: [String: Int] = [:]
        for package in result["Packages"]?.array ?? [] {
            guard let line = package["Locations"]?.array?.first?.whole("StartLine"),
                let key = package["Identifier"]?["UID"]?.string
            else { continue }
            lines[key] = line
        }
        let weaknesses = (result["Vulnerabilities"]?.array ?? []).map { entry in
            let package = entry["PkgName"]?.string ?? ""
            let fix = entry["FixedVersion"]?.string.map { $0.isEmpty ? "" : ", fixed in \($0)" } ?? ""
            let title = entry["Title"]?.string ?? entry["Description"]?.string ?? ""
            return finding(
                entry, rule: entry["VulnerabilityID"]?.string, path: path,
                line: entry["PkgIdentifier"]?["UID"]?.string.flatMap { lines[$0] },
                message: "\(package) \(entry["InstalledVersion"]?.string ?? "")\(fix): \(title)")
        }
        let settings = (result["Misconfigurations"]?.array ?? [])
            .filter { ($0["Status"]?.string ?? "FAIL") == "FAIL" }
            .map { entry in
                finding(
                    entry, rule: entry["ID"]?.string, path: path, line: entry["CauseMetadata"]?.whole("StartLine"),
                    message: "\(entry["Title"]?.string ?? ""): \(entry["Message"]?.string ?? "")")
            }
        let secrets = (result["Secrets"]?.array ?? []).map { entry in
            // Not the match itself: it is a secret.
            finding(
                entry, rule: entry["RuleID"]?.string, path: path, line: entry.whole("StartLine"),
                message: "a secret: \(entry["Title"]?.string ?? entry["Category"]?.string ?? "")")
        }
        return weaknesses + settings + secrets
    }

    private func finding(_ entry: Node, rule: String?, path: String, line: Int?, message: String) -> Finding {
        let severity = Finding.Severity(entry["Severity"]?.string ?? "")
        return Finding(
            tool: rawValue, rule: rule ?? "unknown", path: path, line: line, level: severity.level, severity: severity,
            message: message)
    }

    private func bandit(_ entry: Node, root: String) -> Finding {
        let severity = Finding.Severity(entry["issue_severity"]?.string ?? "")
        return Finding(
            tool: rawValue, rule: entry["test_id"]?.string ?? "unknown",
            path: ReportReading.relative(entry["filename"]?.string ?? "", to: root), line: entry.whole("line_number"),
            // pointing to columns from zero, and only in newer versions
            column: entry.whole("col_offset").map { $0 + 1 }, level: severity.level, severity: severity,
            message: entry["issue_text"]?.string ?? "")
    }

    private func pipAudit(_ package: Node) -> [Finding] {
        (package["vulns"]?.array ?? []).map { entry in
            let fixes = (entry["fix_versions"]?.array ?? []).compactMap(\.string)
            let fix = fixes.isEmpty ? "" : ", fixed in \(fixes.joined(separator: ", "))"
            let name = "\(package["name"]?.string ?? "") \(package["version"]?.string ?? "")"
            // The advisories it reads carry no rating.
            return Finding(
                tool: rawValue, rule: entry["id"]?.string ?? "unknown", path: "requirements.txt",
                level: .warning, severity: .unknown, message: "\(name)\(fix): \(entry["description"]?.string ?? "")")
        }
    }

    private func npmAudit(_ name: String, _ entry: Node) -> Finding {
        let severity = Finding.Severity(entry["severity"]?.string ?? "")
        let advisory = (entry["via"]?.array ?? []).first { $0["title"] != nil }
        let through = (entry["via"]?.array ?? []).compactMap(\.string).joined(separator: ", ")
        let title = advisory?["title"]?.string ?? "depends on \(through)"
        let rule = advisory?["url"]?.string?.split(separator: "/").last.map(String.init)
        return Finding(
            tool: rawValue, rule: rule ?? name, path: "package-lock.json", level: severity.level, severity: severity,
            message: "\(name) \(entry["range"]?.string ?? ""): \(title)")
    }
}
