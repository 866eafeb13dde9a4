/// Builds a container image from a Containerfile, and pushes it if asked to.
///
/// `with`: `image` (required, a name without a tag), `tag` (`latest`), `file`, `context` (`.`), `push` (`Disabled`),
/// `tlsVerify` (`Enabled`), `storageDriver`, `isolation` (buildah's `chroot`), `buildArgs` (lines of `NAME=value`),
/// `tool` (`buildah`, `podman` or `docker`).
package enum BuildKind: StageKind {
    package static let name = "build"

    package static func plan(_ subject: KindSubject) throws(KindError) -> KindPlan {
        try subject.check(
            known: [
                "image", "tag", "file", "context", "push", "tlsVerify", "storageDriver", "isolation", "buildArgs",
                "tool",
            ], kind: name)
        let settings = subject.settings
        guard let image = settings["image"], !image.isEmpty else {
            throw KindError("`with.image` is missing: the name of the image, as registry.example.com/team/app")
        }
        try check(image, "image", extra: "._-/:")
        let tag = settings["tag"] ?? "latest"
        try check(tag, "tag", extra: "._-")
        if let last = image.split(separator: "/").last, last.contains(":") {
            throw KindError("`with.image` is `\(image)`; put what is after the colon into `with.tag`")
        }
        let file = try containerfile(subject)
        let context = settings["context"] ?? "."
        try checkPath(context, "context")
        var arguments: [String] = []
        for line in (settings["buildArgs"] ?? "").split(whereSeparator: \.isNewline) {
            guard let equals = line.firstIndex(of: "="), equals != line.startIndex else {
                throw KindError("`with.buildArgs` has the line `\(line)`; it takes lines of `NAME=value`")
            }
            arguments += ["--build-arg", String(line)]
        }
        let pushes = try subject.isEnabled("push", default: false)
        let verifies = try subject.isEnabled("tlsVerify", default: true)
        let names = ["buildah", "podman", "docker"]
        let wanted = try subject.choice("tool", names.map { ($0, [$0]) }, default: names)
        guard let name = wanted.first(where: { subject.search.find($0) != nil }), let tool = subject.search.find(name)
        else {
            throw KindError("none of \(wanted.joined(separator: ", ")) is installed on this agent")
        }

        let reference = "\(image):\(tag)"
        let digest = "\(subject.reports)/digest"
        let broken = KindPlan.ExitCodes(findings: [])
        var steps: [KindPlan.Step] = []
        switch name {
        case "docker":
            if settings["storageDriver"] != nil || settings["isolation"] != nil || !verifies {
                throw KindError(
                    "`storageDriver`, `isolation` and `tlsVerify` are settings of docker's daemon, not of a build")
            }
            steps.append(
                .init(tool, ["build", "-f", file, "-t", reference] + arguments + ["--", context], codes: broken))
            if pushes {
                steps.append(.init(tool, ["push", "--", reference], codes: broken))
                steps.append(
                    .init(
                        tool, ["inspect", "--format", "{{index .RepoDigests 0}}", "--", reference], outputFile: digest,
                        reading: .reference(file: digest), codes: broken))
            }
        default:
            var global: [String] = []
            if let driver = settings["storageDriver"] {
                try check(driver, "storageDriver", extra: "-")
                global = ["--storage-driver", driver]
            }
            let isolation = settings["isolation"] ?? (name == "buildah" ? "chroot" : nil)
            if let isolation { try check(isolation, "isolation", extra: "-") }
            let flags = isolation.map { ["--isolation", $0] } ?? []
            let tls = verifies ? [] : ["--tls-verify=false"]
            steps.append(
                .init(
                    tool,
                    global + ["build"] + flags + tls + ["-f", file, "-t", reference] + arguments + ["--", context],
                    codes: broken))
            if pushes {
                steps.append(
                    .init(
                        tool,
                        global + ["push"] + tls + ["--digestfile", digest, "--", reference, "docker://\(reference)"],
                        reading: .digest(file: digest, image: image), codes: broken))
            } else {
                let format = name == "buildah" ? "{{.FromImageDigest}}" : "{{.Digest}}"
                steps.append(
                    .init(
                        tool, global + ["inspect", "--type", "image", "--format", format, "--", reference],
                        outputFile: digest, reading: .digest(file: digest, image: image), codes: broken))
            }
        }
        return KindPlan(steps: steps)
    }

    private static func containerfile(_ subject: KindSubject) throws(KindError) -> String {
        if let file = subject.settings["file"] {
            try checkPath(file, "file")
            guard FileSystem.isFile("\(subject.project.root)/\(file)") else {
                throw KindError("`with.file` is `\(file)`, which is not in the checkout")
            }
            return file
        }
        let folder = subject.settings["context"].map { $0 == "." ? "" : "\($0)/" } ?? ""
        for candidate in ["\(folder)Containerfile", "\(folder)Dockerfile", "Containerfile", "Dockerfile"]
        where subject.project.has(candidate) {
            return candidate
        }
        throw KindError("no Containerfile or Dockerfile found in the checkout; name it in `with.file`, or add `run:`")
    }

    private static func checkPath(_ path: String, _ setting: String) throws(KindError) {
        guard !path.isEmpty, !path.hasPrefix("/"), !path.hasPrefix("-"), !path.split(separator: "/").contains("..")
        else {
            throw KindError("`with.\(setting)` is `\(path)`; it must be a path within the checkout")
        }
    }

    private static func check(_ text: String, _ setting: String, extra: String) throws(KindError) {
        let isPlain = text.unicodeScalars.allSatisfy { scalar in
            scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
                || extra.unicodeScalars.contains(scalar)
        }
        guard isPlain, !text.isEmpty, !text.hasPrefix("-") else {
            throw KindError("`with.\(setting)` is `\(text)`, which can't be one")
        }
    }
}
