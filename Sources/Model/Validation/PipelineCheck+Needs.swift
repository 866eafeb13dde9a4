extension PipelineCheck {
    /// Needs that exist, once each, not of the stage itself, and never in a circle.
    mutating func checkNeeds() {
        needs = []
        for place in places {
            var found: [Int] = []
            var seen: [String] = []
            for (entry, name) in place.stage.needs.enumerated() {
                let path = place.path.key("needs").index(entry)
                if seen.contains(name) {
                    report("`\(name)` is listed twice", path)
                    continue
                }
                seen.append(name)
                if name == place.stage.name {
                    report("a stage can't need itself", path)
                } else if let target = index[name] {
                    switch (place.isFinal, places[target].isFinal) {
                    case (false, true):
                        report("`\(name)` is a stage of `finally`, which runs last", path)
                    case (true, false):
                        report(
                            "a stage of `finally` can't need `\(name)`: it runs once all of `stages` have ended", path,
                            hint: "leave this need out")
                    case (false, false), (true, true):
                        found.append(target)
                    }
                } else {
                    let names = places.filter { $0.isFinal == place.isFinal }.map(\.stage.name)
                    let near = Suggestion.nearest(to: name, among: names).map { "did you mean `\($0)`?" }
                    report("there is no stage `\(name.shown())`", path, hint: near)
                }
            }
            needs.append(found)
        }
        checkCycles()
    }

    /// Names every circle that a walk along the needs comes upon, from its first stage in the pipeline's order.
    private mutating func checkCycles() {
        enum Visit { case never, open, done }
        var visits = [Visit](repeating: .never, count: places.count)
        var cycles: [[Int]] = []
        for root in places.indices where visits[root] == .never {
            // A stack of its own, so that no document decides how deep the calls go.
            var walk = [(stage: root, next: 0)]
            visits[root] = .open
            while let top = walk.last {
                guard top.next < needs[top.stage].count else {
                    visits[top.stage] = .done
                    walk.removeLast()
                    continue
                }
                walk[walk.count - 1].next += 1
                let target = needs[top.stage][top.next]
                switch visits[target] {
                case .done: break
                case .never:
                    visits[target] = .open
                    walk.append((target, 0))
                case .open:
                    let start = walk.firstIndex { $0.stage == target } ?? 0
                    let cycle = rotated(walk[start...].map(\.stage))
                    if !cycles.contains(cycle) { cycles.append(cycle) }
                }
            }
        }
        for cycle in cycles {
            let names = (cycle + cycle.prefix(1)).map { places[$0].stage.name }
            let place = places[cycle[0]]
            let entry = place.stage.needs.firstIndex(of: names[1]) ?? 0
            report(
                "these stages need each other: \(names.joined(separator: " → "))", place.path.key("needs").index(entry),
                hint: "remove one of these needs")
        }
    }

    private func rotated(_ cycle: [Int]) -> [Int] {
        guard let least = cycle.min(), let place = cycle.firstIndex(of: least) else { return cycle }
        return Array(cycle[place...] + cycle[..<place])
    }

    /// Whether one stage can only start once the other has ended.
    func reaches(_ target: Int, from stage: Int) -> Bool {
        var seen = [Bool](repeating: false, count: places.count)
        var open = needs[stage]
        while let next = open.popLast() {
            if next == target { return true }
            guard !seen[next] else { continue }
            seen[next] = true
            open += needs[next]
        }
        return false
    }
}
