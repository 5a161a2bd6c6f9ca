import { describe, expect, it } from 'vitest';
import { canonicalAsOpenClip, cleanedAsOpenClip } from '#lib/text-cleaning.js';

// Expected: open_clip 3.3.0's clean='lower' and 'canonicalize' with ftfy 6.3.1.
describe('open_clip’s repair of texts', () => {
  it.each([
    ['It’s “curly” and ‘single’', `it's "curly" and 'single'`],
    ['ﬁsh ﬂow', 'fish flow'],
    ['ＡＢＣ　ｶﾀｶﾅ', 'abc カタカナ'],
    ['schÃ¶n â€” voilÃ  le cafÃ©', 'schön — voilà le café'],
    ['â€œquotedâ€\x9d', '"quoted"'],
    ['Ð¿Ñ€Ð¸Ð²ÐµÑ‚ ðŸ˜€', 'привет 😀'],
    ['Ã¢â€šÂ¬10', '€10'],
    ['\x93smart\x94 \x96 dash', '"smart" – dash'],
    ['Tom &amp;amp;amp; Jerry &lt;b&gt;', 'tom & jerry <b>'],
    ['x < y &amp; z &copy 2026 &notit;', 'x < y & z © 2026 ¬it;'],
    ['&#128; &#x27;', `€ '`],
    ['a\0b\x07c \ufeffbom', 'abc bom'],
    ['\x1b[31mred\x1b[0m', 'red'],
    ['line\r\nbreak\u2028and\x85more  spaces ', 'line break and…more spaces'],
    ['a\u0301', 'á'],
    ['ΧΟΡΟΣ', 'χορος'],
    ['half \ud83d pair', 'half \ufffd pair'],
  ])('%j becomes %j', (text, cleaned) => {
    expect(cleanedAsOpenClip(text).toLowerCase()).toBe(cleaned);
  });

  it.each([
    'übergröße naïve café l’été à la carte où garçon',
    'são paulo coração mañana dvořák żółć gęś',
    'привет мир ελληνικά 東京 한국어 🐶',
    'café… straße… «é» 50° £5 €10 ½ ™ ©',
  ])('what is whole stays: %s', (text) => {
    expect(cleanedAsOpenClip(text)).toBe(text.replaceAll('’', "'"));
  });

  it('case stays for tokenizers that know it', () => {
    expect(cleanedAsOpenClip('Der ﬁsch')).toBe('Der fisch');
  });

  it.each([
    ['A photo, of_a Cat!', 'a photo of a cat'],
    ['“Hello”   wörld…', 'hello wörld…'],
    ['it’s 3.5 &lt;b&gt; [x] ^ ~ / \\ `', 'its 35 b x'],
    ['ΧΟΡΟΣ', 'χορος'],
  ])('for SigLIP %j becomes %j', (text, canonical) => {
    expect(canonicalAsOpenClip(text)).toBe(canonical);
  });
});
