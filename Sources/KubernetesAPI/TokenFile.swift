internal import HTTPClient
internal import Synchronization
internal import YAML

/// A token in a file that is written anew from time to time: Kubernetes does so for a pod's service account.
///
/// Read again after a minute, as Kubernetes' own clients do, and at once after the server has refused it.
final class TokenFile: Sendable {
    private struct Reading {
        var token: Secret
        var at: Duration
    }

    static let longestUse = Duration.seconds(60)

    private let path: String
    private let last = Mutex<Reading?>(nil)

    init(_ path: String) {
        self.path = path
    }

    /// - Throws: `APIError.unusable` if there is none to read and there never was; a file that can't be read for a
    ///   moment leaves the last token in use.
    func token(at now: Duration) throws(APIError) -> Secret {
        if let known = last.withLock({ $0 }), now - known.at < Self.longestUse { return known.token }
        do throws(APIError) {
            let token = try read()
            last.withLock { $0 = Reading(token: token, at: now) }
            return token
        } catch {
            guard let known = last.withLock({ $0 }) else { throw error }
            return known.token
        }
    }

    /// The server has refused a token. True if the file holds another one by now.
    func isRenewed(after refused: Secret, at now: Duration) -> Bool {
        guard let token = try? read() else { return false }
        last.withLock { $0 = Reading(token: token, at: now) }
        return token != refused
    }

    private func read() throws(APIError) -> Secret {
        let bytes: [UInt8]
        do throws(YAMLFileError) {
            bytes = try YAML.read(path: path, limits: YAMLLimits(bytes: 64 << 10))
        } catch {
            throw .unusable(error.description)
        }
        guard let token = Secret(token: bytes) else {
            throw .unusable("\(path): error: this is no token: it is empty, or holds blanks or control characters")
        }
        return token
    }
}

extension Secret {
    /// A token fit for a header, without the blanks and line ends around it.
    init?(token bytes: [UInt8]) {
        let isBlank = { (byte: UInt8) in byte == 0x20 || (0x09...0x0D).contains(byte) }
        let start = bytes.firstIndex { !isBlank($0) } ?? bytes.endIndex
        let end = bytes.lastIndex { !isBlank($0) }.map { $0 + 1 } ?? start
        let token = bytes[start..<end]
        guard !token.isEmpty, token.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
        self.init(Array(token))
    }
}
