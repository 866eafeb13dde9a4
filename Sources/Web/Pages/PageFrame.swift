internal import Model
internal import Presentation

/// What all pages have in common.
enum PageFrame {
    /// - Parameter refresh: After how many seconds the page loads itself again; nil for never.
    static func html(_ title: String, refresh: Int?, _ content: HTML) -> HTML {
        let reload: HTML = refresh.map { #"<meta http-equiv="refresh" content="\#($0)">"# } ?? ""
        return #"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            \#(reload)
            <title>\#(title) · Martlet</title>
            <link rel="stylesheet" href="/style.css">
            </head>
            <body>
            <header><a class="brand" href="/">Martlet</a><nav aria-label="Pages"><a href="/">Runs</a> <a href="/pipelines">Pipelines</a></nav></header>
            <main>
            \#(content)
            </main>
            </body>
            </html>

            """#
    }

    /// A state as a word and a colour, never as a colour alone.
    static func state(_ word: String, _ ink: Ink) -> HTML {
        #"<span class="state \#(ink.styleClass)">\#(word)</span>"#
    }

    /// A moment, as long ago; in full where the pointer rests.
    static func age(_ time: Timestamp?, now: Timestamp) -> HTML {
        guard let time else { return "" }
        return
            #"<time datetime="\#(time.description)" title="\#(time.description)">\#(TimeText.age(of: time, now: now))</time>"#
    }

    static func link(_ text: String, _ url: String?) -> HTML {
        guard let url, url.hasPrefix("https://") || url.hasPrefix("/") else { return "\(text)" }
        return #"<a href="\#(url)" rel="noopener noreferrer">\#(text)</a>"#
    }
}

extension Ink {
    var styleClass: String {
        switch self {
        case .green: "good"
        case .red: "bad"
        case .cyan: "busy"
        case .yellow: "warn"
        case .plain, .bold, .dim: "calm"
        }
    }
}
