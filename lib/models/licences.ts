/** Consent to licences that do not allow every use: asked for once, and kept with what was accepted. */
import { readFile } from 'node:fs/promises';
import { LookbookError } from '../errors.js';
import { derivedPath } from '../paths.js';
import { writeWhole } from '../whole-file.js';
import type { Manifest } from './manifest.js';

interface Consent {
  licence: string;
  terms: string;
  /** ISO date. */
  accepted: string;
}

/**
 * Whether a model may be fetched: its licence allows every use, its terms were accepted before, or
 * LOOKBOOK_ACCEPT_LICENSE names it now (a comma list of models, or all), which is kept.
 * @throws LookbookError that says why the licence must be accepted, and how.
 */
export async function requireConsent({ name, licence, terms }: Manifest): Promise<void> {
  if (terms === undefined) return;
  const given = await readConsents();
  const known = Object.hasOwn(given, name) ? given[name] : undefined;
  if (known?.terms === terms && known.licence === licence) return;
  const named = (process.env.LOOKBOOK_ACCEPT_LICENSE ?? '').split(',').map((part) => part.trim());
  if (!named.includes(name) && !named.includes('all')) {
    throw new LookbookError('models', {
      what: `the licence of ${name} does not allow every use`,
      got: `${licence}: ${terms.replace(/\.$/, '')}`,
      expected: known ? 'that its new terms are accepted once' : 'that it is accepted once',
      mend: `If your use is allowed, run this again with LOOKBOOK_ACCEPT_LICENSE=${name}.`,
    });
  }
  const consent: Consent = { licence, terms, accepted: new Date().toISOString() };
  await writeWhole(consentsPath(), `${JSON.stringify({ ...given, [name]: consent }, null, 2)}\n`);
}

/** Where the consents are kept. */
function consentsPath(): string {
  return derivedPath('licences.json');
}

async function readConsents(): Promise<Record<string, Partial<Consent>>> {
  try {
    const value: unknown = JSON.parse(await readFile(consentsPath(), 'utf8'));
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {}; // none yet, or torn: what is not known to be accepted is asked again
  }
}
