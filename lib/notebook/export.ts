import { Marked } from 'marked';
import { highlight } from './highlight.js';
import { type Cell, type CodeCell, type Notebook, type Output, sourceOf, titleOf } from './nbformat.js';
import { pageStyle } from './page-style.js';
import { escapeHtml, plainText } from './text.js';

export interface ExportOptions {
  /** Stands in the window's title where the notebook has no heading. */
  title?: string;
  /** One line at the end of the page. */
  footer?: string;
}

/** Cells up to this many lines stand open; a longer one is folded, its first line showing. */
const openLines = 6;
/** The richest first. */
const imageTypes = ['image/png', 'image/jpeg', 'image/webp', 'image/gif'];

/**
 * An executed notebook as one HTML page that needs nothing beside it. HTML and SVG outputs and the HTML in
 * markdown pass as they are (they are the notebook's own); all other text is escaped.
 */
export function exportHtml(notebook: Notebook, options: ExportOptions = {}): string {
  const title = titleOf(notebook) ?? options.title ?? 'Notebook';
  const markdown = createMarkdown();
  const cells = notebook.cells.map((cell) => cellHtml(cell, markdown.render));
  const nav = contents(markdown.headings);
  // The contents stand below the notebook's opening words.
  if (cells.length > 0) cells[0] += nav;
  const footer = options.footer ? `<footer>${escapeHtml(options.footer)}</footer>` : '';
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${pageStyle}</style>
</head>
<body>
<main>
${cells.join('\n')}
</main>
${footer}
</body>
</html>
`;
}

interface Heading {
  id: string;
  depth: number;
  /** Inline HTML. */
  html: string;
}

function createMarkdown(): { render: (text: string) => string; headings: Heading[] } {
  const headings: Heading[] = [];
  const marked = new Marked({
    async: false,
    gfm: true,
    renderer: {
      heading({ tokens, depth }) {
        const html = this.parser.parseInline(tokens);
        const id = `part-${headings.length + 1}`;
        headings.push({ id, depth, html });
        return `<h${depth} id="${id}">${html}</h${depth}>\n`;
      },
    },
    // The notebook beside this one is a page as well.
    walkTokens(token) {
      if (token.type === 'link' && /^[^:]*\.ipynb$/.test(token.href))
        token.href = token.href.replace(/ipynb$/, 'html');
    },
  });
  return { render: (text) => marked.parse(text, { async: false }), headings };
}

function contents(headings: readonly Heading[]): string {
  const parts = headings.filter(({ depth }) => depth === 2);
  if (parts.length < 3) return '';
  // A link in a heading would be a link in a link.
  const items = parts.map(
    ({ id, html }) => `<li><a href="#${id}">${html.replace(/<\/?a\b[^>]*>/g, '')}</a></li>`,
  );
  return `<nav aria-label="Contents"><ol>${items.join('')}</ol></nav>`;
}

function cellHtml(cell: Cell, render: (text: string) => string): string {
  if (cell.cell_type === 'code') {
    const outputs = cell.outputs.map((output) => `<div class="output">${outputHtml(output, render)}</div>`);
    return [codeHtml(cell), ...outputs].join('\n');
  }
  return cell.cell_type === 'raw' ? '' : `<section class="prose">\n${render(sourceOf(cell))}</section>`;
}

function codeHtml(cell: CodeCell): string {
  const code = sourceOf(cell).trim();
  if (code === '') return '';
  const lines = code.split('\n');
  const open = lines.length <= openLines ? ' open' : '';
  const number = cell.execution_count === null ? 'not run' : cell.execution_count;
  const first = lines[0] ?? '';
  return `<details class="code"${open}><summary>[${number}]<code>${escapeHtml(first)} …</code></summary><pre>${highlight(code)}</pre></details>`;
}

function outputHtml(output: Output, render: (text: string) => string): string {
  if (output.output_type === 'stream')
    return `<pre class="${output.name}">${escapeHtml(plainText(output.text))}</pre>`;
  if (output.output_type === 'error') {
    const trace = escapeHtml(plainText(output.traceback.slice(1).join('\n')));
    const details = trace.trim() ? `<details><summary>where</summary><pre>${trace}</pre></details>` : '';
    return `<div class="error"><strong>${escapeHtml(plainText(output.evalue || output.ename))}</strong>${details}</div>`;
  }
  const { data } = output;
  for (const type of ['text/html', 'image/svg+xml']) {
    if (data[type] !== undefined) return textOf(data[type]);
  }
  const image = imageTypes.find((type) => data[type] !== undefined);
  if (image)
    return `<img alt="" src="data:${image};base64,${escapeHtml(textOf(data[image]).replace(/\s/g, ''))}">`;
  if (data['text/markdown'] !== undefined)
    return `<div class="prose">${render(textOf(data['text/markdown']))}</div>`;
  const plain = data['text/plain'];
  return plain === undefined ? '' : `<pre>${escapeHtml(plainText(textOf(plain)))}</pre>`;
}

/** A bundle's value as files hold it: text, or a list of lines. */
function textOf(value: unknown): string {
  return Array.isArray(value) ? value.join('') : String(value);
}
