/** The look of an exported notebook: one column of text, quiet code, room for pictures; light, dark and print. */
export const pageStyle: string = `
:root {
  color-scheme: light dark;
  --ink: #1f2328; --soft: #656d76; --line: #e3e5e8; --paper: #fff; --panel: #f6f7f8;
  --link: #0b62b8; --keyword: #8250a0; --string: #2b6a4d; --number: #96501a; --wrong: #b3261e; --wrong-paper: #fdf3f2;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e3e6e9; --soft: #9aa3ad; --line: #32373d; --paper: #16181b; --panel: #1e2125;
    --link: #79b4f0; --keyword: #c9a2e0; --string: #8fc7a8; --number: #dba77b; --wrong: #f2a19b; --wrong-paper: #2b1c1c;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; padding: 3rem 1.25rem 5rem; background: var(--paper); color: var(--ink);
  font: 16px/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
}
main, footer { max-width: 68rem; margin: 0 auto; }
.prose { max-width: 44rem; }
h1, h2, h3, h4 { line-height: 1.25; font-weight: 650; letter-spacing: -0.01em; scroll-margin-top: 1rem; }
h1 { font-size: 2rem; margin: 0 0 .75rem; }
h2 { font-size: 1.35rem; margin: 2.75rem 0 .5rem; }
h3 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
p, ul, ol, blockquote, .prose table { margin: 0 0 1rem; }
a { color: var(--link); text-underline-offset: .15em; }
blockquote { margin-left: 0; padding-left: 1rem; border-left: 3px solid var(--line); color: var(--soft); }
.prose table { border-collapse: collapse; }
.prose th, .prose td { padding: .3rem .9rem .3rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
code, pre { font: .84em/1.55 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
.prose :not(pre) > code { padding: .1em .35em; border-radius: 4px; background: var(--panel); }
pre { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
nav { margin: 1.25rem 0 0; font-size: .92rem; }
nav ol { display: flex; flex-wrap: wrap; gap: .2rem 1.4rem; margin: 0; padding: 0; list-style: none; }
details.code { margin: 1rem 0; border-left: 3px solid var(--line); background: var(--panel); border-radius: 0 6px 6px 0; }
details.code > summary {
  padding: .35rem .9rem; color: var(--soft); font-size: .78rem; cursor: pointer; user-select: none;
  white-space: nowrap; overflow: hidden; text-overflow: ellipsis;
}
details.code > summary code { margin-left: .75em; }
details.code[open] > summary code { display: none; }
details.code > pre { padding: 0 .9rem .7rem; }
.comment { color: var(--soft); } .string { color: var(--string); }
.number { color: var(--number); } .keyword { color: var(--keyword); }
.output { margin: 1rem 0 1.5rem; overflow-x: auto; }
.output img, .output svg { max-width: 100%; }
.stderr { color: var(--soft); }
.error { padding: .8rem 1rem; border-left: 3px solid var(--wrong); border-radius: 0 6px 6px 0; background: var(--wrong-paper); }
.error strong { color: var(--wrong); font-weight: 600; white-space: pre-wrap; overflow-wrap: anywhere; }
.error summary { margin-top: .5rem; color: var(--soft); font-size: .78rem; cursor: pointer; }
footer { margin-top: 4rem; padding-top: 1rem; border-top: 1px solid var(--line); color: var(--soft); font-size: .85rem; }
@media print {
  body { padding: 0; font-size: 11pt; }
  details.code, .output > *, .error { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  nav { display: none; }
}
`;
