/** npm run lab: opens JupyterLab on the notebooks; what follows `--` goes to Jupyter. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { reasonOf } from '../errors.js';
import { findJupyter, jupyterEnvironment, makeJupyter, prepareJupyter } from '../notebook/jupyter.js';
import { projectRoot } from '../paths.js';

async function main(passedOn: readonly string[]): Promise<number> {
  await prepareJupyter();
  const lab = findJupyter() ?? (await makeJupyter((line) => console.log(line)));
  console.log(
    `JupyterLab ${lab.version}${lab.found === 'checkout' ? ' of this checkout' : ''}. Ctrl-C twice ends it.`,
  );
  const args = [...lab.args, ...passedOn];
  const child = spawn(lab.command, args, { stdio: 'inherit', env: jupyterEnvironment(), cwd: projectRoot });
  // Ctrl-C reaches Jupyter itself, which asks back; this process only waits for it.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  const [code] = await once(child, 'exit');
  return code ?? 0;
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (thrown: unknown) => {
    console.error(reasonOf(thrown));
    process.exit(1);
  },
);
