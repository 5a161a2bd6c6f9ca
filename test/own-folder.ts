import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Tests keep catalogues, thumbnails and locks in a folder of their own, so that a person's .lookbook stays as it is. */
export default function ownFolder(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'lookbook-test-'));
  process.env.LOOKBOOK_DERIVED = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}
