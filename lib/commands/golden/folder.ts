import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { projectPath } from '../../paths.js';

/** Values of the reference implementations: those that ship with the project, small, or a large set beside it. */
export interface GoldenFolder {
  path: string;
  size: 'small' | 'large';
}

export const SMALL: GoldenFolder = { path: projectPath('test/fixtures/golden'), size: 'small' };

/** The large set that LOOKBOOK_GOLDEN names, or that lies beside the checkout; undefined where there is none. */
export function largeGolden(): GoldenFolder | undefined {
  const path = projectPath(process.env.LOOKBOOK_GOLDEN || '../shared/golden');
  return existsSync(`${path}/preprocess/families`) ? { path, size: 'large' } : undefined;
}

export async function readGolden<Form>(folder: GoldenFolder, file: string): Promise<Form> {
  return JSON.parse(await readFile(`${folder.path}/${file}`, 'utf8'));
}

/** float32, little-endian, row-major. */
export interface StoredTensor {
  shape: number[];
  f32le_base64: string;
}

export function floats(tensor: StoredTensor): Float32Array {
  return new Float32Array(Uint8Array.from(Buffer.from(tensor.f32le_base64, 'base64')).buffer);
}
