import Controller
import Glibc
import Model
import Stores
import Testing

@Suite("The state folder", .timeLimit(.minutes(1)))
struct StateFolderTests {
    @Test("is made for its owner alone, ignored by git, and keeps its id")
    func made() throws {
        let home = try TestHome()
        let folder = try StateFolder.create(at: home.state)
        var status = stat()
        try #require(stat(home.state, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o700)
        #expect(TestHome.shell("test \"$(cat \(home.state)/.gitignore)\" = '*'") == 0)
        #expect(folder.installation.utf8.count == 36)
        #expect(try StateFolder.create(at: home.state) == folder)
        #expect(try StateFolder.existing(at: home.state) == folder)
    }

    @Test("is not made of a folder that holds anything else, which stays as it is")
    func foreign() throws {
        let home = try TestHome()
        try home.write("ci.yaml", Sample.pipeline())
        let error = try #require(throws: StateError.self) { try StateFolder.create(at: home.manifests) }
        #expect(error.kind == .foreign)
        #expect(TestHome.shell("test \"$(ls -A \(home.manifests))\" = ci.yaml") == 0)
        #expect(throws: StateError.self) { try StateFolder.create(at: home.file("ci.yaml")) }
    }

    @Test("is made of a folder that is empty, or that an agent came to first, and closed to others")
    func adopted() throws {
        let home = try TestHome()
        for entry in ["", "/agents"] {
            try #require(TestHome.shell("rm -rf \(home.state); mkdir -p -m 755 \(home.state)\(entry)") == 0)
            try #require(TestHome.shell("chmod 755 \(home.state)") == 0)
            _ = try StateFolder.create(at: home.state)
            #expect(TestHome.shell("test $(stat -c %a \(home.state)) = 700") == 0)
        }
    }

    @Test("says what to do where there is none, or nothing in it yet")
    func missing() throws {
        let home = try TestHome()
        let error = try #require(throws: StateError.self) { try StateFolder.existing(at: home.state) }
        #expect(error.kind == .notFound)
        let folder = try StateFolder.create(at: home.state)
        #expect(throws: StateError.self) { try FolderReader(folder) }
        #expect(throws: StateError.self) { try FolderVerbs(folder) }
    }

    @Test("keeps a second controller off, names the first, and is free when that one ends")
    func lock() throws {
        let home = try TestHome()
        let folder = try StateFolder.create(at: home.state)
        #expect(folder.controller == nil)
        let lock = try folder.lock()
        let error = try #require(throws: StateError.self) { try folder.lock() }
        #expect(error.kind == .inUse(pid: getpid()))
        #expect(folder.controller == getpid())
        // No child has the descriptor: otherwise one that outlives the controller would keep the folder.
        #expect(TestHome.shell("flock -n \(home.state)/lock true") != 0)
        #expect(TestHome.shell("! ls -l /proc/self/fd | grep -q 'martlet/lock'") == 0)
        lock.release()
        #expect(TestHome.shell("flock -n \(home.state)/lock true") == 0)
        _ = try folder.lock()
    }

    @Test("can't be led while another process holds its lock")
    func otherProcess() throws {
        let home = try TestHome()
        let folder = try StateFolder.create(at: home.state)
        // The child holds the lock until the read end of its FIFO is closed.
        let fifo = home.path + "/fifo"
        try #require(mkfifo(fifo, 0o600) == 0)
        TestHome.shell("flock -n \(home.state)/lock sh -c 'echo 1 > \(fifo); cat \(fifo) > /dev/null' &")
        let reading = open(fifo, O_RDONLY | O_CLOEXEC)
        var byte: UInt8 = 0
        try #require(read(reading, &byte, 1) == 1)
        #expect(throws: StateError.self) { try FolderStore(folder) }
        #expect(folder.controller == nil || folder.controller != getpid())
        close(reading)
        let writing = open(fifo, O_WRONLY | O_CLOEXEC)
        close(writing)
    }

