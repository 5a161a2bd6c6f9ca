/** A measurement in a process of its own, so that its memory and its start are its own. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/**
 * Runs a script of this folder ('rerun-child') with one argument, and gives the one thing that it tells.
 * @throws when it ends before it has told.
 */
export async function childAnswer<Answer>(
  script: string,
  argument: unknown,
  env: Record<string, string> = {},
): Promise<Answer> {
  const path = fileURLToPath(new URL(`./${script}.js`, import.meta.url));
  const child = fork(path, [JSON.stringify(argument)], { env: { ...process.env, ...env } });
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the process ${script} ended with ${code}`);
  });
  const told: Answer[] = await Promise.race([once(child, 'message'), ended]);
  return told[0]!;
}
