import { describe, expect, test } from 'vitest';
import { breakable, cutMiddle, escapeHtml, html, idOf, raw, visible } from '#lib/rendering/html.js';
import { nastyStrings } from './nasty.js';

/** What may not stand in text that a viewer or a terminal is given: line ends, escapes, marks that reorder. */
const unseen =
  /[\p{Cc}\p{Cs}\u200b\u200e\u200f\u061c\u202a-\u202e\u2028\u2029\u2060-\u2064\u2066-\u2069\ufeff\uffff]/u;

describe('escaping', () => {
  test.each(nastyStrings.map((text) => [text.slice(0, 40), text]))(
    'leaves nothing that acts in %j',
    (_, text) => {
      const safe = escapeHtml(text);
      expect(safe).not.toMatch(/[<>"'`]/);
      expect(safe).not.toMatch(unseen);
      expect(safe.replace(/&(amp|lt|gt|quot|#39|#96);/g, '')).not.toContain('&');
    },
  );

  test('text comes back as it was, whatever its script', () => {
    const plain = 'Straße, 東京, स्वागत, قهوة, 👩‍👩‍👧 & "so" <on>';
    const names: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"' };
    expect(escapeHtml(plain).replace(/&(\w+);/g, (_, name: string) => names[name]!)).toBe(plain);
  });

  test('marks that would act unseen are shown', () => {
    expect(visible('photo\u202egpj.exe')).toBe('photo[U+202E]gpj.exe');
    expect(visible('a\u001b[2Jb\u0000\n')).toBe('a␛[2Jb␀␊');
    expect(visible('\u009b31m\ud83d')).toBe('[U+009B]31m\ufffd');
  });
});

describe('templates', () => {
  test('escape what is put in, keep markup that is markup, leave out what is absent', () => {
    const inner = html`<b>${'<i>'}</b>`;
    expect(html`<p>${inner}${[1, '&', null, undefined, false]}${raw('<br>')}</p>`.markup).toBe(
      '<p><b>&lt;i&gt;</b>1&amp;<br></p>',
    );
  });

  test('a path breaks after its folders only', () => {
    expect(breakable('a/<b>/c').markup).toBe('a/<wbr>&lt;b&gt;/<wbr>c');
  });

  test('the same content has the same id, other content another', () => {
    expect(idOf('a')).toBe(idOf('a'));
    expect(idOf('a')).not.toBe(idOf('b'));
    expect(idOf('<')).toMatch(/^lookbook-[0-9a-f]{10}$/);
  });
});

describe('cutting', () => {
  test('keeps both ends and never exceeds the length', () => {
    expect(cutMiddle('holidays/2024/beach.jpg', 11)).toBe('holid…h.jpg');
    expect(cutMiddle('short', 5)).toBe('short');
    for (let length = 2; length < 40; length++) {
      expect([...cutMiddle(nastyStrings.at(-1)!, length)].length).toBe(length);
    }
  });

  test('never cuts a character in two', () => {
    const cut = cutMiddle('👩'.repeat(50), 9);
    expect(cut).toBe(`${'👩'.repeat(4)}…${'👩'.repeat(4)}`);
  });
});
