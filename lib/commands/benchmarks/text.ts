/**
 * What a text query costs beyond the model itself: words → vector through the encoder, over a bare session's run on
 * ready-made ids; CLIP ViT-B/32 of full size with random weights, 8 tokens, in turns.
 */
import { loadTokenizer } from '../../tokenizer.js';
import { idTensor, openBareSession } from '../bare-session.js';
import { makeClipB32 } from '../clip-b32.js';
import { openClipB32, TOKENIZER } from '../clip-b32-workshop.js';
import type { Measure } from '../figures.js';
import { interleaved, median, secondsOf } from '../interleaved.js';

/** Start and end make it eight tokens. */
const WORDS = 'a photo of a red car';
const TOKENS = 8;
const ROUNDS = 60;

export const measure: Measure = async (say) => {
  const clip = await makeClipB32(say);
  const encoder = await openClipB32(clip);
  const bare = await openBareSession(clip.text);
  try {
    const { ids } = (await loadTokenizer(TOKENIZER, clip.tokenizer)).tokenize([WORDS]);
    if (ids.length !== TOKENS) throw new Error(`“${WORDS}” is ${ids.length} tokens, not ${TOKENS}`);
    const feeds = { input_ids: idTensor(ids) };
    const seconds = await interleaved(
      {
        session: () => secondsOf(() => bare.run(feeds)),
        lookbook: () => secondsOf(() => encoder.embedTexts!([WORDS])),
      },
      ROUNDS,
    );
    const [session, lookbook] = [median(seconds.session), median(seconds.lookbook)];
    say(`session ${(1000 * session).toFixed(2)} ms, embedTexts ${(1000 * lookbook).toFixed(2)} ms`);
    return { 'text.vs_session': lookbook / session, 'text.encode_p50_ms': 1000 * lookbook };
  } finally {
    await Promise.all([bare.close(), encoder.close()]);
  }
};
