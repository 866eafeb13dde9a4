internal import Model

/// How pages look: by the reader's choice light or dark, on narrow screens too.
enum StyleSheet {
    static let tag = "\"\(NameHash.text(text, digits: 16))\""

    static let text = """
        :root {
          color-scheme: light dark;
          --ink: #1c2127; --soft: #5c6670; --line: #dde1e6; --page: #fbfcfd; --raised: #ffffff; --link: #0b5cad;
          --good: #14713a; --good-back: #e0f4e7; --bad: #b3261e; --bad-back: #fde7e5; --busy: #075f8c;
          --busy-back: #def1fb; --warn: #815100; --warn-back: #fdf0d5; --calm-back: #eceff2;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --ink: #e4e8ec; --soft: #9aa5b1; --line: #2d343c; --page: #14181c; --raised: #1a1f24; --link: #7fbcf5;
            --good: #7fdca2; --good-back: #12301f; --bad: #ff9d96; --bad-back: #3c1714; --busy: #7fcdf5;
            --busy-back: #0e2c3c; --warn: #f2c063; --warn-back: #362709; --calm-back: #262c33;
          }
        }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--page); color: var(--ink);
          font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
        header { display: flex; gap: 1.5rem; align-items: baseline; padding: .8rem 1.5rem;
          border-bottom: 1px solid var(--line); background: var(--raised); }
        .brand { font-weight: 700; color: var(--ink); text-decoration: none; }
        nav a { margin-right: 1rem; }
        main { padding: 1rem 1.5rem 3rem; max-width: 90rem; margin: 0 auto; }
        a { color: var(--link); text-underline-offset: .15em; }
        a:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
        h1 { font-size: 1.35rem; margin: .6rem 0 .3rem; overflow-wrap: anywhere; }
        h2 { font-size: 1.05rem; margin: 1.6rem 0 .4rem; }
        .note, .sub, .empty { color: var(--soft); }
        .note { margin: 0 0 .8rem; }
        .sub { font-size: .85em; font-weight: 400; overflow-wrap: anywhere; }
        .scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: .5rem; background: var(--raised); }
        table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
        th, td { text-align: left; vertical-align: top; padding: .45rem .75rem; border-bottom: 1px solid var(--line); }
        thead th { font-size: .8rem; font-weight: 600; color: var(--soft); white-space: nowrap; }
        tbody th { font-weight: 500; }
        tbody tr:last-child > * { border-bottom: 0; }
        tbody tr:hover { background: var(--calm-back); }
        td.why { max-width: 34rem; overflow-wrap: anywhere; unicode-bidi: isolate; white-space: pre-line; }
        code { font: .9em ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
        .state { display: inline-block; padding: 0 .5em; border-radius: 1em; font-size: .85rem; font-weight: 600;
          white-space: nowrap; vertical-align: baseline; }
        .good { color: var(--good); background: var(--good-back); }
        .bad { color: var(--bad); background: var(--bad-back); }
        .busy { color: var(--busy); background: var(--busy-back); }
        .warn { color: var(--warn); background: var(--warn-back); }
        .calm { color: var(--soft); background: var(--calm-back); }
        .message { padding: .5rem .8rem; border-left: 3px solid var(--line); white-space: pre-line;
          overflow-wrap: anywhere; }
        .facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: .6rem 1.5rem; }
        dt { font-size: .8rem; color: var(--soft); }
        dd { margin: 0; overflow-wrap: anywhere; }
        .results { margin: .3rem 0 0; }
        .results div { display: flex; gap: .5rem; }
        .gates { margin: 0; padding-left: 1.1rem; }
        """
}
