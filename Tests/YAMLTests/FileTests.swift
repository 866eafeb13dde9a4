import Document
import Glibc
import Testing
import YAML

struct FileTests {
    /// A folder of one test's own, removed with all that is in it (one level deep) at the end.
    struct Scratch: ~Copyable {
        let path: String

        init() throws {
            var template = Array("/tmp/martlet-yaml-XXXXXX".utf8CString)
            // mkdtemp writes the name into the buffer that it is given.
            path = String(cString: try #require(mkdtemp(&template)))
        }

        func file(_ name: String, _ text: String = "") throws -> String {
            let file = path + "/" + name
            let descriptor = open(file, O_WRONLY | O_CREAT | O_EXCL, 0o600)
            try #require(descriptor >= 0)
            defer { close(descriptor) }
            let bytes = Array(text.utf8)
            try #require(write(descriptor, bytes, bytes.count) == bytes.count)
            return file
        }

        deinit {
            for name in ["a.yaml", "pipe", "folder", "link", "large"] { remove(path + "/" + name) }
            rmdir(path)
        }
    }

    private func failure(_ path: String, _ limits: YAMLLimits = .manifests) -> String? {
        do {
            _ = try YAML.read(path: path, limits: limits)
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test func `a file is read, also through a link`() throws {
        let scratch = try Scratch()
        let file = try scratch.file("a.yaml", "a: 1\n")
        #expect(try YAML.parse(path: file).documents.map { $0.json() } == [#"{"a":1}"#])
        try #require(symlink(file, scratch.path + "/link") == 0)
        #expect(try YAML.read(path: scratch.path + "/link") == Array("a: 1\n".utf8))
        #expect(try YAML.read(path: file, limits: YAMLLimits(bytes: 5)).count == 5)
        #expect(failure(file, YAMLLimits(bytes: 4)) == "\(file): error: the file is larger than 4 bytes")
    }

    @Test func `an empty file is no mistake`() throws {
        let scratch = try Scratch()
        #expect(try YAML.parse(path: try scratch.file("a.yaml")) == YAMLStream())
    }

    @Test func `a file of a hundred megabytes is refused without reading it`() throws {
        let scratch = try Scratch()
        let file = try scratch.file("large")
        try #require(truncate(file, 100 << 20) == 0)
        #expect(failure(file) == "\(file): error: the file is larger than 4194304 bytes")
    }

    @Test func `a file that is larger than it says is refused as well`() {
        // Files in /proc say that they are empty.
        let path = "/proc/self/status"
        #expect(failure(path, YAMLLimits(bytes: 10)) == "\(path): error: the file is larger than 10 bytes")
        #expect(failure(path) == nil)
    }

    @Test func `a pipe is refused without waiting for a writer`() throws {
        let scratch = try Scratch()
        let pipe = scratch.path + "/pipe"
        try #require(mkfifo(pipe, 0o600) == 0)
        #expect(failure(pipe) == "\(pipe): error: this is a pipe, not a regular file")
    }

    @Test func `folders, devices and what isn't there are refused`() throws {
        let scratch = try Scratch()
        try #require(mkdir(scratch.path + "/folder", 0o700) == 0)
        #expect(failure(scratch.path + "/folder") == "\(scratch.path)/folder: error: this is a folder, not a file")
        #expect(failure("/dev/zero") == "/dev/zero: error: this is a device, not a regular file")
        #expect(failure(scratch.path + "/a.yaml") == "\(scratch.path)/a.yaml: error: there is no such file")
        #expect(failure("a\0b") == "a\0b: error: a path can't hold a zero byte")
        #expect(failure("/dev/null/a") == "/dev/null/a: error: it can't be read: Not a directory")
    }

    @Test(.enabled(if: geteuid() != 0, "the superuser may read everything"))
    func `a file that may not be read says so`() throws {
        let scratch = try Scratch()
        let file = try scratch.file("a.yaml", "a: 1\n")
        try #require(chmod(file, 0) == 0)
        #expect(failure(file) == "\(file): error: this process may not read it")
    }
}
