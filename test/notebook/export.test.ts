import { expect, it } from 'vitest';
import { exportHtml } from '#lib/notebook/export.js';
import type { Cell, Notebook, Output } from '#lib/notebook/nbformat.js';

function page(...cells: (string | Output[])[]): string {
  const made = cells.map((content, at): Cell => {
    const common = { id: `c${at}`, metadata: {} };
    if (typeof content === 'string') return { cell_type: 'markdown', ...common, source: content };
    return {
      cell_type: 'code',
      ...common,
      source: ['const a = "<b>"; // 1 < 2\n', 'a'],
      execution_count: 7,
      outputs: content,
    };
  });
  const notebook: Notebook = { nbformat: 4, nbformat_minor: 5, metadata: {}, cells: made };
  return exportHtml(notebook, { title: 'fallback', footer: 'made <now>' });
}

it('takes its title from the first heading, or from the caller', () => {
  expect(page('words', '## The <b>title</b> ##\n\n# no')).toContain(
    '<title>The &#60;b&#62;title&#60;/b&#62;</title>',
  );
  expect(page('words')).toContain('<title>fallback</title>');
});

it('escapes code, streams, errors and plain text, and strips terminal colours', () => {
  const html = page([
    { output_type: 'stream', name: 'stdout', text: '\u001b[31mred <i>\u001b[0m\n10 %\r100 %\n' },
    { output_type: 'error', ename: 'E', evalue: 'bad <u>', traceback: ['E: bad <u>', '  at <s>'] },
    { output_type: 'display_data', data: { 'text/plain': '<plain>' }, metadata: {} },
  ]);
  expect(html).toContain('<pre class="stdout">red &#60;i&#62;\n100 %\n</pre>');
  expect(html).toContain('<strong>bad &#60;u&#62;</strong>');
  expect(html).toContain('  at &#60;s&#62;');
  expect(html).toContain('<pre>&#60;plain&#62;</pre>');
  expect(html).toContain(
    '<span class="string">&#34;&#60;b&#62;&#34;</span>; <span class="comment">// 1 &#60; 2</span>',
  );
  expect(html).toContain('made &#60;now&#62;');
});

it('shows the richest of an output and passes HTML as it is', () => {
  const html = page([
    {
      output_type: 'display_data',
      data: { 'text/plain': 'poor', 'text/html': ['<p>', 'rich</p>'] },
      metadata: {},
    },
    { output_type: 'display_data', data: { 'image/png': 'iVBO\nRw==', 'text/plain': 'poor' }, metadata: {} },
  ]);
  expect(html).toContain('<div class="output"><p>rich</p></div>');
  expect(html).toContain('src="data:image/png;base64,iVBORw=="');
  expect(html).not.toContain('poor');
});

it('lists its parts where there are three or more', () => {
  expect(page('# T', '## A', '## B')).not.toContain('<nav');
  expect(page('# T', '## A', '## `B`', '## C')).toMatch(
    /<nav.*<a href="#part-3"><code>B<\/code><\/a>.*<\/nav>/,
  );
});

it('needs nothing beside it', () => {
  const html = page('# T\n\ntext', [{ output_type: 'stream', name: 'stdout', text: 'x' }]);
  expect(html).not.toMatch(/<link|<script|https?:\/\//);
});

it('leads to the page of another notebook, and leaves other links alone', () => {
  const html = page('[next](02-query.ipynb) [far](https://example.org/a.ipynb)');
  expect(html).toContain('<a href="02-query.html">next</a>');
  expect(html).toContain('<a href="https://example.org/a.ipynb">far</a>');
});
