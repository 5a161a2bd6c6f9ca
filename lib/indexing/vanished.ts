/** Folders that go away while their pictures are read: unmounted, pulled out, renamed. */
import { stat } from 'node:fs/promises';
import { isUrl } from '../picture-bytes.js';
import type { Source } from './scan.js';

/** Knows which roots have vanished since they were listed, and counts what was not read of them. */
export class Vanished {
  readonly #disks: ReadonlyMap<string, number>;
  /** root → its files that were not read. */
  readonly #unread = new Map<string, number>();

  /** @param disks root → the number of the disk that its folder lay on when it was listed. */
  constructor(disks: ReadonlyMap<string, number>) {
    this.#disks = disks;
  }

  get roots(): string[] {
    return [...this.#unread.keys()];
  }

  /** Whether the file is left unread, because its root is known to have vanished. */
  leave({ root }: Source): boolean {
    const count = this.#unread.get(root);
    if (count === undefined) return false;
    this.#unread.set(root, count + 1);
    return true;
  }

  /**
   * The same for a file that could not be read just now; looks whether its root is still there. By its disk, because a
   * mount point without its disk is an empty folder; not by its inode, which some network disks tell anew each time.
   */
  async hasNow(source: Source): Promise<boolean> {
    const disk = this.#disks.get(source.root);
    if (disk === undefined || isUrl(source.location)) return false;
    const facts = await stat(source.root).catch(() => null);
    if (facts?.dev === disk) return false;
    if (!this.#unread.has(source.root)) this.#unread.set(source.root, 0);
    return this.leave(source);
  }

  sentences(): string[] {
    return [...this.#unread].map(
      ([root, count]) =>
        `${root} vanished while it was read (unmounted or moved): ${count} of its files were not read, nothing of it was removed. Run again when it is back.`,
    );
  }
}