    @Test("written by a newer martlet is refused, for controllers and commands")
    func newer() throws {
        let home = try TestHome()
        let folder = try StateFolder.create(at: home.state)
        try FolderStore(folder).close()
        try #require(
            TestHome.shell("sqlite3 \(home.state)/state.db \"INSERT INTO grdb_migrations VALUES ('99 of tomorrow')\"")
                == 0)
        #expect(try #require(throws: StateError.self) { try FolderStore(folder) }.kind == .newer)
        #expect(try #require(throws: StateError.self) { try FolderReader(folder) }.kind == .newer)
        #expect(try #require(throws: StateError.self) { try FolderVerbs(folder) }.kind == .newer)
    }

    @Test("that is damaged is refused, and the lock given back")
    func damaged() throws {
        let home = try TestHome()
        let folder = try StateFolder.create(at: home.state)
        try FolderStore(folder).close()
        #expect(TestHome.shell("test ! -s \(home.state)/state.db-wal") == 0, "the store was not closed")
        try TestHome.write(home.state + "/state.db", String(repeating: "not a database at all ", count: 100))
        let error = try #require(throws: StateError.self) { try FolderStore(folder) }
        #expect(error.kind == .damaged)
        #expect(folder.controller == nil)
    }

    @Test("tells where the broker is, each time that changes, and when it is gone")
    func broker() async throws {
        let home = try TestHome()
        let folder = try StateFolder.create(at: home.state)
        #expect(try folder.broker() == nil)
        var addresses = try folder.brokers().makeAsyncIterator()
        #expect(await addresses.next() == .some(nil))
        let first = BrokerAddress(address: "127.0.0.1:4711")
        try folder.announceBroker(first)
        #expect(await addresses.next() == first)
        #expect(first.isAlive)
        let second = BrokerAddress(address: "127.0.0.1:4712", pid: 999_999_999)
        try folder.announceBroker(second)
        #expect(await addresses.next() == second)
        #expect(!second.isAlive)
        folder.withdrawBroker()
        #expect(await addresses.next() == .some(nil))
    }

    @Test("keeps which agents are passed over, until they are not")
    func passedOver() throws {
        let home = try TestHome()
        let folder = try StateFolder.create(at: home.state)
        #expect(folder.passedOver.isEmpty)
        let one = PassedOver(
            agent: "x", instance: "x-1", until: Timestamp(seconds: 1_790_000_000),
            cause: "declined its last stage: \"no\"")
        let other = PassedOver(agent: "y", instance: "y-1", until: Timestamp(seconds: 1_790_000_005), cause: "")
        try folder.announce(passedOver: [one, other])
        #expect(folder.passedOver == [one, other])
        try folder.announce(passedOver: [])
        #expect(folder.passedOver.isEmpty)
    }
}

/// A file system of one megabyte, which only root may make.
final class SmallDisk: Sendable {
    let path: String
    /// The home is removed after the file system is gone from it.
    private let home: TestHome
    static let isPossible =
        geteuid() == 0 && TestHome.shell("d=$(mktemp -d) && mount -t tmpfs none $d && umount $d && rmdir $d") == 0

    init(_ home: TestHome) throws {
        self.home = home
        path = home.path + "/disk"
        try #require(TestHome.shell("mkdir \(path) && mount -t tmpfs -o size=1m,mode=700 none \(path)") == 0)
    }

    deinit {
        TestHome.shell("umount -l \(path)")
    }
}

@Suite("Where nothing can be written", .enabled(if: SmallDisk.isPossible), .timeLimit(.minutes(1)))
struct FullDiskTests {
    @Test("a full disk fails the write, which can be tried again and works once there is room")
    func full() async throws {
        let home = try TestHome()
        let disk = try SmallDisk(home)
        let store = try FolderStore(StateFolder.create(at: disk.path + "/state"))
        defer { store.close() }
        let run = try await store.verbs.create(Sample.inline("big"))
        TestHome.shell("dd if=/dev/zero of=\(disk.path)/ballast bs=1k count=2000 2> /dev/null")
        var status = run.status
        status.stages = (0..<200).map { .init(id: "stage-\($0)") }
        let outcome = await store.write([.init(run, status)])
        guard case .failed(let message) = outcome.first else {
            Issue.record("\(outcome)")
            return
        }
        #expect(message.contains("full"))
        TestHome.shell("rm \(disk.path)/ballast")
        guard case .stored = await store.write([.init(run, status)]).first else {
            Issue.record("not stored although there is room")
            return
        }
    }

    @Test("what files ask for meanwhile is told to have failed once, and taken up when there is room")
    func owed() async throws {
        let home = try TestHome()
        let disk = try SmallDisk(home)
        // A state folder on the small disk, reached by the home's path.
        try #require(TestHome.shell("mkdir \(disk.path)/state && ln -s disk/state \(home.state)") == 0)
        try home.write("ci.yaml", Sample.pipeline())
        try await withStore(home) { store, followed in
            _ = try await followed.next()
            TestHome.shell("dd if=/dev/zero of=\(disk.path)/ballast bs=1k count=2000 2> /dev/null")
            // More than fits into what SQLite has of the disk already.
            let name = String(repeating: "a", count: 60)
            let script = String(repeating: "x", count: 12_000)
            for number in 0..<20 {
                try home.write("\(number).yaml", Sample.pipeline("\(name)-\(number)", script: script))
            }
            var failures = 0
            while failures == 0 {
                failures += try await followed.problems().count { $0.contains("full") }
            }
            #expect(failures == 1)
            try home.remove("ci.yaml")
            TestHome.shell("rm \(disk.path)/ballast")
            var names: Set<String> = []
            var isGone = false
            while names.count < 20 || !isGone {
                switch try await followed.next() {
                case .pipeline(let pipeline): names.insert(pipeline.metadata.name)
                case .pipelineGone("ci", _): isGone = true
                default: break
                }
            }
            #expect(names.count == 20)
            let stored = try await store.reader.pipelines()
            #expect(stored.count == 20)
        }
    }

    @Test("a folder that is read-only is refused with a word about it")
    func readOnly() throws {
        let home = try TestHome()
        let disk = try SmallDisk(home)
        let folder = try StateFolder.create(at: disk.path + "/state")
        try #require(TestHome.shell("mount -o remount,ro \(disk.path)") == 0)
        let error = try #require(throws: StateError.self) { try FolderStore(folder) }
        #expect(error.kind == .notPermitted)
        #expect(error.description.contains("--state"))
        let other = try #require(throws: StateError.self) { try StateFolder.create(at: disk.path + "/other") }
        #expect(other.kind == .notPermitted)
    }
}
