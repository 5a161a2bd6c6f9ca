/** What a decoder process says, checked: one whose memory a picture has damaged may say anything. */
import type { Answer, Laid } from './words.js';

/** @throws Error when it is none: the process is not to be trusted any more. */
export function answerOf(word: unknown): Answer {
  const answer = word as Answer;
  if (!isAnswer(answer)) throw new Error('no word of a decoder process');
  return answer;
}

function isAnswer(answer: Answer): boolean {
  switch (answer?.kind) {
    case 'ready':
      return true;
    case 'large':
      return answer.seconds > 0;
    case 'done':
      return isCount(answer.memory) && isLaid(answer.laid);
    case 'refused':
      return isCount(answer.memory) && typeof answer.facts?.what === 'string';
    case 'undelivered':
      return isCount(answer.memory) && typeof answer.reason === 'string';
    case 'over':
      return (answer.limit === 'seconds' || answer.limit === 'memory') && answer.allowed > 0;
    default:
      return false;
  }
}

function isLaid({ parts, read }: Laid): boolean {
  if (!parts.every(({ bytes, width, height }) => [bytes, width, height].every(isCount))) return false;
  if (!read) return parts.length === 1;
  const isRgb = parts.every(({ bytes, width, height }) => bytes === 3 * width * height);
  const { inputs, working } = read;
  const asked = working === null ? inputs : [...inputs, working];
  return isRgb && asked.every((index) => isCount(index) && index < parts.length);
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
