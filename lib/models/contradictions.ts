/** What is wrong with a manifest whose form is right. */
import type { Preprocessing } from '../types.js';
import type { EncoderManifest, Manifest, WindowsManifest } from './manifest.js';

/** What the preprocessing must be where masks are of the whole picture; a layout's are as square as its input. */
const WHOLE_FORMS: Partial<Record<Manifest['family'], readonly Preprocessing['resize'][]>> = {
  semantic: ['squash', 'within'],
  instance: ['squash', 'within'],
  layout: ['squash'],
  everything: ['longest', 'squash'],
  prompted: ['squash'],
};

const ENCODER_FAMILIES: ReadonlySet<Manifest['family']> = new Set<EncoderManifest['family']>([
  'dual-encoder',
  'image-encoder',
  'label-words',
]);
const MEASURED = ['crops', 'duplicates', 'relevance', 'fusion'] as const;

/** Windows in the corners of a picture: no stride makes them fewer. */
const CORNERS = 4;
/** Pixels of a window's working copy for one of its mask: sizes and stride are multiples of it, and 200 masks stay small. */
export const WINDOW_CELL_PX = 8;

/** What no schema can say: roles that are no files, rules that need another field, fields that nobody reads. */
export function contradictions(manifest: Manifest): string[] {
  if (manifest.family === 'windows') return [...windowFaults(manifest), ...unreadFaults(manifest)];
  const { files, preprocessing, variants, batch } = manifest;
  const faults: string[] = [];
  const role = (field: string, name: string | undefined): void => {
    if (name !== undefined && !Object.hasOwn(files, name))
      faults.push(`${field} names ${name}, which is no entry of files (${Object.keys(files).join(' | ')})`);
  };
  if ('text' in manifest) {
    role('text.file', manifest.text.file);
    role('text.tokenizer.file', manifest.text.tokenizer.file);
  }
  if ('settle' in manifest) role('settle.file', manifest.settle?.file);
  if (manifest.family === 'everything') role('prompts.file', manifest.prompts.file);
  const forms = WHOLE_FORMS[manifest.family] ?? [preprocessing.resize];
  if (!forms.includes(preprocessing.resize))
    faults.push(`preprocessing.resize must be ${forms.join(' or ')}: its masks are of the whole picture`);
  if (manifest.family === 'label-words') role('labels.file', manifest.labels.file);
  for (const [dtype, variant] of Object.entries(variants ?? {}))
    for (const name of Object.keys(variant)) role(`variants.${dtype}`, name);
  return [...faults, ...unreadFaults(manifest), ...sizeFaults(preprocessing, batch)];
}

/** Fields that this family, or this form of its graph, has no use for. */
function unreadFaults(manifest: Manifest): string[] {
  const isEncoder = ENCODER_FAMILIES.has(manifest.family);
  const measured = isEncoder ? [] : MEASURED.filter((field) => Object.hasOwn(manifest, field));
  const faults = measured.map((field) => `${field} belongs to encoders`);
  if (manifest.family === 'windows') return faults;
  if (manifest.pixels === 'hwc' && manifest.family === 'prompted')
    faults.push('pixels must not be hwc: a highlighter shows several pictures a run');
  if (manifest.pixels === 'hwc' && manifest.batch !== undefined)
    faults.push('batch does not go with pixels hwc: there is one picture a run');
  if (manifest.family === 'everything' && manifest.prompts.form === 'one' && manifest.prompts.batch)
    faults.push('prompts.batch belongs to the form many: the form one takes one prompt a run');
  return faults;
}

function sizeFaults(preprocessing: Preprocessing, batch: number | undefined): string[] {
  const { resize, size, scaleTo, longest, multipleOf } = preprocessing;
  const faults: string[] = [];
  if (scaleTo !== undefined && (resize !== 'shortest' || scaleTo < size))
    faults.push('preprocessing.scaleTo must be at least size, and belongs to shortest');
  if ((longest !== undefined) !== (resize === 'within') || (longest ?? size) < size)
    faults.push('preprocessing.longest must be at least size, and belongs to within');
  if (multipleOf !== undefined && resize !== 'within')
    faults.push('preprocessing.multipleOf belongs to within');
  if (resize === 'within' && batch !== 1)
    faults.push('batch must be 1 where preprocessing.resize is within: no two pictures become equally large');
  return faults;
}

function windowFaults({ sizes, stride, most }: WindowsManifest): string[] {
  const faults = [...sizes, stride]
    .filter((pixels) => pixels % WINDOW_CELL_PX !== 0)
    .map((pixels) => `sizes and stride must be multiples of ${WINDOW_CELL_PX}, and ${pixels} is none`);
  if (most < CORNERS * sizes.length)
    faults.push(`most must be at least ${CORNERS * sizes.length}: each size has four corners`);
  return faults;
}
