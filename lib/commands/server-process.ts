/** What the embedded server of a store costs, as the system counts it; where there is no /proc nothing is known. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** CPU seconds that it has used so far: proc(5) utime + stime at 100 ticks a second; 0 where unknown. */
export async function serverCpu(chroma: string): Promise<number> {
  try {
    const fields = (await ofServer(chroma, 'stat')).split(') ')[1]!.split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return 0; // no /proc here
  }
}

/** Resident memory in megabytes of 2²⁰; NaN where unknown. */
export async function serverMemoryMb(chroma: string): Promise<number> {
  try {
    return Number(/VmRSS:\s+(\d+) kB/.exec(await ofServer(chroma, 'status'))?.[1]) / 1024;
  } catch {
    return Number.NaN; // no /proc here
  }
}

/** Whether the server of the folder is gone, by its own file. */
export async function isServerGone(chroma: string): Promise<boolean> {
  return ofServer(chroma, 'stat').then(
    () => false,
    () => true,
  );
}

/** Megabytes of 2²⁰ on disk below a folder. */
export async function folderMb(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(files.map(({ parentPath, name }) => stat(join(parentPath, name))));
  return sizes.reduce((sum, { size }) => sum + size, 0) / 2 ** 20;
}

async function ofServer(chroma: string, file: 'stat' | 'status'): Promise<string> {
  const { chromaPid } = JSON.parse(await readFile(join(chroma, 'server.json'), 'utf8'));
  return readFile(`/proc/${chromaPid}/${file}`, 'utf8');
}
