import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { LookbookError, reasonOf } from '../errors.js';
import { writeWhole } from '../whole-file.js';

/** Text by MIME type; a viewer picks the richest that it can show. Binary types hold base64. */
export type MimeBundle = Record<string, unknown>;

export interface StreamOutput {
  output_type: 'stream';
  name: 'stdout' | 'stderr';
  text: string;
}

export interface DisplayOutput {
  output_type: 'display_data';
  data: MimeBundle;
  metadata: Record<string, unknown>;
}

export interface ErrorOutput {
  output_type: 'error';
  ename: string;
  evalue: string;
  traceback: string[];
}

export type Output = StreamOutput | DisplayOutput | ErrorOutput;

export interface CodeCell {
  cell_type: 'code';
  id: string;
  metadata: Record<string, unknown>;
  source: string | string[];
  execution_count: number | null;
  outputs: Output[];
}

export interface TextCell {
  cell_type: 'markdown' | 'raw';
  id: string;
  metadata: Record<string, unknown>;
  source: string | string[];
}

export type Cell = CodeCell | TextCell;

/** A notebook of nbformat 4.5: what lies in an .ipynb file. */
export interface Notebook {
  nbformat: 4;
  nbformat_minor: number;
  metadata: Record<string, unknown>;
  cells: Cell[];
}

/** A cell's source as one string; files hold a string or a list of lines. */
export function sourceOf(cell: Cell): string {
  return typeof cell.source === 'string' ? cell.source : cell.source.join('');
}

/** The first heading of the notebook, without its marks. */
export function titleOf(notebook: Notebook): string | undefined {
  for (const cell of notebook.cells) {
    const heading = cell.cell_type === 'markdown' ? headingOf(sourceOf(cell)) : undefined;
    if (heading) return heading;
  }
  return undefined;
}

/** The first heading of a markdown text, without its marks. */
export function headingOf(markdown: string): string | undefined {
  return /^#{1,6}\s+(.+?)\s*#*\s*$/m.exec(markdown)?.[1];
}

/** Reads an .ipynb without its outputs, as nbformat 4.5 whatever 4.x it was. @throws when it is none. */
export async function readNotebook(path: string): Promise<Notebook> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new LookbookError('notebook', {
      what: 'the notebook cannot be read',
      got: `${path} (${reasonOf(cause)})`,
      mend: 'Check the path.',
      cause,
    });
  });
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch (cause) {
    throw notANotebook(path, reasonOf(cause), cause);
  }
  if (!isRecord(found) || found.nbformat !== 4 || !Array.isArray(found.cells)) {
    throw notANotebook(path, 'no nbformat 4 with a list of cells');
  }
  return {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: isRecord(found.metadata) ? found.metadata : {},
    cells: found.cells.map((cell: unknown, at) => clearedCell(cell, `${path}, cell ${at + 1}`)),
  };
}

/** Writes an .ipynb as Jupyter does (one space of indent, a newline at the end), whole or not at all. */
export async function writeNotebook(path: string, notebook: Notebook): Promise<void> {
  await writeWhole(path, `${JSON.stringify(notebook, null, 1)}\n`);
}

function clearedCell(cell: unknown, where: string): Cell {
  if (!isRecord(cell)) throw notANotebook(where, 'not an object');
  const { cell_type: type, source, metadata, id } = cell;
  const lines = Array.isArray(source) && source.every((line) => typeof line === 'string');
  if (typeof source !== 'string' && !lines) throw notANotebook(where, 'a source that is no text');
  const common = {
    id: typeof id === 'string' && /^[\w-]{1,64}$/.test(id) ? id : randomBytes(4).toString('hex'),
    metadata: isRecord(metadata) ? metadata : {},
    source,
  };
  if (type === 'code') return { cell_type: type, ...common, execution_count: null, outputs: [] };
  if (type === 'markdown' || type === 'raw') return { cell_type: type, ...common };
  throw notANotebook(where, `cell type ${JSON.stringify(type)}`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function notANotebook(where: string, got: string, cause?: unknown): LookbookError {
  return new LookbookError('notebook', {
    what: 'this is no notebook',
    got: `${where}: ${got}`,
    expected: 'a Jupyter notebook of format 4',
    mend: 'Open it in JupyterLab and save it again, or restore it from git.',
    cause,
  });
}
