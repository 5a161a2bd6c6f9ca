import { existsSync } from 'node:fs';

const places: readonly string[] = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/snap/bin/chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/** A Chromium of this machine: what CHROMIUM names, or where systems put it. */
export function browserPath(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  return [environment.CHROMIUM ?? '', ...places].find((path) => path !== '' && existsSync(path));
}
